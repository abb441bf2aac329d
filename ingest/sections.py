"""Which paragraphs are headings, how deep they stand, and where the bibliography is.

Headings come from the PDF's outline where it has one, and else from numbers, known names, type size and boldness.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ingest.paragraphs import WORD, Paragraph
from ingest.pdfium import OutlineItem

BIBLIOGRAPHY = re.compile(
    r"^(?:[\dA-Z]{0,2}\.?\s+)?(?:references(?:\s+and\s+notes)?|bibliography|works cited|literature cited|"
    r"literatur(?:verzeichnis)?|références|参考文献|список литературы)\s*[:.]?$",
    re.IGNORECASE,
)
KNOWN = re.compile(
    r"^(?:abstract|introduction|related works?|background|methods?|methodology|experiments?|results|discussion|"
    r"conclusions?|limitations?|future work|acknowledge?ments?|author contributions?|contributions|ethics statement|"
    r"broader impacts?|"
    r"reproducibility statement|impact statement|societal impacts?|appendix|appendices|supplementary materials?|"
    r"checklist|contents|table of contents|zusammenfassung|einleitung|fazit|摘要)(?:\s+and\s+\w+(?:\s\w+)?)?\s*[:.]?$",
    re.IGNORECASE,
)
NUMBERED = re.compile(r"^((?:\d{1,2}|[IVX]{1,5}|[A-Z])(?:\.\d{1,2}){0,3})(?:\.\s*|\s*:\s*|\s+)(?=[\w“\"(¿‘'])(.+)$")
NUMBER = re.compile(r"^(?:Appendix\s+)?(?:\d{1,2}|[IVX]{1,5}|[A-Z])(?:[.-](?:\d{1,2}|[A-Z]))*[.:]?\s+", re.IGNORECASE)
ROMAN = {
    "I": 1,
    "II": 2,
    "III": 3,
    "IV": 4,
    "V": 5,
    "VI": 6,
    "VII": 7,
    "VIII": 8,
    "IX": 9,
    "X": 10,
    "XI": 11,
    "XII": 12,
}
CONTENTS_LINE = re.compile(r"[.…·\s]{4,}\d+$")
APPENDIX = re.compile(r"^Appendix\s+([A-Z])\b[.:]?\s*(.*)$", re.IGNORECASE)
MAX_HEADING = 160  # characters; the longest heading of 40 papers has 118


@dataclass(frozen=True, slots=True)
class Mark:
    """A paragraph that is a heading: its page and its place on it (from 0), its level (from 1), its number ("" for
    none) and its title with the number."""

    page: int
    place: int
    level: int
    title: str
    number: str = ""


def is_bibliography(title: str) -> bool:
    """Whether a heading opens a list of references."""
    return bool(BIBLIOGRAPHY.match(title.strip()))


def find_headings(
    pages: Sequence[Sequence[Paragraph]],
    texts: Sequence[Sequence[str]],
    outline: Sequence[OutlineItem],
    body: float,
    paper_title: str = "",
) -> list[Mark]:
    """The headings in order. `texts` are the paragraphs' cleaned texts, page by page, as `pages` has the paragraphs;
    `body` is the usual type size. The paper's own title is no heading.
    """
    looks = list(_by_look(pages, texts, body))
    found = _from_outline(texts, outline)
    if len(found) >= max(3, len(outline) / 2):
        taken = {(mark.page, mark.place) for mark in found}
        found += [m for m in looks if (m.page, m.place) not in taken and not m.number]
    else:
        found = _in_sequence(_romans(looks))
        if sum(bool(mark.number) for mark in found) < 3:
            plain = [mark for mark in looks if not mark.number]
            found = plain + _by_size(pages, texts, plain, body, paper_title)
    found = [mark for mark in found if not _is_title(mark.page, mark.title, paper_title)]
    return sorted(found, key=lambda mark: (mark.page, mark.place))


def _is_title(page: int, text: str, paper_title: str) -> bool:
    return page == 0 and bare(text) == bare(paper_title)


# --- from the outline -----------------------------------------------------------------------------------------------


def _from_outline(texts: Sequence[Sequence[str]], outline: Sequence[OutlineItem]) -> list[Mark]:
    """The outline's items that stand on the page they point at, as a paragraph of their own."""
    marks = []
    taken: set[tuple[int, int]] = set()
    for item in outline:
        for page in (item.page - 1, item.page):
            place = _place(texts[page], item.title, page, taken) if page < len(texts) else None
            if place is not None:
                taken.add((page, place))
                number = NUMBERED.match(texts[page][place])
                marks.append(Mark(page, place, item.level, texts[page][place], number[1] if number else ""))
                break
    return marks


def _place(texts: Sequence[str], title: str, page: int, taken: set[tuple[int, int]]) -> int | None:
    wanted = bare(title)
    for place, text in enumerate(texts):
        if len(text) <= MAX_HEADING + 40 and (page, place) not in taken and wanted and bare(text) == wanted:
            return place
    return None


