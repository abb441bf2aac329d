"""The table of vectors: it answers as Chroma does, follows what a generation adds and deletes, and needs no Chroma."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from readable_embedder import ReadableEmbedder
from small_vault import TEXTS, small_vault, write_source

from index import table as module
from index.build import build
from index.errors import IndexDamaged
from index.search import Search
from index.state import generation_path, read_state
from index.store import PassageStore
from index.table import TableWriter, VectorTable, open_vectors
from ingest.vault import Vault


def folder_of(vault: Vault) -> Path:
    state = read_state(vault)
    assert state is not None
    return generation_path(vault, state)


def rows(table: VectorTable | PassageStore) -> dict[str, tuple[str, tuple[float, ...]]]:
    ids, papers, vectors = table.rows() if isinstance(table, PassageStore) else (table.ids, table.papers, table.vectors)
    return {
        one: (paper, tuple(vector)) for one, paper, vector in zip(ids, papers, vectors.round(5).tolist(), strict=True)
    }


def same_as_chroma(vault: Vault) -> None:
    folder = folder_of(vault)
    store = PassageStore.open(folder / "chroma")
    assert rows(VectorTable(folder / "table")) == rows(store)
    store.close()


def test_the_table_follows_what_is_added_read_anew_and_removed(tmp_path: Path) -> None:
    vault = small_vault(tmp_path)
    for number in range(5):
        write_source(vault, f"more{number}", f"Paper {number}", [f"Text {number} {i}." for i in range(4)])
    build(vault, ReadableEmbedder())
    same_as_chroma(vault)
    shutil.rmtree(vault.source("more1"))
    write_source(vault, "sae", TEXTS["sae"][0], ["Sparse autoencoders were read again.", *TEXTS["sae"][1]])
    write_source(vault, "new", "A New Paper", ["Transcoders replace layers."])
    build(vault, ReadableEmbedder())
    same_as_chroma(vault)


def test_it_answers_as_chroma_does(tmp_path: Path) -> None:
    vault, embedder = small_vault(tmp_path), ReadableEmbedder()
    build(vault, embedder)
    store = PassageStore.open(folder_of(vault) / "chroma")
    table = open_vectors(folder_of(vault))
    assert isinstance(table, VectorTable)
    ids = [*store.rows()[0], "unknown"]
    for question in ("sparse autoencoders", "name mover heads", "nothing of the kind"):
        vector = embedder.embed([question])[0]
        for among in (None, ids[::2], []):
            ours, theirs = table.nearest(vector, 4, among=among), store.nearest(vector, 4, among=among)
            if among is not None:  # without, Chroma takes any of those that tie at its limit
                assert [one.passage_id for one in ours] == [one.passage_id for one in theirs]
            assert np.allclose([one.score for one in ours], [one.score for one in theirs], atol=1e-5)
        expected = store.cosines(vector, ids)
        assert table.cosines(vector, ids) == pytest.approx(expected, abs=1e-5) and len(expected) == len(ids) - 1
    store.close()


@given(st.integers(1, 300), st.integers(1, 80), st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_the_nearest_are_the_nearest(
    tmp_path_factory: pytest.TempPathFactory, count: int, limit: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    vectors = (np.sign(random.standard_normal((count, 4))) / 2).astype(np.float32)  # many ties
    names = [f"{number:03d}" for number in random.permutation(count)]
    writer = TableWriter()
    writer.add(names, ["paper"] * count, vectors)
    folder = tmp_path_factory.mktemp("table")
    writer.write(folder)
    scores = vectors @ vectors[0]
    found = VectorTable(folder / "table").nearest(vectors[0], limit)
    assert [round(one.score, 5) for one in found] == np.sort(scores.round(5))[::-1][:limit].tolist()
    if count <= limit + module.SPARE:
        assert [one.passage_id for one in found] == [
            name for _, name in sorted(zip((-scores).round(5).tolist(), names, strict=True))
        ][:limit]


def test_an_index_without_a_table_is_searched_in_chroma(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    vault = small_vault(tmp_path)
    build(vault, ReadableEmbedder())
    store = open_vectors(folder_of(vault))
    assert isinstance(store, PassageStore)
    store.close()
    assert Search(vault, ReadableEmbedder())("sparse autoencoders")
    monkeypatch.setattr(module, "MOST", 200_000)
    write_source(vault, "new", "A New Paper", ["Transcoders replace layers."])
    build(vault, ReadableEmbedder())
    same_as_chroma(vault)


def test_a_table_that_lost_its_names_is_damaged(tmp_path: Path) -> None:
    vault = small_vault(tmp_path)
    build(vault, ReadableEmbedder())
    path = folder_of(vault) / "table" / "ids.json"
    path.write_text('{"ids": [], "papers": []}')
    with pytest.raises(IndexDamaged):
        VectorTable(path.parent)
    with pytest.raises(IndexDamaged, match=r"ids\.json"):
        Search(vault, ReadableEmbedder())("sparse autoencoders")


def test_a_search_does_not_import_chroma(tmp_path: Path) -> None:
    vault = small_vault(tmp_path)
    build(vault, ReadableEmbedder())
    code = """
import sys
from pathlib import Path
from readable_embedder import ReadableEmbedder
from index.search import Search
from ingest.vault import Vault
assert Search(Vault(Path(sys.argv[1])), ReadableEmbedder())("sparse autoencoders")
print(sorted({"chromadb", "numba", "torch", "llama_index", "sqlite3"} & sys.modules.keys()))
"""
    root = Path(__file__).resolve().parent
    done = subprocess.run(
        [sys.executable, "-c", code, str(vault.root)],
        env={"PYTHONPATH": f"{root.parent}:{root}"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in ("[]", "['sqlite3']")
