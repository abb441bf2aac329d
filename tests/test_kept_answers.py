"""What was asked at the command line is kept, gone on in, shown, renamed and deleted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from answering_vault import SmallSearch, answering_vault

from assistant.ask import ask
from assistant.conversations import Conversations, Exchange, Kept, conversation_text, listed_json, listed_text
from assistant.extract import ExtractiveDrafter
from assistant.records import Answer
from ingest.errors import UsageError
from ingest.vault import Vault


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return answering_vault(tmp_path_factory.mktemp("vault"))


def answered(vault: Vault, question: str, history: tuple[str, ...] = ()) -> Answer:
    search = SmallSearch(vault)
    return ask(
        question, search=search, vault=vault, drafter=ExtractiveDrafter(), embedding_model="readable", history=history
    )


def test_a_follow_up_goes_on_in_the_last_conversation_and_shows_as_it_was(vault: Vault) -> None:
    with pytest.raises(UsageError):
        Kept(vault, follow=True)
    first = answered(vault, "What do sparse autoencoders learn?")
    assert Kept(vault).add(first) == ""
    kept = Kept(vault, follow=True)
    assert kept.history == ("What do sparse autoencoders learn?",)
    second = answered(vault, "How many are there?", kept.history)
    assert second.asked_as and kept.add(second) == ""
    [one] = Conversations(vault).all()
    assert [each.answer for each in one.exchanges] == [first, second]
    assert Kept(vault, conversation=one.id).history == (first.question, second.asked_as)
    shown = conversation_text(one)
    assert shown.count("\n> ") == 2 and all(s.text.split()[0] in shown for s in first.sentences)
    assert one.id in listed_text([one]) and "2 questions" in listed_text([one])
    assert json.dumps(listed_json([one])[0]["questions"]) == "2"
    assert listed_text([]) == "No conversation is kept here."


def test_an_answer_that_cannot_be_kept_is_not_lost(vault: Vault, tmp_path: Path) -> None:
    bare = Vault(tmp_path)
    (tmp_path / "conversations").write_text("a file where the folder should be")
    said = Kept(bare).add(answered(vault, "What do sparse autoencoders learn?"))
    assert "not kept" in said


def test_what_ended_badly_is_told_as_such(vault: Vault) -> None:
    kept = Conversations(vault, "ada")
    made = kept.append("", Exchange("Is it \x1b[31mred?", error="the model does not answer", hint="ask again"))
    shown = conversation_text(kept.open(made))
    assert "the model does not answer ask again" in shown and "\x1b" not in shown
