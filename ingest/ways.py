"""How an entry's text can be had: the `sources:` of vault.yaml as ways that can be gone, first choice first.

What is no text of its own (a list, a channel, an index of posts) has no way: it feeds `mivault suggest`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from ingest.records import Entry, Form

Way = Literal["arxiv_html", "arxiv_pdf", "pdf", "html"]
# The names that vault.yaml may use.
NAMES: Mapping[str, Way] = MappingProxyType({"arxiv_pdf": "arxiv_pdf", "pdf": "pdf"})
FORMS: Mapping[Way, Form] = MappingProxyType({"arxiv_html": "html", "arxiv_pdf": "pdf", "pdf": "pdf", "html": "html"})
ARXIV: tuple[Way, ...] = ("arxiv_pdf",)


def ways(entry: Entry) -> tuple[Way, ...]:
    """The ways to an entry's text, first choice first; () for what has none."""
    if entry.kind in ("list", "term"):
        return ()
    named = [NAMES[name] for name in entry.sources if name in NAMES] if entry.sources else list(_guessed(entry))
    return tuple(dict.fromkeys(way for way in named if _possible(entry, way)))


def needs_lookup(entry: Entry) -> bool:
    """Whether arXiv's metadata is wanted before the text can be."""
    return any(way in ARXIV for way in ways(entry)[:1])


def _possible(entry: Entry, way: Way) -> bool:
    return bool(entry.arxiv) if way in ARXIV else bool(entry.url)


def _guessed(entry: Entry) -> tuple[Way, ...]:
    """For an entry that names no sources: arXiv's where it has an id there."""
    return ARXIV if entry.arxiv else ()
