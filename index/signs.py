"""Signs that a passage answers a question, each from 0 to 1: what the re-ranker weighs (rerank.py).

A question's words count by how rare they are in the vault, as in BM25 (Robertson and Spärck Jones 1976).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from index.candidates import Ranked

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Sought:
    """A question: its stems in order, how rare each is that is searched by, and those that may be an author's name."""

    order: tuple[str, ...]
    worth: Mapping[str, float]
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Read:
    """A passage as stems in order, with its title's, and its first author's name."""

    text: tuple[str, ...] = ()
    title: tuple[str, ...] = ()
    first_author: frozenset[str] = frozenset()


def signs(sought: Sought, ranked: Sequence[Ranked], read: Sequence[Read]) -> dict[str, list[float]]:
    """Every sign by its name: a number for each passage.

    What has no vector (bibliography) is as near as its words say. Words count as a share of the best candidate's BM25,
    `rare words` by the square of their rarity, `phrases` are neighbours in question and text.
    """
    words = shares([one.bm25 or 0.0 for one in ranked])
    cosines = [by_words if one.cosine is None else one.cosine for one, by_words in zip(ranked, words, strict=True)]
    squared = {word: worth * worth for word, worth in sought.worth.items()}
    pairs = neighbours(sought)
    return {
        "meaning": [min(max(cosine, 0.0), 1.0) for cosine in cosines],
        "words": words,
        "rare words": [share(squared, (*one.text, *one.title)) for one in read],
        "phrases": [share(pairs, pairwise(one.text)) for one in read],
        "first author": [float(not sought.names.isdisjoint(one.first_author)) for one in read],
        "same paper": best_of_paper([one.paper_id for one in ranked], [one.fused.score for one in ranked]),
    }


def shares(scores: Sequence[float]) -> list[float]:
    """Each score as a share of the best one."""
    best = max(scores, default=0.0) or 1.0
    return [score / best for score in scores]


def share(worth: Mapping[Key, float], have: Iterable[Key]) -> float:
    """What of all that is sought is there, by worth; 0 where nothing is sought."""
    total = sum(worth.values())
    return sum(worth[one] for one in worth.keys() & set(have)) / total if total else 0.0


def neighbours(sought: Sought) -> dict[tuple[str, str], float]:
    """Pairs of words that stand side by side in the question, worth what the commoner one is."""
    pairs = [(a, b) for a, b in pairwise(sought.order) if a in sought.worth and b in sought.worth]
    return {(a, b): min(sought.worth[a], sought.worth[b]) for a, b in pairs}


def best_of_paper(papers: Sequence[str], scores: Sequence[float]) -> list[float]:
    """For each passage the best score (1 at most) of another one of its paper, 0 where there is none."""
    by_paper: dict[str, list[float]] = {}
    for paper, score in sorted(zip(papers, scores, strict=True), key=lambda one: -one[1]):
        by_paper.setdefault(paper, []).append(min(score, 1.0))
    return [_another(by_paper[paper], min(score, 1.0)) for paper, score in zip(papers, scores, strict=True)]


def _another(best_first: Sequence[float], own: float) -> float:
    if len(best_first) == 1:
        return 0.0
    return best_first[1] if own == best_first[0] else best_first[0]
