"""Passages by meaning: vectors with their text in Chroma, embedded or on a server. The door of `chromadb`.

LlamaIndex's ChromaVectorStore reads it: passage ids, the text as document, flat metadata (`document_id` is the paper,
by which it deletes).
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from index.chroma_server import SILENT_SECONDS, ChromaServer, greet, patiently, unreachable
from index.errors import IndexDamaged, StoreUnreachable
from index.state import REBUILD
from ingest.records import Paper, Passage

COLLECTION = "passages"
SQLITE = "chroma.sqlite3"
# Chroma's default is 100. Wider finds what an exact search finds, at no cost that shows at vault size.
EF_SEARCH = 200
# Rows asked for at a time: those of a million at once would be 2 GB.
PAGE = 10_000
# SQLite takes 32,766 variables a statement; Chroma uses one for each id and paper.
DELETE_BATCH = 500

Metadata = dict[str, str | int]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Found:
    """A passage one leg found: `score` is the cosine, or the BM25 score."""

    passage_id: str
    paper_id: str
    score: float


class PassageStore:
    """An open store. One writer at a time (two destroy it without an error): the caller holds the vault's lock.

    A server that does not answer is asked again for some seconds; then it is StoreUnreachable.
    """

    widest = 600  # as that of VectorTable: a graph takes long to find more

    def __init__(self, client: Any, collection: Any, server: ChromaServer | None = None) -> None:
        self._client, self._collection, self._server = client, collection, server
        self._batch: int = self._ask(client.get_max_batch_size)

    @classmethod
    def create(cls, folder: Path, *, model: str, dimension: int) -> PassageStore:
        """An empty store. `folder` must hold none."""
        with _translated():
            client = _client(folder)
            return cls(client, _new(client, COLLECTION, {"model": model, "dimension": dimension}))

    @classmethod
    def open(cls, folder: Path) -> PassageStore:
        """The store in `folder`. Raises IndexDamaged where it cannot be read."""
        if not (folder / SQLITE).is_file():
            raise IndexDamaged("the index has no vectors", REBUILD)
        with _translated():
            client = _client(folder)
            return cls(client, client.get_collection(COLLECTION, embedding_function=None))

    @classmethod
    def create_on(cls, server: ChromaServer, name: str, *, model: str, dimension: int, owner: str) -> PassageStore:
        """An empty collection on a server; `owner` is who may write to it."""
        metadata: Metadata = {"model": model, "dimension": dimension, "owner": owner, "holds": ""}

        def create() -> PassageStore:
            with _translated(server):
                client = _connect(server)
                return cls(client, _new(client, name, metadata), server)

        return patiently(create)

    @classmethod
    def open_on(cls, server: ChromaServer, name: str) -> PassageStore:
        """A server's collection. Raises StoreUnreachable, or IndexDamaged where it is not there."""

        def opened() -> PassageStore:
            with _translated(server):
                client = _connect(server)
                return cls(client, client.get_collection(name, embedding_function=None), server)

        return patiently(opened)

    def close(self) -> None:
        """Let go of the files. Chroma keeps one client per path in a process; without this, reopening is not."""
        self._client.close()

    def _ask(self, work: Callable[[], Result]) -> Result:
        def once() -> Result:
            with _translated(self._server):
                return work()

        return once() if self._server is None else patiently(once)

    @property
    def model(self) -> str:
        """The embedding model whose vectors these are."""
        return str(self._collection.metadata["model"])

    @property
    def dimension(self) -> int:
        return int(self._collection.metadata["dimension"])

    @property
    def owner(self) -> str:
        """Who may write to a server's collection."""
        return str(self._collection.metadata.get("owner", ""))

    @property
    def holds(self) -> str:
        """The generation whose passages a server's collection held when it was last written to the end."""
        return str(self._collection.metadata.get("holds", ""))

    def note_holds(self, generation: str) -> None:
        """Remember on the server that all passages of this generation are there."""
        metadata = {**self._collection.metadata, "holds": generation}
        self._ask(partial(self._collection.modify, metadata=metadata))

    def drop(self) -> None:
        """Delete a server's collection."""
        self._ask(partial(self._client.delete_collection, self._collection.name))

    def count(self) -> int:
        return int(self._ask(self._collection.count))

    def upsert(self, rows: Sequence[tuple[Paper, Passage]], vectors: NDArray[np.float32]) -> None:
        """Put passages with their vectors, a row each; the same id twice is one passage."""
        for start in range(0, len(rows), self._batch):
            part = rows[start : start + self._batch]
            self._ask(
                partial(
                    self._collection.upsert,
                    ids=[passage.id for _, passage in part],
                    embeddings=vectors[start : start + len(part)],
                    documents=[passage.text for _, passage in part],
                    metadatas=[_metadata(paper, passage) for paper, passage in part],
                )
            )

    def delete_papers(self, paper_ids: Sequence[str]) -> None:
        """Take out all passages of these papers; ids that are not there are no error."""
        for start in range(0, len(paper_ids), DELETE_BATCH):
            where = {"paper_id": {"$in": list(paper_ids[start : start + DELETE_BATCH])}}
            self._ask(partial(self._collection.delete, where=where))

    def nearest(self, vector: NDArray[np.float32], limit: int, *, among: Sequence[str] | None = None) -> list[Found]:
        """The passages nearest to a vector (dimension,), best first, ties by id; only `among` these ids, where given.

        Among some ids the search is exact: Chroma's own filter costs 40 times its search, and may miss some.
        """
        if among is not None:
            return self._nearest_among(vector, limit, among)
        limit = min(limit, self.count())
        if not limit:
            return []
        answer = self._ask(
            partial(
                self._collection.query, query_embeddings=[vector], n_results=limit, include=["distances", "metadatas"]
            )
        )
        rows = zip(answer["ids"][0], answer["metadatas"][0], answer["distances"][0], strict=True)
        found = [Found(passage_id, str(meta["paper_id"]), 1.0 - float(far)) for passage_id, meta, far in rows]
        return sorted(found, key=lambda one: (-round(one.score, 6), one.passage_id))

    def _nearest_among(self, vector: NDArray[np.float32], limit: int, among: Sequence[str]) -> list[Found]:
        found: list[Found] = []
        for start in range(0, len(among), self._batch):
            part = list(among[start : start + self._batch])
            got = self._ask(partial(self._collection.get, ids=part, include=["embeddings", "metadatas"]))
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

    def vectors(self, passage_ids: Sequence[str] | None = None) -> tuple[list[str], NDArray[np.float32]]:
        """Ids and their vectors (rows, dimension), of all passages or of these."""
        ids: list[str] = []
        vectors = [np.empty((0, self.dimension), dtype=np.float32)]
        for got in self._got(passage_ids):
            ids += got["ids"]
            vectors.append(np.asarray(got["embeddings"], dtype=np.float32).reshape(-1, self.dimension))
        return ids, np.concatenate(vectors)

    def _got(self, passage_ids: Sequence[str] | None) -> Iterator[dict[str, Any]]:
        total = self.count() if passage_ids is None else len(passage_ids)
        for start in range(0, total, PAGE):
            if passage_ids is None:
                part: dict[str, Any] = {"limit": PAGE, "offset": start}
            else:
                part = {"ids": list(passage_ids[start : start + PAGE])}
            yield self._ask(partial(self._collection.get, include=["embeddings"], **part))


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


