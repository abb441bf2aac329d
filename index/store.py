"""Passages by meaning: vectors with their text in an embedded Chroma store. The door of `chromadb`.

LlamaIndex's ChromaVectorStore reads it: passage ids, the text as document, flat metadata (`document_id` is the paper,
by which it deletes).
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.errors import IndexDamaged
from index.state import REBUILD
from ingest.records import Paper, Passage

COLLECTION = "passages"
SQLITE = "chroma.sqlite3"
# Chroma's default is 100. Wider finds what an exact search finds, at no cost that shows at vault size.
EF_SEARCH = 200
# SQLite takes 32,766 variables a statement; Chroma uses one for each id and paper.
DELETE_BATCH = 500


@dataclass(frozen=True, slots=True)
class Found:
    """A passage one leg found: `score` is the cosine, or the BM25 score."""

    passage_id: str
    paper_id: str
    score: float


class PassageStore:
    """An open store. One writer at a time (two destroy it without an error): the caller holds the vault's lock."""

    def __init__(self, client: Any, collection: Any) -> None:
        self._client, self._collection = client, collection
        self._batch: int = client.get_max_batch_size()

    @classmethod
    def create(cls, folder: Path, *, model: str, dimension: int) -> PassageStore:
        """An empty store. `folder` must hold none."""
        with _translated():
            client = _client(folder)
            collection = client.create_collection(
                COLLECTION,
                embedding_function=None,  # the default one downloads a model
                metadata={"model": model, "dimension": dimension},
                configuration={"hnsw": {"space": "cosine", "ef_search": EF_SEARCH}},
            )
            return cls(client, collection)

    @classmethod
    def open(cls, folder: Path) -> PassageStore:
        """The store in `folder`. Raises IndexDamaged where it cannot be read."""
        if not (folder / SQLITE).is_file():
            raise IndexDamaged("the index has no vectors", REBUILD)
        with _translated():
            client = _client(folder)
            return cls(client, client.get_collection(COLLECTION, embedding_function=None))

    def close(self) -> None:
        """Let go of the files. Chroma keeps one client per path in a process; without this, reopening is not."""
        self._client.close()

    @property
    def model(self) -> str:
        """The embedding model whose vectors these are."""
        return str(self._collection.metadata["model"])

    @property
    def dimension(self) -> int:
        return int(self._collection.metadata["dimension"])

    def count(self) -> int:
        with _translated():
            return int(self._collection.count())

    def upsert(self, rows: Sequence[tuple[Paper, Passage]], vectors: NDArray[np.float32]) -> None:
        """Put passages with their vectors, a row each; the same id twice is one passage."""
        for start in range(0, len(rows), self._batch):
            part = rows[start : start + self._batch]
            with _translated():
                self._collection.upsert(
                    ids=[passage.id for _, passage in part],
                    embeddings=vectors[start : start + len(part)],
                    documents=[passage.text for _, passage in part],
                    metadatas=[_metadata(paper, passage) for paper, passage in part],
                )

    def delete_papers(self, paper_ids: Sequence[str]) -> None:
        """Take out all passages of these papers; ids that are not there are no error."""
        for start in range(0, len(paper_ids), DELETE_BATCH):
            with _translated():
                self._collection.delete(where={"paper_id": {"$in": list(paper_ids[start : start + DELETE_BATCH])}})

    def nearest(self, vector: NDArray[np.float32], limit: int, *, among: Sequence[str] | None = None) -> list[Found]:
        """The passages nearest to a vector (dimension,), best first, ties by id; only `among` these ids, where given.

        Among some ids the search is exact: Chroma's own filter costs 40 times its search, and may miss some.
        """
        if among is not None:
            return self._nearest_among(vector, limit, among)
        with _translated():
            limit = min(limit, self.count())
            if not limit:
                return []
            answer = self._collection.query(
                query_embeddings=[vector], n_results=limit, include=["distances", "metadatas"]
            )
        rows = zip(answer["ids"][0], answer["metadatas"][0], answer["distances"][0], strict=True)
        found = [Found(passage_id, str(meta["paper_id"]), 1.0 - float(far)) for passage_id, meta, far in rows]
        return sorted(found, key=lambda one: (-round(one.score, 6), one.passage_id))

    def _nearest_among(self, vector: NDArray[np.float32], limit: int, among: Sequence[str]) -> list[Found]:
        found: list[Found] = []
        for start in range(0, len(among), self._batch):
            part = list(among[start : start + self._batch])
            with _translated():
                got = self._collection.get(ids=part, include=["embeddings", "metadatas"])
            if got["ids"]:
                scores = np.asarray(got["embeddings"], dtype=np.float32) @ vector
                rows = zip(got["ids"], got["metadatas"], scores.tolist(), strict=True)
                found += [Found(passage_id, str(meta["paper_id"]), score) for passage_id, meta, score in rows]
        return sorted(found, key=lambda one: (-round(one.score, 6), one.passage_id))[:limit]

    def cosines(self, vector: NDArray[np.float32], passage_ids: Sequence[str]) -> dict[str, float]:
        """The cosine of a vector with each of these passages; those that have no vector are left out."""
        if not passage_ids:
            return {}
        ids, vectors = self.vectors(passage_ids)
        return dict(zip(ids, (vectors @ vector).tolist(), strict=True)) if ids else {}

    def rows(self) -> tuple[list[str], list[str], NDArray[np.float32]]:
        """Of all passages: ids, papers and vectors (rows, dimension)."""
        with _translated():
            got = self._collection.get(include=["embeddings", "metadatas"])
        papers = [str(meta["paper_id"]) for meta in got["metadatas"]]
        vectors = np.asarray(got["embeddings"], dtype=np.float32).reshape(len(papers), self.dimension)
        return list(got["ids"]), papers, vectors

    def vectors(self, passage_ids: Sequence[str] | None = None) -> tuple[list[str], NDArray[np.float32]]:
        """Ids and their vectors (rows, dimension), of all passages or of these."""
        ids = None if passage_ids is None else list(passage_ids)
        with _translated():
            got = self._collection.get(ids=ids, include=["embeddings"])
        return list(got["ids"]), np.asarray(got["embeddings"], dtype=np.float32)


def sound(folder: Path) -> bool:
    """Whether the SQLite file of the store in `folder` is there and whole: 20 ms for 3,000 passages."""
    try:
        with contextlib.closing(sqlite3.connect(f"{(folder / SQLITE).as_uri()}?mode=ro", uri=True)) as database:
            return bool(database.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except sqlite3.DatabaseError:
        return False


def _client(folder: Path) -> Any:
    import chromadb
    from chromadb.config import Settings

    return chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))


def _metadata(paper: Paper, passage: Passage) -> dict[str, str | int]:
    return {
        "paper_id": passage.paper_id,
        "document_id": passage.paper_id,
        "kind": paper.kind,
        "arxiv_id": paper.arxiv_id or "",
        "title": paper.title,
        "section": " > ".join(passage.section),
        "locator": passage.locator,
        "page": passage.spans[0].page if passage.spans else 0,
        "order": passage.order,
    }


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Chroma's own errors, and those of the SQLite and the pickle under it, as IndexDamaged."""
    from chromadb.errors import ChromaError

    try:
        yield
    except ChromaError as error:
        raise IndexDamaged(f"the stored vectors cannot be read or written: {error}", REBUILD) from error
