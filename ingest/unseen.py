"""Text of a PDF page that its reader cannot see: white on white, drawn invisibly, far too small, beside the page.

Part of pypdfium2's door (pdfium.py opens files). What looks as if it could not be seen is looked up on the drawn page:
where there is ink in its place it stays, as the text behind a scan and the white letters on a dark table head do.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from ingest.layout import Line

STEP = 32  # characters of a line between two that are looked at: hidden prose is longer, and a look costs microseconds
LABEL = 3  # words; of fewer, figures are full that the page need not be drawn for: hidden or not, they say nothing
WORD = re.compile(r"[^\W\d_]{2,}")
SMALL = 1.5  # points; the one line of 59,000 in 40 papers that is smaller is a figure's
PALE = 225  # of 255: the least of red, green and blue from which on a colour may vanish on paper
THIN = 40  # of 255: the most opacity of what may not be seen
UNSEEN_MODES = frozenset({3, 7})  # PDF 32000-1, 9.3.6: neither filled nor stroked
MAX_PIXELS = 4_000_000  # of the drawn page; US letter at one pixel to the point has half a million
CONTRAST = 24  # of 255: what differs less from the ground is no ink
INK = 0.004  # share of a place's pixels from which on something is drawn there; letters have a tenth and more

Place = tuple[float, float, float, float]  # left, bottom, right, top, in points


class Stretch(NamedTuple):
    """A part of a line, by offsets into it, and whether nobody can see it."""

    start: int
    end: int
    hidden: bool


class Letters(NamedTuple):
    """How a page's letters are asked for, by offsets into its text: pdfium's index, place, and size in points; `drawn`
    says, by pdfium's index, what a letter was drawn with."""

    char: Callable[[int], int]
    drawn: Callable[[int], int]
    place: Callable[[int], Place]
    size: Callable[[int], float]


