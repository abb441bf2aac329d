"""Where a citation leads: the address that opens a source at the page that was read, as near to the words as it can."""

from __future__ import annotations

import re

from ingest.records import Paper


def page_link(paper: Paper, page: int | None, link: str = "") -> str | None:
    """The address of a page: `link` where the page knows it (a section's anchor, a talk's second), a PDF's at its page
    number, else the source's own; None for a source that is nowhere on the web."""
    if paper.kind in ("note", "glossary"):
        return None
    if link:
        return link
    at_page = f"#page={page}" if page and paper.form == "pdf" else ""
    if paper.arxiv_id and (paper.form == "pdf" or not paper.url):
        return f"https://arxiv.org/pdf/{paper.arxiv_id}{paper.arxiv_version or ''}{at_page}"
    if not paper.url or not re.match(r"https?://", paper.url):
        return None
    return paper.url + at_page if re.search(r"\.pdf$", paper.url, re.IGNORECASE) else paper.url
