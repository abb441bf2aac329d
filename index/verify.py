"""Checks a whole vault against vault.lock, and mends what can be made again from what is here, without a network.

vault.lock ─► every source: original, pages, passages, vectors ─► both halves of the index ─► findings
findings ─► read again from the originals, vectors back from the index, index built again, lock written ─► findings
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from index.build import build
from index.embed import Embedder
from index.index_check import judge_index, look_at_index
from index.recover import recover_vectors
from ingest.lockfile import read_lock, write_lock
from ingest.manifest import load
from ingest.progress import Progress, silent
from ingest.records import Finding
from ingest.soundness import forget_what_was_read, judge, look
from ingest.sync import sync
from ingest.tools import Tools
from ingest.vault import Vault


@dataclass(frozen=True, slots=True)
class Verified:
    """`found` is all that was wrong, `left` what still is after mending; `sources` were checked; the index
    holds `passages`."""

    sources: int
    passages: int
    found: tuple[Finding, ...]
    left: tuple[Finding, ...]
    seconds: float


def verify(
    vault: Vault,
    tools: Tools,
    embedder: Embedder,
    *,
    wait: float = 0.0,
    on_wait: Callable[[str], None] | None = None,
    on_progress: Progress = silent,
) -> Verified:
    """Check everything, mend what can be mended, and check again. Takes the vault's writing lock (VaultBusy)."""
    began = time.monotonic()
    with vault.writing(wait=wait, on_wait=on_wait):
        found = check(vault, embedder, on_progress=on_progress)
        left = found
        if any(one.mend for one in found):
            mend(vault, tools, embedder, found, on_progress=on_progress)
            left = check(vault, embedder, on_progress=on_progress)
        index = look_at_index(vault, embedder)
        return Verified(len(vault.source_ids()), index.passages, found, left, time.monotonic() - began)


def check(vault: Vault, embedder: Embedder, *, on_progress: Progress = silent) -> tuple[Finding, ...]:
    """All that is not as vault.lock says. Changes nothing."""
    return (*_check_sources(vault, on_progress), *judge_index(look_at_index(vault, embedder), embedder.name))


def _check_sources(vault: Vault, on_progress: Progress) -> Iterator[Finding]:
    lock, manifest = read_lock(vault), load(vault)
    locked = lock["sources"] if lock else {}
    ids = sorted({*vault.source_ids(), *map(str, locked)})
    for number, source_id in enumerate(ids, start=1):
        row = locked.get(source_id)
        yield from judge(look(vault, source_id, row if isinstance(row, dict) else {}, manifest))
        on_progress("check", number, len(ids))
    if lock is None and any(vault.passages_path(one).is_file() for one in vault.source_ids()):
        yield Finding("", "vault.lock is missing or damaged", "lock")


def mend(
    vault: Vault, tools: Tools, embedder: Embedder, found: Sequence[Finding], *, on_progress: Progress = silent
) -> None:
    """Mend what can be, from the originals and the kept vectors. The caller holds `vault.writing()`."""
    again = _ids(found, "read")
    for source_id in again:
        forget_what_was_read(vault, source_id)
    if again:
        list(sync(vault, tools, only=again, download=False, on_progress=on_progress))
    recover_vectors(vault, embedder, sorted(_ids(found, "vectors")))
    if not any(one.what.startswith("the index was made with") for one in found):  # to mend that is `sync --reindex`
        build(vault, embedder, rebuild=any(one.mend == "index" for one in found), on_progress=on_progress)
    write_lock(vault, embedder.name)


def _ids(found: Sequence[Finding], kind: str) -> frozenset[str]:
    return frozenset(one.entry_id for one in found if one.mend == kind)


def verified_text(done: Verified) -> str:
    """How a check ended, for a terminal: a line for each finding, what was mended, and what is left to do."""
    left = set(done.left)
    mended = [one for one in done.found if one not in left]
    lines = [f"mended: {_named(one)}" for one in mended]
    lines += [f"left: {_named(one)}{f' ({one.hint})' if one.hint else ''}" for one in done.left]
    whole = f"{done.sources} sources and {done.passages} passages checked in {done.seconds:.1f} s"
    if not done.found:
        return f"{whole}: all is as vault.lock says."
    return "\n".join([*lines, f"{whole}: {len(mended)} mended, {len(done.left)} left."])


def _named(one: Finding) -> str:
    return f"{one.entry_id}: {one.what}" if one.entry_id else one.what
