"""Files that were written once and should be as they were: their hashes, and the marks that spare reading them.

A file whose size and time of change are as its build left them is taken for unchanged; reading 100 MB at each opening
costs .1 s. `mivault verify` reads every byte.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ingest.vault import file_digest

# The files of the embedded store stand under this name beside those of the generation.
CHROMA = "chroma/"


@dataclass(frozen=True, slots=True)
class Marked:
    """`files` maps names to sha256, `marks` the same names to their size and time of change."""

    files: Mapping[str, str]
    marks: Mapping[str, str]

    @classmethod
    def of(cls, folder: Path, known: Marked | None, *, prefix: str = "") -> Marked:
        """Every file below a folder, but for those that reading changes. New ones are flushed to disk and hashed; what
        `known` has under the same name with the same mark was, when it was written.

        Opening Chroma writes to its SQLite file (store.sound looks at that one), and to a graph that was never saved:
        of fewer than 1,000 passages, it makes one anew in memory, and leaves files of no meaning behind.
        """
        files, marks = {}, {}
        for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix != ".lock"):
            name, mark = prefix + path.relative_to(folder).as_posix(), mark_of(path)
            same = known is not None and known.marks.get(name) == mark
            if not same:
                _flush(path)
            unsaved_graph = path.suffix == ".bin" and not path.with_name("index_metadata.pickle").is_file()
            if not (unsaved_graph or path.name.startswith("chroma.sqlite3")):
                files[name] = known.files[name] if same and known else file_digest(path)
                marks[name] = mark
        return cls(files, marks)

    def __or__(self, other: Marked) -> Marked:
        return Marked({**self.files, **other.files}, {**self.marks, **other.marks})

    def sound(self, name: str, path: Path, *, whole: bool = False) -> bool:
        """Whether the file at `path` is what was marked under `name`."""
        if not path.is_file():
            return False
        return (not whole and mark_of(path) == self.marks.get(name)) or file_digest(path) == self.files.get(name)


def mark_of(path: Path) -> str:
    """A file's size and time of change: a copy to another disk may have another time, and is then read once."""
    known = path.stat()
    return f"{known.st_size} {known.st_mtime_ns}"


def share(source: Path, target: Path) -> None:
    """Make `target` the same file as `source`, which nobody changes any more; a copy where the disk knows no links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        _copy(source, target)


def _copy(source: Path, target: Path) -> None:
    import shutil

    shutil.copy2(source, target)


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
