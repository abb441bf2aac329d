"""Claim: the sections that a PDF's outline names are found as headings, with the outline and without looking at it.

`python -m benchmarks.sections [--missed]`: every paper of ../shared/papers that has an outline. A title is found where
a heading of the same letters (number, case and marks aside) stands on the page that the outline points at, or the next.
Ends with 1 where under 9 in 10 are found either way.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ingest import pdfium
from ingest.layout import Line
from ingest.parse_pdf import Parsed, ParseJob, parse_source
from ingest.pdfium import OutlineItem
from ingest.sections import bare

PAPERS = Path(__file__).resolve().parent.parent.parent / "shared" / "papers"
ASKED = 0.9


class WithoutOutline:
    """An open PDF that says it has no outline."""

    def __init__(self, document: pdfium.Document) -> None:
        self._document = document

    def __len__(self) -> int:
        return len(self._document)

    def lines(self, index: int, *, pieces: int = 0) -> list[Line]:
        return self._document.lines(index, pieces=pieces)

    def outline(self) -> list[OutlineItem]:
        return []

    def metadata(self) -> dict[str, str]:
        return self._document.metadata()

    def has_pictures(self, index: int) -> bool:
        return self._document.has_pictures(index)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--missed", action="store_true", help="print each title that was missed")
    show = options.parse_args().missed
    if not PAPERS.is_dir():
        print("SKIPPED: ../shared/papers is not there: nothing to measure on")
        return 0
    named = found_with = found_without = 0
    for path in sorted(PAPERS.glob("*.pdf")):
        items = outline(path)
        if not items:
            continue
        with_it, without = missed(items, parsed(path, look=True)), missed(items, parsed(path, look=False))
        named += len(items)
        found_with += len(items) - len(with_it)
        found_without += len(items) - len(without)
        counts = (len(items), len(items) - len(with_it), len(items) - len(without))
        print(f"{path.stem}  {counts[0]:3} named, found {counts[1]:3}, unaided {counts[2]:3}")
        for title in without if show else ():
            print(f"    missed: {title}")
    print(f"with the outline {found_with / named:.3f}, without {found_without / named:.3f} of {named} titles")
    return 0 if min(found_with, found_without) >= ASKED * named else 1


def outline(path: Path) -> list[OutlineItem]:
    with pdfium.opened(path, None) as document:
        return [item for item in document.outline() if bare(item.title)]


def parsed(path: Path, *, look: bool) -> Parsed:
    @contextlib.contextmanager
    def opened() -> Iterator[pdfium.Document | WithoutOutline]:
        with pdfium.opened(path, None) as document:
            yield document if look else WithoutOutline(document)

    return parse_source(ParseJob("paper", path), opened)


def missed(items: Sequence[OutlineItem], result: Parsed) -> list[str]:
    """The titles of an outline that are no heading where it points."""
    there = {(page.number, bare(heading.title)) for page in result.pages for heading in page.headings}
    return [i.title for i in items if not any((i.page + step, bare(i.title)) in there for step in (0, 1))]


if __name__ == "__main__":
    sys.exit(main())
