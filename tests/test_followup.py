from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from answering_vault import SmallSearch, answering_vault

from assistant.ask import ask
from assistant.draft import Drafter, ModelDrafter
from assistant.extract import ExtractiveDrafter
from assistant.followup import leans, standalone
from assistant.records import Answer
from assistant.render import to_text
from ingest.vault import Vault

HISTORY = ("How many attention heads has the circuit for indirect object identification?",)


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return answering_vault(tmp_path_factory.mktemp("vault"))


def answered(vault: Vault, question: str, drafter: Drafter, history: tuple[str, ...]) -> Answer:
    return ask(question, search=SmallSearch(vault), vault=vault, drafter=drafter, embedding_model="readable",
               history=history)  # fmt: skip


def test_a_follow_up_carries_its_topic_over() -> None:
    assert standalone("And for GPT-2?", HISTORY).startswith("And for GPT-2? (")
    assert "indirect object identification" in standalone("And for GPT-2?", HISTORY)
    assert "indirect" in standalone("Why is that?", (*HISTORY, "And for GPT-2?"))


def test_a_question_that_stands_alone_is_left_alone() -> None:
    whole = "How does dictionary learning recover sparse features from activations?"
    assert not leans(whole) and standalone(whole, HISTORY) == whole and standalone("And that?", ()) == "And that?"


def test_the_answer_says_what_was_searched_for(vault: Vault) -> None:
    answer = answered(vault, "And which classes are there?", ExtractiveDrafter(), HISTORY)
    assert answer.question == "And which classes are there?" and "circuit" in answer.asked_as
    assert "searched for: And which classes" in to_text(answer) and answer.as_json()["asked_as"] == answer.asked_as
    assert answered(vault, "What is superposition?", ExtractiveDrafter(), ()).asked_as == ""


class Rephraser:
    """A model that rewrites a follow-up in its own way, and answers with one sentence."""

    name = "rephraser"

    def __init__(self, says: str) -> None:
        self.says = says

    def stream(self, system: str, user: str) -> Iterator[str]:
        assert user
        yield self.says if "stand alone" in system else "The circuit has 26 attention heads. [p1]"


@pytest.mark.parametrize(
    ("says", "asked"),
    [
        ("Question: How many heads has the circuit in GPT-2 small?", "How many heads has the circuit in GPT-2 small?"),
        ("It has 26 heads.", "And in GPT-2? (attention heads circuit indirect object identification)"),
        ("", "And in GPT-2? (attention heads circuit indirect object identification)"),
    ],
)
def test_a_model_makes_it_stand_alone_or_the_terms_do(vault: Vault, says: str, asked: str) -> None:
    answer = answered(vault, "And in GPT-2?", ModelDrafter(Rephraser(says)), HISTORY)
    assert answer.asked_as.replace("many ", "") == asked.replace("many ", "")


def test_words_and_listed_entries_help_where_there_is_no_answer(tmp_path: Path) -> None:
    vault = answering_vault(tmp_path)
    (tmp_path / "vault.yaml").write_text(
        "name: small\nentries:\n- {id: mamba, kind: paper, title: Heads in Mamba}\n"
        "- {id: bread, kind: paper, title: Bread}\n"
    )
    answer = answered(vault, "How many heads are there in Mamba?", ExtractiveDrafter(), ())
    assert answer.abstained and "Mamba" in " ".join(answer.unmatched).title()
    assert [entry.id for entry in answer.could_hold] == ["mamba"]
    assert "mamba: Heads in Mamba" in to_text(answer)


@pytest.mark.parametrize(
    "question",
    [
        *("What is superposition?", "What is the tuned lens?", "How does ROME edit facts?"),
        *("What is grokking and how is it explained?", "What do refusal directions do?"),
    ],
)
def test_a_short_question_with_a_subject_of_its_own_stands_alone(question: str) -> None:
    """In a conversation such questions were searched for with the topics of all the ones before."""
    assert standalone(question, ["How are sparse autoencoders evaluated?"]) == question
