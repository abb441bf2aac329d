"""What the tabs beside the chat need, handed in by whoever composes the page. The evals come through a protocol: they
lie above the assistant, which imports nothing of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from assistant.app.desk import Desk
from assistant.records import Summary
from index.filters import Filter
from index.records import Hit
from ingest.vault import Vault


@dataclass(frozen=True, slots=True)
class EvalProgress:
    """How far a run is: `done` of `total` cases; `message` says how it ended, once it is not `running`; `report` is the
    name of what it wrote, "" before."""

    running: bool
    done: int = 0
    total: int = 0
    message: str = ""
    report: str = ""


class EvalRuns(Protocol):
    """What the Evals tab asks. HTML that comes back is escaped where it holds words of papers, models or people. Every
    function but `stop` and `progress` may raise MivaultError."""

    def sets(self) -> Sequence[str]: ...
    def kinds(self) -> Sequence[str]: ...
    def start(self, sets: Sequence[str], kinds: Sequence[str], sample: int | None) -> None:
        """Begin a run in the background. Raises MivaultError where one runs already, or no case is left."""
        ...

    def stop(self) -> None:
        """End the run after the case that is being asked; what was measured is kept."""
        ...

    def progress(self) -> EvalProgress | None: ...
    def history(self) -> Sequence[tuple[str, str]]:
        """The reports, newest first: what a person reads, and the name."""
        ...

    def report(self, name: str) -> str:
        """A report: how it was made, plots and table."""
        ...

    def cases(self, name: str) -> Sequence[tuple[str, str]]:
        """The cases of a report: what a person reads, and the id."""
        ...

    def case(self, name: str, case_id: str) -> str:
        """One case with its evidence."""
        ...

    def difference(self, first: str, second: str) -> str:
        """What the second does better or worse than the first."""
        ...


class Finder(Protocol):
    """A search, as the tabs use it."""

    @property
    def vault(self) -> Vault: ...
    def __call__(self, question: str, *, k: int = ..., per_paper: int = ..., where: Filter = ...) -> list[Hit]: ...


def everyone(_: str) -> bool:
    """Where nobody signs in."""
    return True


@dataclass(frozen=True, slots=True)
class Rooms:
    """`summarize` gives a paper's summary by its id; `may_change` says which user may change the library and run
    evals."""

    desk: Desk
    search: Finder
    summarize: Callable[[str], Summary]
    evals: EvalRuns | None = None
    may_change: Callable[[str], bool] = everyone
