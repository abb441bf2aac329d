"""Does an answer state a fact? Our own matcher: names, numbers, content words, and whether both deny or both state.

A fact is covered where one sentence of the answer, or two that follow each other, have (over a whole answer of six
sentences of a paper the words of many a fact come together by chance)
- every number of the fact (87 % also as .87; "seven" as 7),
- every name in it (words with a capital inside or a digit: GPT-2, JumpReLU, TopK),
- at least ENOUGH of its content words by stem, the source's title counting too,
- a clause that is about the same and denies what the fact denies, states what it states, in no opposite direction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from assistant.claims import TEN_TEXT, UNIT_TEXT, clauses, negations, numbers, same_number, stems
from assistant.records import Answer
from assistant.terms import turned
from evals.records import Case, Score

ENOUGH = 0.6  # share of content words: facts are our own words, so that a true answer has other ones for some of them
ABOUT_THE_SAME = 0.5  # share of a clause's stems from which on a "not" in one and not in the other is a contradiction
NAME = re.compile(r"\b[A-Z]\w*-\d+(?:\.\d+)*\w*|\b(?=\w+[A-Z]|[A-Za-z]\w*\d)[A-Za-z][\w-]*\b")
UNITS = stems("percent percentage " + UNIT_TEXT + " " + TEN_TEXT)  # numbers are looked at as numbers


class Match(NamedTuple):
    """Whether a text states a fact, and what is missing."""

    covered: bool
    reason: str


def fact_coverage(case: Case, answer: Answer) -> Score | None:
    """The share of the case's facts that the answer states. None where a case has no facts, or the answer is a refusal:
    that is `answered`'s to tell."""
    if not case.facts or not answer.sentences:
        return None
    matches = [covers([s.text for s in answer.sentences], fact, context(answer)) for fact in case.facts]
    lines = tuple(f"{fact}: {match.reason}" for fact, match in zip(case.facts, matches, strict=True))
    return Score("fact_coverage", sum(m.covered for m in matches) / len(matches), len(matches), evidence=lines)


def lead_states_a_fact(case: Case, answer: Answer) -> Score | None:
    """Whether the answer's lead states a fact of the case's. None without facts, and for an answer without a lead."""
    lead = [sentence.text for sentence in answer.sentences if sentence.part == "lead"]
    if not case.facts or not lead:
        return None
    stated = [fact for fact in case.facts if covers(lead, fact, context(answer)).covered]
    return Score("lead_states_a_fact", float(bool(stated)), evidence=(f"it states: {'; '.join(stated) or 'none'}",))


def context(answer: Answer) -> str:
    """The titles of what is cited: a sentence of the paper on SAEs need not say "SAE" again."""
    return " ".join(dict.fromkeys(c.title for s in answer.sentences for c in s.citations))


def covers(sentences: Sequence[str], fact: str, context: str = "") -> Match:
    """The best match of a fact over all windows of an answer's sentences."""
    best = Match(False, "nothing is said")
    share = -1.0
    for window in _windows(sentences):
        here, match = _match(window, fact, context)
        if match.covered:
            return match
        if here > share:
            share, best = here, match
    return best


def match_share(window: Sequence[str], fact: str, context: str = "") -> tuple[float, bool]:
    """The share of a fact's content words that a window of sentences has, and whether it covers the fact."""
    share, match = _match(window, fact, context)
    return share, match.covered


def _windows(sentences: Sequence[str]) -> Iterator[Sequence[str]]:
    yield from ((one,) for one in sentences)
    yield from pairwise(sentences)


def _match(window: Sequence[str], fact: str, context: str) -> tuple[float, Match]:
    """The share of the fact's content words in the sentences, and the match."""
    text = " ".join(window)
    wanted, have = stems(fact) - UNITS, stems(text) | stems(context)
    share = len(wanted & have) / len(wanted) if wanted else 1.0
    fault = (
        _missing_number(text, fact)
        or _missing_name(f"{text} {context}", fact)
        or ("" if share >= ENOUGH else f"{share:.0%} of its words, not: {', '.join(sorted(wanted - have))}")
        or _denied(window, fact)
    )
    return share, Match(not fault, fault or f"stated ({share:.0%} of its words)")


def _missing_number(text: str, fact: str) -> str:
    have = numbers(text, anywhere=True)
    missing = sorted(number for number in numbers(fact) if not same_number(number, have))
    return f"without the number {', '.join(missing)}" if missing else ""


def _missing_name(text: str, fact: str) -> str:
    said = _folded(text)
    missing = [name for name in dict.fromkeys(NAME.findall(fact)) if _folded(name).removesuffix("s") not in said]
    return f"without the name {', '.join(missing)}" if missing else ""


def _folded(text: str) -> str:
    return re.sub(r"[\s_-]+", "", text).casefold()


def _denied(window: Sequence[str], fact: str) -> str:
    """How the sentences contradict the fact where they are about the same, "" where they do not."""
    said = [clause for sentence in window for clause in clauses(sentence)]
    for claim in clauses(fact):
        wanted = stems(claim) - UNITS
        near = max(said, key=lambda clause: len(wanted & stems(clause)), default="")
        about = len(wanted & stems(near)) / len(wanted) if wanted else 0.0
        if about >= ABOUT_THE_SAME and bool(negations(claim)) != bool(negations(near)):
            return "denied" if negations(near) else "stated where the fact denies it"
    pair = next(iter(turned(fact, " ".join(window))), None)
    return f"says {pair[1]!r} for {pair[0]!r}" if pair else ""
