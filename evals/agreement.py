"""How far a judge's grades agree with people's labels: balanced accuracy with its interval, AUC, rank correlation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evals.statistics import MINIMUM_CLUSTERS, RESAMPLES, Interval


class Labelled(NamedTuple):
    """A claim's grade (0 to 1), the people's label (supported or not), and the text it is about (its cluster)."""

    grade: float
    true: bool
    cluster: str


def balanced_accuracy(rows: Sequence[Labelled], cut: float = 1.0) -> float | None:
    """The mean of the share of supported claims graded at least `cut` and of the others graded below it: .5 for a coin
    and for a judge that always says the same. None where a label does not occur."""
    yes = [row.grade >= cut for row in rows if row.true]
    no = [row.grade < cut for row in rows if not row.true]
    return (sum(yes) / len(yes) + sum(no) / len(no)) / 2 if yes and no else None


def accuracy_interval(rows: Sequence[Labelled], *, seed: int = 0, resamples: int = RESAMPLES) -> Interval | None:
    """The 95 % interval of balanced accuracy: percentiles over drawn clusters; draws without a label are left out."""
    names = sorted({row.cluster for row in rows})
    if len(names) < MINIMUM_CLUSTERS:
        return None
    index = {name: n for n, name in enumerate(names)}
    counts = np.zeros((len(names), 4))  # right and all of the supported, right and all of the others
    for row in rows:
        counts[index[row.cluster], [0, 1] if row.true else [2, 3]] += [(row.grade >= 1.0) == row.true, 1]
    drawn = np.random.Generator(np.random.PCG64(seed)).integers(0, len(names), size=(resamples, len(names)))
    sums = counts[drawn].sum(axis=1)
    sums = sums[(sums[:, 1] > 0) & (sums[:, 3] > 0)]
    if not len(sums):
        return None
    values = (sums[:, 0] / sums[:, 1] + sums[:, 2] / sums[:, 3]) / 2
    low, high = np.quantile(values, [0.025, 0.975])
    return Interval(float(low), float(high))


def auc(grades: Sequence[float], labels: Sequence[bool]) -> float | None:
    """The chance that a supported claim is graded above one that is not, ties counting half (Mann-Whitney)."""
    ranks, true = _ranks(grades), np.array(labels, dtype=bool)
    yes, no = int(true.sum()), int((~true).sum())
    return float((ranks[true].sum() - yes * (yes + 1) / 2) / (yes * no)) if yes and no else None


def best_cut(grades: Sequence[float], rows: Sequence[Labelled]) -> float | None:
    """The best balanced accuracy that any cut of `grades` reaches on these very claims, in either direction: a baseline
    in its own favour."""
    best: float | None = None
    for sign in (1.0, -1.0):
        signed = [sign * grade for grade in grades]
        again = [Labelled(grade, row.true, row.cluster) for grade, row in zip(signed, rows, strict=True)]
        for cut in sorted(set(np.quantile(signed, np.linspace(0, 1, 51)).tolist())) if signed else ():
            value = balanced_accuracy(again, cut)
            best = value if best is None or (value is not None and value > best) else best
    return best


def spearman(one: Sequence[float], other: Sequence[float]) -> float:
    """Rank correlation, -1 to 1; 0 where one of them does not vary."""
    a, b = _ranks(one), _ranks(other)
    if a.std() == 0 or b.std() == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _ranks(values: Sequence[float]) -> NDArray[np.float64]:
    """Ranks from 1, ties sharing their mean."""
    array = np.array(values, dtype=float)
    _, inverse, counts = np.unique(array, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray(((ends - counts + 1 + ends) / 2)[inverse], dtype=np.float64)
