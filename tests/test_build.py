"""Building the index: only what changed, the same after any kill, never with another model by accident."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from killed_builds import contents
from readable_embedder import ReadableEmbedder
from small_vault import TEXTS, small_vault, write_source

from index.build import build
from index.errors import ModelMismatch
from index.search import Search
from index.state import generation_path, read_state
from index.vectors import read_vectors, write_vectors
from ingest.vault import Vault, write_bytes

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return small_vault(tmp_path / "vault")


@pytest.fixture
def embedder() -> ReadableEmbedder:
    return ReadableEmbedder()


def passage_ids(vault: Vault) -> set[str]:
    return {passage.id for source_id in vault.source_ids() for passage in vault.passages(source_id)}


def test_all_passages_are_in_both_halves_with_their_vectors(vault: Vault, embedder: ReadableEmbedder) -> None:
    report = build(vault, embedder)
    assert (report.embedded, report.indexed, report.removed, report.passages) == (3, 3, 0, 6)
    made = contents(vault)
    assert set(made["vectors"]) == set(made["words"]) == passage_ids(vault)
    state = read_state(vault)
    assert state is not None
    assert (state.model, state.dimension, state.passages) == ("readable", embedder.dimension, 6)
    assert set(state.sources) == set(TEXTS)


def test_a_second_build_does_nothing(vault: Vault, embedder: ReadableEmbedder) -> None:
    build(vault, embedder)
    before, done = read_state(vault), embedder.embedded
    report = build(vault, embedder)
    assert (report.embedded, report.indexed, report.removed, report.passages) == (0, 0, 0, 6)
    assert embedder.embedded == done and read_state(vault) == before


def test_only_what_changed_is_embedded_and_indexed(vault: Vault, embedder: ReadableEmbedder) -> None:
    build(vault, embedder)
    write_source(vault, "sae", TEXTS["sae"][0], ["Read again, it has one passage."])
    embedder.embedded = 0
    report = build(vault, embedder)
    assert (report.embedded, report.indexed, report.passages, embedder.embedded) == (1, 1, 5, 1)
    assert set(contents(vault)["vectors"]) == passage_ids(vault)


def test_a_new_title_is_a_change(vault: Vault, embedder: ReadableEmbedder) -> None:
    """It is embedded with every passage, and shown with every hit."""
    build(vault, embedder)
    write_source(vault, "sae", "Another Title", TEXTS["sae"][1])
    assert build(vault, embedder).embedded == 1


def test_a_source_that_is_gone_leaves_the_index(vault: Vault, embedder: ReadableEmbedder) -> None:
    build(vault, embedder)
    shutil.rmtree(vault.source("toy"))
    report = build(vault, embedder)
    assert (report.removed, report.embedded, report.passages) == (1, 0, 4)
    assert set(contents(vault)["vectors"]) == set(contents(vault)["words"]) == passage_ids(vault)


def test_the_last_source_can_go(vault: Vault, embedder: ReadableEmbedder) -> None:
    build(vault, embedder)
    shutil.rmtree(vault.root / "sources")
    report = build(vault, embedder)
    assert (report.removed, report.passages) == (3, 0)
    assert contents(vault)["vectors"] == {} and contents(vault)["words"] == []


def test_nothing_to_index_writes_nothing(tmp_path: Path, embedder: ReadableEmbedder) -> None:
    report = build(Vault(tmp_path), embedder)
    assert (report.embedded, report.passages) == (0, 0) and not list(tmp_path.iterdir())


def test_sources_without_passages_are_no_trouble(vault: Vault, embedder: ReadableEmbedder) -> None:
    write_source(vault, "empty", "Only pictures", [])
    write_source(vault, "list", "Only a bibliography", [], references=["Olah, 2020."])
    vault.source("fetched").mkdir()
    report = build(vault, embedder)
    assert (report.indexed, report.passages) == (5, 6)
    assert build(vault, embedder).indexed == 0


def test_bibliography_is_in_the_word_index_only(vault: Vault, embedder: ReadableEmbedder) -> None:
    *_, cited = write_source(vault, "sae", "Sparse", ["Text."], references=["Elhage et al., 2022."])
    build(vault, embedder)
    assert cited.id in contents(vault)["words"] and cited.id not in contents(vault)["vectors"]


def test_another_model_is_refused_unless_asked_for(vault: Vault, embedder: ReadableEmbedder) -> None:
    build(vault, embedder)
    before = read_state(vault)
    other = ReadableEmbedder(name="other", dimension=64)
    with pytest.raises(ModelMismatch) as caught:
        build(vault, other)
    assert "readable" in str(caught.value) and "--reindex" in caught.value.hint
    assert read_state(vault) == before
    report = build(vault, other, reindex=True)
    state = read_state(vault)
    assert report.embedded == 3 and state is not None and (state.model, state.dimension) == ("other", 64)
    assert {len(vector) for vector in contents(vault)["vectors"].values()} == {64}


def test_reindex_embeds_everything_again(vault: Vault, embedder: ReadableEmbedder) -> None:
    build(vault, embedder)
    assert build(vault, embedder, reindex=True).embedded == 3
    assert embedder.embedded == 12


def test_an_index_that_is_gone_is_built_from_the_kept_vectors(vault: Vault, embedder: ReadableEmbedder) -> None:
    build(vault, embedder)
    made = contents(vault)
    shutil.rmtree(vault.index_path)
    embedder.embedded = 0
    assert build(vault, embedder).indexed == 3
    assert embedder.embedded == 0 and contents(vault) == made


@pytest.mark.parametrize("damaged", ["chroma-*/chroma.sqlite3", "words/meta.json", "words/*.store", "state.json"])
def test_a_damaged_index_is_built_from_the_kept_vectors(vault: Vault, embedder: ReadableEmbedder, damaged: str) -> None:
    build(vault, embedder)
    made = contents(vault)
    state = read_state(vault)
    assert state is not None
    folder = generation_path(vault, state) if damaged.startswith("words") else vault.index_path
    (path,) = folder.glob(damaged)
    write_bytes(path, path.read_bytes()[:40] + os.urandom(3000))  # what is mapped stays whole
    embedder.embedded = 0
    report = build(vault, embedder)
    assert report.rebuilt == (damaged != "state.json") and report.indexed == 3
    assert embedder.embedded == 0 and contents(vault) == made


@pytest.mark.parametrize("passages", [3, 1_100])
def test_asking_an_index_does_not_damage_it(tmp_path: Path, embedder: ReadableEmbedder, passages: int) -> None:
    """Chroma writes to its files while it only reads; from 1,000 passages on it keeps its graph on disk."""
    vault = Vault(tmp_path)
    for source_id in ("big", "bigger", "biggest"):
        write_source(vault, source_id, source_id, [f"{source_id} text {number}" for number in range(passages)])
    build(vault, embedder)
    contents(vault)
    shutil.rmtree(vault.source("big"))
    report = build(vault, embedder)
    assert not report.rebuilt and report.removed == 1
    for _ in range(2):
        assert Search(vault, embedder)("text 2", k=1)
    assert not build(vault, embedder).rebuilt


@pytest.mark.parametrize("how", ["cut", "of other passages", "gone"])
def test_damaged_vectors_are_embedded_again(vault: Vault, embedder: ReadableEmbedder, how: str) -> None:
    build(vault, embedder)
    made = contents(vault)
    shutil.rmtree(vault.index_path)
    path = vault.source("sae") / "vectors.npy"
    if how == "cut":
        path.write_bytes(path.read_bytes()[:-9])
    elif how == "gone":
        path.unlink()
    else:
        path.write_bytes((vault.source("toy") / "vectors.npy").read_bytes())
    build(vault, embedder)
    assert contents(vault) == made


def test_vectors_read_back_are_those_written(vault: Vault) -> None:
    vectors = np.random.default_rng(0).normal(size=(2, 7)).astype(np.float32)
    write_vectors(vault, "sae", vectors, model="m", made_from="abc")
    again = read_vectors(vault, "sae", model="m", made_from="abc")
    assert again is not None and np.array_equal(again, vectors)
    assert read_vectors(vault, "sae", model="other", made_from="abc") is None
    assert read_vectors(vault, "sae", model="m", made_from="abd") is None
    assert read_vectors(vault, "toy", model="m", made_from="abc") is None


def test_progress_ends_at_the_number_of_passages(vault: Vault, embedder: ReadableEmbedder) -> None:
    write_source(vault, "cited", "Cited", ["Text."], references=["Not embedded."])
    heard: list[tuple[str, int, int]] = []
    build(vault, embedder, on_progress=lambda *step: heard.append(step))
    for stage in ("embed", "index"):
        steps = [(done, total) for name, done, total in heard if name == stage]
        assert steps == sorted(steps) and steps[-1] == (7, 7)


def test_an_interrupted_build_keeps_what_was_there(vault: Vault, embedder: ReadableEmbedder) -> None:
    build(vault, embedder)
    made = contents(vault)
    write_source(vault, "new", "New", ["Something new."])

    def interrupt(stage: str, done: int, total: int) -> None:  # noqa: ARG001
        if stage == "index":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(vault, embedder, on_progress=interrupt)
    assert contents(vault)["vectors"] == made["vectors"]
    embedder.embedded = 0
    assert build(vault, embedder).indexed == 1 and embedder.embedded == 0
    assert (
        set(contents(vault)["vectors"]) == passage_ids(vault) and len(list(vault.index_path.glob("generation-*"))) == 1
    )


@pytest.mark.slow
@pytest.mark.parametrize("start", ["empty", "indexed"])
def test_killed_anywhere_then_built_gives_the_same_index(tmp_path: Path, start: str) -> None:
    """kill -9 at four random steps, and at three of the last, where the new index takes the place of the old."""
    points = [random.random() for _ in range(4)] + [0.97, 0.985, 0.995]
    program = [sys.executable, str(ROOT / "tests" / "killed_builds.py"), str(tmp_path), start, *map(str, points)]
    environment = {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]), "HOME": str(tmp_path)}
    done = subprocess.run(program, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert [one["died"] for one in results] == [9] * len(points)
    for one in results:
        assert one["again"] == one["clean"], f"killed at {one['point']}"
