"""How an entry's text can be had: the `sources:` of vault.yaml as ways that can be gone, first choice first.

What is no text of its own (a list, a channel, an index of posts) has no way: it feeds `mivault suggest`.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from ingest.recognise import post_of, repo_of, video_of
from ingest.records import Entry

Way = Literal["arxiv_html", "arxiv_pdf", "pdf", "html", "forum", "github", "youtube"]
# The names that vault.yaml may use for them.
NAMES: Mapping[str, Way] = MappingProxyType(
    {
        "arxiv_html": "arxiv_html",
        "arxiv_pdf": "arxiv_pdf",
        "pdf": "pdf",
        "html": "html",
        "html_transcript": "html",
        "publisher_page": "html",
        "lesswrong_markdown_api": "forum",
        "github_readme": "github",
        "github_docs": "github",
        "youtube_transcript": "youtube",
    }
)
ARXIV: tuple[Way, ...] = ("arxiv_html", "arxiv_pdf")


def ways(entry: Entry) -> tuple[Way, ...]:
    """The ways to an entry's text, first choice first; () for what has none."""
    if entry.kind in ("list", "term"):
        return ()
    named = [NAMES[name] for name in entry.sources if name in NAMES] if entry.sources else list(_guessed(entry))
    return tuple(dict.fromkeys(way for way in named if _possible(entry, way)))


def needs_lookup(entry: Entry) -> bool:
    """Whether arXiv's metadata is wanted before the text can be."""
    return any(way in ARXIV for way in ways(entry)[:1])


def is_index(entry: Entry) -> bool:
    """Whether an entry is a list of other sources, which `mivault suggest` reads."""
    return entry.kind == "list" or any(name in ("html_index", "youtube_index") for name in entry.sources)


def _possible(entry: Entry, way: Way) -> bool:
    url = entry.url or ""
    match way:
        case "arxiv_html" | "arxiv_pdf":
            return bool(entry.arxiv)
        case "forum":
            return post_of(url) is not None
        case "github":
            return repo_of(url) is not None
        case "youtube":
            return video_of(url) is not None
        case _:
            return bool(url)


def names_for(url: str) -> list[str]:
    """The `sources:` of an entry for an address, by what the address looks like."""
    if post_of(url):
        return ["lesswrong_markdown_api", "html"]
    if repo_of(url):
        return ["github_readme", "github_docs"]
    if video_of(url):
        return ["youtube_transcript"]
    return ["pdf"] if urllib.parse.urlsplit(url).path.lower().endswith(".pdf") else ["html"]


def _guessed(entry: Entry) -> tuple[Way, ...]:
    """For an entry that names no sources: arXiv's where it has an id there, else what its address looks like."""
    if entry.arxiv:
        return ARXIV
    return tuple(NAMES[name] for name in names_for(entry.url)) if entry.url else ()
