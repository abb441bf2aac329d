"""Abbreviations as papers themselves introduce them: "indirect object identification (IOI)".

After A. Schwartz and M. Hearst, "A simple algorithm for identifying abbreviation definitions in biomedical text",
Pacific Symposium on Biocomputing 8 (2003): the letters of the short form, read from its end, must all be found in
order in the few words before the bracket, the first of them at the start of a word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

# A bracket with one word in it, of letters, digits and hyphens; a plural's s does not belong to the short form.
BRACKET = re.compile(r"\(([A-Za-z][A-Za-z0-9-]{1,9}?)s?\)")
WORDS_BEFORE = re.compile(r"\S+")
LONGEST = 90  # characters of a long form


def abbreviations(texts: Iterable[str]) -> dict[str, str]:
    """Short forms to the long form that the texts give them most often; of several, the first one seen."""
    found: dict[str, Counter[str]] = {}
    for text in texts:
        for match in BRACKET.finditer(text):
            short = match[1]
            if sum(c.isupper() for c in short) < 2:
                continue
            long = long_form(short, text[max(match.start() - 2 * LONGEST, 0) : match.start()])
            if long:
                found.setdefault(short, Counter())[long] += 1
    return {short: longs.most_common(1)[0][0] for short, longs in found.items()}


def long_form(short: str, before: str) -> str:
    """What stands before the bracket and is abbreviated in it, in small letters; "" where nothing does."""
    most = min(len(short) + 5, 2 * len(short))
    words = WORDS_BEFORE.findall(before)[-most:]
    candidate = " ".join(words)
    start = _start(short.casefold(), candidate.casefold())
    long = candidate[start:].strip(" \"'“”‘’.,;:()[]") if start is not None else ""
    if len(long) <= len(short) or len(long) > LONGEST or (" " not in long and "-" not in long):
        return ""
    return "" if short.casefold() in long.casefold().split() else long.casefold()


def _start(short: str, text: str) -> int | None:
    """Where the long form starts: the rightmost reading of the short form's letters in the text."""
    at = len(text)
    for place in range(len(short) - 1, -1, -1):
        letter = short[place]
        if not letter.isalnum():
            continue
        at = text.rfind(letter, 0, at)
        while place == 0 and at > 0 and text[at - 1].isalnum():
            at = text.rfind(letter, 0, at)
        if at < 0:
            return None
    return at
