"""Was the right paper found, and the right page? Measured on the first k hits, papers matched by arXiv id.

A hit on a note or a glossary term of ours takes its place in the ranking but never counts as the paper it is about.
"""

from __future__ import annotations

from collections.abc import Sequence

from evals.records import OUR_TEXTS, Case, HitSeen, Score, base_id
from index.records import Hit

RETRIEVAL_METRICS = ("recall", "hit", "mrr", "page_recall")


def retrieval_metrics(case: Case, k: int) -> tuple[str, ...]:
    """The metrics that apply to a case: none where there is nothing to find, pages only where pages are known."""
    if case.must_abstain:
        return ()
    metrics = RETRIEVAL_METRICS if case.evidence else RETRIEVAL_METRICS[:-1]
    return tuple(f"{metric}@{k}" for metric in metrics)


def retrieval_scores(case: Case, hits: Sequence[HitSeen], k: int) -> tuple[Score, ...]:
    """The scores of one case, in the order of `retrieval_metrics`."""
    if case.must_abstain:
        return ()
    scores = (recall(case, hits, k), hit(case, hits, k), reciprocal_rank(case, hits, k))
    return (*scores, page_recall(case, hits, k)) if case.evidence else scores


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


def recall(case: Case, hits: Sequence[HitSeen], k: int) -> Score:
    """Recall at k by paper: the share of the expected papers that occur among the papers of the first k hits
    (recall at a cut-off as in TREC, the papers being the documents)."""
    ranks = _first_ranks(hits[:k])
    expected = case.expected
    lines = tuple(f"{paper}: rank {ranks[paper]}" if paper in ranks else f"{paper}: not found" for paper in expected)
    return Score(f"recall@{k}", sum(p in ranks for p in expected) / len(expected), evidence=lines)


def hit(case: Case, hits: Sequence[HitSeen], k: int) -> Score:
    """Success at k (TREC's success_k): 1 where any of the first k hits is of an expected paper, else 0."""
    found = [h for h in hits[:k] if _names(h) in case.expected]
    return Score(f"hit@{k}", float(bool(found)), evidence=tuple(map(_line, found[:1])))


def reciprocal_rank(case: Case, hits: Sequence[HitSeen], k: int) -> Score:
    """One divided by the rank of the first expected paper, 0 where none is among the first k hits; its mean over cases
    is the MRR of TREC-8's question answering track (Voorhees 1999). Ranks count sources: several hits of one source
    share the rank of its first."""
    sources: list[str] = []
    for candidate in hits[:k]:
        if candidate.paper_id not in sources:
            sources.append(candidate.paper_id)
        if _names(candidate) in case.expected:
            rank = sources.index(candidate.paper_id) + 1
            return Score(f"mrr@{k}", 1 / rank, evidence=(f"source {rank}: {_line(candidate)}",))
    return Score(f"mrr@{k}", 0.0, evidence=(f"no expected paper among {len(sources)} sources",))


def page_recall(case: Case, hits: Sequence[HitSeen], k: int) -> Score:
    """Page recall at k: the share of the case's evidence whose page a passage of the first k hits lies on, wholly or
    partly. The page is right where the passage may still be the wrong one: an upper bound on finding the evidence."""
    pages = {(_names(h), page): h.rank for h in reversed(hits[:k]) for page in h.pages}
    wanted = [(e.text_id, e.page) for e in case.evidence]
    lines = tuple(
        f"{paper} p. {page}: " + (f"rank {pages[paper, page]}" if (paper, page) in pages else "not found")
        for paper, page in wanted
    )
    return Score(f"page_recall@{k}", sum(w in pages for w in wanted) / len(wanted), evidence=lines)


def _names(hit: HitSeen) -> str | None:
    """What a hit counts for: our own texts for themselves, whatever paper they are about; papers by arXiv id."""
    return hit.paper_id if hit.kind in OUR_TEXTS else hit.arxiv_id


def _first_ranks(hits: Sequence[HitSeen]) -> dict[str, int]:
    return {name: h.rank for h in reversed(hits) if (name := _names(h))}


def _line(hit: HitSeen) -> str:
    pages = ", ".join(map(str, hit.pages))
    return f"rank {hit.rank}: {hit.arxiv_id or hit.paper_id} p. {pages}"
