"""Pages whose text cannot be trusted are found, named in the source's warnings, and marked on what cites them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.chunk import chunk
from ingest.doubts import SCRAMBLED, UNREADABLE, doubted, summed
from ingest.records import Page

PROSE = "The expansion of power systems needs planning, and planning needs a department of electrical engineering. " * 6
TORN = "elect partm gineer expa plann sys neer depart nsion ment tems elec anning trical engi needs"


def page(number: int, text: str, garbled: float = 0.0) -> Page:
    return Page("demo", number, f"p. {number}", text, garbled=garbled)


def test_torn_words_and_unreadable_characters_are_doubted_and_prose_is_not() -> None:
    pages = [page(1, PROSE), page(2, f"{TORN}. We print it so."), page(3, PROSE, garbled=0.2), page(4, "")]
    found = doubted(pages)
    assert found == ["", SCRAMBLED, UNREADABLE, ""]


def test_a_page_of_few_words_is_not_doubted() -> None:
    pages = [page(1, PROSE), page(2, "expa plann sys")]
    assert doubted(pages) == ["", ""]


def test_warnings_name_the_pages_and_reach_the_passages() -> None:
    clean, torn = page(1, PROSE), Page("demo", 2, "p. 2", PROSE, warning=SCRAMBLED)
    assert summed([clean, torn, page(3, "")]) == [f"{SCRAMBLED}: p. 2", "no text on p. 3"]
    passages = chunk([clean], lambda text: len(text.split()))
    assert {one.warning for one in passages} == {""}
    passages = chunk([torn], lambda text: len(text.split()))
    assert {one.warning for one in passages} == {SCRAMBLED}


SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.mark.shared
@pytest.mark.skipif(not (SHARED / "papers-awkward").is_dir(), reason="../shared/papers-awkward is not there")
def test_the_scrambled_dissertation_is_doubted_and_a_paper_is_not() -> None:
    from ingest.parse_pdf import ParseJob, parse_pdf

    scrambled = parse_pdf(ParseJob("scrambled", SHARED / "papers-awkward" / "scrambled-text-layer.pdf"))
    assert scrambled.pages[0].warning == SCRAMBLED
    assert sum(one.warning == SCRAMBLED for one in scrambled.pages) < 10
    paper = parse_pdf(ParseJob("paper", SHARED / "papers" / "2103.15949.pdf"))
    assert {one.warning for one in paper.pages} == {""}
