"""Whether a Chroma store can be opened at all, asked of a child process: a damaged one can crash whoever opens it.

The child opens the store, counts, and asks one question; whatever becomes of it, the parent reads an exit code. A store
that is, but for what opening it changes, as its build left it needs no child.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import subprocess
import sys
from pathlib import Path

from index.errors import IndexDamaged
from index.state import REBUILD, IndexState, check_files, generation_path, probed_path
from index.store import SQLITE, PassageStore, sound
from ingest.vault import Vault, read_json, write_json

ROOT = Path(__file__).resolve().parents[1]
CHILD = "import sys; sys.path.insert(0, sys.argv[1]); from index.probe import serve; serve(sys.argv[2])"
# Importing Chroma takes a second or two, on a busy machine ten; a store of a million passages opens in a few.
SECONDS = 120.0
PAGES_AT_ONCE = 256


def check_index(vault: Vault, state: IndexState, *, strict: bool = False) -> None:
    """Raises IndexDamaged where the index that `state` names cannot be opened safely, or is not what was built.

    `strict` takes every change of Chroma's SQLite file for damage, as a writer should, who can build the index again:
    at worst that is done once in some 600 openings, when the table that each adds to outgrows its page.
    """
    check_files(vault, state)
    folder = generation_path(vault, state) / "chroma"
    if not sound(folder):
        raise IndexDamaged(f"the index is damaged: {SQLITE} is missing or cannot be read", REBUILD)
    known, stamp = read_json(probed_path(vault)), _stamp(state, folder)
    if known == stamp:
        return
    if strict and isinstance(known, dict) and known.get("folder") == state.folder:
        raise IndexDamaged(f"the index is damaged: {SQLITE} was changed", REBUILD)
    if not probe(folder, passages=state.passages):
        raise IndexDamaged("the index is damaged: Chroma cannot open it", REBUILD)


def note_sound(vault: Vault, state: IndexState) -> None:
    """Remember the store as it is now, so that no child is asked of it: it was just built, or has answered."""
    stamp = _stamp(state, generation_path(vault, state) / "chroma")
    if read_json(probed_path(vault)) != stamp:
        write_json(probed_path(vault), stamp)


def probe(folder: Path, *, passages: int) -> bool:
    """Whether the store in `folder` opens, holds so many passages and answers, in a process that may crash."""
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", CHILD, str(ROOT), str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0 and done.stdout.split() == [str(passages).encode()]


def _stamp(state: IndexState, folder: Path) -> dict[str, str]:
    return {"folder": state.folder, "sqlite": stable_digest(folder / SQLITE)}


def stable_digest(path: Path) -> str:
    """sha256 of Chroma's SQLite file, without what every opening of it changes: the counters in its header, and the
    page of the table that Chroma writes to for the sake of SQLite's lock. "" for a file that cannot be read."""
    try:
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            (size,) = database.execute("PRAGMA page_size").fetchone()
            query = "SELECT rootpage FROM sqlite_master WHERE name = 'acquire_write'"
            changing = {row[0] - 1 for row in database.execute(query)}
        return _digest_without(path, size, changing)
    except (sqlite3.DatabaseError, OSError):
        return ""


def _digest_without(path: Path, size: int, changing: set[int]) -> str:
    made, number = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := bytearray(file.read(size * PAGES_AT_ONCE)):
            if number == 0:  # https://sqlite.org/fileformat2.html: file change counter, version-valid-for
                piece[24:28] = piece[92:96] = bytes(4)
            for page in changing:
                if number <= page < number + PAGES_AT_ONCE:
                    start = (page - number) * size
                    piece[start : start + size] = bytes(len(piece[start : start + size]))
            made.update(piece)
            number += PAGES_AT_ONCE
    return made.hexdigest()


# --- in the child ---------------------------------------------------------------------------------------------------


def serve(folder: str) -> None:
    """Open, count, ask one question; the count on standard output."""
    import numpy as np

    with contextlib.suppress(ImportError):  # no core dump of a crash that was expected; Windows makes none
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    store = PassageStore.open(Path(folder))
    count = store.count()
    if count and not store.nearest(np.full(store.dimension, store.dimension**-0.5, dtype=np.float32), 10):
        raise IndexDamaged("Chroma finds nothing", REBUILD)
    store.close()
    print(count)
