"""Lanes: few at once, the others in order and told so, a full one refuses, and none holds up another."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from page_fakes import until

from assistant.app.lanes import Lane, LineFull, Waiting


class Question:
    """Something that takes a while: it runs in a thread until `go` is set, and keeps what it was told."""

    def __init__(self, lane: Lane) -> None:
        self.go, self.told, self.ended = threading.Event(), list[object](), threading.Event()
        self._lane = lane
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        try:
            for item in self._lane.through(self._items):
                self.told.append(item)
        except LineFull as error:
            self.told.append(error)
        self.ended.set()

    def _items(self) -> Iterator[object]:
        yield "begun"
        self.go.wait(20)
        yield "done"

    @property
    def waits(self) -> bool:
        return bool(self.told) and isinstance(self.told[-1], Waiting)


def test_a_free_lane_lets_through_at_once() -> None:
    assert list(Lane(1, 0).through(lambda: iter("ab"))) == ["a", "b"]


def test_who_comes_first_is_served_first_and_the_others_are_told_their_place() -> None:
    lane = Lane(1, 5)
    first = Question(lane)
    until(lambda: first.told == ["begun"])
    second = Question(lane)
    until(lambda: second.told == [Waiting(0)])
    third = Question(lane)
    until(lambda: Waiting(1) in third.told)
    first.go.set()
    until(lambda: "begun" in second.told)
    until(lambda: third.told[-1] == Waiting(0))
    second.go.set()
    third.go.set()
    assert third.ended.wait(5) and third.told[-1] == "done"
    assert lane.waiting == 0


def test_a_full_line_refuses_and_says_so() -> None:
    lane = Lane(1, 1)
    questions = [Question(lane)]
    until(lambda: questions[0].told == ["begun"])
    questions.append(Question(lane))
    until(lambda: questions[1].waits)
    refused = Question(lane)
    assert refused.ended.wait(5)
    assert isinstance(refused.told[0], LineFull) and "ask again" in refused.told[0].hint
    for question in questions:
        question.go.set()
        assert question.ended.wait(5)


def test_who_goes_away_leaves_the_line_and_the_place() -> None:
    lane = Lane(1, 5)
    running = lane.through(lambda: iter("ab"))
    assert next(running) == "a"
    waiting = lane.through(lambda: iter("c"))
    assert next(waiting) == Waiting(0)
    waiting.close()  # type: ignore[attr-defined]
    assert lane.waiting == 0
    running.close()  # type: ignore[attr-defined]
    assert list(lane.through(lambda: iter("d"))) == ["d"]


def test_an_error_gives_the_place_back() -> None:
    def fails() -> Iterator[str]:
        raise ValueError
        yield ""

    lane = Lane(1, 0)
    for _ in range(3):
        with pytest.raises(ValueError):
            list(lane.through(fails))
    assert list(lane.through(lambda: iter("x"))) == ["x"]


def test_a_silent_model_holds_up_its_own_lane_alone() -> None:
    answers, searches = Lane(1, 5), Lane(1, 5)
    silent = Question(answers)
    until(lambda: silent.told == ["begun"])
    assert list(searches.through(lambda: iter("found"))) == list("found")
    silent.go.set()
    assert silent.ended.wait(5)
