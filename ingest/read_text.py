"""The text of a file that should be text: decoded, bounded, without control characters."""

from __future__ import annotations

import re
from pathlib import Path

from ingest.errors import ParseError

MAX_TEXT_BYTES = 20_000_000  # the longest book of plain text tried has 5 MB
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff]")


def file_text(path: Path) -> str:
    """The text of a file, line ends as "\\n". Raises ParseError for what is too large or is no text."""
    try:
        size = path.stat().st_size
        if size > MAX_TEXT_BYTES:
            raise ParseError(
                f"too large: {size / 2**20:.0f} MB", f"split it; the limit is {MAX_TEXT_BYTES // 10**6} MB"
            )
        data = path.read_bytes()
    except OSError as error:
        raise ParseError(f"cannot be opened: {error.strerror or error}", "check the file and its rights") from error
    return clean_text(decoded(data))


def decoded(data: bytes) -> str:
    """UTF-8 (or UTF-16 with its mark); what is neither is read as Windows-1252, of which every byte is a letter."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def clean_text(text: str) -> str:
    """The text without control characters, with line ends as "\\n"."""
    return CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
