"""Is a file a bibliography, by what it holds, and what does it list."""

from __future__ import annotations

from pathlib import Path

from ingest.bibtex import looks_like_bibtex, read_bibtex
from ingest.csl import looks_like_csl, read_csl
from ingest.errors import UsageError
from ingest.items import Broken, Item
from ingest.read_text import MAX_TEXT_BYTES

HEAD_BYTES = 65_536  # of a file, to tell what it is


def bibliography(path: Path) -> list[Item | Broken] | None:
    """The items of a BibTeX or CSL-JSON file in its order; None for any other file.

    Raises UsageError for one that is not UTF-8, is larger than MAX_TEXT_BYTES, or is JSON that breaks off.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    start = head.decode("utf-8-sig", errors="replace")
    is_bibtex = looks_like_bibtex(start)
    if not is_bibtex and not looks_like_csl(start):
        return None
    if (size := path.stat().st_size) > MAX_TEXT_BYTES:
        raise UsageError(f"{path.name} is too large: {size / 2**20:.0f} MB", "export it in parts")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path.name}, line {line} is not UTF-8", "export it with the encoding UTF-8") from error
    return read_bibtex(text) if is_bibtex else read_csl(text)
