from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from answering_vault import IOI, NOTE, SAE, TERM, SmallSearch, answering_vault, page, passage
from hypothesis import given
from hypothesis import strategies as st

from assistant.candidates import stretches
from assistant.claims import stem, stems
from assistant.extract import ExtractiveDrafter, keyed
from assistant.questions import defines, kind_of, sides, subject, suits
from assistant.records import Draft
from assistant.shape import filler, hangs, reading, wellformed
from index.records import Hit
from ingest.records import Paper, Span

IOI_HEADS = "The circuit of Wang et al. has 26 attention heads in 7 classes."


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> SmallSearch:
    return SmallSearch(answering_vault(tmp_path_factory.mktemp("vault")))


def hit(paper: Paper, text: str, score: float = 1.0) -> Hit:
    pages = [page(paper, 1, text)]
    return Hit(passage(pages, [Span(1, 0, len(text))], 0), paper, score)


def drafted(question: str, *hits: Hit) -> list[str]:
    return [s.text for s in ExtractiveDrafter().draft(question, hits).sentences]


def test_a_definition_comes_first_and_from_the_paper_rather_than_our_glossary(search: SmallSearch) -> None:
    question = "What is superposition?"
    draft = ExtractiveDrafter().draft(question, search(question))
    first = draft.sentences[0]
    assert first.text == "Superposition is the representation of more features than a layer has dimensions."
    assert [draft.shown[k].paper.id for k in first.keys] == [SAE.id, TERM.id]
    assert sum("Superposition is" in s.text for s in draft.sentences) == 1


def test_how_many_is_answered_by_the_sentence_with_the_number(search: SmallSearch) -> None:
    question = "How many attention heads are in the circuit?"
    first = ExtractiveDrafter().draft(question, search(question)).sentences[0]
    assert "26 attention heads" in first.text


def test_how_many_leads_with_the_total_and_not_with_a_part_or_the_names_of_heads() -> None:
    part = (
        "3.0 and 0.1 are among the three heads with the highest duplicate token score. This is evidence of their role "
        "of Duplicate Token Heads outside the circuit for the IOI task."
    )
    for question in ("How many heads are in the IOI circuit?", "How many attention heads does the circuit consist of?"):
        assert drafted(question, hit(IOI, part), hit(NOTE, IOI_HEADS))[0] == IOI_HEADS


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who introduced the tuned lens?", "To address its shortcomings, we introduce the tuned lens."),
        (
            "Who introduced the logit lens?",
            "The logit lens was introduced by nostalgebraist (2020), who decoded states.",
        ),
        ("When was grokking first described?", "Grokking was first reported in Power et al. (2022) on small tasks."),
    ],
)
def test_who_had_it_first_leads_with_the_sentence_that_says_so_of_that_thing(question: str, answer: str) -> None:
    others = (
        "The logit lens was introduced by nostalgebraist (2020), who decoded states. "
        "After the tuned lens was trained, Jordan et al. (2024) introduced the Muon optimizer, which grokking needs. "
        "Liu et al. (2022) construct small examples of grokking and describe phases of the logit and the tuned lens."
    )
    assert drafted(question, hit(IOI, others), hit(SAE, answer))[0] == answer


def test_a_comparison_tells_of_both_first_then_of_one_and_then_of_the_other() -> None:
    texts = (
        "Transcoders are trained to give the output of a layer from its input.",
        "Crosscoders read from several layers and write to all of them.",
        "Transcoders need another 30 days of training on the same text.",
        "Unlike crosscoders, transcoders are trained for one layer at a time.",
    )
    question = "Compare transcoders and crosscoders"
    said = drafted(question, *(hit(p, t) for p, t in zip((IOI, SAE, IOI, SAE), texts, strict=True)))
    assert said == [texts[3], texts[0], texts[2], texts[1]]


