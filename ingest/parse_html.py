"""A web page becomes pages, one for each section of its main text, each with the link that opens there.

Three kinds of page: arXiv's (made by LaTeXML, with every formula's LaTeX), distill's and the Transformer Circuits
Thread's (their text is in one element), and all others, whose main text trafilatura finds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from ingest.errors import ParseError
from ingest.html_blocks import blocks
from ingest.html_tree import formulas_as_tex, prune, read_tree, take_out, with_class, words
from ingest.identify import Identity
from ingest.jobs import Parsed, ParseJob
from ingest.main_text import main_blocks
from ingest.sectioned import Block, pages_of

MAX_BYTES = 60_000_000
FEW = 200  # characters: pages that are built by scripts show less without them
STAMP = re.compile(r"arXiv:(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(v\d+)?")
YEAR = re.compile(r"(?<!\d)(19[5-9]\d|20[0-4]\d)(?!\d)")


def parse_html(job: ParseJob) -> Parsed:
    """The sections of a web page. Raises ParseError, with its reason and what to do, where it shows no text."""
    data = _bytes(job)
    try:
        return _parse(job, data)
    except RecursionError as error:
        raise ParseError("damaged: its elements are nested too deeply", "save it as a PDF and add that") from error


def _bytes(job: ParseJob) -> bytes:
    try:
        if job.path.stat().st_size > MAX_BYTES:
            raise ParseError("too large: over 60 MB", "leave it out, or save it as a PDF")
        return job.path.read_bytes()
    except OSError as error:
        raise ParseError(f"cannot be opened: {error.strerror or error}", "check the file and its rights") from error


def _parse(job: ParseJob, data: bytes) -> Parsed:
    root = read_tree(data)
    article = next(iter(with_class(root, "ltx_document")), None)
    identity, licence = (_arxiv_identity(root), _licence(root)) if article is not None else (_identity(root), "")
    formulas_as_tex(root)
    prune(root)
    found = _text(root, article)
    if sum(len(block.text) for block in found) < FEW:
        raise ParseError(
            "hardly any text: scripts may build this page, or it asks for something first",
            "save it as a PDF in a browser and add that",
        )
    pages = pages_of(job.paper_id, _without_title(found, identity.title), url=job.url)
    cut = b"</html" not in data[-4096:].lower() and b"</body" not in data[-4096:].lower()
    warnings = ("the page may have come only in part: it has no end",) if cut else ()
    return Parsed(tuple(pages), identity, warnings, licence=licence)


def _text(root: Any, article: Any) -> list[Block]:
    if article is not None:
        for name in ("ltx_authors", "ltx_title_document"):
            take_out(article, with_class(article, name))
        return blocks(article)
    distill = next(iter(root.iter("d-article")), None)
    if distill is not None:
        abstract = next(iter(root.iter("d-abstract")), None)
        return [*(blocks(abstract) if abstract is not None else ()), *blocks(distill)]
    return main_blocks(root)


def _without_title(found: Sequence[Block], title: str) -> list[Block]:
    """The blocks without a first heading that is only the page's title: every section would stand under it."""
    same = next((n for n, block in enumerate(found) if block.level), None)
    if same is not None and title and _letters(found[same].text) == _letters(title):
        return [block for n, block in enumerate(found) if n != same]
    return list(found)


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


# --- who wrote it ----------------------------------------------------------------------------------------------------


def _arxiv_identity(root: Any) -> Identity:
    title = next((words(node) for node in with_class(root, "ltx_title_document")), "")
    names = [part for node in with_class(root, "ltx_personname") for part in _name_parts(node)]
    mark = next((words(node) for node in root.iter("div") if node.get("id") == "watermark-tr"), "")
    stamp = STAMP.search(mark)
    year = int(stamp[1][:2]) + 2000 if stamp and re.match(r"\d{4}\.", stamp[1]) else None
    return Identity(title, tuple(names), stamp[1] if stamp else None, stamp[2] if stamp else None, year)


def _name_parts(node: Any) -> list[str]:
    """The names in LaTeXML's author box; affiliations and marks stand in it too, after a line break."""
    take_out(node, node.iter("sup", "math"))
    first = "".join(node.itertext()).strip()
    parts = re.split(r",|\n|\band\b|&", first)
    found = [" ".join(part.split()).strip(" *†‡") for part in parts]
    return [one for one in found if 2 <= len(one.split()) <= 5 and "@" not in one and not re.search(r"\d", one)]


def _licence(root: Any) -> str:
    """The licence that arXiv prints at the top: "CC BY 4.0"; "" where the page has none."""
    node = next((a for a in root.iter("a", "div") if a.get("id") == "license-tr"), None)
    return re.sub(r"^License:\s*", "", words(node)) if node is not None else ""


def _identity(root: Any) -> Identity:
    """Title, authors and year from distill's own front matter, else from the meta elements that search engines read."""
    told = _front_matter(root)
    title = told.get("title") or _meta(root, "citation_title", "og:title") or _page_title(root)
    listed = told.get("authors")
    authors = (
        [_author(one) for one in listed] if isinstance(listed, list) else _metas(root, "citation_author", "author")
    )
    dated = str(told.get("published") or _meta(root, "citation_publication_date", "article:published_time", "date"))
    year = YEAR.search(dated)
    names = tuple(name for name in authors if name and len(name) < 80)
    return Identity(" ".join(str(title).split())[:300], names, None, None, int(year[1]) if year else None)


def _front_matter(root: Any) -> dict[str, Any]:
    for node in root.iter("d-front-matter"):
        for script in node.iter("script"):
            try:
                told = json.loads(script.text or "")
            except ValueError:
                continue
            if isinstance(told, dict):
                return told
    return {}


def _author(told: Any) -> str:
    """A name as distill's front matter has it: {"author": name} of its second form, {name: address} of its first."""
    if isinstance(told, dict):
        return str(told.get("author") or told.get("name") or next(iter(told), ""))
    return str(told)


def _metas(root: Any, *names: str) -> list[str]:
    for name in names:
        found = [m.get("content") or "" for m in root.iter("meta") if name in (m.get("name"), m.get("property"))]
        if any(found):
            return [" ".join(one.split()) for one in found if not one.startswith("http")]
    return []


def _meta(root: Any, *names: str) -> str:
    return next(iter(_metas(root, *names)), "")


def _page_title(root: Any) -> str:
    return next((words(node) for node in root.iter("title")), "")
