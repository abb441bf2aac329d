from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator

import pytest
from answering_vault import SAE, page, passage
from hypothesis import given
from hypothesis import strategies as st

from assistant.condense import Judged, condensed, read, relevant
from assistant.draft import ModelDrafter
from assistant.errors import ModelError
from assistant.extract import keyed
from assistant.speaking import Counted
from index.records import Hit
from ingest.records import Span

TEXTS = ("Latents die early.", "Bread is baked.", "Features are packed.", "Cats sleep.")
HITS = [Hit(passage([page(SAE, 1, text)], [Span(1, 0, len(text))], n), SAE, 1.0) for n, text in enumerate(TEXTS)]


class Judge:
    """A model that judges by what a function says of the prompt."""

    name = "judge"

    def __init__(self, says: Callable[[str], str]) -> None:
        self.says = says
        self.asked: list[str] = []

    def stream(self, system: str, user: str) -> Iterator[str]:
        assert system
        self.asked.append(user)
        yield self.says(user)


def by_topic(user: str) -> str:
    if "Question:" in user and "Score:" not in user:
        return "Features are packed. [p3]"
    return (
        "Score: 1"
        if "Bread" in user or "Cats" in user
        else "Score: 8\nSummary: It says that features are packed tight."
    )


@pytest.mark.parametrize(
    ("reply", "score", "text"),
    [
        ("Score: 7\nSummary: Heads copy the repeated name.", 7, "Heads copy the repeated name."),
        ("7/10. Heads copy the repeated name.", 7, "Heads copy the repeated name."),
        ("**Score:** 9\n\nEvidence: Heads copy the name.", 9, "Heads copy the name."),
        ('```json\n{"score": 6, "summary": "Heads copy the name."}\n```', 6, "Heads copy the name."),
        ("<think>9</think>Relevance: 0", 0, ""),
        ("I cannot say.", None, ""),
        ("Score: 55", None, ""),
        ("", None, ""),
    ],
)
def test_reads_a_score_however_it_is_written(reply: str, score: int | None, text: str) -> None:
    assert read(reply) == Judged(score, text)


@given(st.text(max_size=200))
def test_any_reply_can_be_read(reply: str) -> None:
    judged = read(reply)
    assert judged.score is None or 0 <= judged.score <= 10


def test_irrelevant_passages_are_left_out_and_others_condensed() -> None:
    model = Judge(by_topic)
    draft = ModelDrafter(model, evidence=True).draft("What is packed?", HITS)
    assert list(draft.shown) == ["p1", "p3"] and len(model.asked) == 5
    assert "features are packed tight" in model.asked[-1] and "Bread" not in model.asked[-1]
    assert draft.usage and draft.usage.requests == 5


class Rambler:
    """Never comes to a score, and never to an end."""

    name = "rambler"

    def __init__(self) -> None:
        self.hung_up = 0

    def stream(self, system: str, user: str) -> Iterator[str]:
        assert system and user
        try:
            for number in itertools.count():
                yield f"It is about thing {number}. "
                time.sleep(0.001)
        finally:
            self.hung_up += 1


def test_a_model_that_comes_to_no_score_is_hung_up_on_and_asked_no_more() -> None:
    model = Rambler()
    shown = keyed(HITS * 3)
    found = condensed(Counted(model), "What is packed?", shown, at_once=1)
    assert len(found) == 2 and model.hung_up <= 4 and relevant(shown, found) == list(shown)


def test_nothing_goes_on_behind_the_answer_when_the_time_is_up() -> None:
    model = Rambler()
    began = time.monotonic()
    condensed(Counted(model), "What is packed?", keyed(HITS), seconds=0.05)
    while model.hung_up < len(HITS) and time.monotonic() - began < 5:
        time.sleep(0.01)
    assert model.hung_up == len(HITS)


def test_an_unreadable_judge_changes_nothing() -> None:
    model = Judge(lambda _: "Features are packed. [p3]")
    draft = ModelDrafter(model, evidence=True).draft("What is packed?", HITS)
    assert list(draft.shown) == ["p1", "p2", "p3", "p4"] and all(text in model.asked[-1] for text in TEXTS)


def test_a_slow_or_failing_judge_is_not_waited_for() -> None:
    def slow(_: str) -> str:
        time.sleep(0.5)
        return "Score: 0"

    def failing(_: str) -> str:
        raise ModelError("down", "up")

    started = time.monotonic()
    assert condensed(Counted(Judge(slow)), "What?", keyed(HITS), seconds=0.05) == {}
    assert condensed(Counted(Judge(failing)), "What?", keyed(HITS)) == {}
    assert time.monotonic() - started < 0.4


def test_something_is_always_shown() -> None:
    shown = keyed(HITS)
    assert relevant(shown, {key: Judged(0, "") for key in shown}) == ["p1", "p2"]
    assert relevant(shown, {}) == list(shown)
