"""The nouns that ingest makes, in order of travel: Entry, Paper, Page (with its Headings), Passage (with its Spans).

All are frozen; `as_json` and `from_json` are inverse to each other (a property test holds them to it).
"""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Callable, Hashable, Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from typing import Any, Literal, TypeVar, get_args, get_origin

EntryKind = Literal["paper", "tool", "list", "person", "video", "term", "note"]
PaperKind = Literal["paper", "tool", "list", "person", "video", "glossary", "note"]
PassageKind = Literal["text", "references"]
# What a source's original file is: a PDF, a web page, Markdown, plain text, a talk's captions, a repository's texts.
Form = Literal["pdf", "html", "markdown", "text", "talk", "repo"]
Mend = Literal["read", "vectors", "index", "lock", ""]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of vault.yaml: something the vault should hold, and where to get it.

    `sources` names what to download, first choice first (`arxiv_pdf`, `html`, `file`, ...); `file` is a path inside
    the vault folder for what was added by hand. `extra` keeps every further key of vault.yaml, unread.
    """

    id: str
    kind: EntryKind
    title: str
    authors: tuple[str, ...] = ()
    authors_complete: bool = True
    year: int | None = None
    section: str = ""
    arxiv: str | None = None
    url: str | None = None
    sources: tuple[str, ...] = ()
    file: str | None = None
    licence: str = ""
    verified: bool = True
    extra: Mapping[str, Any] = field(default_factory=dict)


WITHDRAWN = "withdrawn from arXiv"  # how the warning begins


@dataclass(frozen=True, slots=True)
class Paper:
    """A text source that was obtained: a PDF, a web page, a repository's documents, a talk, a note, a glossary term.
    `id` is its entry's id.

    `sha256` is of the original file, `form` what that file is; `parser` names what read it, with versions, so that a
    newer one reads it again; `commit` is the state of a repository that was read. Of its pages, `garbled` is the
    largest share of unreadable characters (0 to 1), `empty_pages` and `doubted_pages` count those without text, and
    those whose text may not be what they show.
    """

    id: str
    kind: PaperKind
    title: str
    authors: tuple[str, ...] = ()
    year: int | None = None
    arxiv_id: str | None = None
    arxiv_version: str | None = None
    url: str | None = None
    licence: str = ""
    file: str = ""
    sha256: str = ""
    parser: str = ""
    pages: int = 0
    warnings: tuple[str, ...] = ()
    form: Form = "pdf"
    commit: str | None = None
    garbled: float = 0.0
    empty_pages: int = 0
    doubted_pages: int = 0

    @property
    def withdrawn(self) -> str:
        """That its authors withdrew it, with their reason; "" where nothing tells so."""
        return next((one for one in self.warnings if one.startswith(WITHDRAWN)), "")


@dataclass(frozen=True, slots=True)
class Heading:
    """A section title on a page: `offset` is where it starts in the page's text, `level` counts from 1."""

    offset: int
    level: int
    title: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page of text, cleaned: a paragraph per line, a blank line between paragraphs. Of what has no pages, a page is
    what one locator can name: a section under its heading, half a minute of a talk.

    `number` counts physical pages from 1, `locator` is what a reader would say ("p. 4", "§ 3.2", "12:34", "note");
    `link` is the address that opens there, "" where it is made of the paper's own (see `Paper`); `garbled` is the share
    of characters that no language uses (0 to 1); `warning` says why the text may not be what the page shows, "" mostly.
    """

    paper_id: str
    number: int
    locator: str
    text: str
    headings: tuple[Heading, ...] = ()
    garbled: float = 0.0
    link: str = ""
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """Where a stretch of text lies: `page` is a page's number, `start` and `end` are offsets into its text."""

    page: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """What is searched and cited: about 200 tokens inside one section.

    `text` is the pages' text at `spans`, joined by a line break; `order` counts the passages of a paper from 0;
    `section` is the path of headings it stands under; `link` is its first page's; `warning` is what its pages are
    doubted for. `references` passages are bibliography, not searched by default.
    """

    id: str
    paper_id: str
    order: int
    section: tuple[str, ...]
    first_locator: str
    last_locator: str
    text: str
    spans: tuple[Span, ...]
    kind: PassageKind = "text"
    link: str = ""
    warning: str = ""

    @property
    def locator(self) -> str:
        """Where a reader finds it: "p. 4" or "p. 4 - p. 5"."""
        if self.first_locator == self.last_locator:
            return self.first_locator
        return f"{self.first_locator} - {self.last_locator}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing in a vault that is not as vault.lock says; `entry_id` is "" where it is the vault's as a whole.

    `mend` names what makes it good again without downloading: reading the original anew, the kept vectors, the
    index, or vault.lock; "" where nothing that is here can, and `hint` says what a person can do.
    """

    entry_id: str
    what: str
    mend: Mend
    hint: str = ""


Record = TypeVar("Record")


def as_json(record: Any) -> dict[str, Any]:
    """A record as plain JSON types."""
    return asdict(record)


def from_json(kind: type[Record], data: Mapping[str, Any]) -> Record:
    """The record that `as_json` wrote. Unknown keys are ignored, so that an older version reads a newer file.

    Raises KeyError or TypeError where `data` is not such a record.
    """
    plain, others = _restorers(typing.cast(Hashable, kind))
    return kind(
        **{name: data[name] for name in plain if name in data},
        **{name: restore(data[name]) for name, restore in others if name in data},
    )


@functools.cache
def _restorers(kind: type) -> tuple[tuple[str, ...], tuple[tuple[str, Callable[[Any], Any]], ...]]:
    """The fields of a record that are as JSON has them, and what makes the others, found once: a question reads a
    hundred records."""
    hints = typing.get_type_hints(kind)
    found = {field.name: _restorer(hints[field.name]) for field in fields(kind)}
    others = tuple((name, restore) for name, restore in found.items() if restore)
    return tuple(name for name, restore in found.items() if restore is None), others


def _restorer(hint: Any) -> Callable[[Any], Any] | None:
    """What makes a field's value of what JSON has; None where they are the same."""
    if get_origin(hint) in (typing.Union, types.UnionType):
        inner = next((_restorer(a) for a in get_args(hint) if a is not type(None)), None)
        return (lambda value: None if value is None else inner(value)) if inner else None
    if get_origin(hint) is tuple:
        item = _restorer(get_args(hint)[0])
        return (lambda value: tuple(map(item, value))) if item else tuple
    if is_dataclass(hint) and isinstance(hint, type):
        return lambda value: from_json(hint, value)
    return None
