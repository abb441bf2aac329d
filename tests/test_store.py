"""The vector store: what is put is found, what is deleted is gone, what is damaged says so, LlamaIndex reads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from readable_embedder import ReadableEmbedder
from small_vault import TEXTS, small_vault

from index.errors import IndexDamaged
from index.store import PassageStore, sound
from ingest.records import Paper, Passage

EMBEDDER = ReadableEmbedder()
Rows = list[tuple[Paper, Passage]]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    vault = small_vault(tmp_path_factory.mktemp("vault"))
    papers = [vault.paper(source_id) for source_id in TEXTS]
    return [(paper, passage) for paper in papers if paper for passage in vault.passages(paper.id)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[PassageStore]:
    opened = PassageStore.create(tmp_path / "chroma", model="readable", dimension=EMBEDDER.dimension)
    yield opened
    opened.close()


def vectors(rows: Rows) -> NDArray[np.float32]:
    return EMBEDDER.embed([passage.text for _, passage in rows])


def test_what_is_put_is_found_nearest_to_itself(store: PassageStore, rows: Rows) -> None:
    store.upsert(rows, vectors(rows))
    assert store.count() == len(rows)
    for (_, passage), vector in zip(rows, vectors(rows), strict=True):
        first, second = store.nearest(vector, 2)
        assert (first.passage_id, first.paper_id) == (passage.id, passage.paper_id)
        assert first.score == pytest.approx(1, abs=1e-4) and first.score >= second.score


def test_put_twice_is_put_once(store: PassageStore, rows: Rows) -> None:
    store.upsert(rows, vectors(rows))
    store.upsert(rows[::-1], vectors(rows[::-1]))
    assert store.count() == len(rows)
    ids, kept = store.vectors()
    expected = {passage.id: vector for (_, passage), vector in zip(rows, vectors(rows), strict=True)}
    for passage_id, vector in zip(ids, kept, strict=True):
        assert np.allclose(vector, expected[passage_id], atol=1e-6)


def test_a_deleted_paper_is_not_found(store: PassageStore, rows: Rows) -> None:
    store.upsert(rows, vectors(rows))
    store.delete_papers(["sae", "was never here"])
    assert store.count() == len(rows) - 2
    assert {one.paper_id for one in store.nearest(vectors(rows)[0], 99)} == {"ioi", "toy"}


def test_an_empty_store_finds_nothing(store: PassageStore) -> None:
    assert store.nearest(EMBEDDER.embed(["a question"])[0], 5) == []
    assert store.cosines(EMBEDDER.embed(["a question"])[0], ["no such id"]) == {}


def test_cosines_are_those_of_the_vectors(store: PassageStore, rows: Rows) -> None:
    store.upsert(rows, vectors(rows))
    question = EMBEDDER.embed(["sparse features"])[0]
    chosen = [passage.id for _, passage in rows[:3]]
    expected = dict(zip(chosen, (vectors(rows[:3]) @ question).tolist(), strict=True))
    assert store.cosines(question, [*chosen, "no such id"]) == pytest.approx(expected, abs=1e-5)
    assert store.cosines(question, []) == {}


def test_more_passages_than_chroma_takes_at_once(store: PassageStore, rows: Rows) -> None:
    store._batch = 2
    store.upsert(rows, vectors(rows))
    assert store.count() == len(rows)


def test_an_open_store_knows_its_model_and_can_be_reopened(tmp_path: Path, rows: Rows) -> None:
    store = PassageStore.create(tmp_path / "chroma", model="readable", dimension=EMBEDDER.dimension)
    store.upsert(rows, vectors(rows))
    store.close()
    again = PassageStore.open(tmp_path / "chroma")
    assert (again.model, again.dimension, again.count()) == ("readable", EMBEDDER.dimension, len(rows))
    again.close()


def test_llama_index_reads_the_store(store: PassageStore, rows: Rows) -> None:
    """Through its own ChromaVectorStore, given the collection: ids, text, metadata, deleting by paper."""
    chroma = pytest.importorskip("llama_index.vector_stores.chroma")
    from llama_index.core.vector_stores.types import MetadataFilter, MetadataFilters, VectorStoreQuery

    store.upsert(rows, vectors(rows))
    theirs = chroma.ChromaVectorStore(chroma_collection=store._collection)
    paper, passage = rows[0]
    query = VectorStoreQuery(query_embedding=vectors(rows)[0].tolist(), similarity_top_k=2)
    answer = theirs.query(query)
    assert answer.ids[0] == passage.id and answer.nodes[0].get_content() == passage.text
    assert answer.nodes[0].metadata["title"] == paper.title
    query.filters = MetadataFilters(filters=[MetadataFilter(key="paper_id", value="toy")])
    assert {node.metadata["paper_id"] for node in theirs.query(query).nodes} == {"toy"}
    theirs.delete("toy")
    assert store.count() == len(rows) - 2


@pytest.mark.parametrize("damage", ["missing", "cut", "garbage", "empty"])
def test_a_damaged_store_says_so(tmp_path: Path, rows: Rows, damage: str) -> None:
    folder = tmp_path / "chroma"
    store = PassageStore.create(folder, model="readable", dimension=EMBEDDER.dimension)
    store.upsert(rows, vectors(rows))
    store.close()
    assert sound(folder)
    database = folder / "chroma.sqlite3"
    data = database.read_bytes()
    ruined = {"cut": data[: len(data) // 2], "garbage": data[:50] + b"\xff" * 9000 + data[9050:], "empty": b""}
    database.unlink() if damage == "missing" else database.write_bytes(ruined[damage])
    assert not sound(folder) or damage == "empty"
    with pytest.raises(IndexDamaged) as caught:
        opened = PassageStore.open(folder)
        try:
            opened.nearest(vectors(rows)[0], 3)
        finally:
            opened.close()
    assert "mivault sync" in caught.value.hint