class Unseen:
    """Tells what is hidden on one page. The page is drawn at the first letter that needs it, and only then."""

    def __init__(self, page: Any, textpage: Any, letters: Letters) -> None:
        import pypdfium2.raw as pdfium

        self.pdfium, self.page, self.raw, self.letters = pdfium, page, textpage, letters
        self.colour = [ctypes.c_uint() for _ in range(4)]
        self._mode = _at_address(pdfium.FPDFTextObj_GetTextRenderMode, ctypes.c_int, ctypes.c_size_t)
        self._looks: dict[int, bool] = {}  # of what was drawn in one go, by its address: whether it is odd
        self.box = pdfium.FS_RECTF()
        pdfium.FPDF_GetPageBoundingBox(page.raw, self.box)
        self._drawn: NDArray[np.int16] | None = None

    def clear(self, line: Line, text: str, start: int) -> bool:
        """Whether nothing of a line, whose text begins at `start`, looks as if it could not be seen."""
        box, char, drawn = self.box, self.letters.char, self.letters.drawn
        last = start + len(text) - 1
        begin, end = drawn(char(start)), drawn(char(last))
        if self._odd(begin, start) or (begin != end and self._odd(end, last)):
            return False
        if line.left < box.left or line.right > box.right or line.bottom < box.bottom or line.top > box.top:
            return False
        if begin and begin == end:  # no other letters stand between two that were drawn in one go
            return True
        letters = (at for at in range(start + STEP, last, STEP) if not text[at - start].isspace())
        return not any(self._odd(drawn(char(at)), at) for at in letters)

    def cut(self, text: str, start: int) -> list[Stretch]:
        """A line, whose text begins at `start`, cut where it goes out of sight and comes back."""
        parts = list(self._parts(text, start))
        return [Stretch(a, b, doubtful and self._unseen(text, start, a, b)) for a, b, doubtful in parts]

    def _parts(self, text: str, start: int) -> Iterator[tuple[int, int, bool]]:
        """(start, end, doubtful) of its runs of letters that look alike; a space goes with the letters before it."""
        begun, before = 0, self._doubtful(start)
        for at in range(1, len(text)):
            doubtful = before if text[at].isspace() else self._doubtful(start + at)
            if doubtful != before:
                yield begun, at, before
                begun, before = at, doubtful
        yield begun, len(text), before

    def _doubtful(self, at: int) -> bool:
        return self._odd(self.letters.drawn(self.letters.char(at)), at) or self._beside(self.letters.place(at))

    def _odd(self, drawn: int, at: int) -> bool:
        """Whether a letter is pale, undrawn or too small. `drawn` is the address of what it was drawn with, of one
        colour, mode and size; 0: made up by pdfium, as spaces are."""
        if not drawn:
            return False
        known = self._looks.get(drawn)
        if known is None:
            red, green, blue, opacity = self._colour(at)
            known = self._looks[drawn] = (
                (red > PALE and green > PALE and blue > PALE)
                or opacity < THIN
                or self._mode(drawn) in UNSEEN_MODES
                or self.letters.size(at) < SMALL
            )
        return known

    def _colour(self, at: int) -> tuple[int, int, int, int]:
        """Red, green, blue and opacity (0 to 255) of a letter; opaque black where pdfium does not say."""
        red, green, blue, alpha = self.colour
        if not self.pdfium.FPDFText_GetFillColor(self.raw, self.letters.char(at), red, green, blue, alpha):
            return 0, 0, 0, 255
        return red.value, green.value, blue.value, alpha.value

    def _invisible(self, at: int) -> bool:
        return self._mode(self.letters.drawn(self.letters.char(at))) in UNSEEN_MODES

    def _beside(self, place: Place) -> bool:
        """Whether a place lies outside what is shown of the page."""
        left, bottom, right, top = place
        box = self.box
        return bool(right <= box.left or left >= box.right or top <= box.bottom or bottom >= box.top)

    def _unseen(self, text: str, start: int, begin: int, end: int) -> bool:
        shown = [start + at for at in range(begin, end) if not text[at].isspace()]
        places = [self.letters.place(at) for at in shown]
        lefts, bottoms, rights, tops = zip(*places, strict=True)
        whole = min(lefts), min(bottoms), max(rights), max(tops)
        if self._beside(whole) or all(self.letters.size(at) < SMALL for at in (shown[0], shown[-1])):
            return True
        if len(WORD.findall(text, begin, end)) < LABEL:
            return False
        pixels = self._around(whole)
        if not len(pixels):
            return True
        ground = np.median(pixels, axis=0)
        colour = self._colour(shown[0])
        if min(colour[:3]) > PALE and colour[3] >= THIN and not self._invisible(shown[0]):
            return bool(np.abs(ground - np.array(colour[:3])).max() <= CONTRAST)  # whatever else is drawn there
        return float((np.abs(pixels - ground).max(axis=1) > CONTRAST).mean()) < INK

    def _around(self, place: Place) -> NDArray[np.int16]:
        """The pixels (n, 3) drawn at a place, its upper and lower edge aside, where other lines' letters end."""
        left, bottom, right, top = place
        edge = 0.2 * (top - bottom)
        pixels = self._pixels()
        height, width = pixels.shape[:2]
        corners = [self._pixel(x, y, width, height) for x, y in ((left, bottom + edge), (right, top - edge))]
        (x0, x1), (y0, y1) = (sorted(side) for side in zip(*corners, strict=True))
        return pixels[max(y0, 0) : max(y1, y0 + 1), max(x0, 0) : max(x1, x0 + 1)].reshape(-1, 3)

    def _pixel(self, x: float, y: float, width: int, height: int) -> tuple[int, int]:
        across, down = ctypes.c_int(), ctypes.c_int()
        self.pdfium.FPDF_PageToDevice(self.page.raw, 0, 0, width, height, 0, x, y, across, down)
        return across.value, down.value

    def _pixels(self) -> NDArray[np.int16]:
        """The page as it is drawn, a pixel to the point: (height, width, 3)."""
        if self._drawn is None:
            width, height = self.page.get_size()
            scale = min(1.0, (MAX_PIXELS / max(width * height, 1)) ** 0.5)
            drawn = self.page.render(scale=scale).to_numpy()
            self._drawn = np.asarray(drawn[:, :, :3], dtype=np.int16)
        return self._drawn


def drawn_with(pdfium: Any, textpage: Any) -> Callable[[int], int]:
    """What a letter, by pdfium's index, was drawn with, as an address; 0 where there is none."""
    asked = _at_address(pdfium.FPDFText_GetTextObject, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_int)
    text = ctypes.cast(textpage, ctypes.c_void_p)
    return lambda index: asked(text, index)


def _at_address(function: Any, *types: Any) -> Callable[..., int]:
    """One of pdfium's functions (its result's type, then its arguments'), taking addresses as numbers: as pypdfium2 has
    them they are pointer objects, made anew for each letter, which cannot be known again."""
    return cast("Callable[..., int]", ctypes.CFUNCTYPE(*types)(ctypes.cast(function, ctypes.c_void_p).value or 0))
