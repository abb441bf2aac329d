"""Finds the passages that a question is about: by meaning (vectors) and by words (tantivy), fused and ranked again.

question ──► vector ──────────────► nearest passages ─┐
         └─► words, other names ──► BM25 by field ────┴─► one score each ─► ranked again by further signs
                                                              ─► best k, few of one paper, no repeats ─► Hit
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from index.candidates import Asked, candidates
from index.embed import Embedder
from index.errors import IndexDamaged, IndexMissing, ModelMismatch
from index.filters import Filter
from index.lexical import NOTHING_LEFT_OUT, QUERY_CHARACTERS, TUNING
from index.opened import OpenGeneration
from index.pick import pick
from index.records import Hit
from index.rerank import rerank
from index.state import read_state, state_path
from index.tuning import Tuning
from ingest.errors import UsageError
from ingest.vault import Vault

# Passages of one source among the hits, where the caller says nothing else.
PER_PAPER = 3
# How many times as many candidates are looked at where those at hand make too few hits.
DEEPER = 8


class Search:
    """Asks the index of a vault; opens it at the first question, and again when another process has built a new one."""

    def __init__(self, vault: Vault, embedder: Embedder, *, tuning: Tuning = TUNING) -> None:
        self.vault, self.embedder, self.tuning = vault, embedder, tuning
        self._lock = threading.RLock()
        self._stamp: tuple[int, int] | None = None
        self._open: OpenGeneration | None = None

    def __call__(
        self,
        question: str,
        *,
        k: int = 8,
        per_paper: int = PER_PAPER,
        references: bool = False,
        where: Filter = NOTHING_LEFT_OUT,
    ) -> list[Hit]:
        """The k best passages that `where` keeps, best first; bibliography only with `references`.

        At most `per_paper` are of one source, unless the filter names that source alone.
        Fewer than k only where no more can be found so. Raises UsageError for an empty question, IndexMissing,
        ModelMismatch or IndexDamaged where it cannot search.
        """
        question = question.encode("utf-8", "replace").decode().strip()[:QUERY_CHARACTERS]  # a shell passes any bytes
        if not question:
            raise UsageError("the question is empty", "ask something")
        most = k if len(where.papers) == 1 else per_paper
        with self._lock:
            opened = self._generation()
            try:
                return self._search(opened, question, k, most, references, where)
            except IndexDamaged:
                # A build in another process may have taken the files away under us; if not, they are damaged.
                if self._generation() is opened:
                    raise
                return self._search(self._generation(), question, k, most, references, where)

    def _search(
        self, opened: OpenGeneration, question: str, k: int, per_paper: int, references: bool, where: Filter
    ) -> list[Hit]:
        added = opened.names.expand(question) if self.tuning.added else ()
        vector = self.embedder.embed([question])[0]
        asked = Asked(vector, question, opened.words.query(question, added), where, references, self.tuning)
        limit = max(self.tuning.candidates, k)
        while True:
            ranked = candidates(opened, asked, limit)
            if self.tuning.rerank:
                ranked = rerank(opened, ranked, asked)
            hits = pick(opened, ranked, question, asked, added=added, k=k, per_paper=per_paper)
            # Where a few papers hold all the candidates, or a sync has just replaced them: look deeper.
            if len(hits) == k or len(ranked) < limit:
                return hits
            limit *= DEEPER

    def within(self, where: Filter) -> Narrowed:
        """This search, finding only what a filter keeps. Raises UsageError where it names a paper that is not here."""
        with self._lock:
            words = self._generation().words
            missing = [one for one in where.papers if not words.count(Filter(papers=(one,)))]
        if missing:
            raise UsageError(f"nothing that can be searched is called {missing[0]}", "mivault status names what can")
        return Narrowed(self, where)

    def document_frequency(self, word: str) -> int:
        """In how many passages a word occurs, whatever its ending; bibliography aside."""
        with self._lock:
            return self._generation().words.document_frequency(word)

    def passage_count(self) -> int:
        """How many passages are searched; bibliography aside."""
        with self._lock:
            return self._generation().words.passage_count()

    def close(self) -> None:
        """Let go of the index's files; the next question opens them again."""
        with self._lock:
            if self._open:
                self._open.store.close()
            self._open, self._stamp = None, None

    def _generation(self) -> OpenGeneration:
        """The index as state.json names it now."""
        path = state_path(self.vault)
        if not path.is_file():
            raise IndexMissing("nothing has been indexed in this vault yet", "mivault sync")
        info = path.stat()
        stamp = (info.st_mtime_ns, info.st_ino)
        if self._open is None or stamp != self._stamp:
            self.close()
            self._open, self._stamp = _open_newest(self.vault, self.embedder), stamp
        return self._open


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A search in a part of the vault. How rare a word is, is still counted over all of it."""

    search: Search
    where: Filter

    def __call__(self, question: str, *, k: int = 8, per_paper: int = PER_PAPER, references: bool = False) -> list[Hit]:
        return self.search(question, k=k, per_paper=per_paper, references=references, where=self.where)

    def document_frequency(self, word: str) -> int:
        return self.search.document_frequency(word)

    def passage_count(self) -> int:
        return self.search.passage_count()


def _open_newest(vault: Vault, embedder: Embedder) -> OpenGeneration:
    state = read_state(vault)
    if state is None or not state.passages:
        raise IndexMissing("the index of this vault is empty", "mivault sync")
    if state.model != embedder.name:
        raise ModelMismatch(
            f"the index was made with {state.model}, not with {embedder.name}",
            "set that model again, or embed everything anew: mivault sync --reindex",
        )
    try:
        return OpenGeneration(vault, state)
    except IndexDamaged:
        # A build in another process may have replaced the folder between our two looks.
        newer = read_state(vault)
        if newer is None or newer.generation == state.generation:
            raise
        return _open_newest(vault, embedder)
