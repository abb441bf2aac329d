"""From placed lines to paragraphs: what belongs together, and what stands outside the running text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from ingest.layout import BROKEN, Line, ordered, rows_of

TERMINAL = re.compile(r"[.!?:;。！？][\"'”’)\]\d∗*†‡]*$")
BULLET = re.compile(r"^(?:[•●▪◦‣∙■–]|\(?\d{1,2}[.)]|\([a-z]\)|\[\d{1,3}\])\s")
CAPTION = re.compile(
    r"^(?:Figure|Fig\.|FIGURE|Table|TABLE|Algorithm|Listing|Abbildung|Tabelle)\s*[A-Z]?\.?\d+[.\d]*(?:[:.|]|\s+[A-Z])"
)
WORD = re.compile(r"[^\W\d_]{4,}")
SECTION = re.compile(r"^(?:\d{1,2}|[A-Z])(?:\.\d{1,2}){0,3}\.?\s+[A-Z]")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines that belong together. `side` says that it stands outside the running text: a caption, a footnote, the
    labels of a figure."""

    lines: tuple[Line, ...]
    size: float
    bold: bool
    side: bool = False

    @property
    def text(self) -> str:
        return " ".join(line.text for line in self.lines)


def paragraphs(lines: Sequence[Line], body: float) -> list[Paragraph]:
    """The paragraphs of one page in reading order. `body` is the document's usual type size (see `body_size`)."""
    rows = rows_of(ordered([line for line in lines if not line.upward]))
    found = [_paragraph(group, body) for block in _blocks(rows) for group in _split(block)]
    labels = [replace(_paragraph([line], body), side=True) for line in lines if line.upward]
    return _gathered(_mended(found) + labels)


def _blocks(rows: Sequence[Line]) -> list[list[Line]]:
    """Rows that follow each other downwards at the usual distance, one under the other, in one type size."""
    pitch = _pitch(rows)
    blocks: list[list[Line]] = []
    for row in rows:
        if not blocks or not _follows(blocks[-1][-1], row, pitch):
            blocks.append([])
        blocks[-1].append(row)
    return blocks


def _pitch(rows: Sequence[Line]) -> float:
    """The usual distance from row to row on a page, in type sizes: 1.2 in most books, over 2 in double spacing."""
    steps = [(a.bottom - b.bottom) / a.size for a, b in pairwise(rows) if a.size and _under(a, b)]
    steps = [step for step in steps if 0.8 < step < 3]
    return median(steps) if len(steps) >= 5 else 1.25


def _under(a: Line, b: Line) -> bool:
    return b.bottom < a.bottom and b.left < a.right and a.left < b.right


def _follows(a: Line, b: Line, pitch: float) -> bool:
    small_capitals = 0.75 * a.size < b.size < a.size and a.text.isupper() and b.text.isupper()
    if not _under(a, b) or (abs(a.size - b.size) > 0.07 * max(a.size, b.size) and not small_capitals):
        return False
    return a.bottom - b.bottom <= 1.4 * pitch * max(a.size, b.size)


def _split(block: list[Line]) -> list[list[Line]]:
    """A block's paragraphs: parted by indents, hanging indents, short last rows, bullets, bold headings, gaps."""
    if len(block) == 1:
        return [block]
    left, right = min(row.left for row in block), max(row.right for row in block)
    step = median(a.bottom - b.bottom for a, b in pairwise(block))
    hanging = _hangs(block, left)
    groups = [[block[0]]]
    for a, b in pairwise(block):
        if _starts(a, b, left, right, hanging) or (a.bottom - b.bottom > 1.2 * step and _ended(a)):
            groups.append([])
        groups[-1].append(b)
    return groups


