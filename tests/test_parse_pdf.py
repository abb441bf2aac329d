"""A PDF becomes clean pages, or an error that says what to do."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Literal

import pytest
from pdf_maker import Mark, Run, encrypt_pdf, image_pdf, make_pdf, paper_pdf

from ingest.errors import ParseError
from ingest.parse_pdf import Parsed, ParseJob, page_picture, parse_pdf

SHARED = Path(__file__).parents[1] / ".." / "shared"
PROSE = (
    "Neural networks often represent more features than they have neurons. We study superposition in small models "
    "and measure interference between directions. Interpretability research profits from knowing when it happens. "
)


def parsed(path: Path, password: str | None = None) -> Parsed:
    return parse_pdf(ParseJob("demo", path, password))


def text_of(path: Path) -> str:
    return "\n\n".join(page.text for page in parsed(path).pages)


@pytest.mark.parametrize("columns", [1, 2])
def test_a_papers_paragraphs_come_back_whole_and_in_order(tmp_path: Path, columns: Literal[1, 2]) -> None:
    paragraphs = [f"Paragraph {n} begins here. {PROSE * 2}It ends with number {n}." for n in range(1, 25)]
    sections = [("Introduction", "\n\n".join(paragraphs[:12])), ("Method", "\n\n".join(paragraphs[12:]))]
    path = paper_pdf(tmp_path / "a.pdf", "On Toys", ["Ada Byron"], sections, [], columns=columns, hyphenate=True)
    pages = parsed(path).pages
    assert len(pages) > 1
    flat = " ".join(" ".join(page.text.split()) for page in pages)
    places = [flat.find(" ".join(paragraph.split())) for paragraph in paragraphs]
    assert all(place >= 0 for place in places)
    assert places == sorted(places)


def test_pages_know_their_number_locator_and_paper(tmp_path: Path) -> None:
    pages = parsed(make_pdf(tmp_path / "a.pdf", ["first page of text", "second page of text"])).pages
    assert [(page.paper_id, page.number, page.locator) for page in pages] == [("demo", 1, "p. 1"), ("demo", 2, "p. 2")]


def test_running_heads_and_page_numbers_go_and_the_body_stays(tmp_path: Path) -> None:
    path = paper_pdf(
        tmp_path / "a.pdf",
        "On Toys",
        ["Ada Byron"],
        [("Introduction", PROSE * 60)],
        [],
        running_head="Journal of Toys 7",
    )
    pages = parsed(path).pages
    assert len(pages) >= 3
    assert all("Journal of Toys" not in page.text for page in pages)
    assert not any(re.search(r"(^|\n)\d+(\n|$)", page.text) for page in pages)
    assert sum(page.text.count("interference") for page in pages) == 60


def test_a_line_that_stands_once_at_the_top_stays(tmp_path: Path) -> None:
    pages = ["Only here at the top\n" + PROSE[:70], "Another first line\n" + PROSE[70:140], "A third one\nand more"]
    assert "Only here at the top" in text_of(make_pdf(tmp_path / "a.pdf", pages))


def test_the_arxiv_stamp_tells_the_id_and_leaves_the_text(tmp_path: Path) -> None:
    stamp = "arXiv:2309.08600v3 [cs.LG] 4 Oct 2023"
    path = paper_pdf(tmp_path / "a.pdf", "On Toys", ["Ada Byron"], [("Introduction", PROSE * 9)], [], stamp)
    result = parsed(path)
    assert (result.identity.arxiv_id, result.identity.arxiv_version) == ("2309.08600", "v3")
    assert "arXiv" not in result.pages[0].text


def test_ligatures_and_words_broken_at_line_ends_are_repaired(tmp_path: Path) -> None:
    path = make_pdf(
        tmp_path / "a.pdf",
        [
            "We ﬁnd that the super-\nposition of features is inter-\npretable. "
            "Superposition and self-\nattention matter."
        ],
    )
    assert (
        text_of(path)
        == "We find that the superposition of features is interpretable. Superposition and self-attention matter."
    )


def test_a_word_broken_by_a_pages_end_is_whole_on_the_page_where_it_begins(tmp_path: Path) -> None:
    first = "\n".join(["These lines fill the page with words that run on and on"] * 3 + ["until we reach super-"])
    second = "position at last, and superposition is the word that we meant"
    pages = parsed(make_pdf(tmp_path / "a.pdf", [first, second])).pages
    assert pages[0].text.endswith("until we reach superposition")
    assert pages[1].text.startswith("at last")


def test_captions_and_footnotes_do_not_cut_a_paragraph(tmp_path: Path) -> None:
    def column(x: float, lines: list[str], top: float = 700) -> list[Run]:
        return [Run(line, x, top - 12 * n, 10) for n, line in enumerate(lines)]

    left = [
        "The model learns to represent features as",
        "directions, and this is why the sum of two",
        "such directions in the",
    ]
    right = ["residual stream can be read off by a probe", "that was trained for it. Then it ends."]
    runs = [*column(72, left), Run("1 A footnote in small type.", 72, 90, 8), *column(320, right)]
    text = text_of(make_pdf(tmp_path / "a.pdf", [runs]))
    assert "the sum of two such directions in the residual stream can be read off" in text
    assert "\n\n1 A footnote in small type." in text


def test_letters_past_the_basic_plane_do_not_shift_the_places_of_what_follows(tmp_path: Path) -> None:
    """Found on 2502.07322, p. 3: a figure's 13 such letters, and every line after it had another line's place."""
    labels = [Run("𝑊 key 𝑊 value", 72, 720 - 9 * n, 6) for n in range(8)]
    prose = (f"Paragraph {n} of the text. {PROSE * 2}".split() for n in range(3))
    paragraphs = [[" ".join(words[at : at + 10]) for at in range(0, len(words), 10)] for words in prose]
    lines = [Run(line, 72, 600 - 90 * n - 12 * m, 10) for n, p in enumerate(paragraphs) for m, line in enumerate(p)]
    text = text_of(make_pdf(tmp_path / "a.pdf", [[*labels, *lines]]))
    assert text.startswith("𝑊 key 𝑊 value")
    assert text.split("\n\n")[1:] == [" ".join(lines) for lines in paragraphs]


def test_small_capitals_do_not_cut_a_line_out_of_its_paragraph(tmp_path: Path) -> None:
    """Found on 2406.11717 and 2206.06520: the line was taken for a footnote and put after the paragraph."""
    rows = ["We draw on several sets of instructions, which are", "taken from the ones that others made in those days"]
    runs = [Run(row, 72, 700 - 12 * n, 10) for n, row in enumerate(rows)]
    runs += [Run("ADVERSARIAL BENCHES AND MORE", 72, 676, 7.6), Run("of that kind, which we", 195, 676, 10)]
    runs += [Run("filter for length, and then use for all that follows.", 72, 664, 10)]
    expected = f"{' '.join(rows)} ADVERSARIAL BENCHES AND MORE of that kind, which we {runs[-1].text}"
    assert text_of(make_pdf(tmp_path / "a.pdf", [runs])) == expected


def test_a_table_does_not_swallow_the_text_that_goes_on_below_it(tmp_path: Path) -> None:
    """Found on 2304.01373, p. 4: text that goes on from the page before was joined to the last row of a table."""
    table = [
        Run("Number of Models  four  four  six  nine  five  five  and eight of those", 72, 700 - 12 * n, 10)
        for n in (0, 1)
    ]
    caption = [Run("Table 2. Commonly used suites of models and what they have, all of them in one row.", 72, 670, 10)]
    column = ["models of that kind have been trained by", "several groups, and all of them are open to", "everybody."]
    runs = [*table, *caption, *(Run(line, 72, 640 - 12 * n, 10) for n, line in enumerate(column))]
    assert " ".join(column) in text_of(make_pdf(tmp_path / "a.pdf", [runs])).split("\n\n")


def test_headings_with_levels_from_looks_and_from_the_outline(tmp_path: Path) -> None:
    sections = [("Abstract", PROSE), ("Introduction", PROSE * 2), ("Method", PROSE * 2)]
    expected = ["Abstract", "1 Introduction", "2 Method", "References", "A Proofs"]
    for outline in (False, True):
        path = paper_pdf(
            tmp_path / "a.pdf",
            "On Toys",
            ["Ada Byron"],
            sections,
            ["A. Byron. Notes on the engine. 1843."],
            appendices=[("Proofs", PROSE)],
            outline=outline,
        )
        found = [(page, heading) for page in parsed(path).pages for heading in page.headings]
        assert [heading.title for _, heading in found] == expected
        assert all(page.text[h.offset :].startswith(h.title) for page, h in found)
        assert {h.level for _, h in found} == {1}


def test_the_outline_gives_the_levels(tmp_path: Path) -> None:
    names = [("A paper on things", 17.0), ("Big things", 14.0), ("Small things", 12.0), ("Details", 10.0)]
    lines = [line for name in names for line in (name, (PROSE[:80], 10.0))]
    runs = [Run(text, 72, 700 - 40 * n, size) for n, (text, size) in enumerate(lines)]
    marks = [Mark("Big things", 1), Mark("Small things", 1, 2), Mark("Details", 1, 3)]
    page = parsed(make_pdf(tmp_path / "a.pdf", [runs], outline=marks)).pages[0]
    assert [(h.title, h.level) for h in page.headings] == [("Big things", 1), ("Small things", 2), ("Details", 3)]


def test_what_is_no_pdf_is_refused_with_a_reason(tmp_path: Path) -> None:
    files = {"empty": b"", "not a PDF": b"hello world", "web page": b"<!doctype html><html>nothing here</html>"}
    for reason, data in files.items():
        path = tmp_path / "x.pdf"
        path.write_bytes(data)
        with pytest.raises(ParseError, match=reason) as caught:
            parsed(path)
        assert caught.value.hint
    with pytest.raises(ParseError, match="cannot be opened"):
        parsed(tmp_path / "missing.pdf")


def test_a_damaged_file_is_refused_with_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "x.pdf"
    path.write_bytes(b"%PDF-1.5\n" + b"\x00\x01garbage" * 40)
    with pytest.raises(ParseError, match="damaged"):
        parsed(path)


def test_an_encrypted_file_needs_its_password(tmp_path: Path) -> None:
    path = encrypt_pdf(make_pdf(tmp_path / "a.pdf", ["some secret text"]), "opensesame")
    with pytest.raises(ParseError, match="encrypted") as caught:
        parsed(path)
    assert "password: in vault.yaml" in caught.value.hint
    with pytest.raises(ParseError, match="password is wrong"):
        parsed(path, "wrong")
    assert parsed(path, "opensesame").pages[0].text == "some secret text"


def test_a_damaged_file_after_an_encrypted_one_is_not_called_encrypted(tmp_path: Path) -> None:
    """pdfium keeps its last error over files: the second one was reported with the first one's."""
    encrypted = encrypt_pdf(make_pdf(tmp_path / "a.pdf", ["some secret text"]), "opensesame")
    with pytest.raises(ParseError, match="encrypted"):
        parsed(encrypted)
    damaged = tmp_path / "b.pdf"
    damaged.write_bytes(b"%PDF-1.5\nnothing of a PDF follows")
    with pytest.raises(ParseError, match="damaged"):
        parsed(damaged)


