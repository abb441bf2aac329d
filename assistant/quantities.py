"""Numbers with what they count and their bounds: "at least 12 heads" is neither "12 layers" nor "at most 12 heads"."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from assistant.claims import ANY_NUMBER, STOP_WORDS, numbers, same_number, stem, words
from assistant.lexicon import groups

NEAR_WORDS = 4  # words before and after a number in which what it counts is looked for
SIGNS = {"%": "percent", "$": "dollar", "€": "euro", "£": "pound", "×": "times"}
LETTERS = {"k": "thousand", "m": "million", "b": "billion", "t": "trillion", "bn": "billion", "x": "times"}
AT_LEAST = re.compile(
    r"(?:at least|more than|over|above|exceed\w*|greater than|upwards of|no (?:less|fewer) than|>=?|≥)\s*$", re.I
)
AT_MOST = re.compile(r"(?:at most|less than|fewer than|under|below|up to|no more than|within|<=?|≤)\s*$", re.I)
PLACE = re.compile(r"\d[\d,]*(?:\.\d+)?")


class Quantity(NamedTuple):
    """A number as `numbers` writes it; `unit` is the stem of what follows it ("" where nothing is counted), `near` the
    stems around it; `bound` is "at least", "at most" or ""."""

    number: str
    unit: str
    written: str
    near: frozenset[str]
    bound: str


def quantities(text: str) -> Iterator[Quantity]:
    """The quantities of a text, in order, written as digits."""
    text = unicodedata.normalize("NFKC", text)
    for match in PLACE.finditer(text):
        for number in numbers(match[0], anywhere=True):
            before, after = text[: match.start()], text[match.end() :]
            unit, written = _unit(before, after)
            near = frozenset(map(_named, [*_tokens(before)[-NEAR_WORDS:], *_tokens(after)[:NEAR_WORDS]]))
            bound = "at least" if AT_LEAST.search(before) else "at most" if AT_MOST.search(before) else ""
            yield Quantity(number, unit, written, near, bound)


def other_unit(sentence: str, quote: str) -> tuple[str, str] | None:
    """A number that sentence and quote share, but of something else: (number, what the sentence counts)."""
    theirs = list(quantities(quote))
    for ours in quantities(sentence):
        same = [q for q in theirs if same_number(ours.number, frozenset([q.number]))]
        if ours.unit and same and not any(_counts(q, ours.unit) for q in same):
            return ours.number, ours.written
    return None


def other_bound(sentence: str, quote: str) -> tuple[str, str] | None:
    """A number that both share, bounded otherwise: (what the sentence says, what the quote says)."""
    theirs = list(quantities(quote))
    for ours in quantities(sentence):
        bounds = {q.bound for q in theirs if q.number == ours.number}
        if ours.bound and bounds and ours.bound not in bounds:
            return f"{ours.bound} {ours.number}", f"{next(iter(bounds))} {ours.number}".strip()
    return None


def _unit(before: str, after: str) -> tuple[str, str]:
    """What a number counts: the sign or letter at it, else the first word behind it that is no function word."""
    sign = before[-1:] if before[-1:] in SIGNS else after.lstrip()[:1]
    if sign in SIGNS:
        return stem(SIGNS[sign]), sign
    letters = re.match(r"(bn|[kKmMbBtTxX])\b", after)
    if letters:
        return stem(LETTERS[letters[1].casefold()]), letters[1]
    follows = re.match(r"[\s-]*([^\W\d_]{2,})", after)
    if not follows or follows[1].casefold() in STOP_WORDS:
        return "", ""
    return stem(follows[1]), follows[1]


def _counts(quantity: Quantity, unit: str) -> bool:
    kin = groups().get(unit, frozenset())
    return any(unit == one or not kin.isdisjoint(groups().get(one, ())) for one in (quantity.unit, *quantity.near))


def _tokens(text: str) -> list[str]:
    for sign, name in SIGNS.items():
        text = text.replace(sign, f" {name} ")
    return words(ANY_NUMBER.sub(lambda m: f" {m[0]} ", text))


def _named(token: str) -> str:
    return stem(LETTERS.get(token.casefold(), token))
