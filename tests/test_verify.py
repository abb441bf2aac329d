"""`mivault verify`: whatever is damaged in a vault is named; what can be made again from what is here is."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from killed_syncs import contents
from pdf_maker import paper_pdf
from readable_embedder import ReadableEmbedder

from index.refresh import refresh
from index.state import generation_path, probed_path, read_state, store_path
from index.store import PassageStore
from index.verify import Verified, check, verified_text, verify
from ingest.manifest import add_entry
from ingest.starter import create
from ingest.tools import Tools
from ingest.vault import Vault

TEXT = "Circuits are subgraphs of a network that do one job. We find one of them and describe how it works. " * 6


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory, tools: Tools) -> Path:
    """A vault with a paper that was added, one as if downloaded, and a note: synced, and never changed."""
    vault = create(tmp_path_factory.mktemp("synced") / "vault", empty=True)
    for folder in ("notes", "files", "sources/lens"):
        (vault.root / folder).mkdir(parents=True)
    (vault.root / "notes" / "circuits.md").write_text("---\ntitle: Circuits\n---\nA note on circuits.\n")
    for path, title in (("files/heads.pdf", "On Heads"), ("sources/lens/original.pdf", "On Lenses")):
        sections = [("Introduction", TEXT), ("Method", TEXT)]
        paper_pdf(vault.root / path, title, ["Ada Byron"], sections, ["A. Byron. Notes. 1843."])
    add_entry(vault, {"id": "heads", "file": "files/heads.pdf"})
    add_entry(vault, {"id": "lens", "arxiv": "2303.00001"})
    done = refresh(vault, tools, ReadableEmbedder(), download=False)
    assert done.embedded == 3
    return vault.root


@pytest.fixture
def vault(synced: Path, tmp_path: Path) -> Vault:
    return Vault(shutil.copytree(synced, tmp_path / "vault"))


def run(vault: Vault, tools: Tools) -> tuple[Verified, int]:
    """What verify found, and how many texts were embedded for it."""
    embedder = ReadableEmbedder()
    return verify(vault, tools, embedder), embedder.embedded


def test_a_sound_vault_is_said_to_be_one_and_nothing_is_written(vault: Vault, tools: Tools) -> None:
    before = contents(vault.root)
    done, embedded = run(vault, tools)
    assert (done.found, done.left, done.sources, embedded) == ((), (), 3, 0)
    assert "all is as vault.lock says" in verified_text(done)
    assert contents(vault.root) == before


def spoil(name: str) -> Callable[[Vault], None]:
    """Random bytes in the middle of a file."""

    def damage(vault: Vault) -> None:
        path = vault.root / name
        data = bytearray(path.read_bytes())
        middle = len(data) // 2
        data[middle : middle + 8] = os.urandom(8)
        path.write_bytes(data)

    return damage


def gone(name: str) -> Callable[[Vault], None]:
    return lambda vault: (vault.root / name).unlink()


def index_of_other_ids(vault: Vault) -> None:
    """Both halves open, and Chroma holds other papers' passages than the kept ones."""
    state = read_state(vault)
    assert state is not None
    store = PassageStore.open(store_path(vault, state))
    paper = vault.paper("heads")
    assert paper is not None
    rows = [one for one in vault.passages("heads") if one.kind == "text"]
    store.delete_papers(["heads"])
    strange = [(paper, replace(one, id=f"strange-{one.id}")) for one in rows]
    store.upsert(strange, np.eye(len(rows), store.dimension, dtype=np.float32))
    store.close()
    probed_path(vault).unlink()  # else it is enough that the file was changed


def swapped_vectors(vault: Vault) -> None:
    state = read_state(vault)
    assert state is not None
    store = PassageStore.open(store_path(vault, state))
    ids, vectors = store.vectors()
    store._collection.update(ids=ids, embeddings=np.roll(vectors, 1, axis=0))
    store.close()
    probed_path(vault).unlink()