def test_what_shares_an_adjective_with_a_side_is_not_said_of_it() -> None:
    texts = (
        "A transcoder is a wide and sparse network that stands in for a layer.",
        "Transcoders are no autoencoders: while these give back their input, those give the output of a layer.",
        "A transcoder finds the greater-than circuit, which an autoencoder found too.",
    )
    question = "What is the difference between a transcoder and a sparse autoencoder?"
    draft = ExtractiveDrafter().draft(question, [hit(IOI, text) for text in texts])
    assert draft.sentences[0].text == texts[1]
    assert {s.text: s.part for s in draft.sentences}[texts[0]] == "one"


def test_the_sides_of_a_comparison_are_known_by_what_the_other_has_not() -> None:
    patching = (frozenset({stem("activation")}), frozenset({stem("attribution")}))
    assert sides("What is the difference between activation patching and attribution patching?") == patching
    assert sides("Activation patching vs. attribution patching") == patching
    assert sides("How does activation patching differ from attribution patching?") == patching
    assert sides("Compare the models") is None and sides("What is patching?") is None


def test_every_quote_is_a_stretch_of_its_passage(search: SmallSearch) -> None:
    for question in ("What is superposition?", "Why are latents dead?", "heads", "How is an autoencoder trained?"):
        draft = ExtractiveDrafter().draft(question, search(question))
        assert draft.sentences
        for sentence in draft.sentences:
            assert sentence.keys == tuple(sentence.quotes)
            assert all(quote in draft.shown[key].passage.text for key, quote in sentence.quotes.items())


def test_a_sentence_that_leans_on_the_one_before_brings_it_along() -> None:
    text = "Neurons can be shared by features. This makes them hard to read for people."
    assert drafted("What makes neurons hard to read?", hit(SAE, text)) == [text]


def test_one_that_leans_on_nothing_whole_is_worth_less() -> None:
    ((_, quote, form),) = stretches("of a fragment here.\n\nThis makes them hard to read for all people.")
    assert quote.startswith("This makes") and form < 0.7


def test_the_same_said_by_two_papers_is_one_sentence_with_two_citations() -> None:
    said = "Name mover heads copy the name that was mentioned only once."
    draft = ExtractiveDrafter().draft("What do name mover heads copy?", [hit(SAE, said), hit(IOI, said)])
    assert [s.keys for s in draft.sentences] == [("p1", "p2")]


def test_other_numbers_or_a_denial_are_not_the_same() -> None:
    texts = ("The circuit of the model has 26 heads.", "The circuit of the model has 27 heads.",
             "The circuit of the model has never 26 heads.")  # fmt: skip
    found = drafted("How many heads has the circuit?", *(hit(IOI, t) for t in texts))
    assert sorted(found) == sorted(texts)


@pytest.mark.parametrize(
    "opening", ["For this reason,", "To this end,", "By contrast,", "In addition,", "In this phase,"]
)
def test_a_sentence_that_draws_on_the_one_before_does_not_stand_alone(opening: str) -> None:
    before = "Neurons can be shared by several features."
    text = f"{before} {opening} we train sparse autoencoders on neurons."
    assert drafted("What is trained on neurons?", hit(SAE, text))[0] == text


@pytest.mark.parametrize(
    "torn",
    [
        "We find the positive values by hand or by grading the tokens (see details in App.",
        "We then introduce an approach to vocabularies. Figure 3: Accuracy of probes on tokens of words.",
        "We choose the threshold so that the average number of neurons for each relation lies in.",
    ],
)
def test_a_torn_sentence_is_worth_less(torn: str) -> None:
    assert 0 < wellformed(torn) < 0.75 < wellformed("We choose the threshold so that four neurons are left over.")


def test_each_paper_is_read_in_its_own_order() -> None:
    said = "A circuit is a set of heads in a model."
    late, early = "Heads of a circuit are found by patching of paths.", "Heads of a circuit move names of people."
    second = hit(IOI, late)
    second = replace(second, passage=replace(second.passage, order=7))
    draft = ExtractiveDrafter().draft("What is a circuit?", [hit(SAE, said), second, hit(IOI, early)])
    assert [s.text for s in draft.sentences][1:] == [early, late]


