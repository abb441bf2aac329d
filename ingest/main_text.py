"""The door of trafilatura: which part of a web page is its text, without menus, comments and advertisements."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator
from typing import Any

from ingest.html_blocks import anchor_of
from ingest.html_tree import words
from ingest.sectioned import Block


def version() -> str:
    """The name and version of the library, without importing it."""
    return f"trafilatura {importlib.metadata.version('trafilatura')}"


def main_blocks(root: Any) -> list[Block]:
    """The headings and paragraphs of a pruned page's main text; anchors are those of the page's own headings."""
    from trafilatura import bare_extraction

    anchors = list(_anchors(root))
    found = bare_extraction(root, include_comments=False, include_tables=True, favor_recall=True, with_metadata=False)
    body = getattr(found, "body", None)
    if body is None:
        return []
    return [_anchored(block, anchors) for block in _blocks(body) if block.text]


def _anchors(root: Any) -> Iterator[tuple[str, str]]:
    """Each heading's words and anchor, in the page's order."""
    for node in root.iter("h1", "h2", "h3", "h4", "h5", "h6"):
        yield words(node), anchor_of(node)


def _anchored(block: Block, anchors: list[tuple[str, str]]) -> Block:
    """A heading with the anchor of the next heading of the page that has its words; those passed over are gone."""
    if not block.level:
        return block
    place = next((n for n, (text, _) in enumerate(anchors) if text == block.text), None)
    if place is None:
        return block
    anchor = anchors[place][1]
    del anchors[: place + 1]
    return Block(block.text, block.level, anchor)


def _blocks(body: Any) -> Iterator[Block]:
    for node in body.iter("head", "p", "item", "quote", "code", "row", "cell", "ab"):
        if any(above.tag in ("item", "quote", "row", "cell", "p", "head") for above in node.iterancestors()):
            continue
        if node.tag == "head":
            yield Block(words(node), int((node.get("rend") or "h2")[1:] or 2))
        elif node.tag == "row":
            yield Block(" | ".join(text for cell in node.iter("cell") if (text := words(cell))))
        elif node.tag == "code":
            yield Block("".join(node.itertext()).strip("\n"))
        else:
            yield Block(("• " if node.tag == "item" else "") + words(node))