def _connect(server: ChromaServer) -> Any:
    import chromadb
    from chromadb.config import Settings

    greet(server)
    client = chromadb.HttpClient(
        server.host,
        server.port,
        ssl=server.tls,
        headers=server.headers,
        settings=Settings(anonymized_telemetry=False),
        tenant=server.tenant,
        database=server.database,
    )
    session = getattr(client._server, "_session", None)
    if session is not None:  # it has no limit, and Chroma lets nobody set one
        session.timeout = SILENT_SECONDS
    return client


def _new(client: Any, name: str, metadata: Metadata) -> Any:
    return client.create_collection(
        name,
        embedding_function=None,  # the default one downloads a model
        metadata=metadata,
        configuration={"hnsw": {"space": "cosine", "ef_search": EF_SEARCH}},
    )


def _metadata(paper: Paper, passage: Passage) -> Metadata:
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
def _translated(server: ChromaServer | None = None) -> Iterator[None]:
    """Chroma's own errors, and those of the SQLite and the pickle under it, as IndexDamaged; those of the way to a
    server as StoreUnreachable."""
    from chromadb.errors import ChromaAuthError, ChromaError

    try:
        yield
    except ChromaAuthError as error:
        raise StoreUnreachable(f"the Chroma server at {server} refuses us", "check the token") from error
    except ChromaError as error:
        raise IndexDamaged(f"the stored vectors cannot be read or written: {_one_line(error)}", REBUILD) from error
    except Exception as error:
        on_the_way = type(error).__module__.partition(".")[0] in ("httpx", "httpcore")
        # Chroma's client raises a bare ValueError or Exception where it cannot connect, or reads no JSON.
        if server is None or not (on_the_way or type(error) in (ValueError, Exception) or isinstance(error, OSError)):
            raise
        raise unreachable(server, error) from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
