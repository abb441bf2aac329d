"""Scores of many cases become means with intervals, over all of them and over each kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evals.answer_scores import ANSWER_METRICS
from evals.records import ALL, KINDS, CaseResult, Summary
from evals.retrieval_scores import page_metrics, source_metrics
from evals.statistics import RESAMPLES, Interval, Point, cluster_bootstrap, mean, share_interval

OVERALL_ONLY = frozenset({"abstention_precision"})  # every kind is all answerable or all not: a share of nothing
COST_METRICS = ("seconds", "tokens", "price")
LESS_IS_BETTER = frozenset({"citations_naming_nothing", *COST_METRICS})


def metric_groups(results: Sequence[CaseResult], k: int) -> dict[str, tuple[str, ...]]:
    """The metrics of a report in three groups; those of a judge with a model after the others."""
    known = (*source_metrics(k), *page_metrics(k), *ANSWER_METRICS)
    further = dict.fromkeys(s.metric for r in results for s in r.scores if s.metric not in known)
    answers = (*ANSWER_METRICS, *further)
    return {"retrieval": (*source_metrics(k), *page_metrics(k)), "answers": answers, "cost": COST_METRICS}


def summarize(
    results: Sequence[CaseResult], *, k: int, seed: int, resamples: int = RESAMPLES, per_million: float | None = None
) -> tuple[Summary, ...]:
    """Every metric over all cases, then over each kind those that apply to a case of it."""
    metrics = [name for group in ("retrieval", "answers") for name in metric_groups(results, k)[group]]
    kinds = [kind for kind in KINDS if any(r.case.kind == kind for r in results)]
    groups = [(ALL, results), *((kind, [r for r in results if r.case.kind == kind]) for kind in kinds)]
    return tuple(
        summary
        for group, members in groups
        for summary in (
            *_shares(group, members, metrics, seed, resamples),
            *_costs(group, members, seed, resamples, per_million),
        )
    )


def _shares(
    group: str, results: Sequence[CaseResult], metrics: Sequence[str], seed: int, resamples: int
) -> list[Summary]:
    summaries = []
    for metric in metrics:
        scores = [(r.case.cluster, s) for r in results for s in r.scores if s.metric == metric]
        if group != ALL and (metric in OVERALL_ONLY or not scores):
            continue
        points = [Point(s.value, s.weight, cluster) for cluster, s in scores if s.value is not None]
        interval = share_interval(points, seed=seed, resamples=resamples)
        summaries.append(_summary(group, metric, points, interval, len(scores) - len(points)))
    return summaries


def _costs(
    group: str, results: Sequence[CaseResult], seed: int, resamples: int, per_million: float | None
) -> Iterable[Summary]:
    """Per answer: wall seconds, tokens of a language model, and their price where a million of them has one."""
    spent: dict[str, list[tuple[float | None, str]]] = {"seconds": [(r.seconds, r.case.cluster) for r in results]}
    if any(r.tokens is not None for r in results):
        spent["tokens"] = [(r.tokens, r.case.cluster) for r in results]
    if "tokens" in spent and per_million is not None:
        spent["price"] = [(n if n is None else n * per_million / 1e6, cluster) for n, cluster in spent["tokens"]]
    for name, values in spent.items():
        points = [Point(value, 1.0, cluster) for value, cluster in values if value is not None]
        interval = cluster_bootstrap(points, seed=seed, resamples=resamples)
        yield _summary(group, name, points, interval, len(results) - len(points))


def _summary(group: str, name: str, points: Sequence[Point], interval: Interval | None, missing: int) -> Summary:
    low, high = (interval.low, interval.high) if interval else (None, None)
    return Summary(group, name, mean(points), low, high, len(points), missing)
