"""Scores of many cases become means with intervals, over all of them and over each kind."""

from __future__ import annotations

from collections.abc import Sequence

from evals.answer_scores import ANSWER_METRICS
from evals.records import ALL, KINDS, CaseResult, Summary
from evals.retrieval_scores import RETRIEVAL_METRICS
from evals.statistics import RESAMPLES, Interval, Point, cluster_bootstrap, mean, share_interval

OVERALL_ONLY = frozenset({"abstention_precision"})  # every kind is all answerable or all not: a share of nothing


def summarize(results: Sequence[CaseResult], *, k: int, seed: int, resamples: int = RESAMPLES) -> tuple[Summary, ...]:
    """Every metric over all cases, then over each kind those that apply to a case of it."""
    metrics = [*(f"{name}@{k}" for name in RETRIEVAL_METRICS), *ANSWER_METRICS]
    kinds = [kind for kind in KINDS if any(r.case.kind == kind for r in results)]
    groups = [(ALL, results), *((kind, [r for r in results if r.case.kind == kind]) for kind in kinds)]
    return tuple(
        summary
        for group, members in groups
        for summary in (*_shares(group, members, metrics, seed, resamples), _seconds(group, members, seed, resamples))
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


def _seconds(group: str, results: Sequence[CaseResult], seed: int, resamples: int) -> Summary:
    """Wall seconds per answer."""
    points = [Point(r.seconds, 1.0, r.case.cluster) for r in results if r.seconds is not None]
    interval = cluster_bootstrap(points, seed=seed, resamples=resamples)
    return _summary(group, "seconds", points, interval, len(results) - len(points))


def _summary(group: str, name: str, points: Sequence[Point], interval: Interval | None, missing: int) -> Summary:
    low, high = (interval.low, interval.high) if interval else (None, None)
    return Summary(group, name, mean(points), low, high, len(points), missing)
