"""What a search may find: passages of these papers, authors, years, sections, kinds. Others do not exist for it.

Within one field any of the values will do; of several fields each must fit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import get_args

from ingest.errors import UsageError
from ingest.records import Paper, PaperKind, Passage

Words = Callable[[str], Iterable[str]]
KINDS: tuple[str, ...] = get_args(PaperKind)
YEARS = re.compile(r"(?P<year>\d{4})|(?P<first>\d{4})?-(?P<last>\d{4})?")


@dataclass(frozen=True, slots=True)
class Filter:
    """`papers` are ids of the vault, or arXiv ids without version; `authors` words of a name ("Nanda", "Neel Nanda"),
    `sections` words of a heading ("results"), both whatever their case and endings; `kinds` those of a Paper ("paper",
    "note", "glossary"...). A source without a year lies in no range of years; None leaves that end open."""

    papers: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    first_year: int | None = None
    last_year: int | None = None
    sections: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) not in ((), None) for field in fields(self))

    def keeps(self, paper: Paper, passage: Passage, words: Words) -> bool:
        """Whether a passage may be found. `words` gives the stems of a text. The index answers the same for all
        passages at once (index/lexical.py); a property test holds both to each other."""
        return (
            (not self.papers or not {paper.id, paper.arxiv_id}.isdisjoint(self.papers))
            and (not self.kinds or paper.kind in self.kinds)
            and self._in_years(paper.year)
            and _any_within(self.authors, " ".join(paper.authors), words)
            and _any_within(self.sections, " ".join(passage.section), words)
        )

    def _in_years(self, year: int | None) -> bool:
        if self.first_year is None and self.last_year is None:
            return True
        return year is not None and (self.first_year or year) <= year <= (self.last_year or year)


def filter_of(
    papers: Sequence[str] = (),
    authors: Sequence[str] = (),
    year: str = "",
    sections: Sequence[str] = (),
    kinds: Sequence[str] = (),
) -> Filter:
    """The filter that a person writes; `year` as `years` reads it. Raises UsageError for a kind that there is not."""
    for kind in kinds:
        if kind not in KINDS:
            raise UsageError(f"there is no kind {kind!r}", f"one of: {', '.join(KINDS)}")
    first, last = years(year) if year else (None, None)
    return Filter(tuple(papers), tuple(authors), first, last, tuple(sections), tuple(kinds))


def years(text: str) -> tuple[int | None, int | None]:
    """First and last year of "2022", "2022-2024", "2022-" or "-2024". Raises UsageError for anything else."""
    match = YEARS.fullmatch(text.strip())
    if not match or text.strip() == "-":
        raise UsageError(f"{text!r} is no year", "give a year or a range: 2022, 2022-2024, 2022- or -2024")
    if match["year"]:
        return int(match["year"]), int(match["year"])
    first, last = (int(match[end]) if match[end] else None for end in ("first", "last"))
    if first and last and first > last:
        raise UsageError(f"{text} ends before it begins", f"write {last}-{first}")
    return first, last


def _any_within(wanted: tuple[str, ...], text: str, words: Words) -> bool:
    have = frozenset(words(text)) if wanted else frozenset()
    return not wanted or any(have.issuperset(words(one)) for one in wanted)
