"""A vault made of an external set's documents, kept under `reports/sets/` so that the next run need not embed again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from evals.external import Document, ExternalSet, read_external, reader_of
from ingest.chunk import CHUNKER, chunk
from ingest.records import Page, Paper, as_json
from ingest.vault import Vault, digest, write_bytes

if TYPE_CHECKING:
    from index.embed import Embedder

Progress = Callable[[str, int, int], None]


def is_external(name: str) -> bool:
    return reader_of(Path(name)) is not None


def prepared(vault: Vault, path: Path, embedder: Embedder, on_progress: Progress | None = None) -> tuple[Vault, Path]:
    """The vault of an external set's documents, built with the embedder where it is not there yet, and its file of
    cases. Raises UsageError where the set cannot be read."""
    from index.build import build

    found = read_external(path)
    name = digest(json.dumps([as_json(d) for d in found.documents] + [CHUNKER]).encode())[:12]
    made = Vault(vault.inside(f"reports/sets/{found.name}-{name}"))
    made.root.mkdir(parents=True, exist_ok=True)
    if not made.manifest_path.is_file():
        write_bytes(made.manifest_path, f"name: {json.dumps(found.name)}\n".encode())
    made = Vault.open(made.root)
    with made.writing():
        for document in found.documents:
            if made.paper(document.id) is None:
                write_document(made, document, embedder)
        build(made, embedder, on_progress=on_progress)
    return made, _write_cases(made, found)


def write_document(vault: Vault, document: Document, embedder: Embedder) -> None:
    """A document as a source; its record last, so that a stopped run writes it again."""
    pages = [Page(document.id, number, f"part {number}", text) for number, text in enumerate(document.pages, 1)]
    vault.write_pages(document.id, pages)
    vault.write_passages(document.id, chunk(pages, embedder.count_tokens))
    vault.write_paper(Paper(document.id, "paper", document.title, pages=len(pages)))


def _write_cases(vault: Vault, found: ExternalSet) -> Path:
    path = vault.root / "cases.jsonl"
    write_bytes(path, "".join(json.dumps(as_json(case)) + "\n" for case in found.cases).encode())
    return path
