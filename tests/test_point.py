"""The stretch of a lead that answers by itself: held to examples, and to what holds of every one."""

from __future__ import annotations

import pytest
from answering_vault import IOI, SAE
from hypothesis import given, settings
from hypothesis import strategies as st
from test_extract import hit

from assistant.extract import ExtractiveDrafter
from assistant.point import point
from assistant.spans import SIGNS, spans

EXAMPLES = [
    (
        "How many attention heads are in the IOI circuit?",
        "The circuit for indirect object identification has 26 attention heads in seven classes.",
        "26 attention heads",
    ),
    (
        "Why are latents dead?",
        "Latents are often dead because their encoder directions never activate on any input.",
        "their encoder directions never activate",
    ),
    (
        "Who introduced the logit lens?",
        "The logit lens was introduced by nostalgebraist (2020), who decoded hidden states at each layer.",
        "nostalgebraist",
    ),
    (
        "How are the vectors of a category made?",
        "The vectors of a category are made by averaging the activations of its prompts, which takes an hour.",
        "by averaging the activations",
    ),
]


@pytest.mark.parametrize(("question", "sentence", "answer"), EXAMPLES)
def test_the_point_of_a_sentence_is_what_was_asked_for(question: str, sentence: str, answer: str) -> None:
    found = point(question, sentence)
    assert found is not None and answer in sentence[found[0] : found[1]]
    assert found[1] - found[0] < 0.75 * len(sentence)


def test_the_year_of_a_citation_is_no_number_that_was_asked_for() -> None:
    sentence = "It was extended by others (Meng et al., 2023; Gupta et al., 2024) to many facts at once."
    found = point("How many facts can be edited at once?", sentence)
    assert found is None or "20" not in sentence[found[0] : found[1]]


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("How often does GPT-2 name the wrong person?", "It is asked how GPT-2 finishes a sentence about two people."),
        ("Which number of layers does the editor change?", "The causal traces reveal an early site of it (Table 3)."),
    ],
)
def test_a_number_of_something_else_is_not_made_bold(question: str, sentence: str) -> None:
    found = point(question, sentence)
    assert found is None or sentence[found[0] : found[1]] not in ("two", "3")


def test_a_point_lies_within_one_sentence() -> None:
    text = "The others become the main contributors. Both the reason and the mechanism of this are still unclear."
    assert all(". " not in text[span.start : span.end] for span in spans("Why do others become contributors?", text))


def test_only_the_lead_has_a_point() -> None:
    hits = [
        hit(IOI, EXAMPLES[0][1]),
        hit(SAE, "Attention heads of the IOI circuit are 12 in number in some other model."),
    ]
    said = ExtractiveDrafter().draft(EXAMPLES[0][0], hits).sentences
    assert [s.part for s in said if s.point] == ["lead"]


@settings(deadline=None)
@given(st.sampled_from([q for q, _, _ in EXAMPLES]), st.text(alphabet="ab 12(),.because byThe%", max_size=80))
def test_a_point_is_a_stretch_of_whole_words_and_every_stretch_has_all_signs(question: str, sentence: str) -> None:
    for span in spans(question, sentence):
        assert 0 <= span.start < span.end <= len(sentence) and len(span.signs) == len(SIGNS)
    found = point(question, sentence)
    assert found is None or sentence[found[0] : found[1]].strip() == sentence[found[0] : found[1]] != ""


def test_a_chooser_says_which_sentence_leads_and_nothing_is_lost_for_it() -> None:
    texts = ["The circuit has 26 attention heads in all.", "Heads copy names in the circuit of attention heads."]
    question = "Which attention heads are in the circuit?"
    hits = [hit(IOI, texts[0]), hit(SAE, texts[1])]

    def by_copying(_: str, sentences: object) -> list[float]:
        assert isinstance(sentences, list)
        return [float("copy" in sentence) for sentence in sentences]

    said = ExtractiveDrafter(chooser=by_copying).draft(question, hits).sentences
    assert said[0].text == texts[1] and said[0].part == "lead"
    assert {s.text for s in said} == set(texts)
    to_the_letter = ExtractiveDrafter(chooser=by_copying).draft("How many attention heads are in the circuit?", hits)
    assert to_the_letter.sentences[0].text == texts[0]
