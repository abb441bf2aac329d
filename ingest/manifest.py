"""vault.yaml: what is in a vault. People edit it, so it is changed line by line and their comments stay.

The door of PyYAML. A malformed file is a ManifestError that names the line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_args

from ingest.errors import ManifestError, UsageError
from ingest.records import Entry, EntryKind
from ingest.vault import SAFE_ID, Vault, write_bytes

FORMAT = 1
KINDS = get_args(EntryKind)
_LINE = "__line__"
_KNOWN = {f.name for f in fields(Entry)} - {"extra"}
_LISTS = ("authors", "sources")
_SCALARS = ("title", "section", "arxiv", "url", "file", "licence", "password")
_SHAPES: Mapping[str, tuple[type, str]] = {
    "entries": (list, "one '- id: ...' for each entry"),
    "sections": (dict, "sections: {key: title}"),
    "allow_hosts": (list, "allow_hosts: [host, host]"),
    "folders": (list, "folders: [path, path]"),
    "left_out": (list, "left_out: [path, path]"),
    "embedding_model": (str, "embedding_model: a folder or a name"),
}


@dataclass(frozen=True, slots=True)
class Manifest:
    """vault.yaml as read: `sections` maps a section's key to its title; `allow_hosts` are private hosts that may be
    fetched from; `embedding_model` is None for the packaged one; `folders` are watched, but for the files that are
    `left_out` (ingest/folders.py)."""

    name: str
    sections: Mapping[str, str]
    entries: tuple[Entry, ...]
    embedding_model: str | None = None
    allow_hosts: frozenset[str] = frozenset()
    folders: tuple[str, ...] = ()
    left_out: frozenset[str] = frozenset()


def load(vault: Vault) -> Manifest:
    """The manifest of a vault. Raises ManifestError naming the line that cannot be used, VaultMissing where it is not
    there any more."""
    path = vault.manifest_path
    with vault.here():
        data = read_yaml(path)
    if not isinstance(data, dict):
        raise ManifestError(f"{path.name}, line 1: expected 'format:' and 'entries:'", "see the starter vault.yaml")
    if data.get("format", FORMAT) != FORMAT:
        raise ManifestError(
            f"{path.name}: format {data['format']!r} is not known", "it was written by a newer mivault: update"
        )
    for key, (kind, example) in _SHAPES.items():
        if not isinstance(data.get(key) or kind(), kind):
            raise ManifestError(
                f"{path.name}, line {_line_of(path, key)}: '{key}:' has another shape", f"write {example}"
            )
    return Manifest(
        name=str(data.get("name", "")),
        sections={str(k): str(v) for k, v in (data.get("sections") or {}).items() if k != _LINE},
        entries=_entries(path, data.get("entries") or []),
        embedding_model=data.get("embedding_model"),
        allow_hosts=frozenset(map(str, data.get("allow_hosts") or ())),
        folders=tuple(map(str, data.get("folders") or ())),
        left_out=frozenset(map(str, data.get("left_out") or ())),
    )


def _line_of(path: Path, key: str, item: int | None = None) -> int:
    """The line (from 1) of a top-level key, or of an item of its list."""
    import yaml

    root = yaml.compose(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    for name, value in root.value if root is not None else ():
        if name.value == key:
            return int((name if item is None else value.value[item]).start_mark.line) + 1
    return 1


def read_yaml(path: Path) -> Any:
    """A YAML file, each mapping with its line under "__line__". Raises ManifestError naming the line."""
    import yaml

    class Loader(yaml.CSafeLoader):
        """PyYAML's safe loader, which forgets where a mapping stood."""

    def mapping(loader: Any, node: Any) -> dict[Any, Any]:
        return {**loader.construct_mapping(node, deep=True), _LINE: node.start_mark.line + 1}

    Loader.add_constructor("tag:yaml.org,2002:map", mapping)
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}" if mark else ""
        raise ManifestError(f"{path.name}{where}: {error.problem}", "mend that line and try again") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ManifestError(f"{path.name} is not YAML: {error}", "mend it and try again") from error


