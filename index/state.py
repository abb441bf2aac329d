"""What an index remembers of how it was made: index/state.json, and the folder of the generation it names.

    index/state.json                  model, dimension, generation, what each source was when indexed, hashes of files
    index/generation-000007-3fa9b1/   chroma/, words/ and table/, as that build left them

A generation never changes once state.json names it: a build works in a copy and names it last. So a reader in another
process never meets a store that is being written, and a build that is killed leaves the index that was there.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from index.errors import IndexDamaged
from ingest.duplicates import duplicate_of
from ingest.records import as_json, from_json
from ingest.vault import Vault, digest, file_digest, read_json, write_json

# Raised when what is stored changes: an older index is then built again from the vectors beside the sources.
FORMAT = 3
ABBREVIATIONS = "abbreviations.json"
REBUILD = "build it again from what is here: mivault sync; where that does not help: mivault sync --reindex"


@dataclass(frozen=True, slots=True)
class IndexState:
    """`sources` maps each indexed id to its fingerprint, `files` each file of the generation to its sha256."""

    model: str
    dimension: int
    generation: int
    folder: str
    passages: int
    sources: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT


def state_path(vault: Vault) -> Path:
    return vault.index_path / "state.json"


def probed_path(vault: Vault) -> Path:
    """Where it stands which store is known to open, and what it was then (index/probe.py)."""
    return vault.index_path / "probed.json"


def read_state(vault: Vault) -> IndexState | None:
    """What state.json says; None where there is none, or one that this version does not read."""
    data = read_json(state_path(vault))
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        return None
    try:
        return from_json(IndexState, data)
    except (KeyError, TypeError):
        return None


def write_state(vault: Vault, state: IndexState) -> None:
    write_json(state_path(vault), as_json(state))


def generation_path(vault: Vault, state: IndexState) -> Path:
    return vault.index_path / state.folder


def new_generation(vault: Vault) -> tuple[int, Path]:
    """The number and the folder of the next generation. No two have the same folder, not even after index/ was deleted:
    Chroma would answer from what it still holds of that path."""
    state = read_state(vault)
    number = state.generation + 1 if state else 1
    return number, vault.index_path / f"generation-{number:06d}-{secrets.token_hex(3)}"


def tidy(vault: Vault) -> None:
    """Delete all generations but the one that state.json names: those that builds were killed in, and older ones. What
    another process still holds open may stay until a later time."""
    state = read_state(vault)
    for path in vault.index_path.glob("generation-*"):
        if state is None or path.name != state.folder:
            shutil.rmtree(path, ignore_errors=True)


def fingerprint(vault: Vault, source_id: str) -> str:
    """What a source's place in the index depends on: "" without passages, and of a duplicate (ingest/duplicates.py);
    else two hashes with "-" between them.

    The first is of what its vectors are made of (vectors.py compares that alone), the second of what else is searched.
    """
    passages = vault.source(source_id) / "passages.jsonl"
    if not passages.is_file() or duplicate_of(vault, source_id):
        return ""
    paper = vault.paper(source_id)
    shown = (paper.kind, paper.title, paper.arxiv_id or "") if paper else ("", "", "")
    embedded = digest("\n".join((file_digest(passages), *shown)).encode())
    others = (*paper.authors, str(paper.year)) if paper else ()
    return f"{embedded}-{digest(chr(10).join(others).encode())[:12]}"


def write_abbreviations(folder: Path, by_source: Mapping[str, Mapping[str, str]]) -> None:
    """Keep what each source abbreviates (short form to long form) in a generation's folder."""
    write_json(folder / ABBREVIATIONS, {source: forms for source, forms in sorted(by_source.items()) if forms})


def read_abbreviations(folder: Path) -> dict[str, dict[str, str]]:
    """What `write_abbreviations` kept; {} where there is nothing."""
    return dict(read_json(folder / ABBREVIATIONS) or {})


def file_hashes(folder: Path) -> dict[str, str]:
    """sha256 of every file by its path in `folder`, flushed to disk first, but for those that reading changes.

    Opening Chroma writes to its SQLite file (store.sound looks at that one), and to a graph that was never saved: of
    fewer than 1,000 passages, it makes one anew in memory, and leaves files of no meaning behind.
    """
    hashes = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix != ".lock"):
        with path.open("rb") as file:
            os.fsync(file.fileno())
        unsaved_graph = path.suffix == ".bin" and not path.with_name("index_metadata.pickle").is_file()
        if not (unsaved_graph or path.name.startswith("chroma.sqlite3")):
            hashes[path.relative_to(folder).as_posix()] = file_digest(path)
    return hashes


def check_files(vault: Vault, state: IndexState, *, but: str = "") -> None:
    """Raises IndexDamaged where the generation's files are not, byte for byte, what its build left; those in the folder
    `but` are not looked at.

    Chroma answers from some damaged graphs without a word: with one file missing, 1 result instead of 50.
    """
    folder = generation_path(vault, state)
    for name, expected in state.files.items():
        if but and name.startswith(f"{but}/"):
            continue
        path = folder / name
        if not path.is_file() or file_digest(path) != expected:
            raise IndexDamaged(f"the index is damaged: {name} is missing or was changed", REBUILD)
