"""Title, authors, arXiv id and year, from the ways in which page 1 can look."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pdf_maker import Run, make_pdf, paper_pdf, text_width

from ingest.parse_pdf import Identity, ParseJob, parse_pdf

BODY = "Neural networks represent features as directions, and we measure how much these interfere. " * 6


def identity(path: Path) -> Identity:
    return parse_pdf(ParseJob("demo", path)).identity


def front(tmp_path: Path, runs: list[Run], name: str = "a.pdf", **info: str) -> Identity:
    """The identity of a page with `runs` above an abstract."""
    body = [Run("Abstract", 280, 560, 12, "bold"), *(Run(BODY[:90], 72, 540 - 12 * n, 10) for n in range(20))]
    return identity(make_pdf(tmp_path / name, [[*runs, *body]], title=info.get("title"), author=info.get("author")))


def test_a_plain_masthead(tmp_path: Path) -> None:
    path = paper_pdf(
        tmp_path / "a.pdf",
        "A Title Long Enough to Need Two Lines of Large Type on the Page",
        ["Ada Byron", "Grace B. Hopper", "Jean van der Meer"],
        [("Abstract", BODY), ("Introduction", BODY)],
        [],
        "arXiv:2309.08600v3 [cs.LG] 4 Oct 2023",
    )
    assert identity(path) == Identity(
        "A Title Long Enough to Need Two Lines of Large Type on the Page",
        ("Ada Byron", "Grace B. Hopper", "Jean van der Meer"),
        "2309.08600",
        "v3",
        2023,
    )


def test_a_running_conference_head_and_small_capitals(tmp_path: Path) -> None:
    def small_capitals(words: str, y: float) -> list[Run]:
        runs, x = [], 108.0
        for word in words.split():
            rest = x + text_width(word[0], 17)
            runs += [Run(word[0], x, y, 17), Run(word[1:].upper(), rest, y, 13.6)]
            x = rest + text_width(word[1:].upper(), 13.6) + 5
        return runs

    head = [Run("Published as a conference paper at ICLR 2023", 108, 754, 10)]
    names = [Run("Ada Byron", 114, 640, 10, "bold"), Run("University of Toys", 114, 628, 10)]
    found = front(tmp_path, head + small_capitals("Progress Measures", 696) + small_capitals("For Toys", 676) + names)
    assert found.title == "Progress Measures For Toys"
    assert found.authors == ("Ada Byron",)
    assert found.year == 2023


def test_a_grid_of_authors_with_marks_affiliations_and_mail(tmp_path: Path) -> None:
    runs = [Run("Toys and Their Features", 150, 700, 17, "bold")]
    for column, (name, place) in enumerate(
        [("Ada Byron", "MIT CSAIL"), ("Yu Tu", "Harvard University"), ("Ai Li", "Anthropic")]
    ):
        x = 90 + 160 * column
        runs += [Run(name, x, 640, 10, "bold"), Run("1,2", x + 52, 644, 6), Run(place, x, 628, 10)]
        runs += [Run(f"{name[:2].lower()}@toys.example", x, 616, 9)]
    assert front(tmp_path, runs).authors == ("Ada Byron", "Yu Tu", "Ai Li")


def test_authors_in_one_row_with_and(tmp_path: Path) -> None:
    runs = [
        Run("Toys and Their Features", 150, 700, 17, "bold"),
        Run("Ada Byron, Jean Sammet, and Grace Hopper", 90, 640, 11),
    ]
    assert front(tmp_path, runs).authors == ("Ada Byron", "Jean Sammet", "Grace Hopper")


def test_without_large_type_the_metadata_tell(tmp_path: Path) -> None:
    path = make_pdf(tmp_path / "a.pdf", [BODY[:90]], title="Told by the File", author="Ada Byron; Jean Sammet")
    assert identity(path) == Identity("Told by the File", ("Ada Byron", "Jean Sammet"), None, None, None)


@pytest.mark.parametrize("title", ["Microsoft Word - draft7.doc", "main.dvi", "untitled", "arXiv:1601.03764v6 [cs.CL]"])
def test_a_title_that_a_program_wrote_is_none(tmp_path: Path, title: str) -> None:
    assert identity(make_pdf(tmp_path / "a.pdf", [BODY[:90]], title=title)).title == ""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2209.10652.pdf", ("2209.10652", None)),
        ("2209.10652v2.pdf", ("2209.10652", "v2")),
        ("arxiv-2209.10652v2.pdf", ("2209.10652", "v2")),
        ("report-2023.pdf", (None, None)),
        ("2299.10652.pdf", (None, None)),  # no month 99
    ],
)
def test_the_file_name_tells_the_arxiv_id(tmp_path: Path, name: str, expected: tuple[str | None, str | None]) -> None:
    found = identity(make_pdf(tmp_path / name, [BODY[:90]]))
    assert (found.arxiv_id, found.arxiv_version) == expected


def test_a_cited_arxiv_id_is_not_the_papers_own(tmp_path: Path) -> None:
    text = "We follow earlier work (arXiv:2101.00001v2), and\narXiv:2101.00002 as well, in all that matters."
    assert identity(make_pdf(tmp_path / "a.pdf", [text])).arxiv_id is None


def test_the_stamp_goes_before_the_file_name(tmp_path: Path) -> None:
    stamp = "arXiv:2309.08600v3 [cs.LG] 4 Oct 2023"
    path = paper_pdf(tmp_path / "2101.00001.pdf", "On Toys", ["Ada Byron"], [("Introduction", BODY)], [], stamp)
    assert identity(path).arxiv_id == "2309.08600"


@given(
    st.sampled_from(["Ada Byron", "Zoë Müller", "Tom Dupré la Tour", "Oskar van der Wal", "Kyle O'Brien"]), st.data()
)
def test_names_come_back_however_they_are_joined(first: str, data: st.DataObject) -> None:
    from ingest.identify import _names

    second = data.draw(st.sampled_from(["Grace B. Hopper", "Yu-Gang Jiang", "J. Doe"]))
    joint = data.draw(st.sampled_from([", ", " and ", ", and ", "\x01, ", "\t", " & ", "; "]))
    assert _names(f"{first}{joint}{second}") == [first, second.strip(".")]
