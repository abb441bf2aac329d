"""Two legs become one score: a share of meaning and a share of words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from index.tuning import Tuning


class Fused(NamedTuple):
    """What each leg gives to a passage's score, and 1 more for one that holds the question word for word."""

    meaning: float
    words: float
    verbatim: float = 0.0

    @property
    def score(self) -> float:
        return self.meaning + self.words + self.verbatim


def fuse(
    cosines: Mapping[str, float], bm25: Mapping[str, float], *, meaning: float = Tuning().meaning
) -> dict[str, Fused]:
    """A score in 0 to 1 for every id of either leg, in its two parts.

    A cosine counts as it is (below 0 as 0), BM25 as a share of the best candidate's. What has no vector
    (bibliography) is judged by its words alone. Cosines stretched to 0..1 or z-scores of both were no better.
    """
    best = max(bm25.values(), default=0.0) or 1.0
    scores = {}
    for one in {*cosines, *bm25}:
        words = bm25.get(one, 0.0) / best
        if one in cosines:
            scores[one] = Fused(meaning * min(max(cosines[one], 0.0), 1.0), (1 - meaning) * words)
        else:
            scores[one] = Fused(0.0, words)
    return scores
