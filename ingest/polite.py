"""How mivault waits between two requests to one host.

arXiv's terms of use ask for at most one request every three seconds over one connection, all of a user's machines
together. One Gate, shared by the look-up and the downloads, keeps that for one process; a SharedGate, whose turn is a
file's lock, keeps it for all processes of a user on one machine, whatever vaults they work on.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from ingest.retry import Hindered


class Gate:
    """Lets one request through every `seconds`, counted from one `wait` returning to the next; thread-safe.

    Who waits holds the lock, so that requests go in turn. `clock` and `sleep` count seconds.
    """

    def __init__(
        self,
        seconds: float = 3.0,  # https://info.arxiv.org/help/api/tou.html
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._seconds, self._clock, self._sleep = seconds, clock, sleep
        self._lock = threading.Lock()
        self._next = float("-inf")

    def wait(self) -> None:
        """Return when a request may be sent. Call it before every request, retries and redirects too."""
        with self._lock:
            while (left := self._next - self._clock()) > 0:
                self._sleep(left)
            self._next = self._clock() + self._seconds

    def answered(self) -> None:
        """The answer begins: the request reached the server at some time before now, so the next is counted from now.
        Counted from `wait` alone, one that was held up on its way could be closely followed by the next."""
        with self._lock:
            self._next = self._clock() + self._seconds

    def done(self) -> None:
        """The request's answer has been read, or its connection closed."""


class SharedGate(Gate):
    """A Gate for all processes that name the same `path`: the time of the last request stands in that file, and its
    lock is held from a request's turn until its answer is read, so that there is one connection too.

    The lock is the operating system's: a process that dies gives it back. Where the file cannot be used (a read-only
    home), this process keeps to its own times.
    """

    PATIENCE_SECONDS = 300.0  # the largest download of another process on a slow line

    def __init__(
        self,
        seconds: float,
        path: Path,
        *,
        clock: Callable[[], float] = time.time,  # which processes share, as they do not share time.monotonic's start
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(seconds, sleep=sleep)
        self._path, self._wall = path, clock

    @cached_property
    def _turn(self) -> Any:
        from filelock import FileLock

        self._path.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(self._path.with_suffix(".lock"), thread_local=False)

    def wait(self) -> None:
        """As Gate's. Raises Hindered where another process holds its turn for longer than PATIENCE_SECONDS."""
        with contextlib.suppress(OSError):
            self._take_turn()
            until = min(self._last(), self._wall()) + self._seconds  # a clock that was set back must not stop us
            while (left := min(until - self._wall(), self._seconds)) > 0:
                self._sleep(left)
            self._note_time()
        super().wait()

    def answered(self) -> None:
        super().answered()
        with contextlib.suppress(OSError):
            self._note_time()

    def _note_time(self) -> None:
        self._path.write_text(repr(self._wall()), encoding="ascii")

    def done(self) -> None:
        with contextlib.suppress(OSError):
            if self._turn.is_locked:
                self._turn.release(force=True)

    def _take_turn(self) -> None:
        from filelock import Timeout

        if self._turn.is_locked:
            return
        try:
            self._turn.acquire(timeout=self.PATIENCE_SECONDS, poll_interval=0.1)
        except Timeout as error:
            raise Hindered("another mivault is asking arXiv", "try again when it is done") from error

    def _last(self) -> float:
        """When the last request of any process went out, in seconds since 1970; long ago where nobody has asked."""
        try:
            return float(self._path.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return float("-inf")
