"""Which cases a run asks: of which files, kinds and half, and a sample of them that the seed names."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evals.cases import SHIPPED, load_all
from evals.records import HALVES, KINDS, Case
from ingest.errors import UsageError


@dataclass(frozen=True, slots=True)
class Choice:
    """`sets` are files, or names of files that ship ("starter"); none: every file that ships. `kinds` and `half`: all
    of them where empty. `sample` cases are drawn (None: all), in the order of the files."""

    sets: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    half: str = ""
    sample: int | None = None
    seed: int = 0

    def __str__(self) -> str:
        parts = [*map(short, self.sets), *self.kinds, f"half {self.half}" if self.half else ""]
        drawn = f"sample of {self.sample} (seed {self.seed})" if self.sample else ""
        return ", ".join(filter(None, [*parts, drawn])) or "every case"


def short(name: str) -> str:
    """A set as a headline calls it, without its folders; an external set's cases by the folder that is its own."""
    path = Path(name)
    return path.parent.name or path.stem if path.name == "cases.jsonl" else path.stem or name


def choose(choice: Choice) -> tuple[Case, ...]:
    """The cases chosen. Raises UsageError for a file, kind or half that there is none of, and for nothing left."""
    _known(choice.kinds, KINDS, "kind")
    _known([choice.half] if choice.half else [], HALVES, "half")
    cases = [case for case in load_all([case_file(name) for name in choice.sets]) if _wanted(case, choice)]
    if not cases:
        raise UsageError(f"no case is left of: {choice}", "choose less narrowly")
    if choice.sample is None or choice.sample >= len(cases):
        return tuple(cases)
    drawn = sorted(random.Random(choice.seed).sample(range(len(cases)), choice.sample))
    return tuple(cases[number] for number in drawn)


def case_file(name: str) -> Path:
    """A file, or one that ships by its name."""
    shipped = SHIPPED / f"{name}.jsonl"
    return shipped if Path(name).name == name and shipped.is_file() and not Path(name).exists() else Path(name)


def _wanted(case: Case, choice: Choice) -> bool:
    return (not choice.kinds or case.kind in choice.kinds) and (not choice.half or case.half == choice.half)


def _known(values: Sequence[str], known: Sequence[str], what: str) -> None:
    for value in values:
        if value not in known:
            raise UsageError(f"there is no {what} {value!r}", f"choose of {', '.join(known)}")
