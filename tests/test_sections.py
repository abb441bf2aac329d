"""Headings: from the outline, from numbers, from known names, from type size; and where the bibliography is."""

from __future__ import annotations

from pathlib import Path

import pytest
from pdf_maker import Mark, Run, make_pdf, paper_pdf

from ingest.chunk import chunk
from ingest.layout import Line
from ingest.paragraphs import Paragraph
from ingest.parse_pdf import Parsed, ParseJob, parse_pdf
from ingest.pdfium import OutlineItem
from ingest.sections import find_headings, is_bibliography

BODY = 10.0
TEXT = "This is a paragraph of running text, which says something about models and ends like a sentence."


def paragraph(text: str, size: float = BODY, bold: bool = False, lines: int = 1) -> Paragraph:
    line = Line(text, 72, 72 + 5 * len(text), 500, 500 + size, size, bold)
    return Paragraph((line,) * lines, size, bold, size < BODY - 0.6)


def bold(text: str) -> Paragraph:
    return paragraph(text, bold=True)


def found(
    *pages: list[Paragraph], outline: tuple[OutlineItem, ...] = (), title: str = ""
) -> list[tuple[int, int, int, str]]:
    """The headings as page, place, level, title; pages and places from 0."""
    texts = [[p.text for p in page] for page in pages]
    return [(m.page, m.place, m.level, m.title) for m in find_headings(pages, texts, outline, BODY, title)]


def titles(*paragraphs: Paragraph) -> list[str]:
    """The headings among paragraphs, each with text under it."""
    page = [each for one in paragraphs for each in (one, paragraph(TEXT))]
    return [title for _, _, _, title in found(page)]


def levels(*paragraphs: Paragraph) -> list[tuple[int, str]]:
    return [(level, title) for _, _, level, title in found(list(paragraphs))]


@pytest.mark.parametrize(
    "title",
    ["References", "REFERENCES", "7. References", "8 References", "Bibliography", "Works Cited", "参考文献",
     "Literatur", "References and Notes", "R References", "Literaturverzeichnis", "Références"],
)  # fmt: skip
def test_a_bibliography_is_known_by_its_heading(title: str) -> None:
    assert is_bibliography(title)


@pytest.mark.parametrize(
    "title", ["References to earlier work", "3.1 Reference frames", "Preferences", "A list of references"]
)
def test_other_headings_are_no_bibliography(title: str) -> None:
    assert not is_bibliography(title)


def test_numbers_give_headings_and_levels() -> None:
    heads = [bold("1 Introduction"), bold("2 Method"), bold("2.1 Data"), bold("2.1.1 Cleaning"), bold("3 Results")]
    assert levels(*heads) == [
        (1, "1 Introduction"),
        (1, "2 Method"),
        (2, "2.1 Data"),
        (3, "2.1.1 Cleaning"),
        (1, "3 Results"),
    ]


def test_numbers_with_points_appendices_and_roman_ones() -> None:
    assert titles(bold("1. Introduction"), bold("2. Method"), bold("A. Proofs"), bold("B. Tables")) == [
        "1. Introduction",
        "2. Method",
        "A. Proofs",
        "B. Tables",
    ]
    roman = levels(
        bold("I. INTRODUCTION"), bold("II. METHOD"), bold("A. Data"), bold("B. Training"), bold("III. RESULTS")
    )
    assert roman == [(1, "I. INTRODUCTION"), (1, "II. METHOD"), (2, "A. Data"), (2, "B. Training"), (1, "III. RESULTS")]


def test_a_number_that_cannot_come_next_is_no_heading() -> None:
    table = [bold("37 Randomized"), bold("12 Layers"), bold("9 Neurons in total")]
    assert titles(bold("1 Introduction"), *table, bold("2 Method"), bold("3 Results")) == [
        "1 Introduction",
        "2 Method",
        "3 Results",
    ]


def test_rows_of_running_type_are_no_headings() -> None:
    lines = ["1 Introduction", "2 apples and pears", "3 This is an item of a list.", "Related work", "4 Results"]
    assert titles(*map(paragraph, lines)) == []


def test_known_names_without_numbers() -> None:
    names = ["Abstract", "Introduction", "Related Work", "Methods and Materials", "Limitations", "Acknowledgements"]
    assert titles(*map(bold, names), bold("References")) == [*names, "References"]
    assert titles(bold("Abstract of something else that is bold and goes on")) == []


def test_references_need_no_bold_type_and_small_ones_are_a_figures_label() -> None:
    assert titles(paragraph("References")) == ["References"]
    assert titles(paragraph("References", size=7)) == []


def test_sizes_give_levels_where_nothing_is_numbered() -> None:
    heads = [paragraph("The Great Divide", 16), paragraph("A Smaller Matter", 13), paragraph("On Another Day", 16)]
    assert levels(*(each for head in heads for each in (head, paragraph(TEXT)))) == [
        (1, "The Great Divide"),
        (2, "A Smaller Matter"),
        (1, "On Another Day"),
    ]


def test_sizes_are_not_asked_where_numbers_are() -> None:
    heads = [bold("1 Introduction"), bold("2 Method"), bold("3 Results")]
    assert "Some Pulled Quote" not in titles(*heads, paragraph("Some Pulled Quote", 16))


