"""The hits of a search, for programs and for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import asdict
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
        "explanation": asdict(hit.explanation) if hit.explanation else None,
    }


def _link(hit: Hit) -> str | None:
    """Where the passage begins on the web."""
    first = hit.passage.spans[0].page if hit.passage.spans else None
    return page_link(hit.paper, first, hit.passage.link)


def found_text(hits: Sequence[Hit], *, explain: bool = False) -> str:
    """Numbered passages with where they stand and why they were found; with `explain`, how each came to its place."""
    shown = [_one(number, hit, explain) for number, hit in enumerate(hits, start=1)]
    return "\n\n".join(shown) or "Nothing was found."


def explained(hit: Hit) -> list[str]:
    """A hit's explanation, a line for each step of the search that had a part in it."""
    told = hit.explanation
    if told is None:
        return []
    near = f"number {hit.rank_meaning} of the nearest" if hit.rank_meaning else "not among the nearest"
    by_words = f"number {hit.rank_words}" if hit.rank_words else "not among the best"
    cosine = "has no vector" if hit.similarity is None else f"cosine {hit.similarity:.3f}, {near}"
    lines = [f"meaning: {cosine}", f"words: BM25 {hit.bm25 or 0:.2f}, {by_words}"]
    if told.shared:
        lines.append(f"  of the question: {', '.join(told.shared)}")
    if told.names:
        lines.append(f"  as an author: {', '.join(told.names)}")
    lines += [f"  other name: {one.name}, for {one.instead} ({one.source})" for one in told.added]
    verbatim = " + 1 for holding the question word for word" if told.verbatim else ""
    parts = f"{told.meaning_part:.3f} + {told.words_part:.3f}{verbatim}"
    fused = told.meaning_part + told.words_part + told.verbatim
    lines.append(f"fused: {parts} = {fused:.3f}, place {told.fused_place or told.place}")
    if told.parts:
        again = ", ".join(f"{part.name} {part.share:.3f}" for part in told.parts if part.share)
        lines.append(f"ranked again: {again}{verbatim} = {hit.score:.3f}, place {told.place}")
    if told.capped:
        lines.append(f"left out above it: {told.capped}, of papers that had their share")
    if told.repeats:
        lines.append(f"left out because this says the same: {len(told.repeats)}")
    return lines


def _one(number: int, hit: Hit, explain: bool) -> str:
    place = ", ".join(part for part in (hit.paper.title, " > ".join(hit.passage.section), hit.passage.locator) if part)
    body = textwrap.fill(plain(hit.passage.text), WIDTH, initial_indent="    ", subsequent_indent="    ")
    link = _link(hit)
    where = f"\n    {plain(link)}" if link else ""
    reasons = "\n    ".join(plain(line) for line in explained(hit)) if explain else f"{hit.score:.3f}: {plain(hit.why)}"
    return f"[{number}] {plain(place)}\n    {reasons}{where}\n{body}"
