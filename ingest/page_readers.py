"""Pages read in processes of their own: a book's beside each other, one by one those of a file that killed its reader.

Each reader is a fork of this process, opens the file anew and sends page after page as a line of JSON. A page on which
two die, or one stays too long, is given up, and another reader goes on behind it: a bad page costs itself, and what
kills a reader by chance costs none.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from ingest.errors import ParseError
from ingest.layout import Line, Piece

# For one page: the slowest of 1,500 took .3 with pdfium, 2 with pypdf, and several times that on a busy machine.
PAGE_SECONDS = 15.0
TICK = 1.0  # seconds that one wait may count at most: a machine that was stopped meanwhile spent none of a page's time
MOST_LOST = 12  # pages that cost a reader: behind so many, a file is not worth more of them

LATE = "no time was left for it"
Lines = list[Line]
# A page's lines, or why there are none.
Result = Lines | str


class Pages(Protocol):
    """An open document: pages count from 0."""

    def lines(self, index: int, *, pieces: int = 0) -> Lines: ...


Opener = Callable[[], AbstractContextManager[Pages]]


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def read_apart(opened: Opener, count: int, *, readers: int, seconds: float, pieces: int) -> dict[int, Result]:
    """The pages 0 to `count`-1 by `readers` processes, in at most `seconds`; `pieces` are asked of page 0. Every page
    is in the result: those for which no time was left, too, with that as the reason."""
    deadline = time.monotonic() + seconds
    share = -(-count // max(readers, 1))
    waiting = [list(range(start, min(start + share, count))) for start in range(0, count, share)]
    found: dict[int, Result] = {}
    running = [_Reader(opened, indices, pieces, seconds) for indices in waiting]
    died: set[int] = set()
    lost = 0
    try:
        while running and time.monotonic() < deadline:
            _wait(running, deadline)
            for reader in list(running):
                found |= reader.taken()
                if not reader.ended():
                    continue
                running.remove(reader)
                rest = [index for index in reader.indices if index not in found]
                if rest and rest[0] not in died and not reader.late:
                    died.add(rest[0])
                    running.append(_Reader(opened, rest, pieces, deadline - time.monotonic()))
                    continue
                if rest:
                    found[rest[0]] = reader.reason(rest[0])
                    lost += 1
                if rest[1:] and lost < MOST_LOST:
                    running.append(_Reader(opened, rest[1:], pieces, deadline - time.monotonic()))
    finally:
        for reader in running:
            reader.stop()
    return {index: found.get(index, LATE) for index in range(count)}


def _wait(running: Sequence[_Reader], deadline: float) -> None:
    """Until a reader has something to say or is out of time, for a tick at most; tells each how long that was."""
    began = time.monotonic()
    with selectors.DefaultSelector() as selector:
        for reader in running:
            selector.register(reader.pipe, selectors.EVENT_READ)
        selector.select(max(min(deadline - began, TICK, *(reader.patience for reader in running)), 0.0))
    for reader in running:
        reader.patience -= min(time.monotonic() - began, TICK)


class _Reader:
    """One process and the pages that it reads, in order."""

    def __init__(self, opened: Opener, indices: Sequence[int], pieces: int, seconds: float) -> None:
        self.indices = indices
        self.patience = PAGE_SECONDS  # seconds that are left for the page it is at
        self._received, self._over, self.late = b"", False, False
        self.pipe, out = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self.pipe)
            _serve(opened, indices, pieces, out, seconds)
        os.close(out)
        os.set_blocking(self.pipe, False)

    def taken(self) -> dict[int, Result]:
        """The pages that came since last time."""
        with contextlib.suppress(BlockingIOError):
            while piece := os.read(self.pipe, 1 << 20):
                self._received += piece
            self._over = True
        *whole, self._received = self._received.split(b"\n")
        if whole:
            self.patience = PAGE_SECONDS
        return dict(map(_decoded, whole))

    def ended(self) -> bool:
        """Whether it is done, dead, or out of patience; its process is gone then."""
        self.late = not self._over and self.patience <= 0
        if self._over or self.late:
            self.stop()
            return True
        return False

    def reason(self, index: int) -> str:
        if self.late:
            return f"page {index + 1} takes over {PAGE_SECONDS:g} seconds"
        return f"page {index + 1} crashes its reader"

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            os.kill(self._pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            os.waitpid(self._pid, 0)
        with contextlib.suppress(OSError):
            os.close(self.pipe)


def _serve(opened: Opener, indices: Sequence[int], pieces: int, out: int, seconds: float) -> None:
    """In the reader: it never returns. Its clock ends it where nobody is left to."""
    try:
        for inherited in (0, 1, *range(3, 64)):  # what this process listens to and answers on is not the reader's
            if inherited != out:
                with contextlib.suppress(OSError):
                    os.close(inherited)
        signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.1) + 1)
        with os.fdopen(out, "wb") as file, opened() as source:
            for index in indices:
                file.write(json.dumps([index, _page(source, index, pieces)]).encode() + b"\n")
                file.flush()
    finally:
        os._exit(0)


def _page(source: Pages, index: int, pieces: int) -> object:
    try:
        return [_encoded(line) for line in source.lines(index, pieces=0 if index else pieces)]
    except ParseError as error:
        return error.message
    except MemoryError:
        return f"page {index + 1} needs too much memory"


def _decoded(row: bytes) -> tuple[int, Result]:
    index, lines = json.loads(row)
    if isinstance(lines, str):
        return index, lines
    return index, [_line(*row) for row in lines]


def _encoded(line: Line) -> list[object]:
    """A line as JSON has it: its fields in order (`astuple` takes ten times as long)."""
    pieces = [[piece.text, piece.size, piece.raised] for piece in line.pieces]
    place = (line.left, line.right, line.bottom, line.top, line.size)
    return [line.text, *place, line.bold, line.upward, pieces, line.hidden]


def _line(
    text: str,
    left: float,
    right: float,
    bottom: float,
    top: float,
    size: float,
    bold: bool,
    upward: bool,
    pieces: Sequence[tuple[str, float, bool]],
    hidden: bool,
) -> Line:
    made = tuple(Piece(*piece) for piece in pieces)
    return Line(text, left, right, bottom, top, size, bold, upward, made, hidden)
