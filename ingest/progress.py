"""How far a sync is: a callback `(stage, done, total)`, shown as bars on a terminal or as lines of JSON to a program.

The door of rich's progress bars.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Progress = Callable[[str, int, int], None]


def silent(stage: str, done: int, total: int) -> None:
    """Shows nothing."""


@contextmanager
def bars(*, quiet: bool = False) -> Iterator[Progress]:
    """A bar per stage on stderr; where stderr is no terminal, a line per stage as it ends."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    columns = (TextColumn("{task.description:>9}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=console, disable=quiet or not console.is_terminal) as shown:
        tasks: dict[str, Any] = {}

        def on_progress(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = shown.add_task(stage)
            shown.update(tasks[stage], completed=done, total=total)
            if not console.is_terminal and not quiet and done == total and total:
                console.print(f"{stage}: {done} of {total}")

        yield on_progress


@contextmanager
def working(what: str) -> Iterator[None]:
    """A moving line on stderr while something short is done, gone at its end; nothing where stderr is no terminal."""
    from rich.console import Console

    with Console(stderr=True).status(what, spinner="line"):
        yield


@contextmanager
def json_lines(write: Callable[[str], None]) -> Iterator[Progress]:
    """A line of JSON for each step: {"stage", "done", "total", "message"}."""
    yield lambda stage, done, total: write(json.dumps({"stage": stage, "done": done, "total": total, "message": ""}))
