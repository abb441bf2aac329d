"""Embeds sources in a thread of its own while the next ones are being read: neither then waits for the other.

It writes the vectors beside each source, nothing else; a build finds them there.
"""

from __future__ import annotations

import threading
from queue import SimpleQueue
from types import TracebackType

from index.build import Progress, embed_sources
from index.embed import Embedder
from index.state import fingerprint
from index.vectors import has_vectors
from ingest.vault import Vault


class Ahead:
    """`with Ahead(...) as ahead`: what is added is embedded soon; leaving waits for all of it, but not after an error.

    The caller holds `vault.writing()` all the while. An error of the thread is raised by `finish`.
    """

    def __init__(self, vault: Vault, embedder: Embedder, report: Progress) -> None:
        self.vault, self.embedder, self.report = vault, embedder, report
        self.embedded = 0  # sources
        self._done = self._total = 0  # passages: of what is embedded, and of what is at work
        self._queue: SimpleQueue[str | None] = SimpleQueue()
        self._stopped = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="embedding", daemon=True)

    def __enter__(self) -> Ahead:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            self._stopped.set()
        self._queue.put(None)
        self._thread.join()

    def add(self, source_id: str) -> None:
        """Embed a source whose passages have been written."""
        self._queue.put(source_id)

    def finish(self) -> None:
        """Wait until all that was added is embedded. Raises what the thread met."""
        self._queue.put(None)
        self._thread.join()
        if self._error:
            raise self._error

    def _work(self) -> None:
        try:
            while waiting := self._taken():
                sources = {one: fingerprint(self.vault, one) for one in waiting}
                todo = {one: made_from for one, made_from in sources.items() if self._wants(one, made_from)}
                embed_sources(self.vault, self.embedder, todo, self._heard)
                self.embedded += len(todo)
                self._done, self._total = self._done + self._total, 0
        except _Stopped:
            return
        except BaseException as error:  # the thread that waits raises it
            self._error = error

    def _taken(self) -> list[str]:
        """All that waits, once anything does; [] at the end."""
        taken: list[str] = []
        while not taken or not self._queue.empty():
            one = self._queue.get()
            if one is None:
                self._queue.put(None)  # for the next look
                break
            taken.append(one)
        return taken

    def _wants(self, source_id: str, made_from: str) -> bool:
        made = has_vectors(self.vault, source_id, model=self.embedder.name, made_from=made_from)
        return bool(made_from) and not made

    def _heard(self, stage: str, done: int, total: int) -> None:
        if self._stopped.is_set():
            raise _Stopped
        self._total = total
        self.report(stage, self._done + done, self._done + total)


class _Stopped(Exception):
    """Ends the thread in the middle of its work."""
