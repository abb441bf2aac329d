"""A download on its way to disk: the unfinished file, what it takes to go on with it, and the bytes as they come."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from ingest.errors import FetchError
from ingest.vault import read_json, write_json
from ingest.web import Reply, shown

HEAD_BYTES = 1024  # a PDF's header may come this late (ISO 32000-1, Annex H, note 13)
KEPT_BYTES = 8192  # of a file's beginning, to tell what it is: a page's title is in it


class Intake:
    """Bytes on their way into the part file: counted, hashed, the first ones kept to tell what they are."""

    def __init__(self, path: Path, start: int) -> None:
        self.sha256, self.size, self.head = hashlib.sha256(), 0, b""
        if start:
            self._take_up(path, start)
        self._file = path.open("ab" if start else "wb")

    def _take_up(self, path: Path, start: int) -> None:
        with path.open("rb") as file:
            while self.size < start and (block := file.read(min(1 << 20, start - self.size))):
                self._count(block)

    def _count(self, block: bytes) -> None:
        self.sha256.update(block)
        self.size += len(block)
        if len(self.head) < KEPT_BYTES:
            self.head += block[:KEPT_BYTES]

    def add(self, chunk: bytes) -> None:
        self._file.write(chunk)
        self._count(chunk)

    def __enter__(self) -> Intake:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        """Closed with all that came, on disk: whatever happened, it can be resumed."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        finally:
            self._file.close()


class Part:
    """The unfinished file of a destination."""

    def __init__(self, destination: Path) -> None:
        self.destination = destination
        self.path = destination.with_name(destination.name + ".part")
        self._note = destination.with_name(destination.name + ".part.json")

    def resume_headers(self, url: str) -> dict[str, str]:
        """What to ask so that only the rest comes, if the file is still the same; {} where nothing can be resumed."""
        note = read_json(self._note)
        size = self.size()
        if not size or not isinstance(note, dict) or note.get("url") != url or not note.get("mark"):
            return {}
        return {"Range": f"bytes={size}-", "If-Range": str(note["mark"])}

    def size(self) -> int:
        return self.path.stat().st_size if self.path.is_file() else 0

    def open(self, url: str, start: int, mark: str) -> Intake:
        if not start:
            self.destination.parent.mkdir(parents=True, exist_ok=True)
            self.discard()
            write_json(self._note, {"url": url, "mark": mark})
        return Intake(self.path, start)

    def finish(self) -> None:
        self.path.replace(self.destination)
        self._note.unlink(missing_ok=True)

    def discard(self) -> None:
        self._note.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)


def byte_range(reply: Reply, part: Part) -> tuple[int, int | None]:
    """Where the body starts in the file and how long the file will be (None where the server does not say)."""
    length = "" if reply.packed else reply.headers.get("content-length", "")
    if reply.status == 200:
        return 0, int(length) if length.isdecimal() else None
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", reply.headers.get("content-range", ""))
    if reply.status != 206 or not found or int(found[1]) != part.size():
        part.discard()
        raise FetchError(
            f"{shown(reply.url)} answered HTTP {reply.status} without the file", "try again later", temporary=True
        )
    return int(found[1]), None if found[2] == "*" else int(found[2])


def mark_of(reply: Reply) -> str:
    """The server's name for this version of the file; "" where there is none that may stand in If-Range (RFC 9110)."""
    if reply.packed:
        return ""
    etag = reply.headers.get("etag", "")
    return etag if etag.startswith('"') else reply.headers.get("last-modified", "")
