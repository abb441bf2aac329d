"""Candidates in a better order: the signs of signs.py, weighed as people's own citations and evidence weigh them.

candidates, best fused first ─► their text, title, first author ─► signs ─► a score in named parts ─► best first

No model is run: the best fifty take some 10 ms. These weights were fitted as `python -m benchmarks.train_rank` fits
them, on another draw of abstracts; it prints its own beside these, and what they are worth on the held-back halves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from index.candidates import Asked, Ranked
from index.opened import OpenGeneration
from index.records import Part
from index.signs import Read, Sought, signs
from index.word_schema import surname

# Shares of the score. Signs that training gave no weight are not here; train_rank.py names them.
WEIGHTS: Mapping[str, float] = {
    "meaning": 0.343,
    "words": 0.136,
    "rare words": 0.226,
    "phrases": 0.044,
    "first author": 0.217,
    "same paper": 0.034,
}
# As many of the best candidates are read (100 found no more); the others have only the signs that need no reading.
READ = 50


def rerank(opened: OpenGeneration, ranked: Sequence[Ranked], asked: Asked) -> list[Ranked]:
    """The same candidates in their new order, each with its score in parts; ties by id."""
    found = signs(sought(opened, asked), ranked, read(opened, ranked))
    weighed = [replace(one, parts=parts(found, place)) for place, one in enumerate(ranked)]
    return sorted(weighed, key=lambda one: (-round(one.score, 6), one.passage_id))


def sought(opened: OpenGeneration, asked: Asked) -> Sought:
    """The question, with how rare its words are in this vault."""
    order = opened.words.stems(asked.text)
    return Sought(tuple(order), opened.words.rarity(asked.words.words), frozenset(asked.words.names))


def read(opened: OpenGeneration, ranked: Sequence[Ranked]) -> list[Read]:
    """The candidates in stems; nothing of those after READ."""
    near, far = ranked[:READ], ranked[READ:]
    return [*(_read(opened, one) for one in near), *(Read() for _ in far)]


def parts(found: Mapping[str, Sequence[float]], place: int) -> tuple[Part, ...]:
    """What each sign gives to the score of the candidate at a place."""
    return tuple(Part(name, weight * found[name][place]) for name, weight in WEIGHTS.items())


def _read(opened: OpenGeneration, one: Ranked) -> Read:
    """A candidate in stems; nothing of one that a sync has just replaced."""
    record = opened.record(one.passage_id, one.paper_id)
    if record is None:
        return Read()
    paper, passage = record
    stems = opened.words.stems
    first = surname(paper.authors[0]) if paper.authors else ""
    return Read(opened.stems(passage.text), tuple(stems(paper.title)), frozenset(stems(first)))
