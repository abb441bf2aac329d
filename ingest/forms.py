"""The forms a source's original file can have: under which name it lies in its folder, and how to tell them apart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from ingest.errors import UsageError
from ingest.records import Form

ORIGINALS: Mapping[Form, str] = MappingProxyType(
    {
        "pdf": "original.pdf",
        "html": "original.html",
        "markdown": "original.md",
        "text": "original.txt",
        "talk": "original.talk.json",
        "repo": "original.repo.json",
    }
)
HEAD_BYTES = 4096
MARKDOWN = (".md", ".markdown", ".mdown")
KNOWN = (".pdf", ".html", ".htm", ".xhtml", ".txt", ".text", *MARKDOWN)  # what a folder's files are taken for by name


def original(folder: Path, form: Form) -> Path:
    """Where the original file of a form lies in a source's folder."""
    return folder / ORIGINALS[form]


def form_here(folder: Path, told: str = "") -> Form | None:
    """The form of the original that lies in a source's folder: the one `told`, else the first there is; None for none.

    Folders written before there were other forms than PDF tell nothing.
    """
    here = [form for form, name in ORIGINALS.items() if (folder / name).is_file()]
    return next((form for form in here if form == told), here[0] if here else None)


def sniffed(path: Path) -> Form:
    """The form of a file by its content; Markdown and text, which look alike, by its name too.

    Raises UsageError for an empty file, and for one that is none of them.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise UsageError(f"{path.name} is empty", "get it again")
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if looks_like_html(head):
        return "html"
    if not is_text(head):
        raise UsageError(f"{path.name} is not a PDF, a web page, Markdown or text", "save it as one of these")
    return "markdown" if path.suffix.lower() in MARKDOWN else "text"


def looks_like_html(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a web page."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return start.startswith((b"<!doctype html", b"<html")) or (start.startswith(b"<") and b"<html" in start)


def is_text(head: bytes) -> bool:
    """Whether the first bytes of a file are text: UTF-8, cut anywhere, without the bytes that no text has."""
    try:
        head[: len(head) - 3 if len(head) == HEAD_BYTES else None].decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 6:  # further back than a letter that the cut could have halved
            return False
    return not any(byte < 9 or 13 < byte < 27 for byte in head)