def test_an_owner_password_alone_does_not_matter(tmp_path: Path) -> None:
    path = encrypt_pdf(make_pdf(tmp_path / "a.pdf", ["some public text"]), "", owner="secret")
    assert parsed(path).pages[0].text == "some public text"


def test_a_scan_says_that_ocr_is_needed(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="no text layer") as caught:
        parsed(image_pdf(tmp_path / "scan.pdf", 3))
    assert "OCR" in caught.value.hint


def test_a_file_over_a_limit_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_pdf(tmp_path / "a.pdf", ["one page of text", "two pages of text"])
    monkeypatch.setattr("ingest.parse_pdf.MAX_PAGES", 1)
    with pytest.raises(ParseError, match="too large: 2 pages"):
        parsed(path)
    monkeypatch.setattr("ingest.parse_pdf.MAX_BYTES", 100)
    with pytest.raises(ParseError, match="too large"):
        parsed(path)


def test_a_page_without_text_is_a_warning_not_an_error(tmp_path: Path) -> None:
    result = parsed(make_pdf(tmp_path / "a.pdf", ["some text on this page", [], "and on that page too"]))
    assert len(result.pages) == 3
    assert result.warnings == ("no text on p. 2",)


def test_a_file_that_pdfium_refuses_is_read_by_pypdf(tmp_path: Path) -> None:
    path = make_pdf(tmp_path / "a.pdf", ["Words that only the rescue\nreads from this file.", "A second page."])
    path.write_bytes(path.read_bytes().replace(b"/Root", b"/Toor"))  # pypdf looks for the lost catalog, pdfium does not
    result = parsed(path)
    assert [page.text for page in result.pages] == [
        "Words that only the rescue reads from this file.",
        "A second page.",
    ]
    assert "pdfium refused" in result.warnings[0]


