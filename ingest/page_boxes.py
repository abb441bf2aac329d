"""Where words stand on a PDF page: rectangles over its picture. Part of pypdfium2's door (pdfium.py opens files)."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from ingest.same_words import key, keyed

FINE = 10_000  # steps into which pdfium cuts a page's sides where it is asked for whole numbers
MAX_CHARACTERS = 100_000  # of one page; the fullest of 40 papers has 9,000
# Letters and digits by which a quote is looked for piece by piece where it does not stand on the page in one: a
# footnote or a running head may lie between. Shorter pieces would be found by chance.
PIECE = 24
# Fractions of the page: what is nearer belongs to one rectangle of a line, what is smaller is not seen.
NEAR, SEEN = 0.02, 0.0005
AROUND = 0.06  # of the page's height: about four lines above and below a quote

Stretch = tuple[int, int]


class Box(NamedTuple):
    """A rectangle of a page's picture: fractions of its width and height, from the top left corner."""

    left: float
    top: float
    width: float
    height: float


def stretches(quote: str, text: str) -> list[Stretch]:
    """Offsets of a quote in a page's text: one stretch where it stands there in one, else those of its pieces that are
    found in order; [] where fewer than half of them are."""
    wanted = key(quote)
    folded, starts, ends = keyed(text)
    whole = folded.find(wanted) if len(wanted) >= PIECE // 3 else -1
    if whole >= 0:
        return [(starts[whole], ends[whole + len(wanted) - 1])]
    found, at = [], 0
    pieces = [wanted[n : n + PIECE] for n in range(0, len(wanted) - PIECE // 2, PIECE)]
    for piece in pieces:
        here = folded.find(piece, at)
        if here >= 0:
            at = here + len(piece)
            found.append((starts[here], ends[at - 1]))
    return found if len(found) * 2 >= len(pieces) > 1 else []


def strip_around(boxes: Sequence[Box]) -> tuple[float, float, tuple[Box, ...]]:
    """The part of a page's height, from the top, in which boxes lie with some lines around them, and the boxes as
    fractions of that part; the whole page where there is no box."""
    if not boxes:
        return 0.0, 1.0, ()
    top = max(min(box.top for box in boxes) - AROUND, 0.0)
    bottom = min(max(box.top + box.height for box in boxes) + AROUND, 1.0)
    height = bottom - top
    return top, bottom, tuple(box._replace(top=(box.top - top) / height, height=box.height / height) for box in boxes)


def page_boxes(pdf: Any, index: int, find: Callable[[str], Sequence[Stretch]]) -> list[Box]:
    """The rectangles of stretches of a page's text, a line in one; `find` is given the text and names them by offsets.
    Turned and cut as the page's picture is."""
    page = pdf[index]
    textpage = page.get_textpage()
    try:
        text = _text(textpage.raw)
        return [
            box for stretch in find(text) for box in merged(_clipped(_rectangles(page.raw, textpage.raw, *stretch)))
        ]
    finally:
        textpage.close()
        page.close()


def merged(boxes: Iterator[Box]) -> list[Box]:
    """Boxes that follow each other on one line as one: a change of type, an index or a formula parts none."""
    lines: list[Box] = []
    for box in boxes:
        if lines and _one_line(lines[-1], box):
            lines[-1] = _both(lines[-1], box)
        else:
            lines.append(box)
    return lines


def _text(raw: Any) -> str:
    """A page's text, a character for each that pdfium counts."""
    import pypdfium2.raw as pdfium

    count = min(max(pdfium.FPDFText_CountChars(raw), 0), MAX_CHARACTERS)
    codes = (pdfium.FPDFText_GetUnicode(raw, n) for n in range(count))
    return "".join(chr(code) if 0 < code <= sys.maxunicode else "\ufffd" for code in codes)


def _rectangles(page: Any, raw: Any, start: int, end: int) -> Iterator[Box]:
    import pypdfium2.raw as pdfium

    edges = [ctypes.c_double() for _ in range(4)]
    for n in range(pdfium.FPDFText_CountRects(raw, start, end - start)):
        if pdfium.FPDFText_GetRect(raw, n, *edges):
            left, top, right, bottom = (edge.value for edge in edges)
            (x1, y1), (x2, y2) = _seen_at(page, left, top), _seen_at(page, right, bottom)
            yield Box(min(x1, x2), min(y1, y2), abs(x2 - x1), abs(y2 - y1))


def _seen_at(page: Any, x: float, y: float) -> tuple[float, float]:
    """A point of a page, in points, as fractions of its picture."""
    import pypdfium2.raw as pdfium

    across, down = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDF_PageToDevice(page, 0, 0, FINE, FINE, 0, x, y, across, down)
    return across.value / FINE, down.value / FINE


def _clipped(boxes: Iterator[Box]) -> Iterator[Box]:
    """What lies on the picture; nothing of what lies beside it or is too thin to be seen."""
    for box in boxes:
        left, top = max(box.left, 0.0), max(box.top, 0.0)
        right, bottom = min(box.left + box.width, 1.0), min(box.top + box.height, 1.0)
        if right - left > SEEN and bottom - top > SEEN:
            yield Box(left, top, right - left, bottom - top)


def _one_line(a: Box, b: Box) -> bool:
    overlap = min(a.top + a.height, b.top + b.height) - max(a.top, b.top)
    gap = max(a.left, b.left) - min(a.left + a.width, b.left + b.width)
    return overlap > 0.4 * min(a.height, b.height) and gap < NEAR


def _both(a: Box, b: Box) -> Box:
    left, top = min(a.left, b.left), min(a.top, b.top)
    right, bottom = max(a.left + a.width, b.left + b.width), max(a.top + a.height, b.top + b.height)
    return Box(left, top, right - left, bottom - top)