def _starts(a: Line, b: Line, left: float, right: float, hanging: bool) -> bool:
    """Whether `b`, right under `a`, starts a paragraph."""
    short = a.right < right - max(0.12 * (right - left), 1.5 * a.size)
    if (CAPTION.match(b.text) and short) or (a.bold != b.bold and (short or _ended(a))):
        return True
    if a.bold and not b.bold and SECTION.match(a.text):
        return True
    if hanging:
        return _indent(b, left) < 0.5 <= max(_indent(a, left), 1 if _ended(a) else 0)
    if not _ended(a):
        return bool(BULLET.match(b.text)) and short
    return short or bool(BULLET.match(b.text)) or (_indent(a, left) < 0.5 and 0.7 < _indent(b, left) < 4)


def _ended(row: Line) -> bool:
    """Whether a row ends like a sentence."""
    return TERMINAL.search(row.text[-8:]) is not None


def _indent(row: Line, left: float) -> float:
    """In type sizes."""
    return (row.left - left) / row.size if row.size else 0.0


def _hangs(block: Sequence[Line], left: float) -> bool:
    """Whether paragraphs start out at the left and go on indented, as in a bibliography: then rows before an
    indented one end in the middle of a sentence."""
    ends = [_ended(a) for a, b in pairwise(block)
            if _indent(a, left) < 0.5 and 0.7 < _indent(b, left) < 4]  # fmt: skip
    return bool(ends) and sum(ends) < len(ends) / 2


def _paragraph(rows: Sequence[Line], body: float) -> Paragraph:
    size = median(row.size for row in rows)
    side = size < body - 0.6 or bool(CAPTION.match(rows[0].text))
    return Paragraph(tuple(rows), size, all(row.bold for row in rows), side)


def _mended(found: Sequence[Paragraph]) -> list[Paragraph]:
    """Paragraphs that a column's end, a figure or a footnote interrupts are made whole; what interrupts comes after."""
    out: list[Paragraph] = []
    waiting: list[Paragraph] = []
    for paragraph in found:
        if paragraph.side:
            (waiting if out else out).append(paragraph)
        elif out and _goes_on(out[-1], paragraph):
            out[-1] = replace(out[-1], lines=out[-1].lines + paragraph.lines)
        else:
            out += [*waiting, paragraph]
            waiting = []
    return out + waiting


def _goes_on(a: Paragraph, b: Paragraph) -> bool:
    if a.side or a.bold or b.bold or abs(a.size - b.size) > 0.5 or len(a.text) < 40:
        return False
    text = a.lines[-1].text
    if len(b.lines) > 1 and not _as_wide(a, b):
        return False
    return bool(b.text[:1].islower() and (text.endswith((BROKEN, "-")) or not TERMINAL.search(text[-8:])))


def _as_wide(a: Paragraph, b: Paragraph) -> bool:
    """Whether both fill columns of one width, or end at one edge; a table's row and the text after it do not."""
    (a_width, a_right), (b_width, b_right) = (
        (max(line.right - line.left for line in p.lines), max(line.right for line in p.lines)) for p in (a, b)
    )
    return 0.75 < b_width / max(a_width, 1.0) < 1.33 or abs(a_right - b_right) < 2 * b.size


def _gathered(found: Sequence[Paragraph]) -> list[Paragraph]:
    """Scraps that follow each other as one paragraph: the labels of a figure, the parts of a formula."""
    out: list[Paragraph] = []
    scraps = False
    for paragraph in found:
        scrap = _is_scrap(paragraph)
        if scrap and scraps and out[-1].side == paragraph.side:
            out[-1] = replace(out[-1], lines=out[-1].lines + paragraph.lines)
        else:
            out.append(paragraph)
        scraps = scrap
    return out


def _is_scrap(paragraph: Paragraph) -> bool:
    """Whether a paragraph is too little to stand alone: short, no sentence's end, few words in body type."""
    text = paragraph.text
    if len(text) > 60 or CAPTION.match(text) or TERMINAL.search(text[-8:]) or SECTION.match(text):
        return False
    return paragraph.side or (not paragraph.bold and len(WORD.findall(text)) < 2)
