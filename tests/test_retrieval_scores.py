"""Recall, hits, reciprocal ranks and pages: worked by hand, then as laws."""

from __future__ import annotations

from math import log2

import pytest
from eval_examples import case, evidence, hit, seen_hit
from hypothesis import given
from hypothesis import strategies as st

from evals.records import Case, HitSeen, Score
from evals.retrieval_scores import retrieval_metrics, retrieval_scores, seen

A, B, C, D = "2209.10652", "2301.05217", "2406.11717", "2309.08600"
KINDS = ["paper", "note", "glossary", "tool"]

hit_lists = st.lists(st.tuples(st.sampled_from([A, B, C, D, None]), st.sampled_from(KINDS)), max_size=12).map(
    lambda rows: [seen_hit(rank, arxiv_id, kind=kind) for rank, (arxiv_id, kind) in enumerate(rows, 1)]
)
cases = st.sets(st.sampled_from([A, B, C, D]), min_size=1).map(lambda papers: case("c", *sorted(papers)))


def values(scores: tuple[Score, ...]) -> dict[str, float | None]:
    return {score.metric: score.value for score in scores}


def test_worked_example() -> None:
    # Expected A and B. Sources in order: C, A, D: A is the second; B is not there. Hits 1 and 2 are both of C.
    hits = [seen_hit(1, C), seen_hit(2, C), seen_hit(3, A, 4), seen_hit(4, D), seen_hit(5, A, 5, 6)]
    wanted = [evidence("toy", 1, "Superposition lets a toy model"), evidence("grok", 2, "Weight decay drives")]
    scores = values(retrieval_scores(case("c", A, B, of=wanted), hits, 5))
    ndcg = (1 / log2(3)) / (1 + 1 / log2(3))  # one of two, in the second place
    assert scores == {
        "recall@5": 1 / 2,
        "recall@10": 1 / 2,
        "hit@5": 1.0,
        "mrr@10": 1 / 2,
        "ndcg@10": pytest.approx(ndcg),
        "page_recall@5": 0.0,
        "page_recall@10": 0.0,
        "page_mrr@10": 0.0,
        "page_ndcg@10": 0.0,
    }


def test_pages_are_ranked_by_the_first_hit_that_lies_on_them() -> None:
    # Pages in order: C 1, A 4, A 5, A 1. The evidence on A 1 is fourth, found at 10 hits and not at 2.
    hits = [seen_hit(1, C, 1), seen_hit(2, A, 4, 5), seen_hit(3, A, 4), seen_hit(4, A, 1)]
    wanted = case("c", A, of=[evidence("toy", 1, "Superposition lets a toy model")])
    scores = values(retrieval_scores(wanted, hits, 2))
    assert (scores["page_recall@2"], scores["page_recall@4"]) == (0.0, 1.0)
    assert scores["page_mrr@4"] == 1 / 4
    assert scores["page_ndcg@4"] == pytest.approx(1 / log2(5))


def test_a_passage_over_two_pages_finds_evidence_on_either() -> None:
    wanted = [
        evidence("toy", 1, "Superposition lets a toy model"),
        evidence("toy", 2, "Dense features do not superpose"),
    ]
    both = retrieval_scores(case("c", A, of=wanted), seen([hit("toy", 1, 2)]), 5)
    first = retrieval_scores(case("c", A, of=wanted), seen([hit("toy", 1)]), 5)
    other = retrieval_scores(case("c", A, of=wanted), seen([hit("grok", 1), hit("grok", 2)]), 5)
    assert [values(scores)["page_recall@5"] for scores in (both, first, other)] == [1.0, 0.5, 0.0]
    assert [line for s in first if s.metric == "page_recall@5" for line in s.evidence] == [
        f"{A} p. 1: rank 1",
        f"{A} p. 2: not found",
    ]


