"""A PDF becomes pages of clean text with headings, and what it says of its title and authors."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from ingest import ocr, pdfium, rescue
from ingest.clean import Vocabulary, flowed, garbled, repaired, whole_words, without_margins
from ingest.doubts import doubted, left_out, listed, summed
from ingest.errors import NoTextLayer, ParseError
from ingest.identify import Identity as Identity
from ingest.identify import identify
from ingest.jobs import Parsed as Parsed
from ingest.jobs import ParseJob as ParseJob
from ingest.layout import Line, body_size
from ingest.page_readers import LATE, cores, read_apart
from ingest.paragraphs import paragraphs
from ingest.pdfium import OutlineItem
from ingest.records import Heading, Page
from ingest.sections import Mark, find_headings

PARSER = f"{pdfium.version()}, clean 5"
MAX_BYTES = 200 * 2**20  # of a file; the largest of 40 papers has 8 MB
MAX_PAGES = 3000  # the longest book tried has 352
HEAD_LINES = 60  # of page 1 looked at letter by letter: the longest masthead of 40 papers has 31
BOOK = 80  # pages, from which on starting processes costs less than it saves
READING = 0.7  # of a file's time may go into reading its pages; the rest makes paragraphs and sections of them
MOST_WARNINGS = 12  # about pages, each by itself
LOOKED_AT = 10  # pages, for pictures
FEW_LETTERS = 5  # per page: scans often carry a stamp or page numbers, and no other text


class Source(Protocol):
    """An open document, by whatever reader: pages count from 0."""

    def __len__(self) -> int: ...
    def lines(self, index: int, *, pieces: int = 0) -> list[Line]: ...
    def outline(self) -> list[OutlineItem]: ...
    def metadata(self) -> dict[str, str]: ...
    def has_pictures(self, index: int) -> bool: ...


Opener = Callable[[], AbstractContextManager[Source]]


def parse_pdf(job: ParseJob) -> Parsed:
    """The pages of a PDF. Raises ParseError, with its reason and what to do, where there are none."""
    _check_file(job.path)
    try:
        return parse_source(job, lambda: pdfium.opened(job.path, job.password))
    except pdfium.RefusedError:
        note = f"read with {rescue.version()}, since pdfium refused it"
        return parse_source(replace(job, careful=True), lambda: rescue.opened(job.path, job.password), note)
    except NoTextLayer:
        if job.first_page or job.password or not ocr.available():
            raise
    return _read_by_ocr(job)


def _read_by_ocr(job: ParseJob) -> Parsed:
    with ocr.with_text(job.path, ocr.HALF * job.seconds) as path:
        parsed = parse_source(job, lambda: pdfium.opened(path, None), f"no text layer: {ocr.WARNING}")
    pages = tuple(replace(page, warning=page.warning or ocr.WARNING) for page in parsed.pages)
    return replace(parsed, pages=pages)


def page_picture(
    path: Path, number: int, *, scale: float = 1.5, max_pixels: int = 20_000_000, password: str | None = None
) -> bytes:
    """A PNG of page `number` (from 1); `scale` 1 is 72 pixels per inch. Raises ParseError where it cannot be drawn."""
    try:
        with pdfium.opened(path, password) as source:
            if not 1 <= number <= len(source):
                raise ParseError(f"there is no page {number}", f"it has {len(source)} pages")
            return source.picture(number - 1, scale=scale, max_pixels=max_pixels)
    except pdfium.RefusedError as refused:
        raise ParseError("damaged: pdfium cannot open it", "get the file again") from refused


def _check_file(path: Path) -> None:
    """Raises ParseError for what is no PDF, before a library sees it."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(1024)
    except OSError as error:
        raise ParseError(f"cannot be opened: {error.strerror or error}", "check the file and its rights") from error
    if size == 0:
        raise ParseError("empty file", "get the file again")
    if size > MAX_BYTES:
        raise ParseError(f"too large: {size / 2**20:.0f} MB", f"split it; the limit is {MAX_BYTES // 2**20} MB")
    if b"%PDF-" not in start:  # readers accept up to 1024 bytes of anything before it
        what = "it is a web page" if start.lstrip()[:1] == b"<" else "it does not begin like one"
        raise ParseError(f"not a PDF: {what}", "get the PDF itself")