def test_overlapping_passages_of_one_paper_are_cited_once() -> None:
    said = "Dead latents appear because some encoder directions never activate."
    draft = ExtractiveDrafter().draft("Why do dead latents appear?", [hit(SAE, said), hit(SAE, said + " We go on.")])
    assert [s.keys for s in draft.sentences] == [("p1",)]


def test_at_most_three_sentences_of_a_passage_and_seven_in_all() -> None:
    texts = [" ".join(f"Heads {n}a{m} copy names of {n}b{m} into {n}c{m} at {n}d{m}." for m in "wxyz") for n in "uvwst"]
    draft = ExtractiveDrafter().draft("Which heads copy names?", [hit(IOI, t) for t in texts])
    keys = [k for s in draft.sentences for k in s.keys]
    assert len(draft.sentences) == 7 and max(map(keys.count, keys)) == 3


@pytest.mark.parametrize(
    "text",
    [
        "Related Work on Superposition", "0.31 0.42 0.55 SAE 12 TopK 0.9 superposition 0.3.",
        "What is superposition here?",
        "and the superposition of features is left over.", "x = W f ( a ) + b , L = | x - y | 2 + l .",
        "Doe, A. B., Roe, C., Poe, D. Superposition in nets. In Advances in Neural Systems, pp. 12-20, 2020.",
        "Superposition.", "France” to have a superposition value for it.",
        "Contact us about superposition at a@b.org now.",
        "Editor of superposition Parameters ES ↑ perplexity of GPT-2 (82M) and BART (139M) is edited.",
        "1 (Doe, 2024) is a suite for superposition that is being developed by the authors.",
    ],
)  # fmt: skip
def test_debris_never_stands_in_an_answer(text: str) -> None:
    assert wellformed(text) == 0
    assert drafted("What is superposition?", hit(SAE, text)) == []


def test_bibliography_never_stands_in_an_answer() -> None:
    found = hit(SAE, "Superposition is the representation of many features in few dimensions.")
    references = replace(found, passage=replace(found.passage, kind="references"))
    assert ExtractiveDrafter().draft("What is superposition?", [references]).sentences == ()


def test_reads_without_footnote_marks_and_reference_numbers() -> None:
    assert reading("Features are\nshared [12, 13], we find.4") == "Features are shared, we find."
    assert reading("3Unless stated, models are small.") == "Unless stated, models are small."
    assert reading("GPT-2 has 3.5 and 12 heads [layer 3].") == "GPT-2 has 3.5 and 12 heads [layer 3]."


def test_knows_what_a_question_asks_for() -> None:
    kinds = {q: kind_of(q) for q in ("What is ROME?", "How many heads are there?", "Who found it?", "Why is it so?",
                                     "How does A differ from B?", "Does it work?")}  # fmt: skip
    assert list(kinds.values()) == ["definition", "number", "who-when", "why", "comparison", "yes-no"]
    assert subject("How many attention heads are in it?") == {"head"}
    assert suits("number", frozenset({"head"}), "It has 26 attention heads.") > suits(
        "number", frozenset(), "See it, 3."
    )
    assert suits("number", frozenset({"head"}), "Heads are shown in Figure 3 (Doe, 2020).") == 0
    assert hangs("However, this is so.") and not hangs("A circuit is a subgraph.")


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("A residual stream is the running sum of what all layers write.", True),
        ("Informally, the “residual stream” is the idea of a shared memory of layers.", True),
        ("Residual streams, also known as skip paths, highways or channels, are sums of outputs.", True),
        ("The residual stream simply means that outputs add up.", True),
        ("The appeal of the residual stream is that it adds up.", False),
        ("Residual stream superposition is an example of compression.", False),
        ("The residual stream is not a layer of its own.", False),
        ("The residual stream is shared memory that all layers read.", True),
        ("The residual stream is written to by all layers.", False),
        ("The residual stream is defined, and read, elsewhere.", False),
        ("The residual stream is a main reason why layers can be left out.", False),
        ("We patch the residual stream at every layer.", False),
    ],
)
def test_a_definition_has_what_is_asked_about_as_its_subject(sentence: str, told: bool) -> None:
    about = subject("What is the residual stream in GPT-2?")
    assert about == stems("residual stream")
    assert defines(about, sentence) == told


