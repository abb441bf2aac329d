"""The hits of a search, for programs and for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from assistant.render import WIDTH, plain
from index.records import Hit
from ingest.links import page_link


def found_json(hit: Hit) -> dict[str, Any]:
    """The documented shape of one row of `search --json`."""
    return {
        "paper_id": hit.paper.id,
        "arxiv_id": hit.paper.arxiv_id,
        "title": hit.paper.title,
        "section": " > ".join(hit.passage.section),
        "locator": hit.passage.locator,
        "score": round(hit.score, 6),
        "text": hit.passage.text,
        "passage_id": hit.passage.id,
        "kind": hit.paper.kind,
        "why": hit.why,
        "url": _link(hit),
    }


def _link(hit: Hit) -> str | None:
    """Where the passage begins on the web."""
    first = hit.passage.spans[0].page if hit.passage.spans else None
    return page_link(hit.paper, first, hit.passage.link)


def found_text(hits: Sequence[Hit]) -> str:
    """Numbered passages with where they stand and why they were found."""
    return "\n\n".join(_one(number, hit) for number, hit in enumerate(hits, start=1)) or "Nothing was found."


def _one(number: int, hit: Hit) -> str:
    place = ", ".join(part for part in (hit.paper.title, " > ".join(hit.passage.section), hit.passage.locator) if part)
    body = textwrap.fill(plain(hit.passage.text), WIDTH, initial_indent="    ", subsequent_indent="    ")
    link = _link(hit)
    where = f"\n    {plain(link)}" if link else ""
    return f"[{number}] {plain(place)}\n    {hit.score:.3f}: {plain(hit.why)}{where}\n{body}"