def test_a_page_picture_is_a_png_within_its_limit(tmp_path: Path) -> None:
    path = make_pdf(tmp_path / "a.pdf", ["text"])
    picture = page_picture(path, 1, scale=50, max_pixels=10_000)
    assert picture.startswith(b"\x89PNG")
    width, height = (int.from_bytes(picture[at : at + 4], "big") for at in (16, 20))
    assert width * height <= 10_500
    with pytest.raises(ParseError, match="no page 2"):
        page_picture(path, 2)


def test_parsing_twice_gives_the_same(tmp_path: Path) -> None:
    path = paper_pdf(tmp_path / "a.pdf", "On Toys", ["Ada Byron"], [("Introduction", PROSE * 20)], ["A. Byron. 1843."])
    assert parsed(path) == parsed(path)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["2203.14680", "2405.07987", "2110.11309"])
def test_real_papers_keep_their_words(name: str) -> None:
    path = SHARED / "papers" / f"{name}.pdf"
    if not path.is_file():
        pytest.skip("../shared/papers is missing")
    import pypdfium2

    document = pypdfium2.PdfDocument(path)
    raw = Counter[str]()
    for page in document:
        raw += Counter(re.findall(r"\w+", page.get_textpage().get_text_range().replace("\ufffe", "").replace("-", "")))
    ours = Counter(re.findall(r"\w+", text_of(path).replace("-", "")))
    kept = sum((raw & ours).values()) / sum(raw.values())
    assert kept > 0.97  # of all words; 0.98 of those that are not running heads, page numbers and stamps
