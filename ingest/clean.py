"""Repairs of extracted text: characters, running heads, words broken at line ends, lines flowed into paragraphs."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from ingest.layout import BROKEN, Line
from ingest.paragraphs import Paragraph

LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
SPACES = "\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
NOTHING = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
CONTROLS = "".join(chr(c) for c in (*range(0x20), *range(0x7F, 0xA0)) if chr(c) not in "\t\n")
TABLE = str.maketrans({**LIGATURES, **dict.fromkeys(SPACES, " "), **dict.fromkeys(NOTHING + CONTROLS, "")})
HYPHEN = re.compile(r"(\w+(?:[-\u2010\u2011]\w+)*)[-\u2010\u2011\ufffe]$")
START = re.compile(r"^(\w+(?:[-\u2010\u2011]\w+)*)")
BROKEN_WORD = re.compile(r"\S+[-\u2010\u2011\ufffe]\n\S+")
DASH = re.compile("[-\u2010\u2011]")
WORD = re.compile(r"\w+(?:[-\u2010\u2011]\w+)*")
PAGE_NUMBER = re.compile(
    r"^(?:[-–—|]?\s*(?:page\s*)?\d{1,4}(?:\s*(?:of|/)\s*\d{1,4})?\s*[-–—|]?|[ivxlc]{1,7})$", re.IGNORECASE
)
ARXIV_STAMP = re.compile(r"arXiv:\s*\S+.*\d{4}\s*$", re.IGNORECASE)
URL = re.compile(r"https?:|www\.|doi\.org|github\.com")
URL_GOES_ON = re.compile(r"[-/_=?&:#]$")
# Compounds written with a hyphen whose first part says so ("self-attention"), where the paper itself does not tell.
COMPOUNDING = frozenset(
    ("self", "cross", "non", "well", "high", "low", "fine", "coarse", "long", "short", "single", "one", "two", "three")
)
SMALL = frozenset(("of", "the", "to", "in", "and", "by", "on", "at", "a", "an", "or", "as", "for"))
WIDE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")


def repaired(text: str) -> str:
    """Text without ligatures, control characters, soft hyphens and odd spaces; accents composed (NFC). Half of a
    surrogate pair, which no file and no tokenizer takes, becomes "?"."""
    if text.isascii() and text.isprintable():
        return text
    return unicodedata.normalize("NFC", text.translate(TABLE).encode("utf-8", "replace").decode())


def garbled(text: str) -> float:
    """The share of non-space characters that no language uses: unassigned, private, control, replacement (0 to 1)."""
    counts = Counter(text)
    total = sum(count for character, count in counts.items() if not character.isspace())
    bad = sum(count for character, count in counts.items() if _strange(character))
    return round(bad / total, 4) if total else 0.0


def _strange(character: str) -> bool:
    if character in "\ufffd\x00":
        return True
    return unicodedata.category(character) in ("Cc", "Cn", "Co", "Cs") and character not in "\r\n\t\ufffe"


# --- running heads --------------------------------------------------------------------------------------------------


def without_margins(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """The pages without running heads, page numbers and arXiv's stamp.

    A running head is a line at the top or bottom, apart from the text, that comes again, numbers aside, at the same
    height on a third of the pages (at least 2, at most 5 are asked for). What stands there once stays.
    """
    kept = [[line for line in page if not _stamp(line)] for page in pages]
    rows = [_rows(page) for page in kept]
    edges = [_apart_from_rest(page) + _apart_from_rest(page[::-1]) for page in rows]
    seen = Counter(key for edge in edges for key in {_margin_key(line) for line in edge})
    numbers = [{id(line): int(line.text) - index for line in _lonely(page) if line.text.isdecimal()}
               for index, page in enumerate(rows)]  # fmt: skip
    offsets = Counter(offset for found in numbers for offset in set(found.values()))
    needed = max(2, min(len(pages) / 3, 5))
    out = []
    for page, edge, found, all_rows in zip(kept, edges, numbers, rows, strict=True):
        gone = {id(line) for line in edge if seen[_margin_key(line)] >= needed}
        gone |= {key for key, offset in found.items() if offsets[offset] >= needed}
        gone |= {id(line) for line in edge if PAGE_NUMBER.match(line.text) and line in _lonely(all_rows)}
        out.append([line for line in page if id(line) not in gone])
    return out


def _stamp(line: Line) -> bool:
    return line.upward and bool(ARXIV_STAMP.match(line.text))


def _rows(page: Sequence[Line]) -> list[list[Line]]:
    """A page's lines by height, from the top down."""
    rows: list[list[Line]] = []
    for line in sorted((line for line in page if not line.upward), key=lambda line: -line.bottom):
        if not rows or rows[-1][0].bottom - line.bottom > 0.4 * line.size:
            rows.append([])
        rows[-1].append(line)
    return rows


