"""Was the right text found, and the right page? Sources and pages are what is ranked, in the order of the hits.

A source is matched by what cases call it (arXiv id; a note or a glossary term of ours by its own id, never as the
paper it is about). Several hits of one source share the rank of its first. Relevance is binary. The same definitions
as trec_eval's (tests/test_retrieval_peers.py holds them to pytrec_eval's figures), on the ranking cut by hits:

recall@k      share of the expected sources among those of the first k hits (trec_eval `recall`)
hit@k         1 where any of them is there, else 0 (trec_eval `success`)
mrr@k         1 / rank of the first expected source, 0 without one; its mean is the MRR (Voorhees, TREC-8, 1999)
ndcg@k        sum of 1 / log2(rank + 1) over the expected sources found, divided by the most that so many could reach in
              k places (Järvelin and Kekäläinen 2002; trec_eval `ndcg_cut`)
page_...@k    the same over evidence pages: a hit counts for every page it lies on, in the order of the pages. The page
              may be right where the passage is the wrong one: an upper bound on finding the evidence
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Hashable, Sequence
from itertools import islice

from evals.records import OUR_TEXTS, Case, HitSeen, Score, base_id
from index.records import Hit

DEEPER = 2  # recall is told at k, what a reader looks through, and at twice that: what a second look would bring
Ranking = Sequence[Hashable]


def retrieval_metrics(case: Case, k: int) -> tuple[str, ...]:
    """The metrics that apply to a case: none where there is nothing to find, pages only where pages are known."""
    if not case.expected:
        return ()
    return (*source_metrics(k), *(page_metrics(k) if case.evidence else ()))


def source_metrics(k: int) -> tuple[str, ...]:
    deep = DEEPER * k
    return (f"recall@{k}", f"recall@{deep}", f"hit@{k}", f"mrr@{deep}", f"ndcg@{deep}")


def page_metrics(k: int) -> tuple[str, ...]:
    return tuple(f"page_{name}" for name in source_metrics(k) if not name.startswith("hit"))


def retrieval_scores(case: Case, hits: Sequence[HitSeen], k: int) -> tuple[Score, ...]:
    """The scores of one case, in the order of `retrieval_metrics`, from the first 2 k hits."""
    pages = frozenset((item.text_id, item.page) for item in case.evidence)
    return tuple(
        _score(name, hits, pages, pages_of) if name.startswith("page_") else _score(name, hits, case.expected, source)
        for name in retrieval_metrics(case, k)
    )


def _score(
    name: str, hits: Sequence[HitSeen], relevant: Collection[Hashable], things: Callable[[HitSeen], Ranking]
) -> Score:
    measure, _, k = name.removeprefix("page_").partition("@")
    ranking = ranked(hits[: int(k)], things)
    value = MEASURES[measure](ranking, relevant, int(k))
    lines = tuple(f"{_said(one)}: {_rank(one, ranking)}" for one in sorted(relevant, key=str))
    return Score(name, value, evidence=lines)


# --- rankings --------------------------------------------------------------------------------------------------------


def ranked(hits: Sequence[HitSeen], things: Callable[[HitSeen], Ranking]) -> list[Hashable]:
    """What the hits stand for, each once, best first."""
    return list(dict.fromkeys(one for hit in hits for one in things(hit)))


def source(hit: HitSeen) -> Ranking:
    """The source of a hit, as cases call it. One that no case can name takes its place all the same."""
    return (name_of(hit),)


def pages_of(hit: HitSeen) -> Ranking:
    return tuple((name_of(hit), page) for page in hit.pages)


def name_of(hit: HitSeen) -> str:
    return hit.paper_id if hit.kind in OUR_TEXTS or not hit.arxiv_id else hit.arxiv_id


def seen(hits: Sequence[Hit]) -> tuple[HitSeen, ...]:
    """Hits as a report keeps them."""
    return tuple(
        HitSeen(
            rank=rank,
            passage_id=hit.passage.id,
            paper_id=hit.paper.id,
            arxiv_id=base_id(hit.paper.arxiv_id) if hit.paper.arxiv_id else None,
            kind=hit.paper.kind,
            pages=tuple(sorted({span.page for span in hit.passage.spans})),
            score=hit.score,
        )
        for rank, hit in enumerate(hits, 1)
    )


# --- measures --------------------------------------------------------------------------------------------------------


def recall(ranking: Ranking, relevant: Collection[Hashable], _k: int = 0) -> float:
    return sum(one in ranking for one in relevant) / len(relevant)


def hit(ranking: Ranking, relevant: Collection[Hashable], _k: int = 0) -> float:
    return float(any(one in relevant for one in ranking))


def reciprocal_rank(ranking: Ranking, relevant: Collection[Hashable], _k: int = 0) -> float:
    return next((1 / rank for rank, one in enumerate(ranking, 1) if one in relevant), 0.0)


def ndcg(ranking: Ranking, relevant: Collection[Hashable], k: int) -> float:
    gain = sum(1 / math.log2(rank + 1) for rank, one in enumerate(islice(ranking, k), 1) if one in relevant)
    return gain / sum(1 / math.log2(rank + 1) for rank in range(1, min(k, len(relevant)) + 1))


MEASURES: dict[str, Callable[[Ranking, Collection[Hashable], int], float]] = {
    "recall": recall,
    "hit": hit,
    "mrr": reciprocal_rank,
    "ndcg": ndcg,
}


def _rank(one: Hashable, ranking: Sequence[Hashable]) -> str:
    return f"rank {ranking.index(one) + 1}" if one in ranking else "not found"


def _said(one: Hashable) -> str:
    return f"{one[0]} p. {one[1]}" if isinstance(one, tuple) else str(one)
