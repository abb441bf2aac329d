"""The fact matcher: what counts as stated, and what does not."""

from __future__ import annotations

import pytest
from eval_examples import answer, case, citation
from hypothesis import given
from hypothesis import strategies as st

from evals.facts import covers, fact_coverage

SAID = [
    "The 16 million latent autoencoder of GPT-4 has 7% dead latents.",
    "Training with TopK keeps more of them alive than ReLU does.",
    "Refusal does not return when the direction is ablated.",
]


@pytest.mark.parametrize(
    ("fact", "covered"),
    [
        ("7% of latents are dead", True),
        ("A share of .07 of the latents is dead", True),
        ("Seven percent dead latents", True),
        ("9% of latents are dead", False),  # another number
        ("7% of latents are not dead", False),  # denied
        ("GPT-4 autoencoder", True),
        ("Gemma-2 autoencoder", False),  # another name
        ("JumpReLU keeps latents alive", False),
        ("TopK keeps more latents alive", True),
        ("TopK keeps fewer latents alive than ReLU", False),  # turned round
        ("TopK keeps less of them alive", False),  # turned round
        ("Refusal does not return after ablating the direction", True),
        ("Refusal returns when the direction is ablated", False),  # the answer denies it
        ("Espresso was paid by the authors", False),
    ],
)
def test_a_fact_is_stated_or_not(fact: str, covered: bool) -> None:
    assert covers(SAID, fact).covered == covered, covers(SAID, fact).reason


def test_two_sentences_that_follow_each_other_can_state_one_fact() -> None:
    said = ["The heads were found in GPT-2 small.", "There are 26 of them."]
    assert covers(said, "26 heads in GPT-2 small").covered
    assert not covers([said[0]], "26 heads in GPT-2 small").covered


def test_the_titles_of_what_is_cited_lend_their_words() -> None:
    assert not covers(["Latents are dead."], "Dead latents of sparse autoencoders").covered
    assert covers(["Latents are dead."], "Dead latents of sparse autoencoders", "Sparse Autoencoders").covered


def test_coverage_is_a_share_and_a_refusal_has_none() -> None:
    wanted = case("c", "2209.10652", facts=["7% of latents are dead", "GPT-5"])
    said = answer(("supported", [citation("toy", 1, "x")]), texts=SAID[:1])
    score = fact_coverage(wanted, said)
    assert score is not None
    assert (score.value, score.weight) == (1 / 2, 2)
    assert score.evidence[1] == "GPT-5: without the name GPT-5"
    assert fact_coverage(wanted, answer(abstained=True)) is None
    assert fact_coverage(case("c", "2209.10652"), said) is None


words = st.sampled_from(
    ["sparse", "latents", "decoder", "heads", "copy", "refusal", "direction", "probe", "steers", "12", "GPT-2", "TopK"]
)


@given(st.lists(words, min_size=1, max_size=8).map(" ".join), st.lists(words, max_size=8).map(" ".join))
def test_an_answer_states_what_it_says_word_for_word(fact: str, more: str) -> None:
    assert covers([fact, more], fact).covered
