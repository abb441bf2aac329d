"""Other names: abbreviations read off texts, the glossary's names, both ways."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.abbreviations import abbreviations, long_form
from index.expand import Names
from index.glossary import glossary_names
from index.records import Added
from index.word_schema import analyzer


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We study indirect object identification (IOI) in GPT-2.", {"IOI": "indirect object identification"}),
        ("Trained sparse autoencoders (SAEs) split features.", {"SAE": "sparse autoencoders"}),
        ("the multi-layer perceptron (MLP) of a layer", {"MLP": "multi-layer perceptron"}),
        (
            "Edge attribution patching with integrated gradients (EAP-IG) is",
            {"EAP-IG": "edge attribution patching with integrated gradients"},
        ),
        ("as seen before (see Figure 3) and in (Elhage et al., 2021)", {}),
        ("an unrelated sentence (XYZ) follows", {}),
        ("GPT (GPT) names itself", {}),
    ],
)
def test_abbreviations_are_read_where_they_are_introduced(text: str, expected: dict[str, str]) -> None:
    found = abbreviations([text])
    assert {short: long for short, long in found.items() if short in expected or not expected} == expected


def test_the_commonest_long_form_is_kept() -> None:
    texts = ["attention pattern (AP)", "activation patching (AP)", "Activation Patching (AP)"]
    assert abbreviations(texts) == {"AP": "activation patching"}


# Words whose first letter stands nowhere else.
INITIALS = st.lists(st.sampled_from("bcdfghjklmnp"), min_size=2, max_size=5, unique=True).map(
    lambda letters: [letter + "aeiou"[number:] + "tt" for number, letter in enumerate(letters)]
)


@given(INITIALS)
def test_initials_of_words_are_their_abbreviation(words: list[str]) -> None:
    short = "".join(word[0] for word in words).upper()
    assert long_form(short, "We use " + " ".join(words)) == " ".join(words)


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    for short, long in abbreviations([text]).items():
        assert short and len(long) > len(short)


def test_the_starter_glossary_names_things_twice(tmp_path: Path) -> None:
    path = tmp_path / "glossary.yaml"
    path.write_text(
        "- {id: a, term: Sparse Autoencoder, definition: x, other_names: [SAE, dictionary learning]}\n"
        "- {id: b, term: Steering Vector, definition: x,"
        " other_names: [activation addition (ActAdd), latent (for what one learns), edge patching (EAP, a version)]}\n"
        "- {id: c, term: Microscope AI, definition: x}\n"
    )
    first, second = glossary_names(path)
    assert first == ("Sparse Autoencoder", "SAE", "dictionary learning")
    assert second == ("Steering Vector", "activation addition", "latent", "edge patching", "ActAdd", "EAP")
    path.write_text("- {id: [")
    assert glossary_names(path) == glossary_names(tmp_path / "none.yaml") == []


NAMES = ("Sparse Autoencoder", "SAE", "dictionary learning")


@pytest.mark.parametrize("name", NAMES)
def test_every_name_leads_to_all_the_others(name: str) -> None:
    names = Names(analyzer().analyze)
    names.add_glossary([NAMES])
    others = {one.name for one in names.expand(f"What do {name}s find?")}
    assert others == {*NAMES} - {name}


@given(st.text("abcdefgh", min_size=3, max_size=9), INITIALS)
def test_expansion_goes_there_and_back(short: str, words: list[str]) -> None:
    long, upper = " ".join(words), short.upper()
    names = Names(str.split)
    names.add_abbreviations({"one": {upper: long}})
    (there,) = names.expand(f"about {upper} here") if upper not in words else (Added(long, upper, ""),)
    assert (there.name, there.instead) == (long, upper)
    assert upper in {one.name for one in names.expand(f"about {long} here")}


def test_an_abbreviation_must_be_spelled_as_it_is() -> None:
    names = Names(analyzer().analyze)
    names.add_abbreviations({"a": {"IT": "inference time"}, "b": {"IT": "inference time"}, "c": {"IT": "idle turn"}})
    assert names.expand("how is it made?") == ()
    assert [(one.name, one.source) for one in names.expand("what is IT?")] == [
        ("inference time", "abbreviated in 2 sources"),
        ("idle turn", "abbreviated in 1 source"),
    ]


def test_the_longest_name_wins_its_place() -> None:
    names = Names(analyzer().analyze)
    names.add_glossary([("attribution patching", "AtP"), ("edge attribution patching", "EAP")])
    assert [one.name for one in names.expand("edge attribution patching at scale")] == ["EAP"]


def test_what_the_question_has_already_is_not_added() -> None:
    names = Names(analyzer().analyze)
    names.add_glossary([NAMES])
    assert [one.name for one in names.expand("a sparse autoencoder (SAE)")] == ["dictionary learning"]