def sqlite_touched(vault: Vault) -> None:
    """A change that SQLite's own check does not see."""
    state = read_state(vault)
    assert state is not None
    with sqlite3.connect(store_path(vault, state) / "chroma.sqlite3") as database:
        database.execute("UPDATE embedding_metadata SET string_value = 'other' WHERE key = 'paper_id'")
    database.close()


def lock_malformed(vault: Vault) -> None:
    vault.lock_path.write_text("sources: [\n")


def words_gone(vault: Vault) -> None:
    state = read_state(vault)
    assert state is not None
    shutil.rmtree(generation_path(vault, state) / "words")


DAMAGE: dict[str, tuple[Callable[[Vault], None], str]] = {
    "pages": (spoil("sources/heads/pages.jsonl"), "pages.jsonl is not what was written"),
    "no pages": (gone("sources/lens/pages.jsonl"), "pages.jsonl is not what was written"),
    "passages": (spoil("sources/lens/passages.jsonl"), "passages.jsonl is not what was written"),
    "a note's passages": (gone("sources/note-circuits/passages.jsonl"), "passages.jsonl is not what was written"),
    "meta.json": (gone("sources/heads/meta.json"), "meta.json is missing"),
    "state.json": (gone("sources/heads/state.json"), "state.json is missing"),
    "an added original": (gone("sources/heads/original.pdf"), "original.pdf is missing"),
    "vectors": (spoil("sources/heads/vectors.npy"), "vectors are missing or damaged"),
    "no vectors": (gone("sources/lens/vectors.npy"), "vectors are missing or damaged"),
    "index's state": (gone("index/state.json"), "there is no index"),
    "vault.lock": (gone("vault.lock"), "vault.lock"),
    "malformed lock": (lock_malformed, "vault.lock"),
    "words": (words_gone, "the index is damaged"),
    "ids": (index_of_other_ids, "3 passages missing, 3 too many"),
    "touched": (sqlite_touched, "chroma.sqlite3 was changed"),
    "vectors of others": (swapped_vectors, "with other vectors"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_named_and_mended_without_a_network_or_embedding(vault: Vault, tools: Tools, name: str) -> None:
    before = contents(vault.root)
    damage, said = DAMAGE[name]
    damage(vault)
    done, embedded = run(vault, tools)
    assert any(said in one.what for one in done.found), done.found
    assert (done.left, embedded) == ((), 0)
    assert contents(vault.root) == before
    assert "mended" in verified_text(done)
    assert run(vault, tools)[0].found == ()


def test_vectors_lost_in_both_places_are_embedded_again(vault: Vault, tools: Tools) -> None:
    before = contents(vault.root)
    gone("sources/heads/vectors.npy")(vault)
    shutil.rmtree(vault.index_path)
    done, embedded = run(vault, tools)
    assert done.left == () and 0 < embedded < len(before["vectors"])
    assert contents(vault.root) == before


@pytest.mark.parametrize("name", ["original.pdf", "passages.jsonl"])
def test_what_only_a_download_can_mend_is_left_with_what_to_do(vault: Vault, tools: Tools, name: str) -> None:
    gone("sources/lens/original.pdf")(vault)
    gone(f"sources/lens/{name}")(vault) if name != "original.pdf" else None
    done, _ = run(vault, tools)
    assert {one.entry_id for one in done.left} == {"lens"}
    assert all("mivault sync obtains it again" in one.hint for one in done.left)
    assert "left: lens: original.pdf is missing (mivault sync" in verified_text(done)


def test_a_changed_original_is_never_taken_for_the_one_that_was_read(vault: Vault, tools: Tools) -> None:
    spoil("sources/lens/original.pdf")(vault)
    before = contents(vault.root)
    done, _ = run(vault, tools)
    [left] = done.left
    assert left.what == "original.pdf is not the file that was read" and "delete sources/lens/original.pdf" in left.hint
    assert contents(vault.root) == before


def test_another_model_is_said_and_nothing_is_touched(vault: Vault) -> None:
    [found] = check(vault, ReadableEmbedder(name="other"))
    assert found.mend == "" and "--reindex" in found.hint
