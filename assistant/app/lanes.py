"""Who waits for whom. A lane lets a few questions run at once and the others wait in order, told how many are before
them; a lane that is full refuses. Lanes do not know each other: a slow model holds up its own lane alone."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from ingest.errors import MivaultError

# The eye wants to know that it is still waiting; a question that was stopped leaves the line at its next look.
LOOK_SECONDS = 0.5

Item = TypeVar("Item")


class LineFull(MivaultError):
    """As many questions wait as may wait."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A question has not begun: so many are before it in its lane, those that run aside."""

    ahead: int


class Lane:
    """A line with `at_once` places to run and `most_waiting` to wait."""

    def __init__(self, at_once: int, most_waiting: int) -> None:
        self._at_once, self._most_waiting = at_once, most_waiting
        self._running = 0
        self._line: deque[object] = deque()
        self._moved = threading.Condition()

    @property
    def waiting(self) -> int:
        """How many wait just now."""
        with self._moved:
            return len(self._line)

    def through(self, items: Callable[[], Iterator[Item]]) -> Iterator[Item | Waiting]:
        """The items of `items()` when its turn has come; before it, Waiting whenever the line was looked at. Closing
        the iterator leaves the line, or the place. Raises LineFull."""
        with self._place() as waiting:
            yield from waiting
            yield from items()

    @contextmanager
    def _place(self) -> Iterator[Iterator[Waiting]]:
        me = object()
        with self._moved:
            if self._free() and not self._line:
                self._running += 1
                waiting: Iterator[Waiting] = iter(())
            else:
                if len(self._line) >= self._most_waiting:
                    raise LineFull(f"{len(self._line)} questions are waiting already", "ask again in a minute")
                self._line.append(me)
                waiting = self._until_first(me)
        try:
            yield waiting
        finally:
            with self._moved:
                if me in self._line:
                    self._line.remove(me)
                else:
                    self._running -= 1
                self._moved.notify_all()

    def _until_first(self, me: object) -> Iterator[Waiting]:
        """Waits for a place and takes it."""
        while True:
            with self._moved:
                self._moved.wait_for(lambda: self._free() and self._line[0] is me, LOOK_SECONDS)
                if self._free() and self._line[0] is me:
                    self._line.popleft()
                    self._running += 1
                    self._moved.notify_all()
                    return
                ahead = self._line.index(me)
            yield Waiting(ahead)

    def _free(self) -> bool:
        return self._running < self._at_once
