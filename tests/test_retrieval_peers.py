"""Retrieval metrics beside trec_eval's own code (pytrec_eval): the same figures, to 1e-9, on random rankings."""

from __future__ import annotations

import random

import pytest
from eval_examples import seen_hit

from evals.records import Case, Evidence, HitSeen
from evals.retrieval_scores import pages_of, ranked, retrieval_scores, source

K = 5
PAPERS = [f"2401.{n:05d}" for n in range(14)]


def random_case(draw: random.Random, number: int) -> Case:
    expected = draw.sample(PAPERS, draw.randint(1, 4))
    evidence = [Evidence(p, draw.randint(1, 4), "a b", "c d", "0" * 64) for p in expected for _ in range(2)]
    return Case(f"c{number}", "method", "q?", tuple(expected), tuple(evidence))


def random_hits(draw: random.Random) -> list[HitSeen]:
    pages = [tuple(range(first, first + draw.randint(1, 2))) for first in (draw.randint(1, 4) for _ in range(10))]
    hits = [seen_hit(rank, draw.choice(PAPERS), *numbers) for rank, numbers in enumerate(pages, 1)]
    return hits[: draw.choice([0, 3, 10])]


def trec(ranking: list[str], relevant: set[str]) -> dict[str, float]:
    """trec_eval on one ranking: its scores fall with the rank, as the ranking says."""
    pytrec_eval = pytest.importorskip("pytrec_eval")
    wanted = {"recall", "recip_rank", "success", "ndcg_cut"}
    evaluator = pytrec_eval.RelevanceEvaluator({"q": dict.fromkeys(relevant, 1)}, wanted)
    run = {name: float(len(ranking) - place) for place, name in enumerate(ranking)} or {"nothing": 1.0}
    return dict(evaluator.evaluate({"q": run})["q"])


def test_the_figures_are_trec_evals() -> None:
    draw = random.Random(7)
    compared = 0
    for number in range(300):
        case, hits = random_case(draw, number), random_hits(draw)
        ours = {score.metric: score.value for score in retrieval_scores(case, hits, K)}
        pages = {f"{e.arxiv_id} {e.page}" for e in case.evidence}
        for prefix, relevant, things in (("", set(case.expected), source), ("page_", pages, pages_of)):
            near, far = (
                [one if isinstance(one, str) else f"{one[0]} {one[1]}" for one in ranked(hits[:cut], things)]  # type: ignore[index]
                for cut in (K, 2 * K)
            )
            first, second = trec(near, relevant), trec(far, relevant)
            theirs = {
                f"{prefix}recall@{K}": first["recall_1000"],
                f"{prefix}recall@{2 * K}": second["recall_1000"],
                f"{prefix}mrr@{2 * K}": second["recip_rank"],
                f"{prefix}ndcg@{2 * K}": second["ndcg_cut_10"],
            } | ({} if prefix else {f"hit@{K}": first["success_10"]})
            for name, value in theirs.items():
                assert ours[name] == pytest.approx(value, abs=1e-9), (name, case, hits)
                compared += 1
    assert compared == 300 * 9
