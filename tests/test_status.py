"""The state of each entry, read from what lies in the vault."""

from __future__ import annotations

from pathlib import Path

import pytest
from readable_embedder import ReadableEmbedder
from small_vault import write_source

from index.build import build
from index.status import status, summary
from ingest.records import Entry
from ingest.sync import Outcome
from ingest.vault import Vault

ENTRY = Entry(id="sae", kind="paper", title="Sparse Autoencoders", authors=("A. Author",), arxiv="2309.08600")


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path)


def state_of(vault: Vault) -> str:
    return status(vault, [ENTRY])[0].state


def test_an_entry_goes_through_its_states_in_order(vault: Vault) -> None:
    seen = [state_of(vault)]
    folder = vault.source("sae")
    folder.mkdir(parents=True)
    (folder / "original.pdf").write_bytes(b"%PDF-")
    seen.append(state_of(vault))
    write_source(vault, "sae", "Sparse Autoencoders", ["One.", "Two."])
    passages = folder / "passages.jsonl"
    text = passages.read_bytes()
    passages.unlink()
    seen.append(state_of(vault))
    passages.write_bytes(text)
    seen.append(state_of(vault))
    build(vault, ReadableEmbedder())
    state = vault.index_path / "state.json"
    kept = state.read_bytes()
    state.unlink()
    seen.append(state_of(vault))
    state.write_bytes(kept)
    seen.append(state_of(vault))
    assert seen == ["listed", "fetched", "parsed", "chunked", "embedded", "searchable"]


def test_counts_and_facts_are_those_of_the_source(vault: Vault) -> None:
    write_source(vault, "sae", "Sparse Autoencoders", ["One.", "Two."], references=["Three."])
    build(vault, ReadableEmbedder())
    (row,) = status(vault, [ENTRY])
    assert (row.id, row.kind, row.title, row.authors) == ("sae", "paper", "Sparse Autoencoders", ("A. Author",))
    assert (row.pages, row.passages, row.state, row.reason) == (3, 3, "searchable", "")
    assert row.arxiv_id == "2309.00001"


def test_a_source_read_anew_is_searchable_only_after_the_next_build(vault: Vault) -> None:
    write_source(vault, "sae", "Sparse Autoencoders", ["One."])
    build(vault, ReadableEmbedder())
    write_source(vault, "sae", "Sparse Autoencoders", ["Another."])
    assert state_of(vault) == "chunked"


def test_a_reason_is_a_failure_unless_an_older_version_is_searched(vault: Vault) -> None:
    vault.write_state("sae", {"reason": "no text layer"})
    (row,) = status(vault, [ENTRY])
    assert (row.state, row.reason) == ("failed", "no text layer")
    write_source(vault, "sae", "Sparse Autoencoders", ["One."])
    build(vault, ReadableEmbedder())
    (row,) = status(vault, [ENTRY])
    assert (row.state, row.reason) == ("searchable", "no text layer")


def test_a_source_without_any_passage_says_so(vault: Vault) -> None:
    write_source(vault, "sae", "Sparse Autoencoders", [])
    build(vault, ReadableEmbedder())
    (row,) = status(vault, [ENTRY])
    assert row.state == "failed" and "no passages" in row.reason


def test_an_entry_that_was_never_touched_is_listed_and_says_why(vault: Vault) -> None:
    person = Entry(id="olah", kind="person", title="Chris Olah")
    row, paper = status(vault, [person, ENTRY])
    assert (row.state, row.pages, row.passages, row.arxiv_id) == ("listed", 0, 0, None)
    assert row.reason.startswith("listed only") and paper.reason


def test_what_a_later_sync_may_get_is_no_failure(vault: Vault) -> None:
    vault.write_state("sae", {"reason": "the server did not answer", "temporary": True})
    (row,) = status(vault, [ENTRY])
    assert (row.state, row.reason) == ("listed", "the server did not answer")


def test_the_summary_says_what_to_do_next() -> None:
    assert "mivault add" in summary([], 0)
    assert "mivault ask" in summary([], 10)
    lost, bad = Outcome("a", reason="no route", offline=True), Outcome("b", reason="encrypted")
    assert summary([lost, lost], 10) == "2 entries could not be downloaded without a network: sync again with one."
    both = summary([lost, bad], 0)
    assert both.startswith("1 entry could not be downloaded") and both.endswith("mivault status says why.")
