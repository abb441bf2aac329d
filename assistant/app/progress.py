"""A sync that runs beside the page, in a process of its own, and how far it is.

A process, not a thread: parsing and embedding would hold the interpreter that serves the page, and the vault's writing
lock is per process. The child writes a JSON object per line: {"stage", "done", "total", "message"}, and last
{"finished": true, "message"}.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sync is: `done` of `total` in this `stage` (`total` 0: unknown). `finished`: nothing runs any more,
    and `message` says how it went."""

    stage: str
    done: int = 0
    total: int = 0
    message: str = ""
    finished: bool = False


def read_line(line: str, before: Progress) -> Progress:
    """The progress after one line of the child's output; a line that is no JSON object becomes the message."""
    try:
        data = json.loads(line)
    except json.JSONDecodeError:
        data = None
    if not isinstance(data, dict):
        return replace(before, message=line.strip()) if line.strip() else before
    message = str(data.get("message") or "")
    if data.get("finished") is True:
        return Progress("finished", before.done, before.total, message or "sync finished", finished=True)
    stage = str(data.get("stage") or before.stage)
    return Progress(stage, _count(data.get("done")), _count(data.get("total")), message)


def _count(value: object) -> int:
    return max(0, value) if isinstance(value, int) else 0


class SyncInBackground:
    """Runs `mivault sync` for a vault; calling it gives the latest Progress.

    Whoever calls `start` calls `stop`, which ends the child and only that. Every write of a sync is atomic, so that
    ending one loses only what was being worked on.

    `command` is what to run; the default is this Python's own `mivault sync`. `on_finished` is told once how it ended,
    unless `stop` ended it.
    """

    def __init__(
        self,
        vault: Path,
        *,
        command: Sequence[str] | None = None,
        on_finished: Callable[[str], None] | None = None,
    ) -> None:
        mivault = [sys.executable, "-m", "mivault", "sync", "--vault", str(vault), "--progress-json"]
        self._command = list(command) if command is not None else mivault
        self._progress = Progress("starting")
        self._on_finished = on_finished
        self._stopped = False
        self._waiting: frozenset[str] | None = None  # of the next sync: its entries, all where empty; None: no next one
        self._running = False
        self._lock = threading.Lock()
        self._child: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def __call__(self) -> Progress | None:
        """The latest progress; None before `start`. After the end it keeps the last, with `finished` set."""
        with self._lock:
            return self._progress if self._child else None

    def start(self, only: Iterable[str] = ()) -> None:
        """Sync these entries, or all where none is named; after the sync that runs, if one does."""
        wanted = frozenset(only)
        with self._lock:
            if self._running:
                every = not wanted or self._waiting == frozenset()
                self._waiting = frozenset() if every else wanted | (self._waiting or frozenset())
            elif not self._stopped:
                self._begin(wanted)

    def _begin(self, only: Iterable[str]) -> None:
        """Start the child. A session of its own, so that Ctrl-C reaches it through `stop` alone, once."""
        self._running, self._progress = True, Progress("starting")
        self._child = subprocess.Popen(
            [*self._command, *sorted(only)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self._child,), name="mivault sync", daemon=True)
        self._reader.start()

    def stop(self, *, seconds: float = 3.0) -> None:
        """End the child if it still runs: ask, wait `seconds`, then kill. Nothing is started any more."""
        self._stopped = True
        if self._child is None or self._child.poll() is not None:
            return
        self._child.terminate()
        try:
            self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def wait(self, seconds: float) -> bool:
        """Whether the child ended, and its last line was read, within `seconds`."""
        if self._reader is not None:
            self._reader.join(seconds)
        return self._reader is None or not self._reader.is_alive()

    def _read(self, child: subprocess.Popen[str]) -> None:
        assert child.stdout is not None
        with child.stdout as lines:
            for line in lines:
                with self._lock:
                    self._progress = read_line(line, self._progress)
        code = child.wait()
        with self._lock:
            if not self._progress.finished:
                self._progress = _ended(code, self._progress)
            message, next_one = self._progress.message, self._waiting
            self._running, self._waiting = False, None
            if next_one is not None and not self._stopped:
                self._begin(next_one)
        if self._on_finished and not self._stopped:
            self._on_finished(message)


def _ended(code: int, last: Progress) -> Progress:
    said = f": {last.message}" if last.message else ""
    message = f"the background sync ended early (exit code {code}){said}; run `mivault sync` to see more"
    return replace(last, stage="finished", message=message, finished=True)
