"""A file that holds another paper is kept out of the index, both titles shown, until that very file is accepted."""

from __future__ import annotations

from pathlib import Path

import pytest
from pdf_maker import image_pdf, make_pdf, paper_pdf
from readable_embedder import ReadableEmbedder

from index.status import status, status_text
from ingest.add import add
from ingest.errors import UsageError
from ingest.first_page import first_pages
from ingest.manifest import add_entry, load
from ingest.quarantine import accept
from ingest.sync import Outcome, sync
from ingest.tools import Tools, open_tools
from ingest.vault import Vault

TEXT = "We find that this is the case for the networks that we have, and that it is not for the others. " * 8


def put(vault: Vault, name: str, title: str) -> None:
    """A paper under a name as the file of the entry "wanted"."""
    path = vault.root / "files" / name
    path.parent.mkdir(exist_ok=True)
    paper_pdf(path, title, ["Ada Byron", "Alan Turing"], [("Introduction", TEXT)], ["A. Byron. Notes. 1843."])


def run(vault: Vault, tools: Tools) -> list[Outcome]:
    return list(sync(vault, tools, download=False))


def state(vault: Vault) -> str:
    [row] = status(vault, load(vault).entries)
    return row.state


def test_another_paper_is_quarantined_until_it_is_accepted_and_compared_again_when_it_changes(
    vault: Vault, tools: Tools
) -> None:
    put(vault, "a.pdf", "Binary Neutron Stars Merge")
    add_entry(vault, {"id": "wanted", "title": "The Linear Representation Hypothesis", "file": "files/a.pdf"})

    [outcome] = run(vault, tools)
    assert "The Linear Representation Hypothesis" in outcome.reason
    assert "Binary Neutron Stars Merge" in outcome.reason
    assert "mivault accept wanted" in outcome.reason
    assert state(vault) == "quarantined"
    assert vault.passages("wanted") == [] == vault.pages("wanted")
    assert run(vault, tools) == [], "nothing changed: it is not read again"

    accept(vault, "wanted")
    assert run(vault, tools) == [Outcome("wanted", parsed=True)]
    assert vault.passages("wanted")
    assert state(vault) == "chunked"
    assert run(vault, tools) == []

    put(vault, "a.pdf", "Cyberbullying on Social Media")
    [outcome] = run(vault, tools)
    assert "Cyberbullying" in outcome.reason
    assert state(vault) == "quarantined"
    assert vault.passages("wanted") == [], "nothing of the file before stays searchable"

    put(vault, "a.pdf", "The Linear Representation Hypothesis")
    assert run(vault, tools) == [Outcome("wanted", parsed=True)]


def test_a_file_is_compared_with_the_name_it_was_added_under(vault: Vault, tools: Tools, tmp_path: Path) -> None:
    with first_pages() as identify:
        for name in ("park2023_linear_representation.pdf", "notes.pdf", "byron2024_neutron_stars.pdf"):
            path = tmp_path / name
            paper_pdf(path, f"Binary Neutron Stars {name[0]}", ["Ada Byron"], [("Introduction", TEXT)], [])
            [_] = add(vault, str(path), identify)
    reasons = {outcome.entry_id: outcome.reason for outcome in run(vault, tools)}
    assert "its name says 'linear representation'" in reasons.pop("park2023-linear-representation")
    assert set(reasons.values()) == {""}
    paper = vault.paper("notes")
    assert paper
    assert not paper.warnings, "a name that claims nothing is no reason to warn"


def test_only_what_is_quarantined_can_be_accepted(vault: Vault) -> None:
    add_entry(vault, {"id": "wanted", "title": "Anything"})
    with pytest.raises(UsageError, match="is not quarantined"):
        accept(vault, "wanted")
    with pytest.raises(UsageError, match="no entry"):
        accept(vault, "other")


def test_a_scan_is_tried_again_once_the_program_for_it_is_there(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (vault.root / "files").mkdir()
    image_pdf(vault.root / "files" / "scan.pdf", 1)
    add_entry(vault, {"id": "scan", "file": "files/scan.pdf"})
    with open_tools(ReadableEmbedder().count_tokens) as tools:
        [outcome] = run(vault, tools)
        assert "OCR is needed" in outcome.reason
        assert run(vault, tools) == []
        program = tmp_path / "ocrmypdf"
        program.write_text("#!/bin/sh\nexit 3\n")
        program.chmod(0o755)
    with open_tools(ReadableEmbedder().count_tokens) as tools:
        [outcome] = run(vault, tools)
        assert "ocrmypdf failed: exit code 3" in outcome.reason
        assert run(vault, tools) == [], "a program that fails on it is not tried again and again"


def test_status_tells_which_pages_are_missing(vault: Vault, tools: Tools) -> None:
    (vault.root / "files").mkdir()
    make_pdf(vault.root / "files" / "gap.pdf", [TEXT[:90], "", TEXT[:90]])
    add_entry(vault, {"id": "gap", "file": "files/gap.pdf"})
    run(vault, tools)
    [row] = status(vault, load(vault).entries)
    assert (row.empty_pages, row.doubted_pages, row.garbled) == (1, 0, 0.0)
    assert row.warnings == ("no text on p. 2",)
    assert "no text on p. 2" in status_text([row])
