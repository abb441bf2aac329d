"""Pictures of pages, and the rectangles of a quote on them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pdf_maker import HEIGHT, WIDTH, Run, encrypt_pdf, image_pdf, make_pdf

from ingest.errors import ParseError
from ingest.page_boxes import Box, merged, stretches, strip_around
from ingest.page_pictures import MAX_PIXELS, PagePictures

LINES = ["Superposition lets a network store more fea-", "tures than it has neurons, at a cost.", "Another sentence."]
QUOTE = "store more features than it has neurons"


@pytest.fixture(scope="module")
def pictures() -> Iterator[PagePictures]:
    made = PagePictures()
    yield made
    made.close()


@pytest.fixture(scope="module")
def pdf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pdf") / "paper.pdf"
    runs = [Run(text, 72, 700 - 14 * n) for n, text in enumerate(LINES)]
    return make_pdf(path, ["a first page", runs])


def test_a_picture_has_the_width_asked_for_and_shows_the_text(pictures: PagePictures, pdf: Path) -> None:
    from PIL import Image

    image = Image.open(io.BytesIO(pictures.picture(pdf, 2, width=500))).convert("L")
    assert image.width == 500
    assert abs(image.height - 500 * HEIGHT / WIDTH) <= 1
    (left, top, width, height) = pictures.boxes(pdf, 2, QUOTE)[0]
    place = (left * image.width, top * image.height, (left + width) * image.width, (top + height) * image.height)
    inked = image.crop(tuple(round(edge) for edge in place))  # type: ignore[arg-type]
    darkest, _ = inked.getextrema()
    assert isinstance(darkest, int | float) and darkest < 100
    assert image.crop((0, round(image.height * 0.5), 500, image.height)).getextrema() == (255, 255)


def test_a_strip_shows_the_quote_and_the_lines_around_it_alone(pictures: PagePictures, pdf: Path) -> None:
    from PIL import Image

    strip = pictures.strip(pdf, 2, QUOTE, width=500)
    image = Image.open(io.BytesIO(strip.webp)).convert("L")
    assert strip.webp[8:12] == b"WEBP" and image.width == 500
    assert image.height < 0.2 * 500 * HEIGHT / WIDTH
    for left, top, width, height in strip.boxes:
        assert 0 <= top < top + height <= 1
        edges = (left * 500, top * image.height, (left + width) * 500, (top + height) * image.height)
        darkest, _ = image.crop(tuple(round(edge) for edge in edges)).getextrema()  # type: ignore[arg-type]
        assert isinstance(darkest, int | float) and darkest < 100
    whole = pictures.strip(pdf, 2, "a sentence that nobody wrote in this paper at all", width=500)
    assert whole.boxes == () and Image.open(io.BytesIO(whole.webp)).height == pytest.approx(500 * HEIGHT / WIDTH, abs=1)


def test_a_quote_over_two_lines_has_a_box_on_each(pictures: PagePictures, pdf: Path) -> None:
    first, second = pictures.boxes(pdf, 2, QUOTE)
    assert first.left > second.left == pytest.approx(72 / WIDTH, abs=0.01)
    assert second.top - first.top == pytest.approx(14 / HEIGHT, abs=0.003)
    assert first.top == pytest.approx((HEIGHT - 700 - 8) / HEIGHT, abs=0.01)


SHARES = st.floats(0, 1)


@given(st.lists(st.tuples(SHARES, SHARES, SHARES, SHARES), min_size=1, max_size=5))
def test_boxes_stay_where_they_are_on_their_part_of_the_page(rows: list[tuple[float, float, float, float]]) -> None:
    boxes = [Box(left, top, (1 - left) * width, (1 - top) * height) for left, top, width, height in rows]
    top, bottom, moved = strip_around(boxes)
    assert 0 <= top < bottom <= 1
    for before, after in zip(boxes, moved, strict=True):
        assert top + after.top * (bottom - top) == pytest.approx(before.top, abs=1e-9)
        assert after.height * (bottom - top) == pytest.approx(before.height, abs=1e-9)


def test_what_does_not_stand_on_the_page_has_no_box(pictures: PagePictures, pdf: Path, tmp_path: Path) -> None:
    assert pictures.boxes(pdf, 2, "a sentence that nobody wrote in this paper at all") == ()
    assert pictures.boxes(pdf, 1, QUOTE) == ()
    assert pictures.boxes(image_pdf(tmp_path / "scan.pdf"), 1, QUOTE) == ()


@pytest.mark.parametrize("page", [0, 3, -1])
def test_a_page_that_is_not_there_is_an_error(pictures: PagePictures, pdf: Path, page: int) -> None:
    with pytest.raises(ParseError, match="there is no page"):
        pictures.picture(pdf, page)


def test_files_that_cannot_be_drawn_cost_themselves_alone(pictures: PagePictures, pdf: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.4\n%%EOF\n")
    locked = encrypt_pdf(make_pdf(tmp_path / "locked.pdf", ["secret"]), "password")
    for path in (broken, locked, tmp_path / "none.pdf"):
        with pytest.raises(ParseError):
            pictures.picture(path, 1)
    assert pictures.picture(pdf, 1).startswith(b"\x89PNG")


def test_a_huge_page_is_drawn_small(pictures: PagePictures, tmp_path: Path) -> None:
    from PIL import Image

    huge = make_pdf(tmp_path / "huge.pdf", ["text"])
    huge.write_bytes(huge.read_bytes().replace(b"/MediaBox [0 0 612.0 792.0]", b"/MediaBox [0 0 200 14400]  "))
    image = Image.open(io.BytesIO(pictures.picture(huge, 1)))
    assert image.height / image.width == pytest.approx(72, rel=0.02)
    assert image.width * image.height <= MAX_PIXELS * 1.01


def test_a_slow_page_is_given_up_and_the_next_one_is_drawn(pdf: Path) -> None:
    hasty = PagePictures(seconds=0.0)
    with pytest.raises(ParseError, match="takes over 0 seconds"):
        hasty.picture(pdf, 1)
    hasty._seconds = 30.0
    assert hasty.picture(pdf, 1).startswith(b"\x89PNG")
    hasty.close()


def test_a_child_that_was_killed_is_replaced(pdf: Path) -> None:
    pictures = PagePictures()
    pictures.start()
    assert pictures._process is not None
    pictures._process.kill()
    pictures._process.wait()
    assert pictures.picture(pdf, 1).startswith(b"\x89PNG")
    pictures.close()


def test_a_quote_with_a_footnote_in_it_is_found_in_pieces() -> None:
    sentence = "The features are recovered by a sparse autoencoder that was trained on activations of the model"
    page = sentence.replace("that was", "1 See the appendix of the paper for details. that was")
    found = stretches(sentence, page)
    assert len(found) > 1
    assert all("appendix of the paper" not in page[start:end] for start, end in found)


@given(st.text(max_size=200), st.text(max_size=60))
def test_stretches_lie_in_the_text_in_order(text: str, quote: str) -> None:
    edges = [edge for stretch in stretches(quote, text) for edge in stretch]
    assert edges == sorted(edges) and all(0 <= edge <= len(text) for edge in edges)


def test_boxes_of_one_line_are_one_and_those_of_two_columns_two() -> None:
    line = [Box(0.1, 0.5, 0.1, 0.01), Box(0.205, 0.498, 0.02, 0.008), Box(0.23, 0.5, 0.2, 0.01)]
    (one,) = merged(iter(line))
    assert one.left == 0.1 and one.left + one.width == pytest.approx(0.43)
    assert len(merged(iter([Box(0.1, 0.5, 0.35, 0.01), Box(0.55, 0.5, 0.3, 0.01)]))) == 2
