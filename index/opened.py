"""A generation of the index, open for questions, with the records of the vault as they were when it was opened."""

from __future__ import annotations

import json
import sys
from functools import cached_property, lru_cache
from typing import Any

from index.expand import Names
from index.glossary import glossary_names
from index.lexical import WordIndex
from index.places import on_server, place_of
from index.state import IndexState, check_files, generation_path, read_abbreviations
from index.store import PassageStore
from index.table import VectorTable
from ingest.records import Paper, Passage, from_json
from ingest.vault import Vault
from ingest.versions import as_it_stands

# Sources whose file of passages is held in memory, about 100 KB each: more than one question's candidates come from.
HELD = 128
# Passages that are held, some 5 KB each with their stems: a third of what a question costs is to make those.
READ = 8_192


class OpenGeneration:
    """Both halves of an index, and what its hits are made of."""

    def __init__(self, vault: Vault, state: IndexState) -> None:
        self._folder = generation_path(vault, state)
        check_files(vault, state)
        self.number = state.generation
        self.words = WordIndex.open(self._folder / "words")
        self.store = _vectors(vault, state)
        self._vault = vault
        self._file = lru_cache(HELD)(self._read_file)
        self._paper = lru_cache(READ)(lambda paper_id: as_it_stands(vault, paper_id))
        # A passage and its paper by their ids; None where a sync that is under way has just replaced it.
        self.record = lru_cache(READ)(self._read_record)
        self.stems = lru_cache(READ)(self._stems)  # of a passage's text, in order

    @cached_property
    def names(self) -> Names:
        """Other names for things: the vault's glossary and the papers' abbreviations."""
        names = Names(self.words.stems)
        names.add_glossary(glossary_names(self._vault.root / "glossary.yaml"))
        names.add_abbreviations(read_abbreviations(self._folder))
        return names

    def _read_record(self, found_id: str, paper_id: str) -> tuple[Paper, Passage] | None:
        paper, row = self._paper(paper_id), _row(self._file(paper_id), found_id)
        return None if row is None or paper is None else (paper, from_json(Passage, row))

    def _stems(self, text: str) -> tuple[str, ...]:
        return tuple(map(sys.intern, self.words.stems(text)))  # few stems, in many passages

    def _read_file(self, paper_id: str) -> bytes:
        path = self._vault.passages_path(paper_id)
        return path.read_bytes() if path.is_file() else b""


def _row(data: bytes, passage_id: str) -> dict[str, Any] | None:
    """The row of a passage among those of its source; the others are not parsed, which would take most of a question's
    time in a large vault."""
    quoted, at = f'"{passage_id}"'.encode(), 0
    while (at := data.find(quoted, at)) >= 0:
        start, end = data.rfind(b"\n", 0, at) + 1, data.find(b"\n", at)
        row: dict[str, Any] = json.loads(data[start : end if end >= 0 else None])
        if row["id"] == passage_id:
            return row
        at += len(quoted)
    return None


def _vectors(vault: Vault, state: IndexState) -> VectorTable | PassageStore:
    """What is asked by meaning: the server that vault.yaml names, else the table."""
    if on_server(vault):
        return place_of(vault, state).open()
    place_of(vault, state)  # raises where the vectors were put on a server
    return VectorTable(generation_path(vault, state) / "table")
