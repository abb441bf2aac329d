from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from answering_vault import SmallSearch, answering_vault

from assistant.ask import Retrieved, Text, ask, ask_events
from assistant.draft import ModelDrafter
from assistant.mend import Unsupported
from assistant.records import Answer
from ingest.vault import Vault

TRUE = "Superposition represents more features than dimensions."
FALSE = "Superposition represents 99 features."


class Model:
    """Says one thing when asked to answer, another when asked to correct."""

    name = "model"

    def __init__(self, answer: str, correction: str) -> None:
        self.answer, self.correction = answer, correction
        self.corrections = 0

    def stream(self, system: str, user: str) -> Iterator[str]:
        assert user
        self.corrections += "You correct" in system
        yield self.correction if "You correct" in system else self.answer


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return answering_vault(tmp_path_factory.mktemp("vault"))


def answered(vault: Vault, model: Model, unsupported: Unsupported = "rewrite") -> Answer:
    return ask("What is superposition?", search=SmallSearch(vault), vault=vault, drafter=ModelDrafter(model),
               embedding_model="readable", unsupported=unsupported)  # fmt: skip


def test_an_unsupported_sentence_is_rewritten_from_its_passage(vault: Vault) -> None:
    answer = answered(vault, Model(f"{FALSE} [p1]", f"{TRUE} [p1]"))
    assert [(s.text, s.verdict) for s in answer.sentences] == [(TRUE, "supported")]
    assert "1 sentence was rewritten" in answer.notices[0] and answer.usage and answer.usage.requests == 2


@pytest.mark.parametrize("correction", ["DROP", f"{FALSE} [p1]", "", "Heads dance. [p40]", "One. [p1] Two. [p1]"])
def test_a_correction_that_is_no_better_leaves_the_sentence_marked(vault: Vault, correction: str) -> None:
    answer = answered(vault, Model(f"{FALSE} [p1]", correction))
    assert [(s.text, s.verdict) for s in answer.sentences] == [(FALSE, "unsupported")] and answer.notices == ()


def test_kept_as_written_it_is_not_asked_again(vault: Vault) -> None:
    model = Model(f"{FALSE} [p1]", f"{TRUE} [p1]")
    assert answered(vault, model, "keep").sentences[0].verdict == "unsupported" and model.corrections == 0


def test_strict_leaves_out_what_is_not_supported_and_says_so(vault: Vault) -> None:
    answer = answered(vault, Model(f"{TRUE} [p1] {FALSE} [p1] Bread.", "DROP"), "drop")
    assert [s.text for s in answer.sentences] == [TRUE] and "2 sentences were left out" in answer.notices[0]
    nothing = answered(vault, Model(f"{FALSE} [p1]", "DROP"), "drop")
    assert nothing.abstained and "left out" in nothing.reason


def test_a_closed_answer_stops_the_model(vault: Vault) -> None:
    said, ended = [], threading.Event()

    class Endless:
        name = "endless"

        def stream(self, system: str, user: str) -> Iterator[str]:
            try:
                while user:
                    said.append(system)
                    yield "word "
                    time.sleep(0.005)
            finally:
                ended.set()

    events = ask_events("What is superposition?", search=SmallSearch(vault), vault=vault,
                        drafter=ModelDrafter(Endless()), embedding_model="readable")  # fmt: skip
    assert isinstance(next(events), Retrieved) and isinstance(next(events), Text)
    events.close()  # type: ignore[attr-defined]
    assert ended.wait(5) and len(said) < 500