def test_every_definition_of_the_starter_glossary_is_known_as_one() -> None:
    starter = Path(__file__).parent.parent / "ingest" / "starter"
    rows = yaml.safe_load((starter / "glossary.yaml").read_text("utf-8"))
    missed = [row["term"] for row in rows if not defines(subject(f"What is {row['term']}?"), row["definition"])]
    assert len(rows) > 20 and not missed


def test_a_definition_is_told_from_what_else_what_is_can_ask() -> None:
    assert kind_of("In early work on BERT, what is a transformer factor?") == "definition"
    assert kind_of("What are the limitations of sparse autoencoders?") == "other"
    assert kind_of("What is the goal of this study?") == "other"


def test_a_number_that_something_has_suits_better_than_one_of_a_ranking() -> None:
    ranked, had, other = ("Two of the three heads are strongest.", "The circuit has 26 heads.", "It took 3 days.")
    about = subject("How many heads are in the circuit?")
    assert suits("number", about, had) > suits("number", about, ranked) > suits("number", about, other) > 0


@pytest.mark.parametrize(
    "empty",
    [
        "In this section, we look at the superposition of features in toy models.",
        "We now turn to the superposition of features in models of two layers.",
        "Our goal is to understand how superposition of features comes about in models.",
        "We thank Jane Doe for comments on superposition and its many features.",
        "Superposition is also called: superposition hypothesis, feature superposition.",
    ],
)
def test_what_only_announces_thanks_or_names_stands_in_no_answer(empty: str) -> None:
    assert filler(empty)
    said = "Superposition is the representation of many features in few dimensions."
    assert drafted("What is superposition?", hit(SAE, f"{empty}\n\n{said}")) == [said]


def test_a_caption_that_says_what_was_found_is_quoted_without_its_label() -> None:
    text = "Figure 2: We discover a circuit of heads that copies names."
    assert drafted("Which circuit copies names?", hit(IOI, text)) == [text.removeprefix("Figure 2: ")]


def test_a_heading_that_ran_into_a_sentence_is_not_quoted() -> None:
    text = "Evaluation of the method We find that transcoders cause a greater increase in loss than other models do."
    assert [reading(quote) for _, quote, _ in stretches(text)] == [text.removeprefix("Evaluation of the method ")]


def test_a_definition_takes_four_sentences_at_most() -> None:
    texts = [f"A circuit is a set of heads {x}a {x}b {x}c of {x}d that {x}e moves {x}f." for x in "uvwxyz"]
    assert len(drafted("What is a circuit?", *(hit(IOI, t) for t in texts))) == 4
    assert len(drafted("Which heads has a circuit?", *(hit(IOI, t) for t in texts))) > 4


def test_tells_each_sentence_as_it_stands() -> None:
    told: list[str] = []
    found = hit(SAE, "A feature is a direction in the space of activations.")
    draft: Draft = ExtractiveDrafter().draft("What is a feature?", [found], on_text=told.append)
    assert "".join(told).strip() == draft.sentences[0].text


def test_no_hits_make_no_sentences() -> None:
    assert ExtractiveDrafter().draft("What is a feature?", []).sentences == ()
    assert keyed([]) == {}


@given(st.text(max_size=300), st.text(min_size=1, max_size=60))
def test_any_text_can_be_drafted_from(text: str, question: str) -> None:
    draft = ExtractiveDrafter().draft(question, [hit(NOTE, text or "x")])
    assert all(quote in (text or "x") for s in draft.sentences for quote in s.quotes.values())
