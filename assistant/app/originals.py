"""The original PDFs of a vault: the only files of it that the page serves."""

from __future__ import annotations

from pathlib import Path

from ingest.records import Paper
from ingest.vault import Vault


def local_pdf(paper_id: str, vault: Vault) -> Path | None:
    """The original PDF of a source. None for anything that is not one, or lies outside the source's folder.

    Raises MivaultError for an id that cannot be one.
    """
    folder = vault.source(paper_id).resolve()
    paper = vault.paper(paper_id)
    if paper is None or paper.id != paper_id:
        return None
    path = _original(paper, vault)
    inside = path is not None and path.is_relative_to(folder) and folder.is_relative_to(vault.root / "sources")
    return path if path is not None and inside and _is_pdf(path) else None


def _original(paper: Paper, vault: Vault) -> Path | None:
    path = vault.original(paper)
    return path.resolve() if path else None


def _is_pdf(path: Path) -> bool:
    """By suffix and by content: the standard lets `%PDF-` stand anywhere in the first 1,024 bytes."""
    if path.suffix.lower() != ".pdf":
        return False
    with path.open("rb") as file:
        return b"%PDF-" in file.read(1024)
