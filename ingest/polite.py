"""How mivault waits between two requests to one host.

arXiv's terms of use ask for at most one request every three seconds over one connection, all of a user's machines
together; one Gate, shared by the look-up and the downloads, keeps that for one process.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


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
