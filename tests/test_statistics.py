"""Intervals: published figures, and the laws they must keep."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.statistics import Point, cluster_bootstrap, mean, share_interval, wilson

shares = st.floats(0, 1)
counts = st.integers(1, 10_000)
points = st.lists(
    st.builds(
        Point,
        value=st.sampled_from([0.0, 0.25, 0.5, 1 / 3, 1.0]),
        weight=st.integers(1, 9).map(float),
        cluster=st.sampled_from("abcdef"),
    ),
    max_size=25,
)


@pytest.mark.parametrize(
    ("share", "n", "low", "high"),
    [
        # By hand, z2 = 3.8415. 8 of 10: centre .8 + .19207 = .99207, root of .016 + .0096036 = .16001 times 1.95996 =
        # .31362; (.99207 -+ .31362) / 1.38415 = .4902, .9433.
        (0.8, 10, 0.4902, 0.9433),
        # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        (81 / 263, 263, 0.2553, 0.3662),
        (15 / 148, 148, 0.0624, 0.1605),
        (0 / 20, 20, 0.0, 0.1611),
        (1 / 29, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_intervals(share: float, n: int, low: float, high: float) -> None:
    interval = wilson(share, n)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)


@given(shares, counts)
def test_wilson_contains_the_share_and_stays_a_share(share: float, n: int) -> None:
    interval = wilson(share, n)
    assert 0 <= interval.low <= share <= interval.high <= 1
    assert interval.low < interval.high


@given(shares, counts, st.integers(1, 1000))
def test_wilson_shrinks_with_n(share: float, n: int, more: int) -> None:
    few, many = wilson(share, n), wilson(share, n + more)
    assert many.high - many.low < few.high - few.low


@given(shares, counts)
def test_wilson_of_failures_mirrors_wilson_of_successes(share: float, n: int) -> None:
    one, other = wilson(share, n), wilson(1 - share, n)
    assert (one.low, one.high) == pytest.approx((1 - other.high, 1 - other.low), abs=1e-9)


@pytest.mark.parametrize(("share", "n"), [(1.1, 5), (-0.1, 5), (0.5, 0), (float("nan"), 5)])
def test_wilson_refuses_what_is_no_share(share: float, n: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson(share, n)


def test_mean_pools_by_weight() -> None:
    # 1 of 1 quote, 1 of 4 quotes: 2 of 5 in all.
    assert mean([Point(1.0, 1, "a"), Point(0.25, 4, "b")]) == pytest.approx(0.4)
    assert mean([]) is None


@given(points, st.integers(0, 5))
def test_the_share_interval_contains_the_mean_and_wilsons(sample: list[Point], seed: int) -> None:
    value, interval = mean(sample), share_interval(sample, seed=seed, resamples=200)
    if value is None or interval is None:
        assert (value, interval, sample) == (None, None, [])
        return
    one = wilson(min(1.0, value), len(sample))
    assert interval.low <= one.low <= value + 1e-12
    assert value - 1e-12 <= one.high <= interval.high
    assert interval.low >= 0
    assert interval.high <= 1 + 1e-12


@given(points, st.randoms())
def test_the_order_of_the_cases_does_not_matter(sample: list[Point], chance: random.Random) -> None:
    shuffled = sample.copy()
    chance.shuffle(shuffled)
    one, other = (share_interval(order, seed=3, resamples=100) for order in (sample, shuffled))
    if one is None or other is None:
        assert one is other
    else:
        assert (one.low, one.high) == pytest.approx((other.low, other.high))


def test_the_bootstrap_of_two_papers_by_hand() -> None:
    # Papers at 0 and 1: a resample is 0, .5 or 1 with chances 1/4, 1/2, 1/4, so its 2.5 and 97.5 % points are 0 and 1.
    drawn = cluster_bootstrap([Point(0.0, 1, "a"), Point(1.0, 1, "b")], seed=0)
    assert drawn is not None
    assert (drawn.low, drawn.high) == (0.0, 1.0)


def test_the_bootstrap_of_many_alone_comes_near_the_normal_interval() -> None:
    # Half of 400 at 1: standard error .5 / sqrt(400) = .025, so .5 -+ 1.96 * .025 = .451, .549.
    drawn = cluster_bootstrap([Point(float(n % 2), 1, str(n)) for n in range(400)], seed=0)
    assert drawn is not None
    assert (drawn.low, drawn.high) == pytest.approx((0.451, 0.549), abs=0.004)


def test_questions_about_one_paper_count_as_one() -> None:
    values = [0.0, 1.0] * 10
    alone = cluster_bootstrap([Point(v, 1, str(n)) for n, v in enumerate(values)], seed=0)
    alike = cluster_bootstrap([Point(v, 1, f"{v}{n // 10}") for n, v in enumerate(values)], seed=0)
    assert alone is not None
    assert alike is not None
    assert alike.high - alike.low > alone.high - alone.low


def test_one_paper_tells_nothing_about_the_next() -> None:
    same = [Point(1.0, 1, "a"), Point(0.0, 1, "a")]
    assert cluster_bootstrap(same, seed=0) is None
    assert share_interval(same, seed=0) == wilson(0.5, 2)


def test_all_right_is_not_certainty() -> None:
    interval = share_interval([Point(1.0, 5, str(n)) for n in range(6)], seed=0)
    # 6 of 6 by Wilson: (1 + .32012 - .32012) / 1.64025 = .6097. The bootstrap alone would say 1 to 1.
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((0.6097, 1.0), abs=5e-5)


def test_the_same_seed_gives_the_same_interval_and_another_one_a_near_one() -> None:
    sample = [Point(v, 1, str(n)) for n, v in enumerate([0, 0.2, 0.9, 1, 0.4, 0.4, 0.7, 0.1])]
    first, again, other = (cluster_bootstrap(sample, seed=s) for s in (1, 1, 2))
    assert first is not None
    assert other is not None
    assert first == again
    assert first != other
    assert (first.low, first.high) == pytest.approx((other.low, other.high), abs=0.05)


def test_papers_that_stand_or_fall_together_widen_the_interval() -> None:
    # Five questions each on three papers, all wrong on one: every draw of three is that one with chance 1/27 = 3.7 %,
    # more than 2.5 %, so the interval reaches 0, and likewise 1. Fifteen questions on their own: .4171 to .8482.
    alike = share_interval([Point(float(p != "a"), 1, p) for p in "abc" * 5], seed=0)
    alone = wilson(10 / 15, 15)
    assert alike is not None
    assert (alike.low, alike.high) == (0.0, 1.0)
    assert (alone.low, alone.high) == pytest.approx((0.4171, 0.8482), abs=5e-5)
