"""A generation of the index while it is written: a copy of the one before, changed, then named by state.json."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.abbreviations import abbreviations
from index.errors import IndexDamaged
from index.lexical import WordIndex
from index.state import (
    REBUILD,
    IndexState,
    file_hashes,
    generation_path,
    new_generation,
    read_abbreviations,
    tidy,
    write_abbreviations,
    write_state,
)
from index.store import PassageStore
from index.table import TableWriter
from ingest.disk import disk_full, no_room
from ingest.records import Paper, Passage
from ingest.vault import Vault

Rows = Sequence[tuple[Paper, Passage]]

# Passages given to Chroma at a time: a call costs 5 ms, however few they are.
BATCH = 1_000


class Generation:
    """Writes all parts of an index together. Nobody sees any of it before `finish`."""

    def __init__(
        self,
        vault: Vault,
        number: int,
        folder: Path,
        store: PassageStore,
        words: WordIndex,
        table: TableWriter,
        open_files: ExitStack,
    ) -> None:
        self._vault, self._number, self._folder = vault, number, folder
        self._store, self._words = store, words
        self._open_files = open_files
        self._writer = open_files.enter_context(words.writing())
        self._rows: list[tuple[Paper, Passage]] = []
        self._vectors: list[NDArray[np.float32]] = []
        self._abbreviations = read_abbreviations(folder)
        self._table = table

    def delete(self, paper_ids: Sequence[str]) -> None:
        """Take out all that these sources have in the index."""
        self._store.delete_papers(paper_ids)
        self._writer.delete_papers(paper_ids)
        self._table.delete_papers(paper_ids)
        for paper_id in paper_ids:
            self._abbreviations.pop(paper_id, None)

    def add(self, rows: Rows, vectors: NDArray[np.float32]) -> None:
        """Put passages (vectors: a row each) into all parts."""
        self._writer.add(rows)
        self._abbreviate(rows)
        self._table.add([passage.id for _, passage in rows], [passage.paper_id for _, passage in rows], vectors)
        self._rows.extend(rows)
        self._vectors.append(vectors)
        if len(self._rows) >= BATCH:
            self._flush()

    def add_references(self, rows: Rows) -> None:
        """Put bibliography into the word index only."""
        self._writer.add(rows)

    def finish(self, sources: Mapping[str, str]) -> IndexState:
        """Flush to disk, name this generation in state.json with its sources, and delete the others."""
        self._flush()
        passages, model, dimension = self._store.count(), self._store.model, self._store.dimension
        self._open_files.close()
        write_abbreviations(self._folder, self._abbreviations)
        self._table.write(self._folder)
        if passages != self._words.passage_count():
            raise IndexDamaged(
                f"Chroma holds {passages} passages, the word index {self._words.passage_count()}", REBUILD
            )
        files = file_hashes(self._folder)
        state = IndexState(model, dimension, self._number, self._folder.name, passages, dict(sources), files)
        write_state(self._vault, state)
        tidy(self._vault)
        return state

    def _abbreviate(self, rows: Rows) -> None:
        texts: dict[str, list[str]] = {}
        for _, passage in rows:
            texts.setdefault(passage.paper_id, []).append(passage.text)
        self._abbreviations.update({paper_id: abbreviations(own) for paper_id, own in texts.items()})

    def _flush(self) -> None:
        if self._rows:
            self._store.upsert(self._rows, np.concatenate(self._vectors))
            self._rows, self._vectors = [], []


@contextlib.contextmanager
def publish(vault: Vault, base: IndexState | None, *, model: str, dimension: int) -> Iterator[Generation]:
    """A new generation to write, a copy of `base` where there is one. Left without `finish`, nothing has changed."""
    number, folder = new_generation(vault)
    try:
        with ExitStack() as open_files:
            store, words = _copied(vault, base, folder) if base else _empty(folder, model, dimension)
            open_files.callback(store.close)
            table = TableWriter.of(generation_path(vault, base), store) if base else TableWriter()
            yield Generation(vault, number, folder, store, words, table, open_files)
    except BaseException as error:
        full = isinstance(error, Exception) and no_room(vault.root)
        shutil.rmtree(folder, ignore_errors=True)  # on a full disk, half an index must not take up what is left
        if full:
            raise disk_full(vault.root) from error
        raise


def _empty(folder: Path, model: str, dimension: int) -> tuple[PassageStore, WordIndex]:
    folder.mkdir(parents=True)
    return PassageStore.create(folder / "chroma", model=model, dimension=dimension), WordIndex.create(folder / "words")


def _copied(vault: Vault, base: IndexState, folder: Path) -> tuple[PassageStore, WordIndex]:
    shutil.copytree(generation_path(vault, base), folder, ignore=shutil.ignore_patterns("*.lock", "table"))
    return PassageStore.open(folder / "chroma"), WordIndex.open(folder / "words")
