"""The graded support of a claim by a source, and the figures it is measured with."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assistant.support import BIAS, CENTRES, SCALES, SIGNS, WEIGHTS, signs, support
from benchmarks.support import auc, best_threshold, fit

SOURCE = (
    "We found 17 squirrel heads in layer 5 of Acorn-GPT. They copy nuts from earlier positions. "
    "Ablating them lowers the accuracy from 91% to 34%. Other heads do not matter."
)


def test_every_sign_has_its_weight() -> None:
    assert len(SIGNS) == len(CENTRES) == len(SCALES) == len(WEIGHTS) == len(signs("A claim.", SOURCE))
    assert isinstance(BIAS, float)


def test_what_the_source_says_is_supported_better_than_its_changes() -> None:
    said = support("Ablating 17 squirrel heads of Acorn-GPT lowers the accuracy to 34%.", SOURCE)
    for changed in (
        "Ablating 19 squirrel heads of Acorn-GPT lowers the accuracy to 34%.",
        "Ablating 17 squirrel heads of Walnut-BERT lowers the accuracy to 34%.",
        "Ablating 17 squirrel heads of Acorn-GPT never lowers the accuracy to 34%.",
        "Bread is baked from flour, water and salt in a hot oven.",
    ):
        assert 0 < support(changed, SOURCE) < said < 1


@given(st.text(max_size=80), st.text(max_size=80))
def test_support_is_a_share_of_anything(claim: str, source: str) -> None:
    assert 0 <= support(claim, source) <= 1


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=30))
def test_auc_is_the_share_of_pairs_in_order(rows: list[tuple[int, bool]]) -> None:
    good, bad = ([score for score, truth in rows if truth == wanted] for wanted in (True, False))
    if good and bad:
        pairs = [1.0 if g > b else 0.5 if g == b else 0.0 for g in good for b in bad]
        scores, truth = np.array([float(s) for s, _ in rows]), np.array([t for _, t in rows])
        assert abs(auc(scores, truth) - sum(pairs) / len(pairs)) < 1e-9


def test_the_fit_finds_the_sign_that_tells() -> None:
    chance = np.random.default_rng(0)
    x = chance.normal(size=(400, 3))
    truth = x[:, 1] + 0.1 * chance.normal(size=400) > 0
    found = fit(x, truth, np.ones(400))
    assert np.argmax(np.abs(found.weights)) == 1 and auc(found.scores(x), truth) > 0.98
    assert 0.3 < (found.scores(x) >= best_threshold(found.scores(x), truth)).mean() < 0.7
