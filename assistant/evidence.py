"""Whether what was found answers a question, as one number: signs of support, weighed by a logistic regression.

A question names things, may ask for a number or a cause, and has other words. Near misses (the right field, an absent
fact; the right fact of another paper; a premise that does not hold) have passages that are as near as any: what gives
them away is that no one sentence has the names together, or none of those has a number. The signs look for that.

Fitted on the development half of the eval cases and, for a quarter, half of ClapNQ (Rosenthal et al. 2025, arXiv
2404.02103), answers and refusals counting alike; `python -m benchmarks.abstention` fits again and prints what they
reach on what was held back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from assistant.candidates import share
from assistant.claims import content_words, numbers, stem, stems
from assistant.questions import CAUSE, counted, kind_of
from assistant.sentences import split
from assistant.shape import reading
from assistant.terms import FRAME, Source, is_name
from index.records import Hit

SENTENCES = 12  # the sentences with most of the question's words are looked at closely
SHORTEST = 5  # words; less is a heading or debris
AFTER = (
    "did|do|does|is|are|was|were|has|have|had|can|would|will|should|of|in|on|for|between|reach(?:es)?|when|per|that|with"
    "|from|to|at|the|used"
)
ASKED = re.compile(rf"\b(?:what|which|how many|how much)\s+((?:[\w'-]+\s+){{1,3}}?)(?=(?:{AFTER})\b)", re.IGNORECASE)
WHY = re.compile(r"\bwhy\b", re.IGNORECASE)
SIGNS = (
    "cosine of the best hit", "words in the best sentence", "names missing in the best sentence",
    "names missing in the best source", "numbers of the question missing", "a number is asked for and none given",
    "a cause is asked for and none given",
)  # fmt: skip


# fmt: off
CENTRES = (0.586, 0.438, 0.125, 0.072, 0.039, 0.041, 0.086)
SCALES = (0.117, 0.203, 0.406, 0.316, 0.220, 0.149, 0.262)
WEIGHTS = (0.732, 0.051, -0.430, -0.417, -0.332, -0.462, -0.222)
# fmt: on
BIAS = 0.480
# Of development cases left out of the fit, odds of -.8 answer .90 of the answerable and refuse .69 of the near misses
# (-1.4: .96 and .47; -.2: .82 and .78). A refusal shows what is nearest too, yet one good question of ten is enough.
# The frozen half: .91 answered, .35 refused, AUC .64 (.85, .39 and .58 with the weights before). Which kinds can be
# told, and what was tried beyond this, stands in benchmarks/abstention.py.
ENOUGH = -0.8


@dataclass(frozen=True, slots=True)
class Near:
    """A sentence of a hit, and what is missing in it of the question, its source's title and section read along."""

    text: str
    share: float  # of the question's words, by weight
    names: int  # missing


def odds(found: Sequence[float]) -> float:
    """The log odds that what was found answers, of the values of SIGNS; more than ENOUGH: answer."""
    return BIAS + sum(
        weight * (sign - centre) / scale
        for sign, centre, scale, weight in zip(found, CENTRES, SCALES, WEIGHTS, strict=True)
    )


def lacking(found: Sequence[float]) -> str:
    """In words what no sentence has of the question, of the values of SIGNS; "" for nothing. Where that is not enough
    to answer it says why, and beside an answer what is left open: no cause is named, which most papers tell without
    a word such as "because"."""
    seen = dict(zip(SIGNS, found, strict=True))
    if seen["a number is asked for and none given"] > 0:
        return "no sentence that was found has a number beside all that is asked about"
    if seen["names missing in the best sentence"] > 0:
        return "no sentence that was found has all the names of the question together"
    return ""


def signs(question: str, hits: Sequence[Hit], weights: Mapping[str, float]) -> tuple[float, ...]:
    """The values of SIGNS. `weights` are the question's stems with their rarity, 1 for a word that nothing
    has. Raises ValueError without hits."""
    names = [w for w in content_words(question) if stem(w) not in FRAME and is_name(w, question)]
    close = _sentences(question, hits, names, weights)
    return (
        max(h.similarity or 0.0 for h in hits),
        max(s.share for s in close),
        float(min(s.names for s in close)),
        float(min(_missing(source, names, question) for source in _sources(hits))),
        float(min(len(numbers(question) - numbers(h.passage.text, anywhere=True)) for h in hits)),
        _number(question, hits, names),
        _cause(question, close),
    )


def _title(hit: Hit) -> str:
    return " ".join((hit.paper.title, *hit.passage.section))


def _sources(hits: Sequence[Hit]) -> list[Source]:
    """What was found of each source, as one text."""
    texts: dict[str, list[str]] = {}
    for hit in hits:
        texts.setdefault(hit.paper.id, []).append(f"{_title(hit)}\n{hit.passage.text}")
    return [Source("\n".join(parts), "", "") for parts in texts.values()]


def _each_sentence(hits: Sequence[Hit]) -> Iterator[tuple[str, Hit]]:
    """Every sentence of SHORTEST words or more, as it reads, with its hit."""
    for hit in hits:
        for start, end in split(hit.passage.text):
            text = reading(hit.passage.text[start:end])
            if len(text.split()) >= SHORTEST:
                yield text, hit


def _sentences(question: str, hits: Sequence[Hit], names: Sequence[str], weights: Mapping[str, float]) -> list[Near]:
    """Those with most of the question's words, best first."""
    found = [(share(stems(text), weights), -n, text, hit) for n, (text, hit) in enumerate(_each_sentence(hits))]
    found.sort(key=lambda one: one[:2], reverse=True)
    near = [
        Near(text, part, _missing(Source(text, _title(hit), hit.passage.text), names, question))
        for part, _, text, hit in found[:SENTENCES]
    ]
    return near or [Near("", 0.0, len(names))]


def _missing(source: Source, words: Sequence[str], question: str) -> int:
    return sum(not source.says(word, question) for word in words)


def asked_for(question: str) -> list[str]:
    """The words for what a "which", "what" or "how many" asks for ("kurtosis", "edit success")."""
    found = ASKED.search(question)
    return [w for w in content_words(found[1]) if stem(w) not in FRAME] if found else []


def _number(question: str, hits: Sequence[Hit], names: Sequence[str]) -> float:
    """Where a number is asked for: the share (0 to 1) of the names and of what is asked for that no sentence has beside
    a number; else 0."""
    wanted = list(dict.fromkeys((*names, *asked_for(question))))
    if kind_of(question) != "number" or not wanted:
        return 0.0
    own = numbers(question, anywhere=True)
    best = 0.0
    for text, hit in _each_sentence(hits):
        if counted(text) - own:
            said = Source(text, _title(hit), hit.passage.text)
            best = max(best, sum(said.says(w, question) for w in wanted) / len(wanted))
    return 1 - best


def _cause(question: str, close: Sequence[Near]) -> float:
    """Where a cause is asked for: the share of the question's words that no sentence with a cause has; else 0."""
    if not WHY.search(question):
        return 0.0
    return 1 - max((s.share for s in close if CAUSE.search(s.text)), default=0.0)
