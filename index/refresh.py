"""From a list to a searchable vault: runs ingest's sync and builds the index as its sources end.

Our own texts are searchable within seconds, so that a vault answers while the papers are still being read; each paper
is embedded while the next ones are read.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from index.ahead import Ahead
from index.build import build
from index.embed import Embedder
from index.selftest import self_test
from ingest.duplicates import mark_duplicates
from ingest.first_page import first_pages
from ingest.folders import Followed, follow
from ingest.lockfile import write_lock
from ingest.manifest import load
from ingest.progress import Progress, silent
from ingest.sync import Outcome, sync
from ingest.tools import Tools
from ingest.vault import Vault

# A build costs a commit of both indexes (about .2 s); a reader waiting for a new paper should not wait much longer.
BUILD_EVERY_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did: counts of sources, and the entries that could not be had, with their reasons; `not_findable`
    are the ids of those indexed that their own title or a sentence of theirs does not find; `folders` is what changed
    in the watched ones."""

    parsed: int
    embedded: int
    passages: int
    failed: tuple[Outcome, ...]
    seconds: float
    not_findable: tuple[str, ...] = ()
    folders: Followed = field(default_factory=Followed)


def refresh(
    vault: Vault,
    tools: Tools,
    embedder: Embedder,
    *,
    only: frozenset[str] = frozenset(),
    download: bool = True,
    check_versions: bool = False,
    newest: bool = False,
    reindex: bool = False,
    prune: bool = False,
    on_progress: Progress = silent,
    wait: float = 0.0,
    on_wait: Callable[[str], None] | None = None,
    build_every_seconds: float = BUILD_EVERY_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> Refreshed:
    """Look at the watched folders (all entries' run only), sync, then embed and index what changed; vault.lock last.

    Takes the vault's writing lock: `wait` and `on_wait` are those of `Vault.writing` (VaultBusy). `prune` takes out
    what is gone from the folders.
    """
    began = clock()
    with vault.writing(wait=wait, on_wait=on_wait):
        followed = _follow(vault, prune) if prune or not only else Followed()
        built = build(vault, embedder, on_progress=on_progress, reindex=reindex)
        embedded, parsed, failed, last = built.embedded, 0, list[Outcome](), began
        outcomes = sync(
            vault, tools, only=only, download=download, check=check_versions, newest=newest, on_progress=on_progress
        )
        with Ahead(vault, embedder, on_progress) as ahead:
            for outcome in outcomes:
                parsed += outcome.parsed
                failed += [outcome] if outcome.reason else []
                if outcome.own and last == began:  # our own texts at once, all together
                    embedded += build(vault, embedder, on_progress=on_progress).embedded
                    last = clock()
                elif outcome.parsed and not outcome.reason and not outcome.own:
                    ahead.add(outcome.entry_id)
                if outcome.parsed and clock() - last > build_every_seconds:
                    mark_duplicates(vault, load(vault).entries)
                    build(vault, embedder, on_progress=on_progress, only_ready=True)
                    last = clock()
            ahead.finish()
        mark_duplicates(vault, load(vault).entries)
        built = build(vault, embedder, on_progress=on_progress)
        write_lock(vault, embedder.name)
        lost = self_test(vault, embedder, on_progress=on_progress)
    embedded += ahead.embedded + built.embedded
    return Refreshed(parsed, embedded, built.passages, tuple(failed), clock() - began, lost, followed)


def _follow(vault: Vault, prune: bool) -> Followed:
    with first_pages() as identify:
        return follow(vault, identify, prune=prune)