def test_what_comes_after_k_does_not_count() -> None:
    hits = [seen_hit(1, B), seen_hit(2, C), seen_hit(3, A)]
    near = values(retrieval_scores(case("c", A), hits, 2))
    assert (near["recall@2"], near["recall@4"], near["hit@2"], near["mrr@4"]) == (0.0, 1.0, 0.0, 1 / 3)
    assert values(retrieval_scores(case("c", A), hits, 1))["mrr@2"] == 0.0
    wanted = case("c", A, of=[evidence("toy", 1, "Superposition lets a toy model")])
    pages = [values(retrieval_scores(wanted, hits, k))[f"page_recall@{k}"] for k in (2, 3)]
    assert pages == [0.0, 1.0]


@pytest.mark.parametrize("kind", ["note", "glossary"])
def test_our_own_texts_about_a_paper_are_not_the_paper(kind: str) -> None:
    ours = seen_hit(1, A, 1, kind=kind, paper_id=f"{kind}-toy")
    wanted = [evidence("toy", 1, "Superposition lets a toy model")]
    alone = retrieval_scores(case("c", A, of=wanted), [ours], 5)
    assert set(values(alone).values()) == {0.0}
    # It still stands before the paper in what a reader sees, so the paper is the second source.
    assert values(retrieval_scores(case("c", A), [ours, seen_hit(2, A)], 5))["mrr@10"] == 1 / 2


def test_versions_do_not_matter() -> None:
    hits = seen([hit("toy", 1, arxiv_id=f"{A}v1")])
    assert values(retrieval_scores(case("c", f"{A}v2"), hits, 5))["recall@5"] == 1.0


def test_a_paper_named_twice_is_expected_once() -> None:
    assert values(retrieval_scores(case("c", A, f"{A}v2", B), [seen_hit(1, A)], 5))["recall@5"] == 1 / 2


def test_hits_are_kept_with_their_pages() -> None:
    kept = seen([hit("toy", 1, 2, score=0.7), hit("local", 3, arxiv_id=None, kind="note")])
    assert kept == (
        HitSeen(1, "toy-1-2", "toy", A, "paper", (1, 2), 0.7),
        HitSeen(2, "local-3", "local", None, "note", (3,), 1.0),
    )


def test_nothing_to_find_is_not_measured() -> None:
    assert retrieval_scores(case("c"), [seen_hit(1, A)], 5) == ()
    assert retrieval_metrics(case("c"), 5) == ()


@given(cases, hit_lists, st.integers(1, 12))
def test_every_score_is_a_share_and_has_its_name(example: Case, hits: list[HitSeen], k: int) -> None:
    scores = retrieval_scores(example, hits, k)
    assert tuple(score.metric for score in scores) == retrieval_metrics(example, k)
    assert all(score.value is not None and 0 <= score.value <= 1 for score in scores)


@given(cases, hit_lists, st.integers(1, 11))
def test_looking_further_never_finds_less(example: Case, hits: list[HitSeen], k: int) -> None:
    near, far = (list(values(retrieval_scores(example, hits, n)).items()) for n in (k, k + 1))
    pairs = [(a, b) for (name, a), (_, b) in zip(near, far, strict=True) if not name.startswith("ndcg")]
    assert all(b >= a for a, b in pairs if a is not None and b is not None)


@given(cases, hit_lists, st.integers(1, 12))
def test_hit_and_recall_agree_on_nothing_found(example: Case, hits: list[HitSeen], k: int) -> None:
    scores = values(retrieval_scores(example, hits, k))
    assert (scores[f"recall@{k}"] == 0) == (scores[f"hit@{k}"] == 0)
    assert (scores[f"recall@{2 * k}"] == 0) == (scores[f"mrr@{2 * k}"] == 0) == (scores[f"ndcg@{2 * k}"] == 0)


@given(hit_lists, st.integers(1, 12))
def test_reciprocal_rank_counts_sources(hits: list[HitSeen], k: int) -> None:
    hits = hits[: 2 * k]
    papers = [h.paper_id for h in hits]
    value = values(retrieval_scores(case("c", A), hits, k))[f"mrr@{2 * k}"]
    places = [len(set(papers[:n])) + (papers[n] not in papers[:n]) for n, h in enumerate(hits) if _is_a(h)]
    assert value is not None
    assert (1 / places[0] <= value <= 1) if places else value == 0


def _is_a(candidate: HitSeen) -> bool:
    return candidate.arxiv_id == A and candidate.kind in ("paper", "tool")
