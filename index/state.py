"""What an index remembers of how it was made: index/state.json, and the folders that it names.

    index/state.json                  model, dimension, generation, what each source was when indexed, hashes of files
    index/generation-000007-3fa9b1/   words/ and table/, as that build left them: what answers questions
    index/chroma-91c02e/              the same vectors with their texts, for whoever reads Chroma (index/places.py)

A generation never changes once state.json names it: a build works in another, which shares the files that stay as they
are, and names it last. So a reader in another process never meets what is being written, and a build that is killed
leaves the index that was there. Chroma alone is written in place: nothing is asked of it (but of a server).
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from index.errors import IndexDamaged
from index.marks import CHROMA, Marked
from ingest.duplicates import duplicate_of
from ingest.records import as_json, from_json
from ingest.vault import Vault, digest, file_digest, read_json, write_json

# Raised when what is stored changes: an older index is then built again from the vectors beside the sources.
FORMAT = 4
ABBREVIATIONS = "abbreviations.json"
REBUILD = "build it again from what is here: mivault sync; where that does not help: mivault sync --reindex"


@dataclass(frozen=True, slots=True)
class IndexState:
    """`sources` maps each indexed id to its fingerprint; `store` names Chroma's folder, or its collection on a server;
    `files` maps each file of the generation, and of that folder under chroma/, to its sha256, `marks` to its size and
    time of change."""

    model: str
    dimension: int
    generation: int
    folder: str
    store: str
    passages: int
    sources: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def marked(self) -> Marked:
        return Marked(self.files, self.marks)


def state_path(vault: Vault) -> Path:
    return vault.index_path / "state.json"


def probed_path(vault: Vault) -> Path:
    """Where it stands which store is known to open, and what it was then (index/probe.py)."""
    return vault.index_path / "probed.json"


def read_state(vault: Vault) -> IndexState | None:
    """What state.json says; None where there is none, or one that this version does not read. An index of the format
    before is asked as it is; the next build makes it anew."""
    data = read_json(state_path(vault))
    if not isinstance(data, dict) or data.get("format") not in (FORMAT, FORMAT - 1):
        return None
    try:
        data.setdefault("store", f"{data['folder']}/chroma")  # where it was
        return from_json(IndexState, data)
    except (KeyError, TypeError):
        return None


def write_state(vault: Vault, state: IndexState) -> None:
    write_json(state_path(vault), as_json(state))


def generation_path(vault: Vault, state: IndexState) -> Path:
    return vault.index_path / state.folder


def store_path(vault: Vault, state: IndexState) -> Path:
    """The folder of Chroma's embedded store; none is there where a server holds the vectors."""
    return vault.index_path / state.store


def new_generation(vault: Vault) -> tuple[int, Path]:
    """The number and the folder of the next generation. No two have the same folder, not even after index/ was deleted:
    Chroma would answer from what it still holds of that path."""
    state = read_state(vault)
    number = state.generation + 1 if state else 1
    return number, vault.index_path / f"generation-{number:06d}-{secrets.token_hex(3)}"


def tidy(vault: Vault) -> None:
    """Delete all generations and stores but those that state.json names: what builds were killed in, and older ones.
    What another process still holds open may stay until a later time."""
    state = read_state(vault)
    named = {state.folder, state.store} if state else set()
    for kind in ("generation-*", "chroma-*"):
        for path in vault.index_path.glob(kind):
            if path.name not in named:
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


def marked_files(vault: Vault, folder: Path, store: str, known: IndexState | None) -> Marked:
    """The files of a generation's folder and of the embedded store, flushed to disk; `known` is the state before."""
    before = known.marked if known else None
    words_and_table = Marked.of(folder, before)
    chroma = vault.index_path / store
    return words_and_table | Marked.of(chroma, before, prefix=CHROMA) if chroma.is_dir() else words_and_table


def check_files(vault: Vault, state: IndexState, *, chroma: bool = False, whole: bool = False) -> None:
    """Raises IndexDamaged where the generation's files, and Chroma's where they are asked for, are not what its build
    left: by size and time of change, and where those differ, or the `whole` is asked for, byte for byte.

    Chroma answers from some damaged graphs without a word: with one file missing, 1 result instead of 50.
    """
    for name in state.files:
        of_chroma = name.startswith(CHROMA)
        if of_chroma and not chroma:
            continue
        folder = store_path(vault, state) if of_chroma else generation_path(vault, state)
        if not state.marked.sound(name, folder / name.removeprefix(CHROMA), whole=whole):
            raise IndexDamaged(f"the index is damaged: {name} is missing or was changed", REBUILD)
