"""A question of the page: the part of the vault that it asks, and what was asked before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from assistant.app.lanes import Waiting
from assistant.ask import Event, ask_events
from index.filters import Filter
from ingest.vault import Vault

if TYPE_CHECKING:
    from assistant.draft import Drafter
    from index.search import Search

EVERYTHING = Filter()


class Events(Protocol):
    """Answers a question of the page, given the questions asked before (oldest first) and what to search in."""

    def __call__(
        self, question: str, *, history: Sequence[str] = (), where: Filter = EVERYTHING
    ) -> Iterator[Event | Waiting]: ...


def ask_within(
    question: str,
    *,
    search: Search,
    vault: Vault,
    drafter: Drafter,
    history: Sequence[str] = (),
    where: Filter = EVERYTHING,
) -> Iterator[Event]:
    """The events of an answer out of what `where` keeps. Raises as `ask_events`, UsageError for a paper that is not
    there any more, VaultMissing where the vault's folder is gone."""
    vault.present()
    with vault.here():
        yield from ask_events(
            question,
            search=search.within(where) if where else search,
            vault=vault,
            drafter=drafter,
            embedding_model=search.embedder.name,
            history=history,
        )
