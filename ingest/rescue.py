"""The door of pypdf: reads the files that pdfium refuses. Slow (9 pages per second) and without letters' places."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest.errors import ParseError
from ingest.layout import Line, Piece
from ingest.pdfium import OutlineItem, needs_password

SIZE, LEADING = 10.0, 12.0  # the type that lines are given, since pypdf tells none: all text looks like body text
BLANK = 30.0  # what a blank line is worth, so that a paragraph ends there


def version() -> str:
    from importlib.metadata import version as installed

    return f"pypdf {installed('pypdf')}"


@contextlib.contextmanager
def opened(path: Path, password: str | None) -> Iterator[Rescued]:
    """A PDF that pdfium refused. Raises ParseError where pypdf cannot read it either."""
    from pypdf import PdfReader
    from pypdf.errors import FileNotDecryptedError, WrongPasswordError

    with path.open("rb") as file, _quiet():
        try:
            reader = PdfReader(file, strict=False, password=password)
            if reader.is_encrypted and not reader.decrypt(password or ""):
                raise needs_password(password)
            count = len(reader.pages)
        except (FileNotDecryptedError, WrongPasswordError) as error:
            raise needs_password(password) from error
        except ParseError:
            raise
        except Exception as error:  # pypdf lets any error of Python's own through on broken files
            raise ParseError("damaged: neither pdfium nor pypdf can open it", "get the file again") from error
        yield Rescued(reader, count)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """pypdf logs a line for every oddity of a broken file."""
    logger = logging.getLogger("pypdf")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


class Rescued:
    """An open document. Its lines stand under each other on a page without end."""

    def __init__(self, reader: Any, count: int) -> None:
        self._reader, self._count = reader, count

    def __len__(self) -> int:
        return self._count

    def lines(self, index: int, *, pieces: int = 0) -> list[Line]:
        """The lines of a page. Raises ParseError where it cannot be read."""
        try:
            text = self._reader.pages[index].extract_text()
        except Exception as error:  # see `opened`
            raise ParseError(f"page {index + 1} is damaged") from error
        lines: list[Line] = []
        bottom = 0.0
        for row in text.splitlines():
            bottom -= LEADING if row.strip() else BLANK
            if row.strip():
                parts = (Piece(row.strip(), SIZE),) if len(lines) < pieces else ()
                right = 72 + 0.5 * SIZE * len(row)
                lines.append(Line(row.strip(), 72, right, bottom, bottom + SIZE, SIZE, pieces=parts))
        return lines

    def outline(self) -> list[OutlineItem]:
        """Not read: a file broken enough to come here has no outline to trust."""
        return []

    def has_pictures(self, index: int) -> bool:
        """Whether a page shows pictures."""
        try:
            return bool(len(self._reader.pages[index].images))
        except Exception:  # see `opened`
            return False

    def metadata(self) -> dict[str, str]:
        """The Info dictionary's texts, "/" aside; {} where it is broken."""
        try:
            return {key.lstrip("/"): str(value) for key, value in (self._reader.metadata or {}).items()}
        except Exception:  # see `opened`; a title is not worth losing the text
            return {}
