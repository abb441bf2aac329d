"""The noun that the index makes: Hit, a passage that was found, and why."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.records import Paper, Passage


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a question. Hits come best first.

    `score` is the fused score (0 to 1, comparable within one search only); `similarity` the cosine of question and
    passage (-1 to 1), `bm25` the score by words (0 and up); `rank_meaning` and `rank_words` count from 1, None where
    that leg did not find it; `why` says it in words.
    """

    passage: Passage
    paper: Paper
    score: float
    similarity: float | None = None
    bm25: float | None = None
    rank_meaning: int | None = None
    rank_words: int | None = None
    why: str = ""
