"""Tokens counted by words are those that the tokenizer itself counts, whatever the text."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from index.model_folder import find_model
from index.tokens import _parts_at_spaces, token_counter

ODD = st.sampled_from(
    [
        "[SEP]",
        "[ SEP ]",
        "[MASK]x",
        "(so-called)",
        "naïve",
        "e\u0301",
        "\u0301",
        "漢字",
        "𝜃",
        "\x1c",
        "\u00a0",
        "\t",
        "\u00ad",
    ]
)
TEXTS = st.lists(st.one_of(st.text(max_size=20), ODD, st.sampled_from(" \n")), max_size=12).map("".join)


@cache
def tokenizer() -> Any:
    return find_model().tokenizer()


@given(TEXTS)
@example("a\x1cb \u0301c don't x" + "y" * 120 + " \x00z\ufffd")
@settings(max_examples=300, deadline=None)
def test_a_text_has_the_tokens_that_the_tokenizer_finds(text: str) -> None:
    count = token_counter(tokenizer())
    whole = len(tokenizer().encode(text, add_special_tokens=False).ids)
    assert count(text) == whole
    assert count(text) == whole, "the same once its words are remembered"


def test_a_tokenizer_that_reaches_over_spaces_counts_whole_texts() -> None:
    from tokenizers import AddedToken, Tokenizer
    from tokenizers.models import BPE

    merges = Tokenizer(BPE({"a": 0, " ": 1, "a ": 2}, [("a", " ")]))
    assert not _parts_at_spaces(merges)
    assert token_counter(merges)("a a") == 2

    assert _parts_at_spaces(tokenizer())
    with_name = Tokenizer.from_str(tokenizer().to_str())
    with_name.add_tokens([AddedToken("sparse autoencoder")])
    assert not _parts_at_spaces(with_name)
    assert token_counter(with_name)("a sparse autoencoder") == 2
