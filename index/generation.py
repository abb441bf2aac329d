"""A generation of the index while it is written: what the one before has, changed, then named by state.json.

Files that stay as they are, are shared with the one before (index/marks.py): adding one paper to a large index writes
little more than that paper. Chroma is written in place (index/places.py).
"""

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
from index.marks import share
from index.places import Place, drop, forget_writing, new_place, note_writing, on_server, place_of
from index.state import (
    REBUILD,
    IndexState,
    generation_path,
    marked_files,
    new_generation,
    read_abbreviations,
    read_state,
    tidy,
    write_abbreviations,
    write_state,
)
from index.store import PassageStore
from index.table_writer import TableWriter
from ingest.disk import disk_full, no_room
from ingest.records import Paper, Passage
from ingest.vault import Vault

Rows = Sequence[tuple[Paper, Passage]]

# Passages given to Chroma at a time: a call costs 5 ms, however few they are.
BATCH = 1_000
# What tantivy writes anew under the same name; its other files never change.
REWRITTEN = frozenset({"meta.json", ".managed.json"})


class Generation:
    """Writes all parts of an index together. Nobody sees any of it before `finish`."""

    def __init__(
        self,
        vault: Vault,
        number: int,
        folder: Path,
        place: Place,
        store: PassageStore,
        words: WordIndex,
        table: TableWriter | None,
        abbreviations_before: dict[str, dict[str, str]],
        open_files: ExitStack,
    ) -> None:
        self._vault, self._number, self._folder = vault, number, folder
        self._place, self._store, self._words = place, store, words
        self._open_files = open_files
        self._writer = open_files.enter_context(words.writing())
        self._rows: list[tuple[Paper, Passage]] = []
        self._vectors: list[NDArray[np.float32]] = []
        self._abbreviations = abbreviations_before
        self._table = table

    def delete(self, paper_ids: Sequence[str]) -> None:
        """Take out all that these sources have in the index."""
        self._store.delete_papers(paper_ids)
        self._writer.delete_papers(paper_ids)
        if self._table:
            self._table.delete_papers(paper_ids)
        for paper_id in paper_ids:
            self._abbreviations.pop(paper_id, None)

    def add(self, rows: Rows, vectors: NDArray[np.float32]) -> None:
        """Put passages (vectors: a row each) into all parts."""
        self._writer.add(rows)
        self._abbreviate(rows)
        if self._table:
            self._table.add([passage.id for _, passage in rows], [passage.paper_id for _, passage in rows], vectors)
        self._rows.extend(rows)
        self._vectors.append(vectors)
        if len(self._rows) >= BATCH:
            self._flush()

    def add_references(self, rows: Rows) -> None:
        """Put bibliography into the word index only."""
        self._writer.add(rows)

    def finish(self, sources: Mapping[str, str], base: IndexState | None) -> IndexState:
        """Flush to disk, name this generation in state.json with its sources, and delete the others."""
        self._flush()
        if on_server(self._vault):
            self._store.note_holds(self._folder.name)
        passages, model, dimension = self._store.count(), self._store.model, self._store.dimension
        self._open_files.close()
        write_abbreviations(self._folder, self._abbreviations)
        if self._table:
            self._table.finish()
        if passages != self._words.passage_count():
            raise IndexDamaged(
                f"Chroma holds {passages} passages, the word index {self._words.passage_count()}", REBUILD
            )
        made = marked_files(self._vault, self._folder, self._place.name, base)
        names = (self._folder.name, self._place.name)
        state = IndexState(model, dimension, self._number, *names, passages, dict(sources), made.files, made.marks)
        last = read_state(self._vault)
        write_state(self._vault, state)
        forget_writing(self._vault)
        tidy(self._vault)
        if last and last.store != state.store:
            drop(self._vault, last.store)
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
def publish(
    vault: Vault, base: IndexState | None, touched: Sequence[str], *, model: str, dimension: int
) -> Iterator[Generation]:
    """A new generation to write, from `base` where there is one. Left without `finish`, the index is as it was; Chroma
    is remembered to hold something else of the sources that are `touched`."""
    number, folder = new_generation(vault)
    place = place_of(vault, base) if base else new_place(vault, model)
    try:
        with ExitStack() as open_files:
            words = _shared(vault, base, folder) if base else WordIndex.create(folder / "words")
            note_writing(vault, place.name, folder.name, touched)
            store = place.open() if base else place.create(model=model, dimension=dimension)
            open_files.callback(store.close)
            before = generation_path(vault, base) if base else None
            table = None if on_server(vault) else TableWriter(folder / "table", before / "table" if before else None)
            forms = read_abbreviations(before) if before else {}
            yield Generation(vault, number, folder, place, store, words, table, forms, open_files)
    except BaseException as error:
        full = isinstance(error, Exception) and no_room(vault.root)
        shutil.rmtree(folder, ignore_errors=True)  # on a full disk, half an index must not take up what is left
        if full:
            raise disk_full(vault.root) from error
        if base:
            note_writing(vault, place.name, folder.name, touched, torn=False)  # the store was closed
        else:
            drop(vault, place.name)
        raise


def _shared(vault: Vault, base: IndexState, folder: Path) -> WordIndex:
    (folder / "words").mkdir(parents=True)
    for path in (generation_path(vault, base) / "words").iterdir():
        target = folder / "words" / path.name
        if path.name in REWRITTEN:
            shutil.copy2(path, target)
        elif path.suffix != ".lock":
            share(path, target)
    return WordIndex.open(folder / "words")