def bare(title: str) -> str:
    """A title's letters and digits without its number, case and marks."""
    return "".join(c for c in NUMBER.sub("", title.strip()).casefold() if c.isalnum())


# --- from looks -----------------------------------------------------------------------------------------------------


def _by_look(pages: Sequence[Sequence[Paragraph]], texts: Sequence[Sequence[str]], body: float) -> Iterator[Mark]:
    for page, (paragraphs, lines) in enumerate(zip(pages, texts, strict=True)):
        for place, (paragraph, text) in enumerate(zip(paragraphs, lines, strict=True)):
            mark = _look(paragraph, text, body)
            if mark:
                yield replace(mark, page=page, place=place)


def _look(paragraph: Paragraph, text: str, body: float) -> Mark | None:
    """A paragraph as a heading, None where it does not look like one."""
    if not _short(paragraph, text):
        return None
    set_off = paragraph.bold or paragraph.size > 1.08 * body
    if is_bibliography(text) or (KNOWN.match(text) and (set_off or text.isupper())):
        return Mark(0, 0, 1, text) if set_off or not paragraph.side else None
    appendix, numbered = APPENDIX.match(text), NUMBERED.match(text)
    if appendix and set_off:
        return Mark(0, 0, 1, text, appendix[1])
    if numbered and _titled(numbered[2]) and (set_off or (paragraph.size >= 0.95 * body and numbered[2].isupper())):
        return Mark(0, 0, numbered[1].count(".") + 1, text, numbered[1])
    return None


def _by_size(
    pages: Sequence[Sequence[Paragraph]],
    texts: Sequence[Sequence[str]],
    looks: Sequence[Mark],
    body: float,
    paper_title: str,
) -> list[Mark]:
    """Headings of a document that does not number them: titles in larger type, by size as levels 1 to 3."""
    taken = {(mark.page, mark.place) for mark in looks}
    found = [
        (paragraph.size, page, place, text)
        for page, (paragraphs, lines) in enumerate(zip(pages, texts, strict=True))
        for place, (paragraph, text) in enumerate(zip(paragraphs, lines, strict=True))
        if paragraph.size > 1.15 * body
        and (page, place) not in taken
        and _short(paragraph, text)
        and _titled(text)
        and WORD.search(text)
        and not _is_title(page, text, paper_title)
    ]
    sizes = sorted({round(size) for size, *_ in found}, reverse=True)
    level = {size: min(n, 3) for n, size in enumerate(sizes, 1)}
    return [Mark(page, place, level[round(size)], text) for size, page, place, text in found]


def _romans(marks: Sequence[Mark]) -> list[Mark]:
    """Marks numbered I, A, B, II... as 1, 1.1, 1.2, 2; others as they are."""
    if not any(mark.number in ("II", "III") for mark in marks):
        return list(marks)
    out: list[Mark] = []
    section = 0
    for mark in marks:
        if ROMAN.get(mark.number) in (section + 1, section + 2):
            section = ROMAN[mark.number]
            mark = replace(mark, number=str(section), level=1)
        elif section and len(mark.number) == 1 and mark.number.isalpha():
            mark = replace(mark, number=f"{section}.{ord(mark.number) - 64}", level=2)
        out.append(mark)
    return out


def _short(paragraph: Paragraph, text: str) -> bool:
    if CONTENTS_LINE.search(text):
        return False
    return 0 < len(text) <= MAX_HEADING and len(paragraph.lines) <= 3 and not paragraph.lines[0].upward


def _titled(text: str) -> bool:
    """Whether words read like a title: begun by a capital or a sign, mostly letters, not ended like a sentence."""
    letters = sum(c.isalpha() for c in text)
    return (
        letters >= 3
        and letters > 0.5 * len(text.replace(" ", ""))
        and not text[0].islower()
        and not text.endswith((".", ","))
    )


def _in_sequence(marks: Sequence[Mark]) -> list[Mark]:
    """Without marks whose number cannot come next: rows of tables and lists that look like numbered headings."""
    kept: list[Mark] = []
    last: list[int] = []
    for mark in marks:
        if not mark.number:
            kept.append(mark)
            continue
        number = [int(part) if part.isdigit() else ord(part) + 100 for part in mark.number.split(".")]
        if _next(last, number) if last else number[0] in (0, 1, 2, ord("A") + 100):
            kept.append(mark)
            last = number
    return kept


def _next(last: list[int], number: list[int]) -> bool:
    """Whether `number` may follow `last`: 2.1 after 2, 3 after 2.4, A after 7; up to two may have been missed."""
    same = 0
    while same < min(len(last), len(number)) and last[same] == number[same]:
        same += 1
    if same == len(number):
        return False
    if same == len(last):
        return number[same] <= 3
    step = number[same] - last[same]
    return 0 < step <= 3 or (same == 0 and number[0] >= 165 > last[0] and number[0] <= 167)
