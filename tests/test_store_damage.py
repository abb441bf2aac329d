"""A damaged index is noticed before it can crash us, whatever the damage, and built again without embedding."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from readable_embedder import ReadableEmbedder
from small_vault import write_source

from index.build import build
from index.errors import IndexDamaged
from index.probe import check_index, probe, stable_digest
from index.search import Search
from index.state import probed_path, read_state, store_path
from index.store import PassageStore
from ingest.vault import Vault, write_bytes

PASSAGES = 550  # of two papers: from 1,000 on Chroma keeps its graph on disk
GRAPH = ("data_level0.bin", "header.bin", "length.bin", "link_lists.bin", "index_metadata.pickle")
HOW: dict[str, Callable[[bytes], bytes | None]] = {
    "gone": lambda _: None,
    "cut": lambda data: data[: len(data) // 2],
    "zeros": lambda data: bytes(len(data)),
    "random": lambda data: random.Random(1).randbytes(len(data)),
    "one byte": lambda data: data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 0xFF]) + data[len(data) // 2 + 1 :],
}
SQLITE_HOW: dict[str, Callable[[bytes], bytes | None]] = HOW | {
    "empty": lambda _: b"",
    "header": lambda data: bytes(100) + data[100:],
    "a page of zeros": lambda data: data[: 8 * 4096] + bytes(4096) + data[9 * 4096 :],
    "random in the middle": lambda data: data[:50_000] + random.Random(2).randbytes(20_000) + data[70_000:],
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    vault = Vault(tmp_path_factory.mktemp("built") / "vault")
    for source_id in ("big", "bigger"):
        write_source(vault, source_id, source_id, [f"{source_id} text {number}" for number in range(PASSAGES)])
    build(vault, ReadableEmbedder())
    return vault


@pytest.fixture
def vault(built: Vault, tmp_path: Path) -> Vault:
    return Vault(shutil.copytree(built.root, tmp_path / "vault"))


def chroma(vault: Vault) -> Path:
    state = read_state(vault)
    assert state is not None
    return store_path(vault, state)


def damage(folder: Path, name: str, how: str) -> None:
    [path] = folder.rglob(name)
    ruined = SQLITE_HOW[how](path.read_bytes())
    path.unlink() if ruined is None else write_bytes(path, ruined)


KINDS = [(name, how) for name in GRAPH for how in HOW] + [("chroma.sqlite3", how) for how in SQLITE_HOW]


@pytest.mark.parametrize(("name", "how"), KINDS)
def test_damage_is_noticed_without_opening_chroma(vault: Vault, name: str, how: str) -> None:
    [path] = chroma(vault).rglob(name)
    before = path.read_bytes()
    damage(chroma(vault), name, how)
    if path.is_file() and path.read_bytes() == before:
        pytest.skip(f"{name} is so already")
    state = read_state(vault)
    assert state is not None
    with pytest.raises(IndexDamaged, match="damaged"):
        check_index(vault, state, strict=True)


def test_a_missing_segment_folder_is_noticed_by_the_next_build_and_no_question_waits_for_it(vault: Vault) -> None:
    [folder] = (path for path in chroma(vault).iterdir() if path.is_dir())
    shutil.rmtree(folder)
    embedder = ReadableEmbedder()
    assert Search(vault, ReadableEmbedder())("big text 7", k=1)  # of the table of vectors
    assert build(vault, embedder).rebuilt and embedder.embedded == 0
    assert Search(vault, embedder)("big text 7", k=1)


def test_a_store_that_crashes_its_reader_costs_a_child_process_only(vault: Vault) -> None:
    """What the check of the files would have noticed first: here it is not asked."""
    damage(chroma(vault), "header.bin", "zeros")
    assert not probe(chroma(vault), passages=2 * PASSAGES)


def test_a_reader_opens_what_only_reading_changed_and_a_writer_keeps_it(vault: Vault) -> None:
    before = stable_digest(chroma(vault) / "chroma.sqlite3")
    for _ in range(3):
        PassageStore.open(chroma(vault)).close()
    assert stable_digest(chroma(vault) / "chroma.sqlite3") == before != ""
    assert not build(vault, ReadableEmbedder()).rebuilt


def test_a_store_of_unknown_state_is_asked_in_a_child_then_known(vault: Vault) -> None:
    probed_path(vault).unlink()
    assert not build(vault, ReadableEmbedder()).rebuilt
    assert probed_path(vault).is_file()


def test_a_change_inside_a_whole_sqlite_file_is_built_again(vault: Vault) -> None:
    with sqlite3.connect(chroma(vault) / "chroma.sqlite3") as database:
        database.execute("DELETE FROM embeddings WHERE id % 2")
    database.close()
    embedder = ReadableEmbedder()
    assert build(vault, embedder).rebuilt and embedder.embedded == 0
