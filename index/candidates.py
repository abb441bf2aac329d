"""All that may answer a question: the best passages of both legs with what each leg says of them, best first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.filters import Filter
from index.fuse import Fused, fuse
from index.lexical import WordQuery
from index.opened import OpenGeneration
from index.records import Part
from index.store import Found
from index.tuning import Tuning

# A filter that keeps no more passages than this is searched one by one.
FEW = 400


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with what both legs say of it. Ranks count from 1, None where the leg did not bring it.

    `fused_place` is its place by the fused score; `parts` are those of the score that it was ranked again by, none
    where it was not.
    """

    passage_id: str
    paper_id: str
    fused: Fused
    cosine: float | None
    bm25: float | None
    rank_meaning: int | None
    rank_words: int | None
    fused_place: int = 0
    parts: tuple[Part, ...] = ()

    @property
    def score(self) -> float:
        return sum(part.share for part in self.parts) + self.fused.verbatim if self.parts else self.fused.score


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it was asked and as both legs are asked it: vector (dimension,) and words; what may be found, and
    how it is weighed."""

    vector: NDArray[np.float32]
    text: str
    words: WordQuery
    where: Filter
    references: bool
    tuning: Tuning


def candidates(opened: OpenGeneration, asked: Asked, limit: int) -> list[Ranked]:
    """The `limit` best passages of each leg, best first, ties by id. What one leg missed, it is asked about by id."""
    tuning, references = asked.tuning, asked.references
    near = _nearest(opened, asked, limit)
    shared = opened.words.search(asked.words, limit, references=references, where=asked.where, tuning=tuning)
    same = opened.words.verbatim(asked.text, limit, where=asked.where)
    papers = {one.passage_id: one.paper_id for one in (*near, *shared, *same)}
    cosines = _completed(near, opened.store.cosines(asked.vector, _missing(papers, near)))
    others = opened.words.scores(asked.words, _missing(papers, shared), references=references, tuning=tuning)
    bm25 = _completed(shared, others)
    meaning_rank, word_rank = _ranks(near), _ranks(shared)
    fused = fuse(cosines, bm25, meaning=tuning.meaning)
    fused |= {one.passage_id: fused[one.passage_id]._replace(verbatim=1.0) for one in same if one.passage_id in fused}
    best_first = sorted(papers, key=lambda one: (-round(fused[one].score, 6), one))
    return [
        Ranked(
            one, papers[one], fused[one], cosines.get(one), bm25.get(one), meaning_rank.get(one), word_rank.get(one), at
        )
        for at, one in enumerate(best_first, start=1)
    ]


def _nearest(opened: OpenGeneration, asked: Asked, limit: int) -> list[Found]:
    """The nearest that the filter keeps. Where it keeps many, they are among the nearest of all; where it keeps
    few, their vectors are compared one by one: .2 ms each."""
    if not asked.where:
        return opened.store.nearest(asked.vector, limit)
    kept = opened.words.count(asked.where)
    wide = 2 * limit * opened.words.passage_count() // max(kept, 1)
    if kept > FEW and wide <= opened.store.widest:
        found = opened.store.nearest(asked.vector, wide)
        keeps = opened.words.kept([one.passage_id for one in found], asked.where)
        near = [one for one in found if one.passage_id in keeps]
        if len(near) >= limit:
            return near[:limit]
    return opened.store.nearest(asked.vector, limit, among=opened.words.matching(asked.where))


def _completed(found: Sequence[Found], others: Mapping[str, float]) -> dict[str, float]:
    return {**{one.passage_id: one.score for one in found}, **others}


def _missing(papers: Mapping[str, str], found: Sequence[Found]) -> list[str]:
    known = {one.passage_id for one in found}
    return [one for one in papers if one not in known]


def _ranks(found: Sequence[Found]) -> dict[str, int]:
    return {one.passage_id: place for place, one in enumerate(found, start=1)}
