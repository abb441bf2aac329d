"""A vault is a folder. This is its door: where things lie, and how they are written so that a kill loses nothing.

vault.yaml          what is in it; people edit it
vault.lock          what was obtained: versions, hashes, parser, chunker, embedding model
glossary.yaml       the terms, in our own words        notes/<id>.md   our notes on papers
files/              what `add` copied in
sources/<id>/       original file, meta.json, pages.jsonl, passages.jsonl, vectors.npy, state.json
index/              Chroma and the word index          conversations/  reports/
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from ingest.disk import said_when_full
from ingest.errors import MivaultError, VaultMissing
from ingest.one_writer import one_writer
from ingest.records import Page, Paper, Passage, as_json, from_json

SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")


class Vault:
    """The files of one vault. Reading never creates anything; every write is atomic."""

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().resolve()

    @classmethod
    def open(cls, root: Path) -> Vault:
        """The vault at `root`. Raises VaultMissing where there is none."""
        vault = cls(root)
        if not vault.manifest_path.is_file():
            raise VaultMissing(f"there is no vault at {root}", f"make one: mivault init {root}")
        return vault

    def present(self) -> None:
        """Raises VaultMissing where the folder was moved away or deleted since the vault was opened."""
        if not self.manifest_path.is_file():
            raise VaultMissing(
                f"the vault is no longer at {self.root}", "move it back, or start again: mivault chat --vault FOLDER"
            )

    @contextlib.contextmanager
    def here(self) -> Iterator[None]:
        """For what reads the vault: VaultMissing, as `present` raises it, in the place of the FileNotFoundError that a
        folder moved away meanwhile would raise inside."""
        try:
            yield
        except (FileNotFoundError, NotADirectoryError):
            self.present()
            raise

    @property
    def manifest_path(self) -> Path:
        return self.root / "vault.yaml"

    @property
    def lock_path(self) -> Path:
        return self.root / "vault.lock"

    @property
    def index_path(self) -> Path:
        return self.root / "index"

    def source(self, paper_id: str) -> Path:
        """The folder of one source. Raises MivaultError for an id that could lead anywhere else."""
        if not SAFE_ID.fullmatch(paper_id) or ".." in paper_id:
            raise MivaultError(f"{paper_id!r} cannot be an id", "use letters, digits, '.', '_' and '-'")
        return self.root / "sources" / paper_id

    def inside(self, relative: str) -> Path:
        """A path of the vault by its relative name. Raises MivaultError where it would lead outside."""
        path = (self.root / relative).resolve()
        if not path.is_relative_to(self.root):
            raise MivaultError(f"{relative!r} leads outside the vault", "use a path inside the vault folder")
        return path

    def source_ids(self) -> list[str]:
        """Ids of all sources that have a folder, sorted."""
        folder = self.root / "sources"
        return sorted(p.name for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []

    # --- records -----------------------------------------------------------------------------------------------------

    def paper(self, paper_id: str) -> Paper | None:
        data = read_json(self.source(paper_id) / "meta.json")
        return from_json(Paper, data) if data else None

    def pages(self, paper_id: str) -> list[Page]:
        return [from_json(Page, row) for row in read_jsonl(self.source(paper_id) / "pages.jsonl")]

    def passages(self, paper_id: str) -> list[Passage]:
        return [from_json(Passage, row) for row in read_jsonl(self.source(paper_id) / "passages.jsonl")]

    def original(self, paper: Paper) -> Path | None:
        """The original file of a source, None where it is gone."""
        path = self.source(paper.id) / Path(paper.file).name
        return path if paper.file and path.is_file() else None

    def passages_path(self, paper_id: str) -> Path:
        return self.source(paper_id) / "passages.jsonl"

    def write_paper(self, paper: Paper) -> None:
        write_json(self.source(paper.id) / "meta.json", as_json(paper))

    def write_pages(self, paper_id: str, pages: Iterable[Page]) -> str:
        return write_jsonl(self.source(paper_id) / "pages.jsonl", map(as_json, pages))

    def write_passages(self, paper_id: str, passages: Iterable[Passage]) -> str:
        return write_jsonl(self.source(paper_id) / "passages.jsonl", map(as_json, passages))

    def state(self, paper_id: str) -> dict[str, Any]:
        """What was done with a source so far; {} before anything was. Written by the stages, last."""
        return read_json(self.source(paper_id) / "state.json") or {}

    def write_state(self, paper_id: str, state: dict[str, Any]) -> None:
        write_json(self.source(paper_id) / "state.json", state)

    def lock_hash(self) -> str:
        """The first 12 hex digits of vault.lock's hash: what an answer's recipe names. "" before the first sync."""
        return digest(self.lock_path.read_bytes())[:12] if self.lock_path.is_file() else ""

    @contextlib.contextmanager
    def writing(self, *, wait: float = 0.0, on_wait: Callable[[str], None] | None = None) -> Iterator[None]:
        """Hold the vault's writing lock (ingest/one_writer.py).

        `on_wait` is told who else holds it; raises VaultBusy where that process is not done within `wait` seconds,
        and DiskFull in the place of whatever a full disk raised inside.
        """
        with said_when_full(self.root), one_writer(self.root, wait=wait, on_wait=on_wait):
            for left in self.root.glob("sources/*/.*.tmp"):  # of a process that was killed while it wrote
                left.unlink(missing_ok=True)
            yield


def digest(data: bytes) -> str:
    """sha256 in hex."""
    return hashlib.sha256(data).hexdigest()


def file_digest(path: Path) -> str:
    """sha256 of a file in hex, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: temporary file beside it, flushed to disk, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_json(path: Path, data: Any) -> None:
    write_bytes(path, _encoded(data, indent=1))


def _encoded(data: Any, indent: int | None = None) -> bytes:
    """JSON in UTF-8. Half a surrogate pair, which broken PDFs hold, becomes one "?": offsets stay as they are."""
    return json.dumps(data, ensure_ascii=False, indent=indent).encode("utf-8", "replace")


def read_json(path: Path) -> Any:
    """The JSON in a file; None where the file is missing or unreadable (it can be made again)."""
    try:
        return json.loads(path.read_bytes())
    except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError):
        return None


def write_jsonl(path: Path, rows: Iterable[dict[str, Any]]) -> str:
    """Write a row per line; returns the sha256 of the file."""
    data = b"".join(_encoded(row) + b"\n" for row in rows)
    write_bytes(path, data)
    return digest(data)


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """The rows of a file; [] where it is missing."""
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_bytes().splitlines() if line.strip()]
