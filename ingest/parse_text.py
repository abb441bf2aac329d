"""Plain text becomes pages of about a printed page's length, found by the number of their first line."""

from __future__ import annotations

import re

from ingest.clean import garbled
from ingest.errors import ParseError
from ingest.identify import Identity
from ingest.jobs import Parsed, ParseJob
from ingest.read_text import file_text
from ingest.records import Page

LONG = 3000  # characters of a page: it ends at the next empty line


def parse_text(job: ParseJob) -> Parsed:
    """The paragraphs of a text file, whose lines may be broken anywhere. Raises ParseError where it holds no words."""
    text = file_text(job.path)
    pages: list[Page] = []
    parts: list[str] = []
    start = 1
    for line, paragraph in _paragraphs(text):
        if parts and sum(map(len, parts)) > LONG:
            pages.append(_page(job.paper_id, len(pages) + 1, start, parts))
            parts = []
        start = start if parts else line
        parts.append(paragraph)
    if not parts:
        raise ParseError("it holds no text", "get the file again")
    pages.append(_page(job.paper_id, len(pages) + 1, start, parts))
    return Parsed(tuple(pages), Identity("", (), None, None, None), ())


def _paragraphs(text: str) -> list[tuple[int, str]]:
    """Each paragraph on one line, with the number of its first line (from 1)."""
    found = re.finditer(r"(?:[^\n]*\S[^\n]*(?:\n|$))+", text)
    return [(text.count("\n", 0, one.start()) + 1, " ".join(one[0].split())) for one in found]


def _page(paper_id: str, number: int, line: int, paragraphs: list[str]) -> Page:
    text = "\n\n".join(paragraphs)
    return Page(paper_id, number, f"line {line}", text, garbled=garbled(text))
