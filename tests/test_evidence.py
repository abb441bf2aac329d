from __future__ import annotations

from dataclasses import replace

import pytest
from answering_vault import IOI, SAE, SmallSearch, answering_vault, page, passage

from assistant import evidence
from assistant.evidence import SIGNS, odds, signs
from assistant.relevance import Relevance, answerable, relevance, weights_of
from index.records import Hit
from ingest.records import Paper, Span


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> SmallSearch:
    return SmallSearch(answering_vault(tmp_path_factory.mktemp("vault")))


def hit(paper: Paper, text: str) -> Hit:
    return Hit(passage([page(paper, 1, text)], [Span(1, 0, len(text))], 0), paper, 0.8, similarity=0.6)


def seen(question: str, *texts: str, paper: Paper = IOI) -> dict[str, float]:
    hits = [hit(paper, text) for text in texts]
    weights = weights_of(question, document_frequency=lambda _: 1, passage_count=lambda: 100)
    return dict(zip(SIGNS, signs(question, hits, weights), strict=True))


def judged(question: str, hits: list[Hit], search: SmallSearch) -> Relevance:
    frequency, count = search.document_frequency, search.passage_count
    return answerable(question, hits, document_frequency=frequency, passage_count=count)


def test_names_that_stand_in_different_sentences_are_missing_in_the_best_one() -> None:
    together = "We apply SERAC to Llama-3 and it reaches high edit success on the test set."
    apart = "We apply SERAC to BlenderBot and it works well. Other editors were tried with Llama-3 in the appendix."
    question = "What edit success does SERAC reach on Llama-3?"
    assert seen(question, together)["names missing in the best sentence"] == 0
    assert seen(question, apart)["names missing in the best sentence"] > 0


def test_a_number_that_is_asked_for_has_to_stand_beside_the_names() -> None:
    question = "How many heads are in the GPT-2 circuit?"
    sign = "a number is asked for and none given"
    assert seen(question, "The circuit of GPT-2 has 26 attention heads in all.")[sign] == 0
    assert seen(question, "The circuit of GPT-2 has a few attention heads in all.")[sign] == 1
    assert seen(question, "The circuit of GPT-2 is drawn in Figure 26 of the paper.")[sign] == 1
    assert 0 < seen(question, "The circuit of GPT-2 is found in 3 steps of patching.")[sign] < 1, "3 of something else"
    assert seen("What is a GPT-2 circuit?", "The circuit of GPT-2 has a few attention heads in all.")[sign] == 0


def test_a_cause_that_is_asked_for_has_to_be_given() -> None:
    sign = "a cause is asked for and none given"
    why = "Why are latents dead?"
    assert seen(why, "Many latents are dead because their encoder directions never fire.")[sign] == 0
    assert seen(why, "Many latents are dead at the end of a long training run.")[sign] == 1


def test_another_size_of_a_model_is_another_model(search: SmallSearch) -> None:
    asked = "How far does the vector move the answers of Llama 2 70B Chat?"
    hits = [hit(IOI, "The vector moves the answers of Llama 2 13B Chat by 12 points.")]
    fit = judged(asked, hits, search)
    assert not fit.relevant and "Llama 2 70B" in fit.reason
    assert judged(asked.replace("70B", "13B"), hits, search).relevant


def test_a_size_that_only_another_paper_names_is_absent(search: SmallSearch) -> None:
    asked = "How far does the sycophancy vector move the answers of Llama 2 70B Chat?"
    steered = hit(IOI, "The sycophancy vector moves the answers of Llama 2 13B Chat by 12 points.")
    elsewhere = hit(SAE, "Refusal is mediated by a direction in Llama 2 70B.")
    fit = judged(asked, [steered, elsewhere], search)
    assert not fit.relevant and fit.absent == ("Llama 2 70B",)
    assert not judged(asked, [steered, hit(IOI, "Llama 2 70B moves by 4 points.")], search).absent
    both = "Which circuits do Llama 2 70B and Pythia-12B share for copying?"
    each = [hit(IOI, "The circuits for copying of Llama 2 70B."), hit(SAE, "The circuits for copying of Pythia-12B.")]
    assert not judged(both, each, search).absent


def test_what_an_answer_leaves_open_is_said(search: SmallSearch) -> None:
    text = "The circuit of GPT-2 has a few attention heads, and each of them copies a name."
    hits = [replace(hit(IOI, text), similarity=0.9)]
    whole, part = (
        judged(f"{word} attention heads are in the circuit of GPT-2?", hits, search) for word in ("Which", "How many")
    )
    assert whole.relevant and not whole.gap
    assert part.relevant and "has a number" in part.gap


def test_every_sign_has_its_weight_and_the_odds_are_finite(search: SmallSearch) -> None:
    assert len(SIGNS) == len(evidence.WEIGHTS) == len(evidence.CENTRES) == len(evidence.SCALES)
    assert all(scale > 0 for scale in evidence.SCALES)
    for question in ("?", "42", "Why?", "How many?", "GPT-2"):
        weights = weights_of(question, document_frequency=search.document_frequency, passage_count=search.passage_count)
        found = signs(question, [hit(SAE, "0.3 0.4 | 12"), hit(IOI, "Heads.")], weights)
        assert abs(odds(found)) < 100


def test_what_is_refused_for_want_of_evidence_says_what_is_wanting() -> None:
    found = [hit(IOI, "We edit GPT-J with EMMET on CounterFact and report the scores in tables of the appendix.")] * 3
    question = "Why does EMMET fail in Mistral, Gemma and Qwen for CounterFact, and by how much?"
    assert relevance(question, found, document_frequency=_three, passage_count=_many).absent == ()
    fit = answerable(question, found, document_frequency=_three, passage_count=_many)
    assert not fit.relevant and "no sentence that was found" in fit.reason


def _three(_: str) -> int:
    return 3


def _many() -> int:
    return 500
