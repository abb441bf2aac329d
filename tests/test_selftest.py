"""What was indexed is found again by its title and by a sentence of its own; what is not is named, and stays named."""

from __future__ import annotations

from pathlib import Path

import pytest
from readable_embedder import ReadableEmbedder
from small_vault import TEXTS, small_vault, write_source

from index.build import build
from index.selftest import a_sentence, self_test
from index.status import status, summary
from ingest.records import Entry
from ingest.vault import Vault


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return small_vault(tmp_path / "vault")


def indexed(vault: Vault) -> tuple[str, ...]:
    build(vault, ReadableEmbedder())
    return self_test(vault, ReadableEmbedder())


def drown(vault: Vault) -> None:
    """Six papers that say what "sae" says, word for word and more often, under its title: none of them is it."""
    title, texts = TEXTS["sae"]
    for number in range(6):
        write_source(vault, f"aa{number}", title, [*texts, *texts])


def test_a_sound_vault_is_found_again(vault: Vault) -> None:
    assert indexed(vault) == ()
    assert all((vault.source(one) / "findable.json").is_file() for one in TEXTS)


def test_each_source_is_asked_for_once_and_again_when_it_changed(vault: Vault) -> None:
    indexed(vault)
    embedder = ReadableEmbedder()
    assert self_test(vault, embedder) == () and embedder.embedded == 0
    write_source(vault, "sae", TEXTS["sae"][0], ["Another text of sparse autoencoders entirely."])
    build(vault, embedder)
    before = embedder.embedded
    self_test(vault, embedder)
    assert embedder.embedded == before + 2


def test_what_is_not_found_is_named_and_stays_named(vault: Vault) -> None:
    drown(vault)
    lost = indexed(vault)
    assert len(lost) >= 2  # of seven alike at most five can be among the first five
    entries = [Entry(id=one, kind="paper", title="") for one in (*lost, "ioi")]
    for _ in range(2):
        rows = {row.id: row for row in status(vault, entries)}
        assert all(rows[one].state == "searchable" for one in lost)
        assert all("indexed but not findable by" in rows[one].not_findable for one in lost)
        assert rows["ioi"].not_findable == ""
        assert self_test(vault, ReadableEmbedder()) == ()
    assert f"Indexed but not findable: {', '.join(lost)}." in summary([], 9, lost)


def test_our_own_texts_and_bare_bibliographies_are_not_asked_for(vault: Vault) -> None:
    write_source(vault, "note-sae", "Note on: Sparse", ["A note."], kind="note")
    write_source(vault, "list", "Only a bibliography", [], references=["Olah, 2020."])
    assert indexed(vault) == ()
    assert not (vault.source("note-sae") / "findable.json").exists()


def test_the_sentence_is_of_the_middle_and_the_same_each_time(vault: Vault) -> None:
    texts = [f"Passage number {n} says something of its own here, and nothing more at all." for n in range(9)]
    passages = write_source(vault, "long", "Long", texts)
    assert a_sentence(passages, "seed") == a_sentence(passages, "seed") in texts[3:6]
    assert len({a_sentence(passages, str(seed)) for seed in range(20)}) > 1
