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
from index.marks import mark_of
from index.places import left_open, on_server, owner, place_of
from index.state import REBUILD, IndexState, check_files, probed_path, store_path
from index.store import SQLITE, PassageStore, sound
from ingest.vault import Vault, read_json, write_json

ROOT = Path(__file__).resolve().parents[1]
CHILD = "import sys; sys.path.insert(0, sys.argv[1]); from index.probe import serve; serve(sys.argv[2])"
# Importing Chroma takes a second or two, on a busy machine ten; a store of a million passages opens in a few.
SECONDS = 120.0
PAGES_AT_ONCE = 256


def check_index(vault: Vault, state: IndexState, *, strict: bool = False, whole: bool = False) -> None:
    """Raises IndexDamaged where the index that `state` names cannot be opened safely, or is not what was built; the
    `whole` reads every byte, instead of taking what has its size and time of change for unchanged.

    `strict` takes every change of Chroma's SQLite file for damage, as a writer should, who can build the index again:
    at worst that is done once in some 600 openings, when the table that each adds to outgrows its page.
    """
    check_files(vault, state, chroma=not on_server(vault), whole=whole)
    if on_server(vault):
        _check_server(vault, state)
    else:
        _check_folder(vault, state, strict=strict, whole=whole)


def _check_server(vault: Vault, state: IndexState) -> None:
    """Whether the collection is there, answers (after a restart it may not), and holds what was put there."""
    import numpy as np

    store = place_of(vault, state).open()
    try:
        left = left_open(vault, state)
        if store.owner != owner(vault):
            raise IndexDamaged("the collection on the Chroma server is that of another copy of this vault", REBUILD)
        if store.holds not in (state.folder, left.next if left else state.folder):
            raise IndexDamaged("the collection on the Chroma server is not what was put there", REBUILD)
        if left is None and store.count() != state.passages:
            raise IndexDamaged("the collection on the Chroma server has lost passages", REBUILD)
        if state.passages:
            store.nearest(np.full(store.dimension, store.dimension**-0.5, dtype=np.float32), 1)
    finally:
        store.close()


def _check_folder(vault: Vault, state: IndexState, *, strict: bool, whole: bool) -> None:
    place_of(vault, state)
    folder, left = store_path(vault, state), left_open(vault, state)
    if left and left.torn:
        raise IndexDamaged("the writing of Chroma came to no end", REBUILD)
    known = read_json(probed_path(vault))
    if not whole and left is None and isinstance(known, dict) and known == _stamp(state, folder, known):
        return
    if not sound(folder):
        raise IndexDamaged(f"the index is damaged: {SQLITE} is missing or cannot be read", REBUILD)
    if left:  # what was changed, is put again
        return
    same = isinstance(known, dict) and known.get("folder") == state.folder
    if same and known["sqlite"] == stable_digest(folder / SQLITE):
        return
    if strict and same:
        raise IndexDamaged(f"the index is damaged: {SQLITE} was changed", REBUILD)
    if not probe(folder, passages=state.passages):
        raise IndexDamaged("the index is damaged: Chroma cannot open it", REBUILD)


def note_sound(vault: Vault, state: IndexState) -> None:
    """Remember the store as it is now, so that no child is asked of it: it was just built, or has answered."""
    if on_server(vault):
        return
    known = read_json(probed_path(vault))
    stamp = _stamp(state, store_path(vault, state), known if isinstance(known, dict) else None)
    if known != stamp:
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


def _stamp(state: IndexState, folder: Path, known: dict[str, str] | None = None) -> dict[str, str]:
    """What is known of a store: its SQLite file's mark, and its digest, which is not made again where the mark is that
    of `known`."""
    path = folder / SQLITE
    mark = mark_of(path) if path.is_file() else ""
    same = known is not None and known.get("mark") == mark
    return {"folder": state.folder, "mark": mark, "sqlite": known["sqlite"] if same and known else stable_digest(path)}


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
