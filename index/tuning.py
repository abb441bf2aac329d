"""How a search weighs what it knows. Every default is one that `python -m benchmarks.retrieval` chose."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tuning:
    """`meaning` is the share of the cosine in the fused score, words have the rest; `head`, `authors`, `first_author`
    and `added` weigh a word found in title and section, in an author's name, in the first author's, and a word that
    the question does not have itself, against one found in the text; `candidates` are taken from each leg."""

    meaning: float = 0.6
    head: float = 1.25
    authors: float = 1.0
    first_author: float = 1.0
    added: float = 0.15
    candidates: int = 50
