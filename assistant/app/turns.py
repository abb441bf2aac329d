"""A turn of the conversation: one question and what is shown for it so far. `advance` folds one event into it.

asked ──Retrieved──► reading ──Text──► writing ──Done──► done          any ──error──► failed     any ──Stop──► stopped
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from assistant.app.evidence import Card
from assistant.app.lanes import Waiting
from assistant.ask import Done, Event, Retrieved, Text
from assistant.records import Answer
from ingest.errors import MivaultError

Stage = Literal["asked", "reading", "writing", "done", "failed", "stopped"]


@dataclass(frozen=True, slots=True)
class Turn:
    """`number` counts from 1 within a conversation; `text` is what a model wrote so far, unchecked; `cards` are the
    numbered citations of `answer`; `error` and `hint` are what went wrong and what to do; `within` says in words what
    the search was narrowed to, "" for all of the vault; `follow_ups` are questions that one could go on with; `ahead`
    says how many questions are first, None where it does not wait."""

    number: int
    question: str
    stage: Stage = "asked"
    passages: int = 0
    text: str = ""
    answer: Answer | None = None
    cards: tuple[Card, ...] = ()
    error: str = ""
    hint: str = ""
    within: str = ""
    follow_ups: tuple[str, ...] = ()
    ahead: int | None = None

    @property
    def ended(self) -> bool:
        return self.stage in ("done", "failed", "stopped")


def advance(turn: Turn, event: Event | Waiting, cards: Callable[[Answer], tuple[Card, ...]]) -> Turn:
    """The turn after one event; `cards` looks up the evidence of a finished answer."""
    match event:
        case Waiting(ahead=ahead):
            return replace(turn, ahead=ahead)
        case Retrieved(hits=hits):
            return replace(turn, stage="reading", passages=len(hits))
        case Text(delta=delta):
            return replace(turn, stage="writing", text=turn.text + delta)
        case Done(answer=answer):
            return replace(turn, stage="done", answer=answer, cards=cards(answer))


def fail(turn: Turn, error: Exception) -> Turn:
    """The turn after an error: ours carry a hint, any other is named and left to the terminal."""
    if isinstance(error, MivaultError):
        return replace(turn, stage="failed", error=error.message, hint=error.hint)
    name = type(error).__name__
    message = f"mivault failed unexpectedly: {name}"
    return replace(turn, stage="failed", error=message, hint="the terminal says where")


def stop(turn: Turn) -> Turn:
    """The turn after Stop was pressed."""
    return turn if turn.ended else replace(turn, stage="stopped")
