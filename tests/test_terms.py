"""What a sentence says that its quote does not: names, plain words, opposites, replaced words, counted things."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.alignment import replaced
from assistant.claims import stem
from assistant.lexicon import groups, opposites
from assistant.quantities import other_bound, other_unit, quantities
from assistant.terms import same_meaning, unsaid

QUOTE = "We ablate the 26 heads of GPT-2 small and the accuracy on the nut task drops from 91% to 34%."
TEXTS = st.lists(st.sampled_from(QUOTE.split()), min_size=1, max_size=12).map(" ".join)


def test_opposites_are_never_synonyms() -> None:
    for one, others in opposites().items():
        assert one not in others
        for other in others:
            assert groups().get(one, frozenset()).isdisjoint(groups().get(other, frozenset())), (one, other)
            assert not same_meaning(one, other), (one, other)


@given(TEXTS)
def test_a_text_says_all_its_own_words(text: str) -> None:
    assert unsaid(text, text).share == 0
    assert list(replaced(text, text)) == [] and other_unit(text, text) is None and other_bound(text, text) is None


@given(TEXTS, TEXTS)
def test_a_longer_quote_says_no_less(text: str, more: str) -> None:
    short, long = unsaid(QUOTE, text), unsaid(QUOTE, f"{text} {more}")
    assert {*long.names, *long.words} <= {*short.names, *short.words}


def test_names_and_words_are_told_apart() -> None:
    found = unsaid("Removing the heads of Pythia hurts the performance of the squirrel.", QUOTE)
    assert found.names == ("Pythia",) and found.words == ("hurts", "performance", "squirrel")
    assert (found.count, found.share) == (6, 4 / 6)


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("The authors report that removing heads lowers accuracy.", "Ablating heads reduced the accuracy."),
        ("Sparsity is measured.", "How sparse it is was assessed."),
        ("The SAE is trained.", "We train a sparse autoencoder."),
        ("Sparse autoencoders are trained.", "We train SAEs."),
        ("Multi-head attention is used.", "We employ multihead attention."),
    ],
)
def test_other_words_for_the_same_are_said(sentence: str, quote: str) -> None:
    assert unsaid(sentence, quote).share == 0, unsaid(sentence, quote)


def test_an_abbreviation_means_what_the_passage_says() -> None:
    passage = "Nut relocation heads (NRH) move nuts. The NRH fire late."
    assert unsaid("Nut relocation heads fire late.", "The NRH fire late.", passage=passage).share == 0
    assert unsaid("Nut relocation heads fire late.", "The NRH fire late.").share > 0


def test_it_is_what_the_sentence_before_names() -> None:
    passage = "Othello-GPT plays legal moves. It was never told the rules."
    quote = "It was never told the rules."
    assert unsaid("Othello-GPT was never told the rules.", quote, passage=passage).names == ()
    assert unsaid("Othello-GPT was never told the rules.", quote).names == ("GPT",)


@pytest.mark.parametrize(
    ("sentence", "pair"),
    [
        ("The accuracy rises to 34%.", ("rises", "drops")),
        ("The accuracy is unlikely to fall.", ("unlikely", "likely")),
    ],
)
def test_an_opposite_is_named_with_the_word_it_turns(sentence: str, pair: tuple[str, str]) -> None:
    assert pair in unsaid(sentence, "The accuracy likely drops to 34%.").turned


def test_a_word_in_the_place_of_another_is_found_though_the_quote_has_both() -> None:
    quote = "Smaller dictionaries are incomplete, since larger dictionaries hold novel latents."
    said = "Larger dictionaries are incomplete, since larger dictionaries hold novel latents."
    assert list(replaced(said, quote)) == [("Larger", "Smaller")]
    assert list(replaced(quote.replace("hold", "contain"), quote)) == []  # a synonym
    assert list(replaced("Seven heads copy.", "7 heads copy.")) == []


def test_a_title_may_name_what_the_quote_does_not() -> None:
    assert (
        list(replaced("Facts are edited in GPT.", "Facts are edited in models.", context="Editing facts in GPT")) == []
    )
    swapped = replaced("Facts are edited in GPT.", "Facts are edited in BERT.", context="Editing facts in GPT")
    assert list(swapped) == [("GPT", "BERT")]


@pytest.mark.parametrize(
    ("sentence", "unit"),
    [
        ("It has 26 layers.", ("26", "layers")),
        ("It falls to 34 points.", ("34", "points")),
        ("All 26 heads fire.", None),
    ],
)
def test_a_number_counts_what_it_counted(sentence: str, unit: tuple[str, str] | None) -> None:
    assert other_unit(sentence, QUOTE) == unit


def test_bounds_are_not_turned() -> None:
    assert other_bound("At most 26 heads fire.", "At least 26 heads fire.") == ("at most 26", "at least 26")
    assert other_bound("More than 26 heads fire.", "26 heads fire.") == ("at least 26", "26")
    assert other_bound("26 heads fire.", "At least 26 heads fire.") is None


def test_signs_and_letters_are_units() -> None:
    assert [(q.number, q.unit) for q in quantities("$5, 70M and 34 %")] == [
        ("5", stem("dollar")),
        ("70", stem("million")),
        ("34", stem("percent")),
    ]
