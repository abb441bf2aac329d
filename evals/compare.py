"""Two runs over the same cases: what got better or worse, by how much, and which answers changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from evals.records import CaseResult, Report, Score
from evals.statistics import Point, mean, paired_difference
from evals.summary import LESS_IS_BETTER, metric_groups
from ingest.errors import UsageError


@dataclass(frozen=True, slots=True)
class Change:
    """A metric over the `paired` cases that both runs scored: the means, their difference (second minus first) with its
    95 % interval, and "better", "worse" or "unclear" (the interval has 0 in it) or "same" (no case differs)."""

    metric: str
    first: float
    second: float
    difference: float
    low: float | None
    high: float | None
    paired: int
    verdict: str


@dataclass(frozen=True, slots=True)
class ChangedAnswer:
    """A case whose sentences differ; `scores` are (metric, first value, second value) where they differ."""

    case_id: str
    question: str
    first: tuple[str, ...]
    second: tuple[str, ...]
    scores: tuple[tuple[str, float | None, float | None], ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`only_first` and `only_second` are the cases that the other run does not have in the same words."""

    changes: tuple[Change, ...]
    answers: tuple[ChangedAnswer, ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]
    notices: tuple[str, ...] = ()


def compare(first: Report, second: Report) -> Comparison:
    """What the second run does better or worse than the first. Raises UsageError where they share no case."""
    before = {r.case.id: r for r in first.results}
    after = {r.case.id: r for r in second.results}
    both = [name for name in before if name in after and before[name].case == after[name].case]
    if not both:
        raise UsageError("the two reports have no case in common", "compare runs over the same cases")
    pairs = [(before[name], after[name]) for name in both]
    return Comparison(
        changes=tuple(_changes(pairs, second)),
        answers=tuple(changed for a, b in pairs if (changed := _answer(a, b))),
        only_first=tuple(name for name in before if name not in both),
        only_second=tuple(name for name in after if name not in both),
        notices=_notices(first, second),
    )


def worse(comparison: Comparison) -> tuple[Change, ...]:
    """The metrics that the paired interval says are worse; time aside, which other work on the machine moves."""
    return tuple(c for c in comparison.changes if c.verdict == "worse" and c.metric not in ("seconds", "tokens"))


def _changes(pairs: Sequence[tuple[CaseResult, CaseResult]], second: Report) -> list[Change]:
    groups = metric_groups([b for _, b in pairs], second.k)
    changes = [_change(metric, pairs, second) for group in ("retrieval", "answers") for metric in groups[group]]
    return [change for change in (*changes, _seconds(pairs, second)) if change]


def _change(metric: str, pairs: Sequence[tuple[CaseResult, CaseResult]], second: Report) -> Change | None:
    points = []
    for a, b in pairs:
        one, other = a.values.get(metric), b.values.get(metric)
        if one and other and one.value is not None and other.value is not None:
            points.append((_point(one, a), _point(other, b)))
    return _compared(metric, points, second)


def _seconds(pairs: Sequence[tuple[CaseResult, CaseResult]], second: Report) -> Change | None:
    timed = [(a, b) for a, b in pairs if a.seconds is not None and b.seconds is not None]
    points = [
        (Point(a.seconds or 0, 1.0, a.case.cluster), Point(b.seconds or 0, 1.0, b.case.cluster)) for a, b in timed
    ]
    return _compared("seconds", points, second)


def _point(score: Score, result: CaseResult) -> Point:
    return Point(score.value or 0.0, score.weight, result.case.cluster)


def _compared(metric: str, points: Sequence[tuple[Point, Point]], second: Report) -> Change | None:
    if not points:
        return None
    difference, interval = paired_difference(points, seed=second.seed, resamples=second.resamples)
    first, after = mean([a for a, _ in points]) or 0.0, mean([b for _, b in points]) or 0.0
    low, high = (interval.low, interval.high) if interval else (None, None)
    same = all(a.value == b.value and a.weight == b.weight for a, b in points)
    return Change(metric, first, after, difference, low, high, len(points), _verdict(metric, low, high, same))


def _verdict(metric: str, low: float | None, high: float | None, same: bool) -> str:
    if same:
        return "same"
    if low is None or high is None or low <= 0 <= high:
        return "unclear"
    return "better" if (low > 0) != (metric in LESS_IS_BETTER) else "worse"


def _answer(a: CaseResult, b: CaseResult) -> ChangedAnswer | None:
    first, second = (tuple(s.text for s in r.sentences) for r in (a, b))
    if first == second:
        return None
    metrics = dict.fromkeys((*a.values, *b.values))
    values = [(metric, _value(a, metric), _value(b, metric)) for metric in metrics]
    return ChangedAnswer(a.case.id, a.case.asked, first, second, tuple(v for v in values if v[1] != v[2]))


def _value(result: CaseResult, metric: str) -> float | None:
    score = result.values.get(metric)
    return score.value if score else None


def _notices(first: Report, second: Report) -> tuple[str, ...]:
    """What besides the code or the vault was different."""
    told = [("judge", first.judge, second.judge), ("k", str(first.k), str(second.k))]
    if first.recipe and second.recipe:
        told += [
            (name.replace("_", " "), str(getattr(first.recipe, name)), str(getattr(second.recipe, name)))
            for name in ("vault_lock", "embedding_model", "chat_model", "prompts")
        ]
    return tuple(f"{name}: {one or '-'} before, {other or '-'} now" for name, one, other in told if one != other)


def side_by_side(answer: ChangedAnswer) -> list[tuple[str, str]]:
    """The sentences of both answers in rows: equal ones beside each other where they keep their order."""
    return list(zip_longest(answer.first, answer.second, fillvalue=""))
