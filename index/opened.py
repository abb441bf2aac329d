"""A generation of the index, open for questions, with the records of the vault as they were when it was opened."""

from __future__ import annotations

import sys
from functools import cached_property, lru_cache

from index.expand import Names
from index.glossary import glossary_names
from index.lexical import WordIndex
from index.places import on_server, place_of
from index.state import IndexState, check_files, generation_path, read_abbreviations
from index.store import PassageStore
from index.table import VectorTable
from ingest.records import Paper, Passage, from_json
from ingest.vault import Vault, read_jsonl
from ingest.versions import as_it_stands

# Sources whose passages are held in memory, about 100 KB each: more than one question's candidates come from.
HELD = 128
# Passages whose stems are held, some 3 KB each with their texts: a third of what a question costs is to make them.
STEMMED = 8_192


class OpenGeneration:
    """Both halves of an index, and what its hits are made of."""

    def __init__(self, vault: Vault, state: IndexState) -> None:
        self._folder = generation_path(vault, state)
        check_files(vault, state)
        self.number = state.generation
        self.words = WordIndex.open(self._folder / "words")
        self.store = _vectors(vault, state)
        self._vault = vault
        self._source = lru_cache(HELD)(self._read_source)
        self.stems = lru_cache(STEMMED)(self._stems)  # of a passage's text, in order

    @cached_property
    def names(self) -> Names:
        """Other names for things: the vault's glossary and the papers' abbreviations."""
        names = Names(self.words.stems)
        names.add_glossary(glossary_names(self._vault.root / "glossary.yaml"))
        names.add_abbreviations(read_abbreviations(self._folder))
        return names

    def record(self, found_id: str, paper_id: str) -> tuple[Paper, Passage] | None:
        """A passage and its paper; None where a sync that is under way has just replaced it."""
        paper, rows = self._source(paper_id)
        row = rows.get(found_id)
        if row is None or paper is None:
            return None
        if not isinstance(row, Passage):
            row = rows[found_id] = from_json(Passage, row)
        return paper, row

    def _stems(self, text: str) -> tuple[str, ...]:
        return tuple(map(sys.intern, self.words.stems(text)))  # few stems, in many passages

    def _read_source(self, paper_id: str) -> tuple[Paper | None, dict[str, dict[str, object] | Passage]]:
        rows = read_jsonl(self._vault.source(paper_id) / "passages.jsonl")
        return as_it_stands(self._vault, paper_id), {str(row["id"]): row for row in rows}


def _vectors(vault: Vault, state: IndexState) -> VectorTable | PassageStore:
    """What is asked by meaning: the server that vault.yaml names, else the table."""
    if on_server(vault):
        return place_of(vault, state).open()
    place_of(vault, state)  # raises where the vectors were put on a server
    return VectorTable(generation_path(vault, state) / "table")
