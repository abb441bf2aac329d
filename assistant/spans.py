"""The stretches of a sentence that could answer a question by themselves, each with the signs that speak for it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from assistant.claims import STOP_WORDS, TENS, UNITS, stem
from assistant.questions import form_of

MOST_WORDS = 12  # of an answer: people's have 5 in the middle, 9 in ten have 10 at most
TOKEN = re.compile(r"[^\W_]+(?:[.,'’/^+-]?[^\W_]+)*%?|[^\w\s]")
PIECE = re.compile(r"[^\W_]+")
FUNCTION_TEXT = (
    "a an the of in on at for from to with by as via into over under between among across and or but nor that which "
    "who whose whom where when while if than then is are was were be been being am has have had do does did can could "
    "may might will would shall should must not it its this these those they their we our us he she his her such also "
    "both each all any there thus hence because since due so only using through within without about after before "
    "during per against toward towards upon onto whereas although though however rather instead"
)
FUNCTION = frozenset(FUNCTION_TEXT.split())
ASKING = FUNCTION | {"what", "how", "many", "much", "why"}
MEANS = frozenset(["by", "via", "through", "using", "with", "from"])
CAUSES = frozenset(["because", "since", "due", "owing", "as"])
ABOUT_TEXT = "about over under approximately around nearly almost more less fewer at up roughly"
ABOUT = frozenset(ABOUT_TEXT.split())
FINITE_TEXT = (
    "is are was were has have had can could may might will would should which that who whose where when while do does "
    "did"
)
FINITE = frozenset(FINITE_TEXT.split())
BEFORE = frozenset(["of", "in", "on", "for", "at", "to", "into", "over"])
LISTED = frozenset([",", "and", "or"])
MAY_BEGIN = (
    MEANS | CAUSES | ABOUT | {"the", "a", "an", "only", "to", "both", "their", "its", "they", "it", "each", "all"}
)
VERBAL = re.compile(r"(?:ed|ing|es|s)$")
ASKED = re.compile(
    r"\b(?:which|what|whose|how many|how much)\s+((?:[\w'’-]+\s+){0,3}?[\w'’-]+)(?=\s+(?:did|do|does|is|are|was|were|"
    r"has|have|had|can|would|will|should|of|in|on|for|between|when|per|that|with|from|to|at|the|used|[a-z]+(?:s|ed))\b)",
    re.I,
)  # fmt: skip
AUXILIARY = re.compile(r"\b(?:do|does|did)\b", re.I)
GROUPS = {"number": "number", "who": "who", "when": "who", "which": "which", "how": "how", "why": "why"}

SIGNS = (
    "begins after a boundary", "ends before a boundary", "of the question (share)", "length", "length over six words",
    "one word", "has a number", "begins with a number", "is a number", "capitals (share)", "capitals only",
    "after a means", "begins with a means", "after a cause", "begins with a cause", "after is", "after a colon",
    "after a preposition", "in brackets", "after as", "question words before", "question words behind",
    "question word near before", "question word near behind", "what is asked for in it", "what is asked for behind",
    "what is asked for before", "place in the sentence", "opens the sentence", "right after a question word",
    "right before a question word", "has a comma", "has an and", "new words", "after a verb", "ends in no verb",
    "a number with what it counts", "share of the sentence", "begins with a bound", "after to",
    "begins with an article",
    "has a finite verb", "has a pronoun", "a list goes on behind", "a list goes on before", "and, then a verb",
    "a verb behind", "after the question's verb", "after the question's last word", "verbs", "has a hyphen",
    "of follows", "commas",
)  # fmt: skip


class Token(NamedTuple):
    start: int
    end: int
    text: str  # small letters
    word: bool
    stem: str  # "" for what carries no meaning
    asked: bool  # a word of the question
    heading: bool  # what the question asks for ("which layers": layers)
    number: bool
    capital: bool


@dataclass(frozen=True, slots=True)
class View:
    """A sentence as a question sees it."""

    text: str
    tokens: tuple[Token, ...]
    verb: str
    last: str


class Span(NamedTuple):
    """Characters from and to, and the values of SIGNS."""

    start: int
    end: int
    signs: tuple[float, ...]


def group(question: str) -> str:
    """Which weights a question is for."""
    return GROUPS.get(form_of(question), "rest")


def spans(question: str, sentence: str) -> Iterator[Span]:
    """Every stretch of up to MOST_WORDS words that could answer."""
    view = viewed(question, sentence)
    for first, last in _bounds(view.tokens):
        values = _signs(view, first, last)
        if values:
            yield Span(view.tokens[first].start, view.tokens[last].end, values)


def viewed(question: str, sentence: str) -> View:
    wanted, asked_for, verb, last = _asked(question)
    tokens = []
    for found in TOKEN.finditer(sentence):
        text, word = found[0].lower(), found[0][0].isalnum()
        root = stem(text) if word and text not in FUNCTION and text not in STOP_WORDS else ""
        tokens.append(
            Token(
                found.start(), found.end(), text, word, root,
                bool(root) and any(stem(p) in wanted for p in PIECE.findall(text)),
                bool(root) and root in asked_for,
                text[0].isdigit() or (UNITS.get(text, 1) > 1) or text in TENS,
                any(c.isupper() for c in found[0][1:]) or (found[0][0].isupper() and found.start() > 0),
            )
        )  # fmt: skip
    return View(sentence, tuple(tokens), verb, last)


@lru_cache(maxsize=64)
def _asked(question: str) -> tuple[frozenset[str], frozenset[str], str, str]:
    """Of a question: its stems, those of what it asks for, that of its verb, the last of them."""
    told = [w for w in PIECE.findall(question) if w.lower() not in FUNCTION and w.lower() not in STOP_WORDS]
    roots = [stem(w) for w in told]
    head = ASKED.search(question)
    asked_for = {stem(w) for w in PIECE.findall(head[1]) if w.lower() not in ASKING} if head else set()
    last = roots[-1] if roots else ""
    passive = [w for w in PIECE.findall(question.lower())[1:] if re.search(r"(?:ed|es|s)$", w) and w not in FUNCTION]
    verb = last if AUXILIARY.search(question) else stem(passive[0]) if passive else ""
    return frozenset(roots), frozenset(asked_for), verb, last


def _bounds(tokens: tuple[Token, ...]) -> Iterator[tuple[int, int]]:
    """First and last token of each stretch: within a clause, brackets closed, no function word at its end."""
    for first, opening in enumerate(tokens):
        if not opening.word or (opening.text in FUNCTION and opening.text not in MAY_BEGIN):
            continue
        depth = count = 0
        for last in range(first, len(tokens)):
            token = tokens[last]
            depth += (token.text == "(") - (token.text == ")")
            count += token.word
            if token.text in ".;:?!" or depth < 0 or count > MOST_WORDS:
                break
            ends = (token.word and token.text not in FUNCTION) or token.text in ")%"
            if ends and not depth:
                yield first, last


def _signs(view: View, first: int, last: int) -> tuple[float, ...]:
    """The values of SIGNS; () for a stretch that says nothing."""
    tokens = view.tokens
    inner = tokens[first : last + 1]
    said = [t for t in inner if t.stem]
    if not said:
        return ()
    own, own_last = inner[0].text, inner[-1]
    prev = tokens[first - 1] if first else None
    after = tokens[last + 1] if last + 1 < len(tokens) else None
    prev_text, after_text = prev.text if prev else "", after.text if after else ""
    before = [t for t in reversed(tokens[:first]) if t.stem][:5]
    behind = [t for t in tokens[last + 1 :] if t.stem][:5]
    length = sum(t.word for t in inner)
    counted = [t for t in inner if t.number]
    capitals = sum(t.capital for t in said)
    texts = [t.text for t in inner]
    return (
        float(not prev or not prev.word or prev.text in FUNCTION),
        float(not after or not after.word or after.text in FUNCTION),
        sum(t.asked for t in said) / len(said),
        math.log(length),
        max(length - 6, 0) / 6,
        float(length == 1),
        float(bool(counted)),
        float(inner[0].number),
        float(bool(counted) and length == 1),
        capitals / len(said),
        float(capitals == len(said)),
        float(prev_text in MEANS),
        float(own in MEANS),
        float(prev_text in CAUSES or (prev_text == "to" and first > 1 and tokens[first - 2].text == "due")),
        float(own in CAUSES),
        float(prev_text in ("is", "are", "was", "were", "be")),
        float(prev_text == ":"),
        float(prev_text in BEFORE),
        float(prev_text == "("),
        float(prev_text == "as"),
        sum(t.asked for t in before) / 5,
        sum(t.asked for t in behind) / 5,
        next((n for n, t in enumerate(before) if t.asked), 5) / 5,
        next((n for n, t in enumerate(behind) if t.asked), 5) / 5,
        float(any(t.heading for t in said)),
        float(bool(behind) and behind[0].heading),
        float(bool(before) and before[0].heading),
        first / len(tokens),
        float(first == 0),
        float(bool(before) and before[0].asked),
        float(bool(behind) and behind[0].asked),
        float("," in texts),
        float("and" in texts),
        min(sum(not t.asked for t in said), 6) / 6,
        float(prev is not None and bool(prev.stem) and bool(VERBAL.search(prev_text))),
        float(not VERBAL.search(own_last.text)),
        float(bool(counted) and len(said) > len(counted)),
        length / len(tokens),
        float(own in ABOUT),
        float(prev_text == "to"),
        float(own in ("the", "a", "an")),
        float(not FINITE.isdisjoint(texts)),
        float(not {"we", "our", "they"}.isdisjoint(texts)),
        float(after_text in LISTED),
        float(prev_text in LISTED),
        float(any(a == "and" and VERBAL.search(b) for a, b in pairwise(texts))),
        float(after is not None and after_text not in FUNCTION and bool(VERBAL.search(after_text))),
        float(bool(before) and before[0].stem == view.verb),
        float(any(t.stem == view.last for t in before[:2])),
        sum(t.text.endswith(("ed", "ing")) for t in said) / 3,
        float("-" in view.text[inner[0].start : own_last.end]),
        float(after_text == "of"),
        texts.count(",") / 3,
    )  # fmt: skip
