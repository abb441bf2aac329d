"""Watched folders: what was added, changed, renamed or taken away in them since the last sync, told by content.

They are only ever read. vault.yaml lists them under `folders:`; an entry's `from:` is the file of theirs that it was
copied from. A folder that is not there, or holds nothing at all (a disk that is not mounted), takes nothing away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.add import add_watched, readable, remove
from ingest.added import form_of, keep
from ingest.disk import stop_when_full
from ingest.errors import MivaultError
from ingest.manifest import Manifest, load, set_file, set_from
from ingest.parse_pdf import Identity
from ingest.records import Entry
from ingest.vault import Vault, file_digest


@dataclass(frozen=True, slots=True)
class Followed:
    """What a look at the watched folders came to: ids of entries `added`, `changed`, `renamed`, `gone` (still kept) and
    `removed`; `said` are lines for a person, of what is gone and of what could not be looked at."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    renamed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """The watched folders as they are: `hashes` of their files by path, `entries` made of their files by path, with the
    hash of what is `kept` of each by entry id; `said` is what could not be looked at."""

    hashes: Mapping[str, str]
    entries: Mapping[str, Entry]
    kept: Mapping[str, str]
    said: tuple[str, ...]


def follow(vault: Vault, identify: Callable[[Path], Identity], *, prune: bool = False) -> Followed:
    """Take over what changed in the watched folders. `prune` removes the entries whose files are gone.

    `identify` reads the first page of a new PDF. Files that are new but cannot be read are said, never raised. The
    caller holds `vault.writing()`; `sync` then reads what is new.
    """
    manifest = load(vault)
    if not manifest.folders:
        return Followed()
    look, said = _look(vault, manifest), list[str]()
    said += look.said
    moved = _renames(look)
    for entry_id, path in moved.items():
        set_from(vault, entry_id, path)
    taken = set(moved.values())
    edited = [
        p for p, e in look.entries.items() if e.id not in moved and look.hashes.get(p, "") not in ("", look.kept[e.id])
    ]
    changed = [look.entries[path].id for path in edited if _took_anew(vault, look.entries[path], Path(path), said)]
    gone = {p: e.id for p, e in look.entries.items() if p not in look.hashes and e.id not in moved}
    new = [p for p, sha256 in look.hashes.items() if sha256 and p not in look.entries and p not in taken]
    added = list(_add_new(vault, new, look, identify, said))
    said += [f"{gone[p]}: removed, {p} is gone" if prune else _gone(p, manifest) for p in gone]
    for entry_id in gone.values() if prune else ():
        remove(vault, entry_id)
    kept, removed = ((), tuple(gone.values())) if prune else (tuple(gone.values()), ())
    return Followed(tuple(added), tuple(changed), tuple(moved), kept, removed, tuple(said))


def gone_files(vault: Vault, entries: Sequence[Entry]) -> dict[str, str]:
    """What `status` says of entries whose files are gone from a watched folder, by id. Hashes nothing."""
    if not any(entry.extra.get("from") for entry in entries):
        return {}
    manifest = load(vault)
    there = [folder for folder in manifest.folders if readable(vault, Path(folder))]
    paths = {entry.id: str(entry.extra["from"]) for entry in entries if entry.extra.get("from")}
    return {
        entry_id: _gone(path, manifest)
        for entry_id, path in paths.items()
        if _folder_of(path, there) and not Path(path).is_file()
    }


def _look(vault: Vault, manifest: Manifest) -> Look:
    said, there, hashes = list[str](), list[str](), dict[str, str]()
    for folder in manifest.folders:
        files = readable(vault, Path(folder))
        if files:
            there.append(folder)
        else:
            said.append(f"{folder} is not there, or is empty: nothing of it was changed or removed")
        for file in files:
            hashes[str(file)] = _hash(file, said)
    entries = {
        p: e for e in manifest.entries if e.file and (p := str(e.extra.get("from") or "")) and _folder_of(p, there)
    }
    kept = {entry.id: _kept(vault, entry) for entry in entries.values()}
    return Look({p: h for p, h in hashes.items() if p not in manifest.left_out}, entries, kept, tuple(said))


def _hash(file: Path, said: list[str]) -> str:
    """A file's hash; "" where it cannot be read now, which is said: it is there all the same."""
    try:
        return file_digest(file)
    except OSError as error:
        said.append(f"{file} could not be read: {error.strerror or error}")
        return ""


def _kept(vault: Vault, entry: Entry) -> str:
    """The hash of what the vault keeps of an entry; "" where that is gone."""
    path = vault.inside(str(entry.file))
    return file_digest(path) if path.is_file() else ""


def _renames(look: Look) -> dict[str, str]:
    """Entry ids with the new path of their file: its bytes lie there, and no longer under the old name.

    A name that now holds bytes known from another entry was swapped; one with bytes of its own was edited after a copy
    was made, and stays the entry's.
    """
    known = set(look.kept.values())
    free: dict[str, list[str]] = {}
    for path, sha256 in look.hashes.items():
        holder = look.entries.get(path)
        if holder is None or look.kept[holder.id] != sha256:
            free.setdefault(sha256, []).append(path)
    moved = {}
    for path, entry in look.entries.items():
        now, kept = look.hashes.get(path), look.kept[entry.id]
        left = now is None or (now != kept and now in known)
        if left and kept and free.get(kept):
            moved[entry.id] = free[kept].pop(0)
    return moved


def _took_anew(vault: Vault, entry: Entry, path: Path, said: list[str]) -> bool:
    """Put a file's new bytes in the place of an entry's old ones, which stay (that is said) where it cannot be read."""
    try:
        relative = keep(vault, path, entry.id, file_digest(path), form_of(path))
    except (MivaultError, OSError) as error:
        stop_when_full(error, vault.root)
        said.append(f"{path} was changed, but not read: {error}")
        return False
    set_file(vault, entry.id, relative)
    if str(entry.file).startswith("files/") and entry.file != relative:
        vault.inside(str(entry.file)).unlink(missing_ok=True)
    return True


def _add_new(
    vault: Vault, paths: Sequence[str], look: Look, identify: Callable[[Path], Identity], said: list[str]
) -> Iterator[str]:
    """Add files of unknown name; ids of those that are new to the vault. What it holds already is a copy."""
    held = set(look.kept.values())
    for path in paths:
        if look.hashes[path] in held:
            continue
        added = add_watched(vault, Path(path), identify)
        if added.failed:
            said.append(f"{path}: {added.reason}")
        elif added.reason != "was in the vault already":
            yield added.entry_id


def _gone(path: str, manifest: Manifest) -> str:
    folder = _folder_of(path, manifest.folders)
    return f"{Path(path).relative_to(folder)} is gone from {folder}: still kept; mivault sync --prune removes it"


def _folder_of(path: str, folders: Sequence[str]) -> str:
    """The watched folder that a path lies in; "" for none."""
    return next((folder for folder in folders if Path(path).is_relative_to(folder)), "")
