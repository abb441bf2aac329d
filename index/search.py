"""Finds the passages that a question is about: by meaning (Chroma) and by words (tantivy), fused.

question ──► vector ──► nearest passages ─┐
         └─► words ───► BM25 ─────────────┴─► one score each ─► best k, few of one paper ─► Hit
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from index.embed import Embedder
from index.errors import IndexDamaged, IndexMissing, ModelMismatch
from index.lexical import QUERY_CHARACTERS, WordIndex
from index.records import Hit
from index.state import IndexState, check_files, generation_path, read_state, state_path
from index.store import Found, PassageStore
from ingest.errors import UsageError
from ingest.records import Paper, Passage, from_json
from ingest.vault import Vault, read_jsonl

# Passages taken from each leg before fusing.
CANDIDATES = 50
# The share of meaning in the fused score; words have the rest. Between .5 and .8 nDCG@10 changes by .02 (230 sentences
# that cite one of 1,121 papers: .400 .397 .391 .381); cosines as they are and stretched to 0..1 lie within that.
# Looked at on those sentences only: .7 is the figure it began with, not the best of them.
MEANING = 0.7
# Sources whose passages are held in memory: about 100 KB each.
HELD = 64


class Search:
    """Asks the index of a vault; opens it at the first question, and again when another process has built a new one."""

    def __init__(self, vault: Vault, embedder: Embedder) -> None:
        self.vault, self.embedder = vault, embedder
        self._lock = threading.RLock()
        self._stamp: tuple[int, int] | None = None
        self._open: _Generation | None = None

    def __call__(self, question: str, *, k: int = 8, per_paper: int = 3, references: bool = False) -> list[Hit]:
        """The k best passages, best first, at most `per_paper` of one source; bibliography only with `references`.

        Raises UsageError for an empty question, IndexMissing, ModelMismatch or IndexDamaged where it cannot search.
        """
        question = question.encode("utf-8", "replace").decode().strip()[:QUERY_CHARACTERS]  # a shell passes any bytes
        if not question:
            raise UsageError("the question is empty", "ask something")
        with self._lock:
            generation = self._generation()
            try:
                return _search(generation, self.embedder, question, k, per_paper, references)
            except IndexDamaged:
                # A build in another process may have taken the files away under us; if not, they are damaged.
                if self._generation() is generation:
                    raise
                return _search(self._generation(), self.embedder, question, k, per_paper, references)

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

    def _generation(self) -> _Generation:
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


class _Generation:
    """An open generation of the index, and the records of the vault as they were when it was opened."""

    def __init__(self, vault: Vault, state: IndexState) -> None:
        folder = generation_path(vault, state)
        check_files(vault, state)
        self.number = state.generation
        self.words = WordIndex.open(folder / "words")
        self.store = PassageStore.open(folder / "chroma")
        self._vault = vault
        self._source = lru_cache(HELD)(self._read_source)

    def record(self, found_id: str, paper_id: str) -> tuple[Paper, Passage] | None:
        """A passage and its paper; None where a sync that is under way has just replaced it."""
        paper, rows = self._source(paper_id)
        row = rows.get(found_id)
        return None if row is None or paper is None else (paper, from_json(Passage, row))

    def _read_source(self, paper_id: str) -> tuple[Paper | None, dict[str, dict[str, object]]]:
        rows = read_jsonl(self._vault.source(paper_id) / "passages.jsonl")
        return self._vault.paper(paper_id), {str(row["id"]): row for row in rows}


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with what both legs say of it. Ranks count from 1, None where the leg did not bring it."""

    passage_id: str
    paper_id: str
    score: float
    cosine: float | None
    bm25: float | None
    rank_meaning: int | None
    rank_words: int | None


