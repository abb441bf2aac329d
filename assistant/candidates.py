"""The sentences of the retrieved passages that could stand in an answer, each with the signs that speak for it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from assistant.claims import negations, numbers, stems
from assistant.questions import QuestionKind, suits
from assistant.sentences import split
from assistant.shape import HEADED, LABEL, beside_the_point, captioned, filler, hangs, reading, wellformed
from index.records import Hit

PASSAGE = 900  # characters of a usual passage; measured so, what follows a sentence does not change its place
Weights = Mapping[str, float]  # of a stem of the question: the rarer the heavier


@dataclass(frozen=True, slots=True)
class Candidate:
    """One sentence, or two where the second leans on the first.

    `quote` is the exact stretch of the passage, `text` how it reads, `at` where it starts in the passage, `rank` its
    hit's rank from 0, `order` its passage's place in the paper, `own` whether it is our own text (note, glossary).
    `also` are other hits that say the same: (key, quote). The signs that `assistant.weigh` weighs, each about 0 to 1:
    `form` tells its shape, `suits` is a bonus for answering this kind of question, `words` the share of the question's
    words it has, `beyond` the same without those of its title and section, `leading` whether it is of the first hit's
    source, `depth` how far down its passage it begins. No sentence is embedded: its cosine to the question chose no
    more facts, and took two thirds of an answer's time; that of its passage would move with what stands beside it.
    """

    key: str
    paper_id: str
    rank: int
    order: int
    at: int
    text: str
    quote: str
    own: bool
    stems: frozenset[str]
    form: float
    suits: float
    words: float
    beyond: float
    leading: bool
    depth: float
    also: tuple[tuple[str, str], ...] = ()


def candidates(
    kind: QuestionKind, about: frozenset[str], shown: Mapping[str, Hit], weights: Weights
) -> Iterator[Candidate]:
    """Every stretch of the hits that can stand in an answer; bibliography cannot."""
    hits = list(shown.values())
    for rank, (key, hit) in enumerate(shown.items()):
        titled = stems(" ".join((hit.paper.title, *hit.passage.section)))
        further = {s: w for s, w in weights.items() if s not in titled} or weights
        for at, quote, form in stretches(hit.passage.text) if hit.passage.kind == "text" else ():
            text = reading(quote)
            if filler(text):
                continue
            found = stems(text)
            yield Candidate(
                key=key,
                paper_id=hit.paper.id,
                rank=rank,
                order=hit.passage.order,
                at=at,
                text=text,
                quote=quote,
                own=hit.paper.kind != "paper",
                stems=found,
                form=form * (0.6 if beside_the_point(hit.passage.section) else 1.0),
                suits=suits(kind, about, text),
                words=share(found, weights),
                beyond=share(found, further),
                leading=hit.paper.id == hits[0].paper.id,
                depth=min(at / PASSAGE, 1.0),
            )


def stretches(text: str, *, hanging: float = 0.6) -> Iterator[tuple[int, str, float]]:
    """(start, stretch, form) of every sentence that can stand in an answer.

    One that leans on the sentence before it comes with that one, where that one is whole and does not lean itself; else
    its form is worth `hanging` of itself.
    """
    spans = [(start + _label(text[start:end]), end) for start, end in split(text)]
    for n, (start, end) in enumerate(spans):
        form = wellformed(reading(text[start:end]))
        form *= 0.85 if captioned(_paragraph(text, start)) else 1.0
        if form and not hangs(text[start:end]):
            yield start, text[start:end], form
        elif form and n and _carries(text, spans[n - 1], start):
            yield spans[n - 1][0], text[spans[n - 1][0] : end], form * 0.95
        elif form:
            yield start, text[start:end], form * hanging


def _label(sentence: str) -> int:
    """Characters of "Figure 2: ", or of a heading, before a sentence that says what was found."""
    label = LABEL.match(sentence) or HEADED.match(sentence)
    return label.end() if label else 0


def _paragraph(text: str, at: int) -> str:
    """The paragraph that `at` lies in, up to there."""
    return text[text.rfind("\n\n", 0, at) + 1 : at].lstrip()


def _carries(text: str, earlier: tuple[int, int], start: int) -> bool:
    """Whether the sentence at `earlier` can go before the one at `start`: whole, same paragraph, not leaning itself."""
    before = reading(text[earlier[0] : earlier[1]])
    return wellformed(before) > 0 and not hangs(before) and "\n\n" not in text[earlier[0] : start]


def rarity(frequency: int, total: int) -> float:
    """BM25's weight of a word that `frequency` of `total` passages have; more than 0."""
    return math.log(1 + (max(total - frequency, 0) + 0.5) / (frequency + 0.5))


def share(have: frozenset[str], weights: Weights) -> float:
    """Share (0 to 1) of the question's words that are there, each by its weight."""
    total = sum(weights.values())
    return sum(w for s, w in weights.items() if s in have) / total if total else 0.0


def likeness(a: Candidate, b: Candidate) -> float:
    """How much two candidates say the same (0 to 1): the share of their words that both have."""
    return len(a.stems & b.stems) / (len(a.stems | b.stems) or 1)


def same(a: Candidate, b: Candidate) -> bool:
    """Whether two candidates say the same thing: nearly the same words, the same numbers, both denying or neither."""
    if likeness(a, b) < 0.8:
        return False
    return numbers(a.text) == numbers(b.text) and bool(negations(a.text)) == bool(negations(b.text))


def overlap(a: Candidate, b: Candidate) -> bool:
    """Whether one is part of the other's stretch of text."""
    if a.key == b.key:
        return a.at < b.at + len(b.quote) and b.at < a.at + len(a.quote)
    return a.paper_id == b.paper_id and (a.quote in b.quote or b.quote in a.quote)


def merged(found: Sequence[Candidate]) -> list[Candidate]:
    """The candidates, best first, without repetitions: what another source says too is added to `also`, and a paper's
    own sentence takes the place of our text about it."""
    kept: list[Candidate] = []
    for candidate in found:
        twin = next((n for n, k in enumerate(kept) if overlap(k, candidate) or same(k, candidate)), None)
        if twin is None:
            kept.append(candidate)
        elif kept[twin].paper_id != candidate.paper_id:
            first, second = kept[twin], candidate
            first, second = (second, first) if first.own and not second.own else (first, second)
            kept[twin] = replace(first, also=(*first.also, *second.also, (second.key, second.quote)))
    return kept
