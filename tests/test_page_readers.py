"""Pages read apart: one that crashes, hangs or eats memory costs itself, and all others come back as they are."""

from __future__ import annotations

import itertools
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from pdf_maker import make_pdf

from ingest import page_readers, pdfium
from ingest.errors import ParseError
from ingest.layout import Line, Piece
from ingest.page_readers import LATE, read_apart
from ingest.parse_pdf import ParseJob, parse_pdf

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason=f"{sys.platform} does not fork")


class Hostile:
    """A document whose pages 3, 5, 7 and 9 are each bad in another way."""

    def lines(self, index: int, *, pieces: int = 0) -> list[Line]:
        if index == 3:
            os.kill(os.getpid(), signal.SIGSEGV)
        if index == 5:
            time.sleep(60)
        if index == 7:
            raise MemoryError
        if index == 9:
            raise ParseError("page 10 is damaged")
        parts = (Piece("é\ud835", 9.5, True),) if pieces else ()
        return [Line(f"line of page {index} \ud835", 1, 2.25, 3, 4, 10.5, bold=True, pieces=parts)]


@contextmanager
def hostile() -> Iterator[Hostile]:
    yield Hostile()


@pytest.mark.parametrize("readers", [1, 3])
def test_a_bad_page_costs_itself(monkeypatch: pytest.MonkeyPatch, readers: int) -> None:
    monkeypatch.setattr(page_readers, "PAGE_SECONDS", 1.0)
    found = read_apart(hostile, 12, readers=readers, seconds=30, pieces=5)
    bad = {index: result for index, result in found.items() if isinstance(result, str)}
    assert bad == {
        3: "page 4 crashes its reader",
        5: "page 6 takes over 1 seconds",
        7: "page 8 needs too much memory",
        9: "page 10 is damaged",
    }
    good = {index: result for index, result in found.items() if index not in bad}
    assert good == {index: Hostile().lines(index, pieces=0 if index else 5) for index in good}


def test_pages_without_time_are_named() -> None:
    began = time.monotonic()
    found = read_apart(hostile, 8, readers=1, seconds=0.8, pieces=0)
    assert time.monotonic() - began < 5
    assert found[7] == LATE


def test_what_kills_a_reader_by_chance_costs_no_page(tmp_path: Path) -> None:
    killed = tmp_path / "killed"

    class Unlucky:
        def lines(self, index: int, *, pieces: int = 0) -> list[Line]:
            if index == 2 and not killed.exists():
                killed.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return [Line(f"page {index}", 1, 2, 3, 4, 10, upward=bool(pieces))]

    @contextmanager
    def unlucky() -> Iterator[Unlucky]:
        yield Unlucky()

    found = read_apart(unlucky, 5, readers=1, seconds=30, pieces=0)
    assert killed.exists() and [result[0].text for result in found.values() if not isinstance(result, str)] == [
        f"page {index}" for index in range(5)
    ]


def test_a_machine_that_was_stopped_meanwhile_costs_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow:
        def lines(self, index: int, *, pieces: int = 0) -> list[Line]:
            time.sleep(0.2 * index)  # the first wakes who waits for the others
            return [Line(f"page {index}", 1, 2, 3, 4, 10, upward=bool(pieces))]

    @contextmanager
    def slow() -> Iterator[Slow]:
        yield Slow()

    calls = itertools.count()
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + 100 * (next(calls) // 4))  # it jumps all the time
    monkeypatch.setattr(page_readers, "time", clock)
    found = read_apart(slow, 3, readers=3, seconds=1e6, pieces=0)
    assert [result for result in found.values() if isinstance(result, str)] == []


def test_a_file_whose_every_page_crashes_ends_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    class Deadly:
        def lines(self, index: int, *, pieces: int = 0) -> list[Line]:
            os._exit(index + pieces)

    @contextmanager
    def deadly() -> Iterator[Deadly]:
        yield Deadly()

    monkeypatch.setattr(page_readers, "MOST_LOST", 3)
    found = read_apart(deadly, 50, readers=1, seconds=30, pieces=0)
    assert [result for result in found.values() if "crashes" in str(result)] == [
        f"page {number} crashes its reader" for number in (1, 2, 3)
    ]


def test_a_book_read_apart_is_the_book_read_here(tmp_path: Path) -> None:
    path = make_pdf(tmp_path / "book.pdf", [f"Page {number} of a book\nhas two lines" for number in range(90)])
    apart = parse_pdf(ParseJob("book", path))
    with pdfium.opened(path, None) as source:
        assert len(source) == 90 == len(apart.pages)
        assert [page.text.split("\n")[0][:7] for page in apart.pages] == [
            source.lines(index)[0].text[:7] for index in range(90)
        ]
    assert apart.warnings == ()
