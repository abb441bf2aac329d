"""Laws of the fused score, and the words in which a place is explained."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.candidates import Ranked
from index.fuse import Fused, fuse
from index.pick import alike, why
from index.records import Added, Explanation

IDS = st.text("abcdef", min_size=1, max_size=2)
COSINES = st.dictionaries(IDS, st.floats(-1, 1), max_size=12)
BM25 = st.dictionaries(IDS, st.floats(0, 50), max_size=12)
SHARE = st.floats(0, 1)


@given(COSINES, BM25, SHARE)
def test_a_score_is_a_share_and_monotone_in_both_legs(
    cosines: dict[str, float], bm25: dict[str, float], meaning: float
) -> None:
    fused = fuse(cosines, bm25, meaning=meaning)
    assert fused.keys() == {*cosines, *bm25}
    assert all(0 <= one.score <= 1 + 1e-9 for one in fused.values())
    for one in cosines:
        for other in cosines:
            if cosines[one] >= cosines[other] and bm25.get(one, 0) >= bm25.get(other, 0):
                assert fused[one].score >= fused[other].score - 1e-9


@given(COSINES, BM25, SHARE)
def test_what_ties_in_both_legs_ties_in_the_score(
    cosines: dict[str, float], bm25: dict[str, float], meaning: float
) -> None:
    twins = fuse(
        {**cosines, **{f"{one}'": value for one, value in cosines.items()}},
        {**bm25, **{f"{one}'": value for one, value in bm25.items()}},
        meaning=meaning,
    )
    for one in {*cosines, *bm25}:
        assert twins[one] == twins[f"{one}'"]


@given(COSINES, BM25, st.floats(0.1, 10))
def test_the_scale_of_bm25_changes_nothing(cosines: dict[str, float], bm25: dict[str, float], scale: float) -> None:
    scaled = fuse(cosines, {one: value * scale for one, value in bm25.items()})
    for one, fused in fuse(cosines, bm25).items():
        assert scaled[one].score == pytest.approx(fused.score, abs=1e-6)


def test_a_passage_without_a_vector_is_judged_by_its_words() -> None:
    fused = fuse({"a": 0.5}, {"a": 5.0, "b": 10.0}, meaning=0.7)
    assert fused["a"] == pytest.approx(Fused(0.7 * 0.5, 0.3 * 0.5)) and fused["b"] == Fused(0.0, 1.0)


def test_why_tells_what_only_one_leg_found() -> None:
    near = Ranked("a", "p", Fused(0.4, 0.0), 0.57, None, 3, None)
    assert why(near, Explanation(1, 0.4, 0.0)) == "meaning: number 3 of the nearest (cosine 0.57)"
    words = Ranked("a", "p", Fused(0.1, 0.3), 0.1, 7.0, None, 2)
    shared = Explanation(1, 0.1, 0.3, shared=("gpt",))
    assert why(words, shared) == (
        "meaning: not among the nearest (cosine 0.10); shares the words gpt (number 2 by words)"
    )


def test_why_names_the_author_and_the_other_names() -> None:
    found = Ranked("a", "p", Fused(0.1, 0.3), 0.1, 7.0, 1, 2)
    told = why(found, Explanation(1, 0.1, 0.3, names=("Lan",), added=(Added("SAE", "sparse autoencoder", "glossary"),)))
    assert "number 2 by words" in told and "the author Lan that the question names" in told
    assert "has SAE (for sparse autoencoder: glossary)" in told


@given(st.frozensets(st.integers(0, 30)), st.frozensets(st.integers(0, 30)))
def test_alike_is_symmetric_and_holds_for_a_passage_itself(a: frozenset[int], b: frozenset[int]) -> None:
    left, right = (frozenset(map(str, one)) for one in (a, b))
    assert alike(left, right) == alike(right, left)
    assert not left or alike(left, left)
