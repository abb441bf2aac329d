"""Which pages hold text that may not be what the page shows: unreadable characters, letters in scrambled order, lines
that nobody can see."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from ingest.layout import Line
from ingest.records import Page

# Each page of 40 papers stays far below both: 1 in 100 characters, 1 in 20 words.
MUCH_GARBLED = 0.05  # of a page's characters
MANY_SCRAPS = 0.12  # of a page's words
SHOWN = 8  # pages that a warning names
PROSE = 4  # words from which on a hidden line is worth a warning: figures keep hidden labels of one to three
FEW_WORDS = 15  # on less, a share says nothing
WORD = re.compile(r"[^\W\d_]{3,}")

UNREADABLE = "many of its characters cannot be read"
SCRAMBLED = "its words are torn apart: the file's text layer is out of order"


def doubted(pages: Sequence[Page]) -> list[str]:
    """What to warn of on each page of a document, "" for nothing."""
    words = [WORD.findall(page.text.casefold()) for page in pages]
    counts = Counter(word for page in words for word in page)
    starts, ends = _affixes(counts)
    torn = [_is_torn(page, counts, starts, ends) for page in words]
    return [
        UNREADABLE if page.garbled > MUCH_GARBLED else SCRAMBLED if scrambled else ""
        for page, scrambled in zip(pages, torn, strict=True)
    ]


def left_out(lines: Sequence[Line]) -> str:
    """What to warn of where lines of a page were left out because nobody can see them, "" for nothing."""
    count = sum(line.hidden and len(WORD.findall(line.text)) >= PROSE for line in lines)
    return f"{count} hidden line{'s' * (count > 1)} left out" if count else ""


def _is_torn(
    words: Sequence[str], counts: Mapping[str, int], starts: Mapping[str, int], ends: Mapping[str, int]
) -> bool:
    scraps = 0
    for word in words:
        here = counts[word]
        # "sys" and "tem" once each, and "system" more than twice as often
        scraps += here <= 2 and max(starts.get(word, 0), ends.get(word, 0)) > 2 * here
    return len(words) >= FEW_WORDS and scraps > MANY_SCRAPS * len(words)


def _affixes(counts: Mapping[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    """The beginnings and ends, of three letters or more, of a document's words, with the count of the commonest."""
    starts: dict[str, int] = {}
    ends: dict[str, int] = {}
    for word, count in counts.items():
        if count > 2:
            for length in range(3, len(word) - 1):
                starts[word[:length]] = max(starts.get(word[:length], 0), count)
                ends[word[-length:]] = max(ends.get(word[-length:], 0), count)
    return starts, ends


def summed(pages: Sequence[Page]) -> list[str]:
    """A source's warnings: which pages are empty, and which are doubted for what."""
    found: dict[str, list[str]] = {}
    for page in pages:
        if not page.text:
            found.setdefault("no text on", []).append(page.locator)
        elif page.warning:
            found.setdefault(f"{page.warning}:", []).append(page.locator)
    return [f"{what} {listed(which)}" for what, which in found.items()]


def listed(locators: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    more = len(locators) - SHOWN
    return ", ".join(locators[:SHOWN]) + (f" and {more} more" if more > 0 else "")
