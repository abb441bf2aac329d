"""An answer comes to the point: its lead first, the rest under its own heading, in every form that it is shown in."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from answering_vault import IOI, NOTE, SAE, SmallSearch, answering_vault
from test_extract import hit
from test_render import ANSWER, CITED

from assistant.app.evidence import Card
from assistant.app.page import turn_html
from assistant.app.turns import Turn
from assistant.ask import ask
from assistant.bundle import answer_as, of_answer
from assistant.conversations import Conversations, Exchange
from assistant.extract import ExtractiveDrafter
from assistant.parts import groups, pointed
from assistant.records import Answer, Sentence
from assistant.render import plain, to_markdown, to_text
from assistant.replay import replay
from ingest.records import from_json
from ingest.vault import Vault
from mivault_io import put

LEAD = Sentence("The circuit has 26 heads in 7 classes.", (CITED,), "supported", part="lead", point=(16, 24))
MORE = Sentence("Name movers copy names.", (CITED,), "supported", part="more")
ASIDE = Sentence("Heads of other models differ.", (CITED,), "partly", part="aside")
PARTED = replace(ANSWER, sentences=(LEAD, MORE, ASIDE))


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return answering_vault(tmp_path / "vault")


def asked(question: str, vault: Vault) -> Answer:
    return ask(question, search=SmallSearch(vault), vault=vault, drafter=ExtractiveDrafter(), embedding_model="words")


def test_the_terminal_shows_the_lead_first_then_the_rest_under_headings() -> None:
    text = to_text(PARTED)
    assert text.startswith(
        "In short:\nThe circuit has \x1b[1m26 heads\x1b[22m in 7 classes. [1]\n\nMore from the vault:\n"
    )
    assert "\nFurther passages:\nHeads of other models differ. [3] (partly)\n" in text


def test_markdown_has_the_parts_as_headings_and_the_point_in_bold() -> None:
    text = to_markdown(PARTED)
    assert "### In short\n\nThe circuit has **26 heads** in 7 classes\\. \\[1\\]".replace("\\.", ".") in text
    assert "### More from the vault\n\nName movers copy names. \\[2\\]" in text
    assert "### Further passages\n\n" in text


def test_the_page_shows_the_lead_apart_and_folds_what_is_found_beside_it() -> None:
    html = turn_html(Turn(1, "q", "done", answer=PARTED, cards=(Card(1, CITED),)))
    assert '<section class="mv-part mv-part-lead"><h3>In short</h3>' in html
    assert 'has <strong class="mv-point">26 heads</strong> in 7 classes.' in html
    folded = html.split("<details", 1)[1].split("</details>")[0]
    assert "Further passages (1)" in folded and "Heads of other models differ." in folded


def test_what_stands_in_a_point_acts_nowhere() -> None:
    evil = replace(LEAD, text="It is <b>*x*</b>\x1b[2J now.", point=(6, 20))
    answer = replace(PARTED, sentences=(evil,))
    assert "<b>" not in to_markdown(answer) and "\\*x\\*" in to_markdown(answer)
    assert to_text(answer).count("\x1b") == 2
    assert plain("\x0e\x0f") == ""


def test_an_answer_without_parts_is_shown_as_it_always_was() -> None:
    assert [g.heading for g in groups(ANSWER)] == [""]
    assert "In short" not in to_text(ANSWER) + to_markdown(ANSWER)
    assert pointed(ANSWER.sentences[0]) == ("A feature is a direction.", "", "")
    old = json.loads(json.dumps(ANSWER.as_json()))
    for sentence in old["sentences"]:
        del sentence["part"], sentence["point"]
    del old["compared"]
    assert from_json(Answer, old) == ANSWER


def test_a_kept_answer_and_a_bundle_keep_the_parts(vault: Vault, tmp_path: Path) -> None:
    answer = asked("How many attention heads are in the circuit?", vault)
    assert answer.sentences[0].part == "lead" and "26 attention heads" in answer.sentences[0].text
    kept = Conversations(vault)
    name = kept.append("", Exchange(answer.question, answer))
    assert kept.open(name).exchanges[0].answer == answer
    path = tmp_path / "bundle.html"
    path.write_text(answer_as(answer, "html", vault), encoding="utf-8")
    assert "<h2>In short</h2>" in path.read_text()
    assert replay(path, vault).holds and replay(path, vault).sentences == len(answer.sentences)
    assert [name for name, _ in of_answer(answer).groups] == [g.heading for g in groups(answer)]


def test_where_one_thing_is_asked_for_what_bears_less_on_it_is_folded_away() -> None:
    counted = "The circuit of Wang et al. has 26 attention heads in 7 classes."
    beside = "Neurons were studied too, and layers were drawn by many people over the years in other places."
    hits = [hit(IOI, counted), hit(SAE, "Attention heads of a circuit are found by patching."), hit(NOTE, beside)]
    said = ExtractiveDrafter().draft("How many attention heads are in the circuit?", hits).sentences
    assert said[0].part == "lead" and said[0].text == counted
    assert {s.text: s.part for s in said}.get(beside) in (None, "aside")


def test_why_is_led_by_two_sentences_of_one_paper() -> None:
    cause = "Latents are dead because their encoder directions never activate on the data. "
    more = "Dead latents are revived by resampling because their gradients vanish. "
    said = ExtractiveDrafter().draft(
        "Why are latents dead?", [hit(SAE, cause + more), hit(IOI, "Heads are dead too, why?")]
    )
    assert [s.part for s in said.sentences][:2] == ["lead", "lead"]


def test_a_file_has_no_signs_of_a_terminal(tmp_path: Path) -> None:
    put(to_text(PARTED), tmp_path / "answer.txt")
    assert (
        "26 heads in 7" in (tmp_path / "answer.txt").read_text() and "\x1b" not in (tmp_path / "answer.txt").read_text()
    )


def test_a_comparison_has_a_block_for_both_and_for_each_named_as_the_question_names_them() -> None:
    texts = (
        "Transcoders are trained to give the output of a layer from its input.",
        "Crosscoders read from several layers and write to all of them.",
        "Unlike crosscoders, transcoders are trained for one layer at a time.",
    )
    hits = [hit(paper, text) for paper, text in zip((IOI, SAE, NOTE), texts, strict=True)]
    draft = ExtractiveDrafter().draft("What is the difference between a transcoder and the crosscoders?", hits)
    assert draft.compared == ("transcoder", "crosscoders")
    assert [s.part for s in draft.sentences] == ["lead", "one", "other"]
    answer = replace(PARTED, compared=draft.compared, sentences=tuple(
        Sentence(s.text, (CITED,), "supported", part=s.part) for s in draft.sentences
    ))  # fmt: skip
    assert [g.heading for g in groups(answer)] == ["In short", "Transcoder", "Crosscoders"]
    assert "### Crosscoders" in to_markdown(answer) and "\nTranscoder:\n" in to_text(answer)
