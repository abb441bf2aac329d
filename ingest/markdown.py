"""The door of markdown-it-py: Markdown as headings and paragraphs of plain text. Raw HTML in it never becomes text
that it would not show."""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Iterator, Sequence
from typing import Any

from ingest.anchors import Slugs
from ingest.jobs import Link
from ingest.sectioned import Block

HIDDEN = re.compile(r"<(script|style|template|noscript|svg|iframe|object)\b.*?</\1\s*>|<!--.*?-->", re.I | re.S)
UNSEEN = re.compile(r"<(/?)(script|style|template|noscript|iframe|object)\b", re.I)
TAG = re.compile(r"</?[A-Za-z][^<>]*>")
BREAK = re.compile(
    r"</?(?:p|div|br|hr|li|ul|ol|tr|table|h[1-6]|details|summary|blockquote|section|center)\b[^<>]*>", re.I
)
HTML_HEADING = re.compile(r"<h([1-6])\b[^<>]*>(.*?)</h\1\s*>", re.I | re.S)
FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)---[ \t]*(?:\n|\Z)", re.S)
MATH = re.compile(r"\$\$.+?\$\$|\$(?=\S)[^$\n]+?(?<=\S)\$(?!\d)|\\\(.+?\\\)|\\\[.+?\\\]", re.S)


@functools.cache
def _reader() -> Any:
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    reader.inline.ruler.before("escape", "formula", _formula)
    return reader


def _formula(state: Any, silent: bool) -> bool:
    """A formula between dollars or LaTeX brackets is kept letter by letter: its "_" and "*" are no emphasis."""
    if state.src[state.pos] not in "$\\":
        return False
    found = MATH.match(state.src, state.pos)
    if not found:
        return False
    if not silent:
        state.push("text", "", 0).content = found[0]
    state.pos = found.end()
    return True


def front_matter(text: str) -> tuple[dict[str, str], str]:
    """`key: value` lines between two `---` lines at the start, and what follows them."""
    found = FRONT_MATTER.match(text)
    if not found:
        return {}, text
    pairs = (line.split(":", 1) for line in found[1].splitlines() if re.match(r"\w[\w -]*:", line))
    return {key.strip().lower(): value.strip().strip("\"'") for key, value in pairs}, text[found.end() :]


def blocks(text: str, slugs: Slugs) -> list[Block]:
    """The headings (with their anchors) and paragraphs of a Markdown text in order."""
    return list(_blocks(_reader().parse(text), slugs))


def links(text: str) -> list[Link]:
    """Every link of a Markdown text, in order, with the line of text around it."""
    found = []
    for token in _reader().parse(text):
        line = _plain(token.children or ())
        for at, child in enumerate(token.children or ()):
            if child.type == "link_open":
                end = next((n for n, c in enumerate(token.children[at:], at) if c.type == "link_close"), at)
                found.append(Link(str(child.attrs.get("href", "")), _plain(token.children[at:end]), line))
    return found


def _blocks(tokens: Sequence[Any], slugs: Slugs) -> Iterator[Block]:
    level, items, cells = 0, list[str](), list[str]()
    table = False
    for token in tokens:
        match token.type:
            case "heading_open":
                level = int(token.tag[1])
            case "heading_close":
                level = 0
            case "list_item_open":
                items.append(f"{token.info}. " if token.info else "• ")
            case "tr_open":
                table, cells = True, []
            case "tr_close":
                table = False
                yield Block(" | ".join(cells))
            case "inline" if table:
                cells.append(_plain(token.children or ()))
            case "inline" if level:
                words = _plain(token.children or ())
                yield Block(words, level, slugs(words))
            case "inline":
                words = _plain(token.children or ())
                yield Block((items.pop() if items and words else "") + words)
                items.clear()
            case "fence" | "code_block":
                yield Block(token.content.rstrip("\n"))
            case "html_block":
                yield from _html_blocks(token.content, slugs)
            case _:
                pass


def _html_blocks(text: str, slugs: Slugs) -> Iterator[Block]:
    """What a piece of HTML in Markdown shows: its headings, and the rest a paragraph for each block of it."""
    shown = HIDDEN.sub("", text)
    at = 0
    for found in HTML_HEADING.finditer(shown):
        yield from _shown(shown[at : found.start()])
        words = _untagged(found[2])
        yield Block(words, int(found[1]), slugs(words))
        at = found.end()
    yield from _shown(shown[at:])


def _shown(text: str) -> Iterator[Block]:
    for part in BREAK.split(text):
        if words := _untagged(part):
            yield Block(words)


def _untagged(text: str) -> str:
    return " ".join(html.unescape(TAG.sub("", text)).split())


def _plain(children: Sequence[Any]) -> str:
    """The words of an inline text: links by what is linked, pictures left out, formulas as LaTeX."""
    parts: list[str] = []
    hidden = ""
    for child in children:
        if child.type == "html_inline" and (tag := UNSEEN.match(child.content)):
            hidden = "" if tag[1] else tag[2].lower()
        elif hidden:
            continue
        elif child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type in ("softbreak", "hardbreak") or (child.type == "html_inline" and BREAK.match(child.content)):
            parts.append(" ")
    return " ".join("".join(parts).split())