def parse_source(job: ParseJob, opened: Opener, *notes: str) -> Parsed:
    with opened() as source:
        read, warnings = _read(job, source, opened)
        outline, metadata = source.outline(), source.metadata()
    raw = [[line for line in page if not line.hidden] for page in read]
    pages = without_margins([[_repaired(line) for line in page] for page in raw])
    body, words = body_size(pages), Vocabulary(pages)
    laid = [paragraphs(lines, body) for lines in pages]
    texts = whole_words(laid, [[flowed(paragraph.lines, words) for paragraph in page] for page in laid], words)
    identity = identify(raw[0], metadata, job.path, words, body)
    marks = find_headings(laid, texts, outline, body, identity.title)
    share = [garbled("".join(line.text for line in page)) for page in raw]
    plain = _pages(job.paper_id, texts, marks, share)
    doubts = zip(map(left_out, read), doubted(plain), strict=True)
    made = tuple(
        replace(page, warning="; ".join(filter(None, found))) for page, found in zip(plain, doubts, strict=True)
    )
    return Parsed(made, identity, (*notes, *warnings, *summed(made)))


def _read(job: ParseJob, source: Source, opened: Opener) -> tuple[list[list[Line]], list[str]]:
    """Each page's lines, and a warning for each page that could not be read. Raises ParseError for no text at all."""
    if len(source) == 0:
        raise ParseError("damaged: it has no pages", "get the file again")
    if len(source) > MAX_PAGES:
        raise ParseError(f"too large: {len(source)} pages", f"split it; the limit is {MAX_PAGES} pages")
    count = 1 if job.first_page else len(source)
    if hasattr(os, "fork") and (job.careful or count >= BOOK):
        seconds = READING * job.seconds
        found = read_apart(opened, count, readers=cores(), seconds=seconds, pieces=HEAD_LINES)
    else:
        found = {index: _page(source, index) for index in range(count)}
    pages = [[] if isinstance(result := found[index], str) else result for index in range(count)]
    warnings = [result for result in found.values() if isinstance(result, str) and result != LATE]
    late = [f"p. {index + 1}" for index in range(count) if found[index] == LATE]
    warnings += [f"no time was left for {listed(late)}"] if late else []
    if all(isinstance(result, str) for result in found.values()):
        raise ParseError(f"no page can be read: {warnings[0]}", "get the file again, or leave it out")
    if sum(len(line.text) for page in pages for line in page if not line.hidden) < FEW_LETTERS * sum(
        not isinstance(result, str) for result in found.values()
    ):
        raise without_text(source, count)
    return pages, shortened(warnings)


def _page(source: Source, index: int) -> list[Line] | str:
    try:
        return source.lines(index, pieces=0 if index else HEAD_LINES)
    except ParseError as error:
        return error.message


def without_text(source: Source, count: int) -> ParseError:
    """The error for pages that hold no letters: pictures of them, or nothing."""
    if any(source.has_pictures(index) for index in range(min(count, LOOKED_AT))):
        hint = f"install {ocr.PROGRAM}, or run OCR yourself and add what it makes; then: mivault sync"
        return NoTextLayer(f"no text layer: its pages are pictures, and {ocr.NEEDED}", hint)
    return ParseError("damaged: its pages hold neither letters nor pictures", "get the file again")


def shortened(warnings: list[str]) -> list[str]:
    """Many pages' warnings as a few: the first ones, and how many more."""
    more = len(warnings) - MOST_WARNINGS
    return [*warnings[:MOST_WARNINGS], f"{more} more pages could not be read"] if more > 0 else warnings


def _repaired(line: Line) -> Line:
    text = repaired(line.text)
    return line if text == line.text else replace(line, text=text)


def _pages(
    paper_id: str, texts: Sequence[Sequence[str]], marks: Sequence[Mark], garbles: Sequence[float]
) -> tuple[Page, ...]:
    """Paragraphs' texts as pages, a blank line between them, with the headings' offsets."""
    titles = {(mark.page, mark.place): mark for mark in marks}
    pages = []
    for index, paragraphs_of_page in enumerate(texts):
        text, headings = "", []
        for place, paragraph in enumerate(paragraphs_of_page):
            if not paragraph:
                continue
            text += "\n\n" if text else ""
            mark = titles.get((index, place))
            if mark:
                headings.append(Heading(len(text), mark.level, mark.title))
            text += paragraph
        number = index + 1
        pages.append(Page(paper_id, number, f"p. {number}", text, tuple(headings), garbles[index]))
    return tuple(pages)
