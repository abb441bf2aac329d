"""The table of vectors: it answers as Chroma does, follows what a generation adds and deletes, and needs no Chroma."""

from __future__ import annotations

import json
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

from index import table_writer
from index.build import build
from index.errors import IndexDamaged
from index.search import Search
from index.state import generation_path, read_state, state_path, store_path
from index.store import PassageStore
from index.table import SPARE, VectorTable
from index.table_writer import TableWriter
from ingest.vault import Vault


def folder_of(vault: Vault) -> Path:
    state = read_state(vault)
    assert state is not None
    return generation_path(vault, state)


def chroma_of(vault: Vault) -> PassageStore:
    state = read_state(vault)
    assert state is not None
    return PassageStore.open(store_path(vault, state))


def same_as_chroma(vault: Vault) -> None:
    store = chroma_of(vault)
    ids, vectors = store.vectors()
    store.close()
    ours, papers, own = VectorTable(folder_of(vault) / "table").rows()
    assert dict(zip(ours, own.round(5).tolist(), strict=True)) == dict(zip(ids, vectors.round(5).tolist(), strict=True))
    of = {passage.id: source for source in vault.source_ids() for passage in vault.passages(source)}
    assert papers == [of[one] for one in ours]


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
    store = chroma_of(vault)
    table = VectorTable(folder_of(vault) / "table")
    ids = [*store.vectors()[0], "unknown"]
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
    folder = tmp_path_factory.mktemp("table") / "table"
    writer = TableWriter(folder)
    writer.add(names, ["paper"] * count, vectors)
    writer.finish()
    scores = vectors @ vectors[0]
    found = VectorTable(folder).nearest(vectors[0], limit)
    assert [round(one.score, 5) for one in found] == np.sort(scores.round(5))[::-1][:limit].tolist()
    if count <= limit + SPARE:
        assert [one.passage_id for one in found] == [
            name for _, name in sorted(zip((-scores).round(5).tolist(), names, strict=True))
        ][:limit]


@given(
    st.lists(st.tuples(st.sets(st.integers(0, 40), max_size=12), st.sets(st.integers(0, 9), max_size=2)), max_size=6)
)
@settings(max_examples=60, deadline=None)
def test_tables_that_follow_each_other_hold_what_was_put_and_not_taken_out(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[set[int], set[int]]]
) -> None:
    """Passage n is of paper n % 10; each change takes papers out, then puts passages with new vectors."""
    root, base, expected = tmp_path_factory.mktemp("tables"), None, dict[str, tuple[str, float]]()
    for number, (put, gone) in enumerate(changes):
        writer = TableWriter(root / str(number), base)
        writer.delete_papers([f"paper{one}" for one in gone])
        expected = {one: row for one, row in expected.items() if int(row[0][5:]) not in gone}
        names, papers = [f"{one:02d}" for one in put], [f"paper{one % 10}" for one in put]
        vectors = np.array([[number, one] for one in put], dtype=np.float32).reshape(-1, 2)
        writer.add(names, papers, vectors)
        writer.finish()
        expected |= {name: (paper, float(number)) for name, paper in zip(names, papers, strict=True)}
        if base:
            shutil.rmtree(base)
        base = root / str(number)
        table = VectorTable(base)
        ids, of, stored = table.rows()
        assert {one: (paper, row[0]) for one, paper, row in zip(ids, of, stored.tolist(), strict=True)} == expected
        assert set(table.cosines(np.array([1, 0], dtype=np.float32), [*expected, "none"])) == set(expected)
        assert len({path.name.split(".")[0] for path in base.glob("*.npy")}) == len(table.pieces)


@pytest.mark.parametrize("gone", [(), ("paper0", "paper3")])
def test_a_large_table_finds_by_small_integers_what_an_exact_search_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: tuple[str, ...]
) -> None:
    monkeypatch.setattr(table_writer, "LARGE", 1_000)
    random = np.random.default_rng(1)
    middles = random.standard_normal((20, 64))
    vectors = (middles[random.integers(20, size=3_000)] + random.standard_normal((3_000, 64))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    names = [f"{number:04d}" for number in range(3_000)]
    papers = [f"paper{number % 7}" for number in range(3_000)]
    first = TableWriter(tmp_path / "first")
    first.add(names, papers, vectors)
    first.finish()
    writer = TableWriter(tmp_path / "table", tmp_path / "first")
    writer.delete_papers(gone)
    writer.finish()
    table = VectorTable(tmp_path / "table")
    assert any(piece.small is not None for piece in table.pieces)
    kept = [row for row in range(3_000) if papers[row] not in gone]
    for question in vectors[:200:10]:
        exact = sorted(kept, key=lambda row: (-round(float(vectors[row] @ question), 6), names[row]))[:20]
        assert [one.passage_id for one in table.nearest(question, 20)] == [names[row] for row in exact]


def test_adding_a_paper_shares_the_files_of_the_index_before(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    write_source(vault, "large", "Large", [f"Text {number}." for number in range(300)])
    build(vault, ReadableEmbedder())
    before = {path.stat().st_ino for path in folder_of(vault).rglob("*") if path.is_file()}
    write_source(vault, "new", "A New Paper", ["Transcoders replace layers."])
    build(vault, ReadableEmbedder())
    files = [path for path in folder_of(vault).rglob("*") if path.is_file()]
    new = sum(path.stat().st_size for path in files if path.stat().st_ino not in before)
    assert len([path for path in files if path.stat().st_ino in before]) > 5
    assert new < 0.2 * sum(path.stat().st_size for path in files)
    same_as_chroma(vault)


def test_an_index_of_the_format_before_is_asked_then_built_anew_without_embedding(tmp_path: Path) -> None:
    vault, embedder = small_vault(tmp_path), ReadableEmbedder()
    build(vault, embedder)
    as_format_3(vault)
    assert Search(vault, embedder)("sparse autoencoders")[0].paper.id == "sae"
    done = embedder.embedded
    assert build(vault, embedder).rebuilt and embedder.embedded == done
    same_as_chroma(vault)


def as_format_3(vault: Vault) -> None:
    """What was written before: the whole table in two files, Chroma in the generation's folder."""
    folder, path = folder_of(vault), state_path(vault)
    ids, papers, vectors = VectorTable(folder / "table").rows()
    shutil.rmtree(folder / "table")
    (folder / "table").mkdir()
    np.save(folder / "table" / "vectors.npy", vectors)
    (folder / "table" / "ids.json").write_text(json.dumps({"ids": ids, "papers": papers}))
    data = json.loads(path.read_text())
    (vault.index_path / data.pop("store")).rename(folder / "chroma")
    del data["marks"]
    files = {one: digest for one, digest in data["files"].items() if not one.startswith("table/")}
    path.write_text(json.dumps({**data, "files": files, "format": 3}))


def test_a_table_that_lost_its_names_is_damaged(tmp_path: Path) -> None:
    vault = small_vault(tmp_path)
    build(vault, ReadableEmbedder())
    (path,) = (folder_of(vault) / "table").glob("*.ids.npy")
    np.save(path, np.array([b"one"]))
    with pytest.raises(IndexDamaged):
        VectorTable(path.parent)
    with pytest.raises(IndexDamaged, match=r"ids\.npy"):
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
