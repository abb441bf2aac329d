"""A full disk, however the library that met it says so: one line, and a vault that the next sync completes."""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Iterator
from pathlib import Path

from ingest.errors import DiskFull

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# SQLite's result 13 under Chroma, and the operating system's errors 28, 122 and 27 as Rust (tantivy) and
# shutil.copytree print them.
SAID = ("database or disk is full", "no space left on device", "disk quota exceeded", "file too large")

LITTLE = 1_000_000  # bytes: less than any index needs for its next file


@contextlib.contextmanager
def said_when_full(folder: Path) -> Iterator[None]:
    """Raises DiskFull in the place of any error, foreign or ours, that comes of a full disk."""
    try:
        yield
    except Exception as error:
        if not is_full(error):
            raise
        raise disk_full(folder) from error


def disk_full(folder: Path) -> DiskFull:
    return DiskFull(
        f"the disk is full: there is no room to write in {folder}",
        "free some space, then run the same command again: what was done is kept",
    )


def stop_when_full(error: BaseException, folder: Path) -> None:
    """Raises DiskFull where an error that is about to be told of one file comes of a full disk."""
    if is_full(error):
        raise disk_full(folder) from error


def no_room(folder: Path) -> bool:
    """Whether next to nothing is free where `folder` lies. Tantivy's threads do not say why they failed."""
    return shutil.disk_usage(folder).free < LITTLE


def is_full(error: BaseException) -> bool:
    """Whether an error, or one that it was raised from, comes of a full disk."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in FULL:
            return True
        if any(words in str(seen).lower() for words in SAID):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
