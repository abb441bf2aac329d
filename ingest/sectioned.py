"""Headings and paragraphs become pages: of a text without pages, each section is one, found by its heading."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ingest.clean import garbled
from ingest.records import Heading, Page

NUMBER = re.compile(r"(?:Appendix\s+)?((?:\d{1,3}|[A-Z]|[IVX]{1,5})(?:\.\d{1,3}){0,4})[.:]?\s+\S")
LONGEST_NAME = 70  # characters of a heading in a locator


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, or a heading where `level` is not 0; `anchor` is the heading's fragment, "" for none."""

    text: str
    level: int = 0
    anchor: str = ""


def pages_of(paper_id: str, blocks: Iterable[Block], *, url: str = "", first: int = 1, where: str = "") -> list[Page]:
    """A page for every section that has text, counted from `first`. Headings with nothing under them stand with the
    next. `where` is put before locators (a file's name); links lead to `url` at the section's anchor.
    """
    pages: list[Page] = []
    waiting: list[Block] = []
    for block in blocks:
        if block.level and any(not one.level for one in waiting):
            pages.append(_page(paper_id, first + len(pages), waiting, url, where))
            waiting = []
        if block.text.strip():
            waiting.append(block)
    if waiting:
        pages.append(_page(paper_id, first + len(pages), waiting, url, where))
    return pages


def _page(paper_id: str, number: int, blocks: Sequence[Block], url: str, where: str) -> Page:
    text, headings = "", []
    for block in blocks:
        text += "\n\n" if text else ""
        if block.level:
            headings.append(Heading(len(text), block.level, one_line(block.text)))
        text += block.text.strip()
    last = next((block for block in reversed(blocks) if block.level), None)
    place = locator(last.text) if last else "beginning"
    anchor = last.anchor if last else ""
    return Page(
        paper_id=paper_id,
        number=number,
        locator=f"{where}, {place}" if where else place,
        text=text,
        headings=tuple(headings),
        garbled=garbled(text),
        link=address(url, anchor),
    )


def locator(heading: str) -> str:
    """ "§ 3.2" for a heading with a number, else "§ Its Words"."""
    words = one_line(heading)
    found = NUMBER.match(words)
    if found:
        return f"§ {found[1]}"
    return f"§ {words if len(words) <= LONGEST_NAME else words[: LONGEST_NAME - 1].rstrip() + '…'}"


def address(url: str, anchor: str) -> str:
    """A page's address at an anchor of it; "" where it has no address. Marks that end links in prose are encoded."""
    if not url:
        return ""
    bare = url.partition("#")[0]
    return f"{bare}#{urllib.parse.quote(anchor, safe='/?:@!$&*+,;=-._~%')}" if anchor else bare


def one_line(text: str) -> str:
    return " ".join(text.split())
