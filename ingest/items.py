"""What a bibliography lists, whatever it was written in: items, those that could not be read, their plain values."""

from __future__ import annotations

import re
import unicodedata
import urllib.parse
from collections.abc import Iterable
from dataclasses import dataclass

from ingest.lookup import find_arxiv_id

MAX_LETTERS = 1000  # of a title, a name or an address: longer ones are no such thing
_ARXIV_DOI = re.compile(r"10\.48550/(arxiv\..+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Item:
    """One item: `key` is its citation key, `attachments` the paths of its files as they are written, best first.

    `arxiv` is an id without version; `url` is http(s); both None where there is none.
    """

    key: str
    title: str = ""
    authors: tuple[str, ...] = ()
    authors_complete: bool = True
    year: int | None = None
    arxiv: str | None = None
    url: str | None = None
    doi: str = ""
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Broken:
    """An item that could not be read: where it stands ("line 9", "item 3") and why."""

    where: str
    reason: str


def plain(value: object) -> str:
    """A value as one line of text: no control, direction or unpaired characters, single spaces."""
    if not isinstance(value, (str, int)):
        return ""
    text = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in str(value))
    kept = "".join(c for c in text if unicodedata.category(c)[0] != "C")
    return unicodedata.normalize("NFC", " ".join(kept.split()))[:MAX_LETTERS].strip()


def year_of(*values: object) -> int | None:
    """The first year from 1000 to 2099 that the values name: "2020-05-01", "May 2020", 2020."""
    found = (re.search(r"(?<!\d)[12]\d{3}(?!\d)", str(value)[:MAX_LETTERS]) for value in values)
    years = (int(match[0]) for match in found if match)
    return next((year for year in years if year < 2100), None)


def doi_of(value: str) -> str:
    """A DOI without the address that resolves it: "10.48550/arXiv.2301.00001"."""
    found = re.search(r"10\.\d{4,9}/\S+", value)
    return found[0] if found else ""


def web_address(value: str) -> str | None:
    """An http(s) address, or None: for others, and for one with a password in it, which is not stored."""
    try:
        parts = urllib.parse.urlsplit(value)
        usable = parts.scheme.lower() in ("http", "https") and parts.hostname and " " not in value
    except ValueError:
        return None
    return value if usable and not (parts.username or parts.password) else None


def arxiv_of(*, eprint: str = "", doi: str = "", url: str | None = None, named: Iterable[str] = ()) -> str | None:
    """The arXiv id of an item, without version: of its eprint, DOI or address, or a text like "arXiv:2301.00001"."""
    by_doi = _ARXIV_DOI.search(doi)
    at_arxiv = url and re.search(r"(^|\.)arxiv\.org$", urllib.parse.urlsplit(url).hostname or "")
    tries = [eprint, by_doi[1].replace("arXiv.", "arXiv:", 1) if by_doi else "", url if at_arxiv else "", *named]
    found = (find_arxiv_id(text) for text in tries if text)
    return next((one.id for one in found if one), None)


def best_first(paths: Iterable[str]) -> tuple[str, ...]:
    """Attachments in the order in which they are tried: PDFs, then web pages, then the rest."""
    order = {"pdf": 0, "html": 1, "htm": 1, "xhtml": 1}
    return tuple(sorted(dict.fromkeys(paths), key=lambda path: order.get(path.rpartition(".")[2].lower(), 2)))
