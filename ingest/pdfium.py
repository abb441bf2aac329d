"""The door of pypdfium2: placed lines, outline, metadata and pictures of a PDF's pages.

pdfium is C++ and files are hostile: `ingest.worker` runs this in a child process with limits.
"""

from __future__ import annotations

import contextlib
import ctypes
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from ingest import drawing
from ingest.errors import ParseError
from ingest.layout import BEGINS, BROKEN, Line, Piece
from ingest.page_boxes import Box, page_boxes, stretches
from ingest.unseen import Letters, Unseen, drawn_with

LINE = re.compile(r"[^\r\n\ufffe]+\ufffe?")
BOLD = re.compile(rb"bold|medi|black|heavy|demi|cmbx|sfbx", re.IGNORECASE)
# FPDFText_GetText cuts a character above U+FFFF to 16 bits: mathematical letters (U+1D400-1D7FF) and pictures.
CUT = re.compile("[\ud400-\ud7ff\uf300-\uf9ff]")
HALVES = re.compile("[\ud800-\udfff]")  # other files hold such a character as two, as UTF-16 does
LETTER = re.compile(r"[^\W\d_]")
MAX_CHARACTERS = 500_000  # of one page; the fullest of 40 papers has 9,000


class RefusedError(Exception):
    """pdfium cannot open a file; another reader may."""


@dataclass(frozen=True, slots=True)
class OutlineItem:
    """A bookmark: `level` and `page` count from 1; `top` is the height it points at, None where it names none."""

    title: str
    level: int
    page: int
    top: float | None


def version() -> str:
    from importlib.metadata import version as installed

    return f"pypdfium2 {installed('pypdfium2')}"


@contextlib.contextmanager
def opened(path: Path, password: str | None) -> Iterator[Document]:
    """An open PDF. Raises ParseError for one that needs a password, RefusedError for one that pdfium cannot read."""
    import pypdfium2

    try:
        pdf = pypdfium2.PdfDocument(path, password=password)
    except pypdfium2.PdfiumError as error:
        # pdfium's last error can be that of the file before; only a file that names its encryption has any.
        if "password" in str(error).lower() and b"/Encrypt" in path.read_bytes():
            raise needs_password(password) from error
        raise RefusedError(str(error)) from error
    try:
        yield Document(pdf)
    finally:
        pdf.close()


def needs_password(given: str | None) -> ParseError:
    """The error for a PDF that the given password, or none, does not open."""
    if given:
        return ParseError(
            "encrypted, and the password is wrong",
            "add it again with the right --password, or correct password: in vault.yaml",
        )
    return ParseError(
        "encrypted: it needs a password", "mivault add FILE --password ..., or give a password: in vault.yaml"
    )


class Document:
    """An open PDF. Pages count from 0 here, as in pdfium."""

    def __init__(self, pdf: Any) -> None:
        self._pdf = pdf

    def __len__(self) -> int:
        return len(self._pdf)

    def lines(self, index: int, *, pieces: int = 0) -> list[Line]:
        """The lines of a page, in the file's order; the first `pieces`, up to the abstract, taken apart by type size.

        Raises ParseError where the page cannot be read.
        """
        import pypdfium2

        try:
            page = self._pdf[index]
            textpage = page.get_textpage()
        except pypdfium2.PdfiumError as error:
            raise ParseError(f"page {index + 1} is damaged") from error
        try:
            return _Reader(textpage.raw, page).lines(pieces)
        finally:
            textpage.close()
            page.close()

    def boxes(self, index: int, quote: str) -> list[Box]:
        """Where a quote stands on a page's picture, a box for each of its lines; [] where it is not found."""
        return page_boxes(self._pdf, index, lambda text: stretches(quote, text))

    def has_pictures(self, index: int) -> bool:
        """Whether a page shows pictures or drawings."""
        import pypdfium2

        try:
            page = self._pdf[index]
        except pypdfium2.PdfiumError:
            return False
        shown = bool(pypdfium2.raw.FPDFPage_CountObjects(page.raw))
        page.close()
        return shown

    def metadata(self) -> dict[str, str]:
        """The Info dictionary's Title, Author, Subject, CreationDate...; "" for what it lacks."""
        return dict(self._pdf.get_metadata_dict())

    def outline(self) -> list[OutlineItem]:
        """The bookmarks in order. Those that point nowhere are left out."""
        items = []
        for mark in self._pdf.get_toc(max_depth=6):
            target = mark.get_dest()
            page = target.get_index() if target else None
            if page is not None:
                items.append(OutlineItem(" ".join(mark.get_title().split()), mark.level + 1, page + 1, _top(target)))
        return items

    def picture(self, index: int, *, scale: float, max_pixels: int) -> bytes:
        """A PNG of a page: `scale` 1 is 72 pixels per inch, made smaller where it would pass `max_pixels`."""
        return drawing.png(self._pdf, index, scale, max_pixels)

    def picture_of_width(self, index: int, width: int, *, max_pixels: int) -> bytes:
        """A PNG of a page that is `width` pixels wide, or smaller where it would pass `max_pixels`."""
        return drawing.png(self._pdf, index, self._scale(index, width), max_pixels)

    def strip(self, index: int, width: int, *, max_pixels: int, top: float, bottom: float) -> bytes:
        """A WebP of such a page from `top` to `bottom`, shares of its height."""
        return drawing.webp(self._pdf, index, self._scale(index, width), max_pixels, top, bottom)

    def _scale(self, index: int, width: int) -> float:
        page_width, _ = self._pdf.get_page_size(index)
        return width / max(float(page_width), 1.0)


