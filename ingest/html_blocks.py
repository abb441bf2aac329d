"""A tree of a page as headings and paragraphs in order, each heading with the anchor that a link opens at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ingest.html_tree import class_of, words
from ingest.sectioned import Block

HEADINGS = {f"h{level}": level for level in range(1, 7)}
# Elements that stand on lines of their own; whatever else there is runs on in the line.
OWN_LINE = """
html body main article section div p ul ol li dl dt dd table thead tbody tfoot tr td th caption figure figcaption
blockquote pre hr header aside details summary address fieldset center h1 h2 h3 h4 h5 h6
d-article d-abstract d-title d-byline d-code d-figure
"""
BLOCKS = frozenset(OWN_LINE.split())
SECTIONS = ("section", "div", "article", "header")
FOOTNOTES = ("d-footnote",)


def blocks(root: Any) -> list[Block]:
    """The blocks of a pruned tree below an element. Footnotes follow the paragraph that they belong to."""
    return [block for block in _Walk().through(root) if block.text]


class _Walk:
    """Collects the words of a line until an element of its own line begins."""

    def __init__(self) -> None:
        self._line: list[str] = []
        self._notes: list[str] = []

    def through(self, node: Any) -> Iterator[Block]:
        yield from self._inside(node)
        yield from self._ended()

    def _inside(self, node: Any) -> Iterator[Block]:
        self._line.append(node.text or "")
        for child in node:
            yield from self._element(child)
            self._line.append(child.tail or "")

    def _element(self, node: Any) -> Iterator[Block]:
        tag = node.tag
        if tag in HEADINGS:
            yield from self._ended()
            yield Block(words(node), HEADINGS[tag], anchor_of(node))
        elif tag == "pre":
            yield from self._ended()
            yield Block("".join(node.itertext()).strip("\n"))
        elif tag == "tr" or "ltx_tr" in class_of(node):
            yield from self._ended()
            yield from self._row(node)
        elif tag in FOOTNOTES or "ltx_note" in class_of(node):
            self._notes.append(words(node))
        elif tag == "br":
            self._line.append(" ")
        elif tag in BLOCKS or _is_block(node):
            yield from self._ended()
            self._line.append("• " if tag == "li" else "")
            yield from self._inside(node)
            yield from self._ended()
        else:
            yield from self._inside(node)
            self._line.append(" " if "ltx_tag" in class_of(node) else "")

    def _row(self, node: Any) -> Iterator[Block]:
        """A table's row in one line; a row of one cell, as layouts and arXiv's formulas have them, as what is in it."""
        cells = [child for child in node if isinstance(child.tag, str)]
        filled = [cell for cell in cells if words(cell)]
        if len(filled) <= 1 or any(cell.find(".//table") is not None for cell in filled):
            for cell in filled:
                yield from self._inside(cell)
                yield from self._ended()
        elif "ltx_equation" in class_of(node) or "ltx_eqn_row" in class_of(node):
            yield Block(" ".join(words(cell) for cell in filled))
        else:
            yield Block(" | ".join(words(cell) for cell in filled))

    def _ended(self) -> Iterator[Block]:
        line, notes = " ".join("".join(self._line).split()), self._notes
        self._line, self._notes = [], []
        if line and line != "•":
            yield Block(line)
        yield from (Block(f"Footnote: {note}") for note in notes if note)


def _is_block(node: Any) -> bool:
    return bool(class_of(node) & {"ltx_p", "ltx_para", "ltx_block", "ltx_listing", "ltx_listingline", "ltx_bibitem"})


def anchor_of(heading: Any) -> str:
    """The fragment that opens a page at a heading: its own id, its section's where it begins one, or that of an anchor
    in it or right before it; "" for none."""
    if own := heading.get("id"):
        return str(own)
    parent = heading.getparent()
    if parent is not None and parent.tag in SECTIONS and parent.get("id") and _begins(parent, heading):
        return str(parent.get("id"))
    before = heading.getprevious()
    near = [*heading.iter("a", "span"), *([before] if before is not None and before.tag == "a" else [])]
    found = next((name for node in near if (name := node.get("id") or node.get("name"))), "")
    if found:
        return str(found)
    link = next((str(a.get("href")) for a in heading.iter("a") if re.match(r"#[\w.:-]+$", a.get("href") or "")), "")
    return link.removeprefix("#")


def _begins(section: Any, heading: Any) -> bool:
    """Whether nothing but empty elements stands before a heading in its section."""
    for child in section:
        if child is heading:
            return not (section.text or "").strip()
        if words(child):
            return False
    return False
