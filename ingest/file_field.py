r"""BibTeX's `file` field, as reference managers write it, and the files on disk that it names.

Zotero: `Full Text PDF:files/12/a.pdf:application/pdf;Snapshot:...`. JabRef and Mendeley: `:a.pdf:PDF`. Better BibTeX: a
path alone. A colon, semicolon or backslash that belongs to a name has a backslash before it.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

_ESCAPED = re.compile(r"\\([\\:;{}_%&#$~])")


def paths_in(field: str) -> list[str]:
    """The paths that a `file` field names, in its order."""
    parts = [_split(one, ":") for one in _split(field, ";")]
    return [path for path in (_path(one) for one in parts) if path]


def located(folder: Path, written: str) -> Path | None:
    """The file that an attachment's path names, relative to the export's folder; None where there is none."""
    for path in _readings(written):
        try:
            if (folder / path).is_file():
                return (folder / path).resolve()
        except (OSError, ValueError):  # too long for a file system, or with a NUL
            continue
    return None


def _split(text: str, mark: str) -> list[str]:
    """Cut at each mark without a backslash before it; the backslashes stay."""
    return [part.strip() for part in re.findall(rf"(?:\\.|[^\\{mark}]|\\$)+|(?<={mark})(?={mark})|^(?={mark})", text)]


def _path(parts: list[str]) -> str:
    if len(parts) == 2 and re.fullmatch(r"[A-Za-z]", parts[0]) and parts[1][:1] in ("\\", "/"):
        return ":".join(parts)  # "C:\papers\a.pdf", written as it is
    if len(parts) > 2:
        parts = parts[1:-1]
    elif len(parts) == 2:
        parts = [max(parts, key=lambda part: "." in part or "/" in part)]
    return _ESCAPED.sub(r"\1", ":".join(parts)).strip()


def _readings(written: str) -> Iterator[str]:
    """A path as it is written, then as other systems and programs mean it."""
    if written.lower().startswith("file:"):
        written = urllib.parse.unquote(urllib.parse.urlsplit(written).path)
    yield written
    yield written.replace("\\", "/")
    yield f"/{written}"  # Mendeley leaves out the first slash