def test_the_papers_title_is_no_heading() -> None:
    page = [paragraph("Toys and Other Things", 17), paragraph(TEXT), paragraph("The Great Divide", 14), paragraph(TEXT)]
    assert [title for *_, title in found(page, title="Toys and Other Things")] == ["The Great Divide"]


def test_the_outline_gives_places_and_levels() -> None:
    pages = [
        [paragraph("Toys", 17), paragraph("Where it begins"), paragraph(TEXT)],
        [paragraph("How it goes on"), paragraph(TEXT), paragraph("And a detail"), paragraph(TEXT), bold("Bold words")],
    ]
    outline = (
        OutlineItem("Where it begins", 1, 1, None),
        OutlineItem("2 How it goes on", 1, 2, None),
        OutlineItem("And a DETAIL", 2, 2, None),
    )
    assert found(*pages, outline=outline) == [
        (0, 1, 1, "Where it begins"),
        (1, 0, 1, "How it goes on"),
        (1, 2, 2, "And a detail"),
    ]


def test_what_an_outline_leaves_out_is_found_by_its_name() -> None:
    page = [bold("One"), bold("Two"), bold("Three"), paragraph(TEXT), bold("References"), paragraph(TEXT)]
    outline = tuple(OutlineItem(title, 1, 1, None) for title in ("One", "Two", "Three"))
    assert [title for *_, title in found(page, outline=outline)] == ["One", "Two", "Three", "References"]


def test_an_outline_that_does_not_fit_the_pages_is_not_believed() -> None:
    page = [bold("1 Introduction"), paragraph(TEXT), bold("2 Method"), paragraph(TEXT), bold("3 Results")]
    outline = tuple(OutlineItem(f"Slide {n}", 1, 1, None) for n in range(1, 9))
    assert [title for *_, title in found(page, outline=outline)] == ["1 Introduction", "2 Method", "3 Results"]


def test_lines_of_a_table_of_contents_are_no_headings() -> None:
    contents = [bold("1 Introduction . . . . . . 3"), bold("2 Method ........ 5")]
    assert titles(*contents, bold("1 Introduction"), bold("2 Method"), bold("3 Results")) == [
        "1 Introduction",
        "2 Method",
        "3 Results",
    ]


# --- on whole papers --------------------------------------------------------------------------------------------------

WAYS = {
    "outline": {"outline": True},
    "numbers": {},
    "known names": {"numbered": False},
    "two columns": {"columns": 2},
}


def parsed(path: Path) -> Parsed:
    return parse_pdf(ParseJob("demo", path))


@pytest.mark.parametrize("way", WAYS)
def test_every_passage_knows_its_section_and_the_appendix_is_text_again(tmp_path: Path, way: str) -> None:
    sections = [
        ("Abstract", f"abstract {TEXT}"),
        ("Introduction", f"opening {TEXT * 12}"),
        ("Method", f"doing {TEXT * 12}"),
    ]
    path = paper_pdf(
        tmp_path / "a.pdf",
        "On Toys",
        ["Ada Byron"],
        sections,
        ["A. Byron. Notes on the engine. 1843."] * 40,
        appendices=[("Proofs", f"proving {TEXT * 3}")],
        **WAYS[way],  # type: ignore[arg-type]
    )
    passages = chunk(parsed(path).pages, lambda text: len(text.split()))
    number = "" if way == "known names" else "1 "
    assert {p.section for p in passages if "opening" in p.text} == {(f"{number}Introduction",)}
    assert {p.kind for p in passages if "Notes on the engine" in p.text} == {"references"}
    assert {p.section for p in passages if p.kind == "references"} == {("References",)}
    [proofs] = [p for p in passages if "proving" in p.text]
    assert (proofs.kind, proofs.section) == ("text", ("A Proofs",))


def test_headings_of_a_document_that_only_sets_them_larger(tmp_path: Path) -> None:
    lines = [("A Report of Things", 20.0), ("What There Is", 15.0), ("Looked at Closely", 12.5), ("What to Do", 15.0)]
    runs: list[Run] = []
    y = 740.0
    for text, size in lines:
        runs.append(Run(text, 72, y, size))
        runs += [Run(TEXT[:80], 72, y - 30 - 12 * n, 10) for n in range(4)]
        y -= 110
    page = parsed(make_pdf(tmp_path / "a.pdf", [runs])).pages[0]
    assert [(heading.level, heading.title) for heading in page.headings] == [
        (1, "What There Is"),
        (2, "Looked at Closely"),
        (1, "What to Do"),
    ]


def test_a_heading_that_stands_twice_is_found_where_the_outline_points(tmp_path: Path) -> None:
    pages = ["\n".join([*[TEXT[:70]] * count, "", "Summary", "", *[TEXT[:70]] * 3]) for count in (3, 5, 7)]
    path = make_pdf(tmp_path / "a.pdf", pages, outline=[Mark("Summary", n) for n in (1, 2, 3)])
    assert [[h.title for h in p.headings] for p in parsed(path).pages] == [["Summary"]] * 3
