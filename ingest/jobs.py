"""What the parsers take and give: a file of a known form, and the pages that came of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ingest.identify import Identity
from ingest.records import Form, Page


@dataclass(frozen=True, slots=True)
class ParseJob:
    """A file to parse, for the entry `paper_id`; `first_page` for no more than that, `links` for nothing but its links.

    `url` is where people read it: the links of its pages are made of that. `careful` has its pages read apart, after
    one of them ended the process; `seconds` are what it may take.
    """

    paper_id: str
    path: Path
    password: str | None = None
    first_page: bool = False
    form: Form = "pdf"
    url: str = ""
    links: bool = False
    careful: bool = False
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a text: where it leads, the words that are linked, and the line of text that it stands in."""

    url: str
    words: str
    line: str = ""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What came of a file: every page (an unreadable one is empty, and named in `warnings`), and who wrote it.

    `licence`, `commit` and `url` are what the file itself says of them, "" where it does not. `links`
    are filled where a job asks for nothing else.
    """

    pages: tuple[Page, ...]
    identity: Identity
    warnings: tuple[str, ...]
    licence: str = ""
    commit: str = ""
    url: str = ""
    links: tuple[Link, ...] = ()
