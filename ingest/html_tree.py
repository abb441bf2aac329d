"""The door of lxml: a web page as a tree, without what it does not show, formulas as LaTeX."""

from __future__ import annotations

import contextlib
import re
import urllib.parse
from collections.abc import Iterable
from typing import Any

from ingest.errors import ParseError
from ingest.read_text import CONTROL, decoded

# Not text: programs, styles, forms, drawings, and the parts of a page that lead to other pages.
UNSHOWN = """
script style template noscript iframe object embed svg canvas video audio map button form input select textarea dialog
head link meta nav footer d-front-matter d-bibliography d-citation-list d-appendix distill-header
distill-appendix
"""
DROPPED = frozenset(UNSHOWN.split())
GONE = "mivault-gone"
HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])|opacity\s*:\s*0(?![.\d])|"
    r"(?:left|top|text-indent)\s*:\s*-\d{4,}",
    re.IGNORECASE,
)
HIDDEN_CLASS = re.compile(
    r"(?:^|\s)(?:sr-only|visually-hidden|screen-reader-text|d-none|hidden|katex-html|ltx_ERROR|ltx_page_footer|"
    r"ltx_note_mark|ltx_tag_note|ltx_dates)(?:\s|$)"
)
TEX = frozenset(("application/x-tex", "application/x-latex", "latex"))
MAX_NODES = 2_000_000  # arXiv's largest pages have 300,000, most of them formulas


def read_tree(data: bytes) -> Any:
    """The page as a tree of elements, hidden ones and comments taken out. Raises ParseError for one without content."""
    from lxml import etree, html

    try:
        root = html.document_fromstring(CONTROL.sub("", decoded_page(data)))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise ParseError(f"it cannot be read as a web page ({error})", "get it again") from error
    if sum(1 for _ in root.iter()) > MAX_NODES:
        raise ParseError("too large: the page has over 2 million elements", "leave it out, or split it")
    return root


def decoded_page(data: bytes) -> str:
    """The text of a page: UTF-8 where it is that, else in the encoding that it names."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        named = re.search(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})", data[:4096])
        try:
            text = data.decode(named[1].decode() if named else "", "replace")
        except LookupError:
            text = decoded(data)
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)  # lxml refuses text that names an encoding
    return re.sub(r"<(d-[a-z-]+)([^<>]*)/>", r"<\1\2></\1>", text)  # distill's elements are often closed so


def prune(root: Any) -> None:
    """Take out what the page does not show, and comments; the text behind each stays."""
    from lxml import etree

    etree.strip_tags(root, etree.Comment, etree.ProcessingInstruction)
    for node in root.iter():
        if is_hidden(node):
            node.tag = GONE
    etree.strip_elements(root, GONE, with_tail=False)


def is_hidden(node: Any) -> bool:
    """Whether a browser would not show an element, or would show it as no part of the text."""
    told = node.attrib
    return node.tag in DROPPED or (
        bool(told)
        and (
            "hidden" in told
            or told.get("aria-hidden") == "true"
            or told.get("role") in ("navigation", "search", "banner", "contentinfo")
            or bool(HIDDEN_STYLE.search(told.get("style", "")))
            or bool(HIDDEN_CLASS.search(told.get("class", "")))
        )
    )


def take_out(root: Any, nodes: Iterable[Any]) -> None:
    """Remove elements, leaving the text behind them."""
    from lxml import etree

    for node in list(nodes):
        node.tag = GONE
    etree.strip_elements(root, GONE, with_tail=False)


def formulas_as_tex(root: Any) -> None:
    """Put LaTeX in the place of every formula: of MathML (arXiv), KaTeX, MathJax and distill's own elements."""
    for node in list(root.iter("math")):
        _become(node, _tex_of_mathml(node), display=node.get("display") == "block")
    for node in list(root.iter("d-math")):
        _become(node, "".join(node.itertext()), display=node.get("block") is not None)
    for node in list(root.iter("script")):
        kind = (node.get("type") or "").lower()
        if kind.startswith("math/tex"):
            node.tag = "span"
            _become(node, node.text or "", display="display" in kind)
    for node in list(root.iter("mjx-container")):
        for inner in node.iter("mjx-math"):
            inner.set("hidden", "")


def _tex_of_mathml(node: Any) -> str:
    for inner in node.iter("annotation"):
        if (inner.get("encoding") or "").lower() in TEX:
            return inner.text or ""
    return node.get("alttext") or "".join(node.itertext())


def _become(node: Any, tex: str, *, display: bool) -> None:
    """Make an element a span with a formula as its text. Marks of LaTeX's comments at line ends go."""
    words = " ".join(re.sub(r"(?m)(?<!\\)%\s*$", "", tex).split())
    words = re.sub(r"^\\(?:displaystyle|textstyle)\b\s*", "", words)
    tail, shown = node.tail, bool(words)
    node.clear()
    node.tag, node.tail = "span", tail
    mark = "$$" if display else "$"
    node.text = f"{mark}{words}{mark}" if shown else ""


def links_of(root: Any, base: str) -> list[tuple[str, str]]:
    """Address and words of each link of a page, or each entry of a feed, in order; `base` completes short ones."""
    found = []
    for node in root.iter("a", "entry"):
        link = node if node.tag == "a" else next(iter(node.iter("link")), None)
        title = node if node.tag == "a" else next(iter(node.iter("title")), None)
        href = link.get("href") if link is not None else None
        if href and title is not None:
            with contextlib.suppress(ValueError):
                found.append((urllib.parse.urljoin(base, href.strip()), words(title)))
    return found


def class_of(node: Any) -> frozenset[str]:
    return frozenset((node.get("class") or "").split())


def with_class(root: Any, name: str) -> list[Any]:
    """Every element that has a class, in order."""
    path = "descendant-or-self::*[contains(concat(' ', normalize-space(@class), ' '), $name)]"
    return list(root.xpath(path, name=f" {name} "))


def words(node: Any) -> str:
    """An element's text on one line."""
    return " ".join("".join(node.itertext()).split())
