"""How a search weighs what it knows. `python -m benchmarks.retrieval` chose every default but the last.

On 230 sentences that cite papers (nDCG@10) and 35 that cite a PDF (found among the first five) these give .426 and .83;
without authors .408 and .74, title and section as any other word .420 and .86, twice their weight .429 and .77, meaning
.5 .422 and .80, other names at full weight .420 and .77. Other names gain nothing there that can be told: they are for
the question that has only one of the names.
"""

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
