"""Claim: title, authors and arXiv id of a paper are read off its PDF alone.

`python -m benchmarks.titles`: the first pages of ../shared/papers, under names that tell nothing, against INDEX.tsv.
Spacing, case and punctuation aside; so is a nickname in brackets at the end, "(MEND)", where page 1 does not print it.
arXiv's title is at times worded unlike page 1: such a case is right only if page 1, as pypdf reads it, has our words
and not arXiv's, and it is printed. Ten papers' authors are printed for the eye. Ends with 1 on a miss.
"""

from __future__ import annotations

import csv
import re
import sys
import tempfile
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import ParseError
from ingest.parse_pdf import Identity, ParseJob
from ingest.worker import ParserPool

PAPERS = Path(__file__).resolve().parent.parent.parent / "shared" / "papers"
AUTHORS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Expected:
    """A row of INDEX.tsv: `stamp` is what arXiv printed at page 1's margin, like "2309.08600v3", "" for none."""

    file: str
    title: str
    stamp: str


@dataclass(frozen=True, slots=True)
class Compared:
    """One paper. `wording` says that page 1 words its title unlike arXiv does."""

    expected: Expected
    found: Identity
    title_right: bool
    id_right: bool
    wording: bool = False


def main() -> int:
    if not (PAPERS / "INDEX.tsv").is_file():
        print("SKIPPED: ../shared/papers is not there, so no title was compared")
        return 0
    with (PAPERS / "INDEX.tsv").open(encoding="utf-8", newline="") as file:
        rows = [
            Expected(r["file"], r["title"], r["arxiv_stamp_on_page1"]) for r in csv.DictReader(file, delimiter="\t")
        ]
    began = time.perf_counter()
    identities = read(rows)
    lasted = time.perf_counter() - began
    compared = [compare(row, identity) for row, identity in zip(rows, identities, strict=True)]
    report(compared)
    print(f"{len(rows)} first pages in {lasted:.1f} s")
    return 0 if all(one.title_right and one.id_right for one in compared) else 1


def read(rows: Sequence[Expected]) -> list[Identity]:
    """What the PDFs say of themselves, in the rows' order. Their own names, which are arXiv ids, are hidden."""
    with tempfile.TemporaryDirectory() as name, ParserPool() as pool:
        jobs = []
        for number, row in enumerate(rows):
            (Path(name) / f"paper-{number}.pdf").symlink_to(PAPERS / row.file)
            jobs.append(ParseJob(str(number), Path(name) / f"paper-{number}.pdf", first_page=True))
        found = {job.paper_id: result for job, result in pool.parse(jobs)}
    nothing = Identity("", (), None, None, None)
    results = [found[str(number)] for number in range(len(rows))]
    return [nothing if isinstance(result, ParseError) else result.identity for result in results]


def compare(row: Expected, found: Identity) -> Compared:
    id_right = f"{found.arxiv_id or ''}{found.arxiv_version or ''}" == row.stamp
    if bare(found.title) == bare(row.title):
        return Compared(row, found, True, id_right)
    page = bare(first_page(PAPERS / row.file))
    without_nickname = re.sub(r"\s*\([^()]*\)$", "", row.title)
    if bare(found.title) == bare(without_nickname) and bare(row.title) not in page:
        return Compared(row, found, True, id_right)
    wording = alike(found.title, row.title) and bare(found.title) in page and bare(without_nickname) not in page
    return Compared(row, found, wording, id_right, wording)


def bare(text: str) -> str:
    """Letters and digits alone."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def alike(ours: str, theirs: str) -> bool:
    """Whether two titles share most of their words: another wording, and not another line of the page."""
    a, b = (set(re.findall(r"\w+", text.casefold())) for text in (ours, theirs))
    return len(a & b) >= 0.7 * max(len(a), len(b))


def first_page(path: Path) -> str:
    """Page 1 as pypdf reads it: another eye than ours."""
    from pypdf import PdfReader

    return PdfReader(path).pages[0].extract_text()


def report(compared: Sequence[Compared]) -> None:
    for one in compared:
        if not one.title_right:
            print(f"MISS {one.expected.file}: {one.found.title!r} for {one.expected.title!r}")
        if not one.id_right:
            told = f"{one.found.arxiv_id}{one.found.arxiv_version or ''}"
            print(f"MISS {one.expected.file}: arXiv id {told} for {one.expected.stamp or 'none'}")
        if one.wording:
            print(f"{one.expected.file}: page 1 words it {one.found.title!r}; arXiv {one.expected.title!r}")
    for one in compared[:AUTHORS_SHOWN]:
        print(f"{one.expected.file}: {', '.join(one.found.authors)}")
    stamped = [one for one in compared if one.expected.stamp]
    titles, ids = sum(one.title_right for one in compared), sum(one.id_right for one in stamped)
    same = titles - sum(one.wording for one in compared)
    print(f"titles: {titles} of {len(compared)} right, {same} of them worded as arXiv does")
    print(f"arXiv ids with version: {ids} of {len(stamped)} that page 1 prints")


if __name__ == "__main__":
    sys.exit(main())
