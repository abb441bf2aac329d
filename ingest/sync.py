"""Bring a vault's sources up to date: obtain, parse, chunk. Composes the steps; does only what changed.

`sync` is a generator: it gives an Outcome as each source ends, so that whoever indexes them need not wait for the last.
What it writes is in sources/<id>/: the original file, pages.jsonl, passages.jsonl, meta.json, and state.json last of
all, so that a kill at any moment leaves a source that the next run takes up again.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from ingest.chunk import CHUNKER
from ingest.errors import UsageError
from ingest.manifest import load
from ingest.obtain import downloads, files_here, forget_missing
from ingest.own_texts import entries, own_texts
from ingest.parse_jobs import Jobs, stale
from ingest.parse_jobs import Outcome as Outcome
from ingest.progress import Progress, silent
from ingest.records import Entry
from ingest.tools import Tools
from ingest.vault import Vault
from ingest.versions import check_versions
from ingest.write_source import has_passages, write_source


def sync(
    vault: Vault,
    tools: Tools,
    *,
    only: frozenset[str] = frozenset(),
    download: bool = True,
    check: bool = False,
    newest: bool = False,
    on_progress: Progress = silent,
) -> Iterator[Outcome]:
    """Our own texts first, then the files that are here, then the downloads. The caller holds `vault.writing()`.

    `only` limits the run to these entries (all where it is empty), and tries them again whatever kept them before;
    without `download` no network is touched. arXiv is asked weekly whether it has newer versions of what was read, with
    `check` at once; with `newest` those are got in the place of the older ones. Raises UsageError for an
    id in `only` that nothing has.
    """
    manifest = load(vault)
    listed = {entry.id for entry in entries(vault, manifest)}
    if unknown := sorted(only - listed):
        raise UsageError(f"nothing is listed as {', '.join(map(repr, unknown))}", "mivault status lists the ids")
    forget_removed(vault, listed)
    chosen = [e for e in manifest.entries if not only or e.id in only]
    for entry in chosen if only else ():
        forgive(vault, entry)
    yield from list(_sync_own_texts(vault, tools, only))  # all are written before the first is reported: they are small
    jobs = Jobs(vault, tools, {e.id: e for e in chosen}, on_progress)
    yield from jobs.parse(stale(vault, files_here(vault, chosen, jobs.fail)))
    if not download:
        return
    if newest:
        check_versions(vault, tools.lookup, chosen, force=True)
    yield from jobs.parse(downloads(vault, tools, chosen, jobs.fail, on_progress, newest=newest))
    check_versions(vault, tools.lookup, chosen, force=check and not newest)


def forgive(vault: Vault, entry: Entry) -> None:
    """Let an entry that failed be tried again, by every way: its address may be allowed now, or the reason gone."""
    state = vault.state(entry.id)
    if state.get("reason"):
        forget_missing(vault, entry.id)
        vault.write_state(entry.id, state | {"temporary": True})


def forget_removed(vault: Vault, listed: set[str]) -> None:
    """Delete the folders of sources that are listed no more."""
    for source_id in vault.source_ids():
        if source_id not in listed:
            shutil.rmtree(vault.source(source_id))


def _sync_own_texts(vault: Vault, tools: Tools, only: frozenset[str]) -> Iterator[Outcome]:
    for text in own_texts(vault, load(vault)):
        if only and text.entry.id not in only:
            continue
        done = {"file_sha256": text.paper.sha256, "parser": text.paper.parser, "chunker": CHUNKER}
        state = vault.state(text.entry.id)
        if done.items() <= state.items() and has_passages(vault, text.entry.id, state):
            continue
        write_source(vault, tools.count_tokens, text.paper, [text.page], done)
        yield Outcome(text.entry.id, parsed=True, own=True)