def _apart_from_rest(rows: Sequence[Sequence[Line]]) -> list[Line]:
    """The first row, and a second one close to it, where white space parts them from the rest; else []."""
    for count in (1, 2):
        if len(rows) <= count:
            return []
        outer, inner = rows[count - 1][0], rows[count][0]
        if abs(outer.bottom - inner.bottom) > 1.6 * max(outer.size, inner.size):
            return [line for row in rows[:count] for line in row]
    return []


def _margin_key(line: Line) -> tuple[str, int]:
    return re.sub(r"\d+", "#", line.text.casefold()).strip(), round(line.bottom / 6)


def _lonely(rows: Sequence[Sequence[Line]]) -> list[Line]:
    """The lines that have the top or the bottom row for themselves, in type that can be read."""
    outer = [rows[0], rows[-1]] if len(rows) > 1 else []
    return [row[0] for row in outer if len(row) == 1 and row[0].size > 5]


# --- paragraphs -----------------------------------------------------------------------------------------------------


class Vocabulary:
    """The words of one document, to tell "inter-/pretable" from "self-/attention"."""

    def __init__(self, pages: Iterable[Sequence[Line]]) -> None:
        text = "\n".join(line.text for page in pages for line in page)
        self.counts = Counter(WORD.findall(BROKEN_WORD.sub(" ", text).casefold()))
        self.parts: Counter[str] = Counter()
        for word, count in self.counts.items():
            for part in DASH.split(word):
                self.parts[part] += count

    def joint(self, head: str, tail: str) -> str:
        """What belongs between the two halves of a word broken at a line's end: "" or "-"."""
        a, b = head.casefold(), tail.casefold()
        last, first = DASH.split(a)[-1], DASH.split(b)[0]
        one = self.counts[a + b] or self.parts[last + first]
        two = self.counts[f"{a}-{b}"] or self.counts[f"{last}-{first}"]
        if one != two:
            return "" if one > two else "-"
        if not first.isalpha() or not last.isalpha() or (tail[:1].isupper() and not head.isupper()):
            return "-"
        known = self.counts[last] and self.counts[first] and min(len(last), len(first)) > 3
        return "-" if known or last in COMPOUNDING or (last != a and last in SMALL) else ""


def flowed(lines: Sequence[Line], words: Vocabulary) -> str:
    """The lines of a paragraph as one line of text."""
    text = ""
    for line in lines:
        text = joined(text, line.text, words) if text else line.text
    text = text[:-1] + "-" if text.endswith(BROKEN) else text
    return " ".join(repaired(text.replace(BROKEN, "-")).split())


def joined(text: str, following: str, words: Vocabulary) -> str:
    """Two lines as one: with a space, or none inside a word, a URL or a script that has none."""
    end = text[-1:]
    if end.isalpha() and end.isascii():  # nearly all lines
        return f"{text} {following}"
    tail = text.rsplit(" ", 1)[-1]
    is_url = "/" in tail + following[:1] and URL.search(tail)
    if is_url and (URL_GOES_ON.search(tail) or following[:1] == "/"):
        return text + following
    broken, start = HYPHEN.search(tail), START.match(following)
    if broken and start:
        return f"{text[:-1]}{words.joint(broken[1], start[1])}{following}"
    if end == BROKEN:
        return f"{text[:-1]}-{following}"
    return f"{text}{'' if WIDE.match(end) and WIDE.match(following) else ' '}{following}"


def whole_words(
    pages: Sequence[Sequence[Paragraph]], texts: Sequence[Sequence[str]], words: Vocabulary
) -> list[list[str]]:
    """The paragraphs' texts with words that a page's end broke made whole, on the page where they begin."""
    out = [list(page) for page in texts]
    for index in range(len(pages) - 1):
        before = _last(pages[index], lambda p: not p.side)
        after = next((place for place, p in enumerate(pages[index + 1]) if not p.side and not p.bold), None)
        if before is None or after is None or not pages[index][before].lines[-1].text.endswith((BROKEN, "-")):
            continue
        start = START.match(out[index + 1][after])
        if start and start[1][0].islower():
            out[index][before] = joined(out[index][before][:-1] + BROKEN, start[1], words)
            out[index + 1][after] = out[index + 1][after][start.end() :].lstrip(" ")
    return out


def _last(paragraphs: Sequence[Paragraph], wanted: Callable[[Paragraph], bool]) -> int | None:
    return max((place for place, paragraph in enumerate(paragraphs) if wanted(paragraph)), default=None)