def rank(generation: _Generation, embedder: Embedder, question: str, *, references: bool) -> list[Ranked]:
    """All candidates of both legs, best first, ties by id. What one leg missed, it is asked about by id."""
    vector = embedder.embed([question])[0]
    near = generation.store.nearest(vector, CANDIDATES)
    shared = generation.words.search(question, CANDIDATES, references=references)
    papers = {one.passage_id: one.paper_id for one in (*near, *shared)}
    cosines = _completed(near, generation.store.cosines(vector, _missing(papers, near)))
    bm25 = _completed(shared, generation.words.scores(question, _missing(papers, shared), references=references))
    meaning_rank, word_rank = _ranks(near), _ranks(shared)
    fused = fuse(cosines, bm25)
    ranked = [
        Ranked(one, paper, fused[one], cosines.get(one), bm25.get(one), meaning_rank.get(one), word_rank.get(one))
        for one, paper in papers.items()
    ]
    return sorted(ranked, key=lambda one: (-round(one.score, 6), one.passage_id))


def fuse(cosines: Mapping[str, float], bm25: Mapping[str, float], *, meaning: float = MEANING) -> dict[str, float]:
    """One score in 0 to 1 for every id of either leg.

    A cosine counts as it is (below 0 as 0), BM25 as a share of the best candidate's. What has no vector
    (bibliography) is judged by its words alone.
    """
    best = max(bm25.values(), default=0.0) or 1.0
    scores = {}
    for one in {*cosines, *bm25}:
        words = bm25.get(one, 0.0) / best
        scores[one] = meaning * min(max(cosines[one], 0.0), 1.0) + (1 - meaning) * words if one in cosines else words
    return scores


def _search(
    generation: _Generation, embedder: Embedder, question: str, k: int, per_paper: int, references: bool
) -> list[Hit]:
    ranked = rank(generation, embedder, question, references=references)
    return _best(generation, ranked, question, k=k, per_paper=per_paper)


def _best(generation: _Generation, ranked: list[Ranked], question: str, *, k: int, per_paper: int) -> list[Hit]:
    hits: list[Hit] = []
    taken: dict[str, int] = {}
    for one in ranked:
        if len(hits) == k:
            break
        record = generation.record(one.passage_id, one.paper_id)
        if record is None or taken.get(one.paper_id, 0) >= per_paper:
            continue
        taken[one.paper_id] = taken.get(one.paper_id, 0) + 1
        hits.append(_hit(one, *record, shared=generation.words.shared(question, record[1].text)))
    return hits


def _hit(one: Ranked, paper: Paper, passage: Passage, *, shared: list[str]) -> Hit:
    return Hit(
        passage=passage,
        paper=paper,
        score=one.score,
        similarity=one.cosine,
        bm25=one.bm25 or 0.0,
        rank_meaning=one.rank_meaning,
        rank_words=one.rank_words,
        why=why(one, shared),
    )


def why(one: Ranked, shared: list[str]) -> str:
    """In words: "meaning: 2nd nearest (cosine .61); words: sparse, autoencoders (5th best)"."""
    parts = []
    if one.cosine is not None:
        place = f"number {one.rank_meaning} of the nearest" if one.rank_meaning else "not among the nearest"
        parts.append(f"meaning: {place} (cosine {one.cosine:.2f})")
    if shared:
        place = f" (number {one.rank_words} by words)" if one.rank_words else ""
        parts.append(f"shares the words {', '.join(shared)}{place}")
    elif one.rank_words:
        parts.append(f"shares words with its title or section (number {one.rank_words} by words)")
    return "; ".join(parts)


def _open_newest(vault: Vault, embedder: Embedder) -> _Generation:
    state = read_state(vault)
    if state is None or not state.passages:
        raise IndexMissing("the index of this vault is empty", "mivault sync")
    if state.model != embedder.name:
        raise ModelMismatch(
            f"the index was made with {state.model}, not with {embedder.name}",
            "set that model again, or embed everything anew: mivault sync --reindex",
        )
    try:
        return _Generation(vault, state)
    except IndexDamaged:
        # A build in another process may have replaced the folder between our two looks.
        newer = read_state(vault)
        if newer is None or newer.generation == state.generation:
            raise
        return _open_newest(vault, embedder)


def _completed(found: list[Found], others: Mapping[str, float]) -> dict[str, float]:
    return {**{one.passage_id: one.score for one in found}, **others}


def _missing(papers: Mapping[str, str], found: list[Found]) -> list[str]:
    known = {one.passage_id for one in found}
    return [one for one in papers if one not in known]


def _ranks(found: list[Found]) -> dict[str, int]:
    return {one.passage_id: place for place, one in enumerate(found, start=1)}
