"""How a search weighs what it knows. `python -m benchmarks.retrieval` chose every default but the last.

On 230 sentences that cite papers (nDCG@10) and 35 that cite a PDF (found among the first five) these give .423 and .86;
without authors .404 and .77, title and section at half a word's weight .407 and .86, at 1.5 .425 and .77, meaning .5
.420 and .86, .8 .398 and .77, other names at full weight .416 and .80. Other names gain nothing there that can be told:
they are for the question that has only one of the names.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tuning:
    """`meaning` is the share of the cosine in the fused score, words have the rest; `head`, `authors`, `first_author`
    and `added` weigh a word found in title and section, in an author's name, in the first author's, and a word that
    the question does not have itself, against one found in the text; `candidates` are taken from each leg; `rerank`
    says whether they are ranked again by further signs (rerank.py)."""

    meaning: float = 0.6
    head: float = 1.1
    authors: float = 1.0
    first_author: float = 1.0
    added: float = 0.15
    candidates: int = 50
    rerank: bool = True