def _entries(path: Path, rows: list[Any]) -> tuple[Entry, ...]:
    name = path.name
    entries: list[Entry] = []
    seen: dict[str, int] = {}
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            line = _line_of(path, "entries", number)
            raise ManifestError(f"{name}, line {line}: an entry is {row!r}", "each entry starts with '- id: ...'")
        entry = _entry(name, row)
        if entry.id in seen:
            raise ManifestError(
                f"{name}, line {row[_LINE]}: id {entry.id!r} was used in line {seen[entry.id]}", "give it another id"
            )
        seen[entry.id] = row[_LINE]
        entries.append(entry)
    return tuple(entries)


def _entry(name: str, row: dict[str, Any]) -> Entry:
    where = f"{name}, line {row[_LINE]}"
    identifier = row.get("id")
    if not isinstance(identifier, str) or not SAFE_ID.fullmatch(identifier) or ".." in identifier:
        raise ManifestError(f"{where}: id {identifier!r} cannot be used", "use letters, digits, '.', '_' and '-'")
    kind = row.get("kind", "paper")
    if kind not in KINDS:
        raise ManifestError(f"{where}: kind {kind!r} is not known", f"use one of {', '.join(KINDS)}")
    for key in _LISTS:
        if not isinstance(row.get(key) or [], list):
            raise ManifestError(f"{where}: '{key}:' must be a list", f"write {key}: [a, b]")
    for key in _SCALARS:
        if isinstance(row.get(key), (dict, list)):
            raise ManifestError(f"{where}: '{key}:' must be one text", f"write {key}: ...")
    if (file := row.get("file")) and (Path(str(file)).is_absolute() or ".." in Path(str(file)).parts):
        raise ManifestError(f"{where}: {file!r} leads outside the vault", "name a file inside the vault folder")
    year = row.get("year")
    if year is not None and (not isinstance(year, int) or isinstance(year, bool)):
        raise ManifestError(f"{where}: year {year!r} is not a number", "write year: 2024")
    known: dict[str, Any] = {k: v for k, v in row.items() if k in _KNOWN and v is not None}
    known |= {key: tuple(map(str, row.get(key) or ())) for key in _LISTS}
    known |= {key: str(known[key]) for key in ("title", "section", "arxiv", "url", "file", "licence") if key in known}
    return Entry(
        **{"kind": kind, "title": "", **known}, extra=_plain({k: v for k, v in row.items() if k not in _KNOWN})
    )


def _plain(value: Any) -> Any:
    """The same without the line numbers."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if k != _LINE}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return value


# --- changing it, line by line --------------------------------------------------------------------------------------


def add_entry(vault: Vault, *entries: Mapping[str, Any]) -> None:
    """Append entries, at least one, to vault.yaml. The new file is read before it replaces the old one."""
    import yaml

    text, rows = vault.manifest_path.read_text(encoding="utf-8"), list(map(dict, entries))
    block = yaml.dump(rows, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=110)
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    at, indent = _end_of_entries(text, lines)
    lines[at:at] = [indent + line for line in block.splitlines(keepends=True)]
    _replace(vault, "".join(lines))


def set_file(vault: Vault, entry_id: str, relative: str) -> None:
    """Say in vault.yaml that the entry's text is a file of the vault."""
    _set(vault, entry_id, "file", relative)


def set_from(vault: Vault, entry_id: str, path: str) -> None:
    """Say in vault.yaml which file of a watched folder the entry's text is."""
    _set(vault, entry_id, "from", path)


def set_accepted(vault: Vault, entry_id: str, sha256: str) -> None:
    """Say in vault.yaml that the file with this hash (or the start of it) is the entry's, whatever its title."""
    _set(vault, entry_id, "accepted", sha256)


def set_password(vault: Vault, entry_id: str, password: str) -> None:
    """Keep in vault.yaml what opens the entry's file."""
    _set(vault, entry_id, "password", password)