def _top(target: Any) -> float | None:
    mode, place = target.get_view()
    if len(place) == 3 and place[1]:  # /XYZ left top zoom
        return float(place[1])
    return float(place[0]) if len(place) == 1 and mode in (3, 7) else None  # /FitH top, /FitBH top


class _Reader:
    """Lines of one text page. Calls into pdfium per line, not per letter: 6 calls of a microsecond each."""

    def __init__(self, raw: Any, page: Any) -> None:
        import pypdfium2.raw as pdfium

        self.pdfium, self.raw = pdfium, raw
        self.box, self.matrix, self.flags = pdfium.FS_RECTF(), pdfium.FS_MATRIX(), ctypes.c_int()
        self.name = ctypes.create_string_buffer(96)
        self.count = min(pdfium.FPDFText_CountChars(raw), MAX_CHARACTERS)
        self.text = self._text()
        self.straight = len(self.text) == self.count  # else text and characters do not count alike
        self.drawn = drawn_with(pdfium, raw)
        self.sizes: dict[int, float] = {}  # by what letters were drawn with: it has one
        self.unseen = Unseen(page, raw, Letters(self._index, self.drawn, self._place, self._size))

    def _text(self) -> str:
        if self.count <= 0:
            return ""
        buffer = (ctypes.c_ushort * (2 * self.count + 2))()
        written = self.pdfium.FPDFText_GetText(self.raw, 0, self.count, buffer)
        # Unit by unit: decoding would make one of two halves, and every letter after them would be looked for one off.
        return "".join(map(chr, buffer[: max(written - 1, 0)]))

    def lines(self, pieces: int) -> list[Line]:
        found: list[Line] = []
        for match in LINE.finditer(self.text):
            start = match.start()
            raw = match.group()
            body = raw.rstrip(BROKEN)
            text = body.strip()
            if text:
                pieces = 0 if pieces and BEGINS.match(text) else pieces
                start += len(body) - len(body.lstrip())
                broken = BROKEN if raw.endswith(BROKEN) else ""
                line = self._line(text, start, broken, with_pieces=len(found) < pieces)
                found += [line] if self.unseen.clear(line, text, start) else self._parts(line, text, start, broken)
        return found

    def _parts(self, whole: Line, text: str, start: int, broken: str) -> Iterator[Line]:
        """An odd line: what nobody can see of it is a line of its own."""
        for begin, end, hidden in self.unseen.cut(text, start):
            part = text[begin:end].rstrip()
            line = self._line(part, start + begin, broken if end == len(text) else "", with_pieces=bool(whole.pieces))
            yield replace(line, hidden=True) if hidden else line

    def _line(self, text: str, start: int, broken: str, *, with_pieces: bool) -> Line:
        letter = LETTER.search(text, len(text) // 2) or LETTER.search(text)
        sample = start + (letter.start() if letter else 0)
        end = start + len(text) - 1
        last = next((n for n in range(len(text) - 1, -1, -1) if text[n].isalpha()), len(text) - 1)
        size = self._usual_size(sample, start, start + last)
        left, first_low, _, _ = self._place(start)
        _, last_low, right, last_high = self._place(end)
        _, low, _, high = self._place(sample)
        upward = len(text) > 2 and abs(last_low - first_low) > size and abs(right - left) < 1.6 * size
        if upward:
            left, right = min(left, right), max(left, right)
            low, high = min(first_low, last_low), max(first_low, last_high)
        bold = self._bold(sample) and self._bold(start + last)
        parts = self._pieces(text, start) if with_pieces and not upward else ()
        return Line(self._whole(text, start) + broken, left, right, low, high, size, bold, upward, parts)

    def _index(self, at: int) -> int:
        return at if self.straight else max(self.pdfium.FPDFText_GetCharIndexFromTextIndex(self.raw, at), 0)

    def _place(self, at: int) -> tuple[float, float, float, float]:
        box = self.box
        self.pdfium.FPDFText_GetLooseCharBox(self.raw, self._index(at), box)
        return box.left, box.bottom, box.right, box.top

    def _size(self, at: int) -> float:
        index, matrix = self._index(at), self.matrix
        drawn = self.drawn(index)
        if not drawn or (known := self.sizes.get(drawn)) is None:
            size = self.pdfium.FPDFText_GetFontSize(self.raw, index)
            self.pdfium.FPDFText_GetMatrix(self.raw, index, matrix)
            known = self.sizes[drawn] = float(size * (matrix.c**2 + matrix.d**2) ** 0.5)
        return known

    def _usual_size(self, sample: int, start: int, last: int) -> float:
        """The size of a line's letters, small capitals (0.7 to 0.85 as large) and indexes aside: of three of them."""
        size = self._size(sample)
        end = self._size(last) if self.text[sample].isupper() else size
        return max(size, self._size(start), end if 1.15 * size < end < 1.45 * size else size)

    def _bold(self, at: int) -> bool:
        index = self._index(at)
        self.pdfium.FPDFText_GetFontInfo(self.raw, index, self.name, 96, self.flags)
        return BOLD.search(self.name.value) is not None

    def _whole(self, text: str, start: int) -> str:
        """`text` with the characters that pdfium's 16 bits cut made whole again."""
        if CUT.search(text):
            text = CUT.sub(lambda m: self._letter(start + m.start()), text)
        return _paired(text)

    def _letter(self, at: int) -> str:
        code = self.pdfium.FPDFText_GetUnicode(self.raw, self._index(at))
        return chr(code) if 0 < code <= sys.maxunicode else "\ufffd"

    def _pieces(self, text: str, start: int) -> tuple[Piece, ...]:
        """A line by type size, letter for letter."""
        glyphs = [self._glyph(text, start, n) for n in range(len(text)) if not text[n].isspace()]
        base = max(glyphs, key=lambda glyph: glyph.size)
        pieces: list[Piece] = []
        for before, glyph in zip([base, *glyphs], glyphs, strict=False):
            raised = glyph.size < 0.85 * base.size and glyph.baseline > base.baseline + 0.12 * base.size
            gap = pieces and glyph.left - before.right > 0.55 * base.size
            text = "\t" + glyph.text.lstrip() if gap else glyph.text
            if pieces and (pieces[-1].raised, pieces[-1].size) == (raised, glyph.size):
                pieces[-1] = Piece(pieces[-1].text + text, glyph.size, raised)
            else:
                pieces.append(Piece(text, glyph.size, raised))
        return tuple(replace(piece, text=_paired(piece.text)) for piece in pieces)

    def _glyph(self, text: str, start: int, at: int) -> _Glyph:
        left, _, right, _ = self._place(start + at)
        x, y = ctypes.c_double(), ctypes.c_double()
        self.pdfium.FPDFText_GetCharOrigin(self.raw, self._index(start + at), x, y)
        space = " " if at and text[at - 1].isspace() else ""
        letter = self._letter(start + at) if CUT.match(text[at]) else text[at]
        return _Glyph(space + letter, left, right, y.value, round(self._size(start + at), 1))


def _paired(text: str) -> str:
    """Halves of a character as the character; a half alone as U+FFFD."""
    if not HALVES.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class _Glyph(NamedTuple):
    text: str
    left: float
    right: float
    baseline: float
    size: float