def add_to_list(vault: Vault, key: str, text: str) -> None:
    """Append a text to a list at the top of vault.yaml, which is made where there is none."""
    whole = vault.manifest_path.read_text(encoding="utf-8")
    lines = whole.splitlines(keepends=True)
    node = _node(whole, key)
    if node is None:
        at = next((n for n, line in enumerate(lines) if line.startswith("entries:")), len(lines))
        lines[at:at] = [f"{key}:\n", f"- {_quoted(text)}\n"]
    elif isinstance(node.value, list) and node.flow_style:
        end = node.end_mark.index - 1
        lines = [whole[:end], ", " if node.value else "", _quoted(text), whole[end:]]
    else:
        at = _content_end(lines, node.end_mark.line) if isinstance(node.value, list) else node.start_mark.line + 1
        column = node.start_mark.column if isinstance(node.value, list) else 0
        lines[at:at] = [f"{' ' * column}- {_quoted(text)}\n"]
    _replace(vault, "".join(lines))


def _set(vault: Vault, entry_id: str, key: str, text: str) -> None:
    first, last, column = _item_lines(vault.manifest_path, entry_id)
    lines = vault.manifest_path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines[first:last] if not re.match(rf"\s{{{column}}}{key}:", line)]
    if kept and not kept[-1].endswith("\n"):
        kept[-1] += "\n"
    kept.insert(1, f"{' ' * column}{key}: {_quoted(text)}\n")
    _replace(vault, "".join([*lines[:first], *kept, *lines[last:]]))


def remove_entry(vault: Vault, entry_id: str) -> None:
    """Take an entry out of vault.yaml. Raises UsageError for an id that is not in it."""
    first, last, _ = _item_lines(vault.manifest_path, entry_id)
    lines = vault.manifest_path.read_text(encoding="utf-8").splitlines(keepends=True)
    rest = "".join([*lines[:first], *lines[last:]])
    _replace(vault, re.sub(r"(?m)^entries:[ \t]*\n(?!\s*-|\s*#)", "entries: []\n", rest))


def _replace(vault: Vault, text: str) -> None:
    candidate = vault.root / ".new" / vault.manifest_path.name
    write_bytes(candidate, text.encode())
    try:
        _entries(candidate, (read_yaml(candidate) or {}).get("entries") or [])
        candidate.replace(vault.manifest_path)
    finally:
        candidate.unlink(missing_ok=True)
        candidate.parent.rmdir()


def _node(text: str, name: str) -> Any:
    """What stands under a top-level key; None where it is missing."""
    import yaml

    root = yaml.compose(text, yaml.CSafeLoader)
    return next((value for key, value in (root.value if root is not None else ()) if key.value == name), None)


def _end_of_entries(text: str, lines: list[str]) -> tuple[int, str]:
    """The line to insert at, and the indent of the list's dashes. An empty list loses its brackets."""
    node = _node(text, "entries")
    if node is None:
        lines.append("entries:\n")
        return len(lines), ""
    if not node.value:
        at = node.start_mark.line
        lines[at] = re.sub(r"\[\s*\]", "", lines[at]).rstrip() + "\n"
        return at + 1, ""
    if node.flow_style:
        raise UsageError("vault.yaml: 'entries: [...]' in brackets cannot be added to", "write one '- id:' per line")
    last = _content_end(lines, node.end_mark.line)
    return last, " " * node.start_mark.column


def _item_lines(path: Path, entry_id: str) -> tuple[int, int, int]:
    """First line, line after the last, and column of the keys of an entry (lines from 0)."""
    text = path.read_text(encoding="utf-8")
    node = _node(text, "entries")
    items = node.value if node is not None else []
    for item in items:
        if any(key.value == "id" and value.value == entry_id for key, value in item.value):
            return (
                item.start_mark.line,
                _content_end(text.splitlines(), item.end_mark.line),
                item.start_mark.column,
            )
    raise UsageError(f"no entry {entry_id!r} in vault.yaml", "mivault status lists the ids")


def _content_end(lines: list[str], end: int) -> int:
    """YAML ends a block at the next token: step back over blank lines and comments that belong to what follows."""
    end = min(end, len(lines))
    while end > 0 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    return end


def _quoted(text: str) -> str:
    """A YAML scalar on one line, whatever is in it."""
    import json

    return json.dumps(text, ensure_ascii=False)
