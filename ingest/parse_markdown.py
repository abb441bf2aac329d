"""Markdown becomes pages, one for each section, each with the link that opens at its heading."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from ingest.anchors import FORUMS, Slugs
from ingest.errors import ParseError
from ingest.identify import Identity
from ingest.jobs import Parsed, ParseJob
from ingest.markdown import blocks, front_matter
from ingest.read_text import file_text
from ingest.sectioned import Block, pages_of

# What LessWrong puts under a post in its Markdown answer, and the lines about the post that it puts above the text.
COMMENTS = re.compile(r"Top Comments(?: Index)?$")
ABOUT = re.compile(
    r"• (?:By |\d[\d,]* points?$|Location: |Starts: |Ends: |Linkpost: |Curated$|Tag: |Frontpage$|Personal Blog$|"
    r"Comments: \d|Post URL|Comments URL|Sequence: |Previous in sequence: |Next in sequence: |Mode: compact$|"
    r"\d{4}-\d\d-\d\d|\w+day,? |\d{1,2}(?:st|nd|rd|th)? \w+ \d{4}|\w+ \d{1,2},? \d{4})"
)
YEAR = re.compile(r"(?<!\d)(19[89]\d|20[0-4]\d)(?!\d)")


def parse_markdown(job: ParseJob) -> Parsed:
    """The sections of a Markdown file. Raises ParseError where it holds no words."""
    told, text = front_matter(file_text(job.path))
    about: list[str] = []
    if any(forum in job.url for forum in FORUMS):
        title, text = _post_title(text)
        found, about = _post(blocks(text, Slugs(job.url)))
    else:
        found = blocks(text, Slugs(job.url))
        title = told.get("title") or _title(found)
    pages = pages_of(job.paper_id, found, url=job.url)
    if not pages:
        raise ParseError("it holds no text", "get the file again")
    return Parsed(tuple(pages), _identity(title, told, about), ())


def _post_title(text: str) -> tuple[str, str]:
    """A post's title, which the forum puts above it as a heading, and the text after it."""
    first = re.match(r"\s*# +(.+?)\s*(?:\n|$)", text)
    return (first[1].removeprefix("[Draft] "), text[first.end() :]) if first else ("", text)


def _post(found: Sequence[Block]) -> tuple[list[Block], list[str]]:
    """A forum's post without the lines about it and the comments under it; and those lines."""
    body = list(itertools.takewhile(lambda block: not (block.level and COMMENTS.match(block.text)), found))
    first = next((n for n, block in enumerate(body) if not block.level and not ABOUT.match(block.text)), len(body))
    about = [block.text.removeprefix("• ") for block in body[:first] if not block.level]
    return [block for n, block in enumerate(body) if n >= first or block.level], about


def _title(found: Sequence[Block]) -> str:
    """The first heading, where it is the highest and nothing much stands before it."""
    first = next((n for n, block in enumerate(found) if block.level), len(found))
    if first == len(found) or sum(len(block.text) for block in found[:first]) > 600:
        return ""
    top = min(block.level for block in found if block.level)
    return found[first].text if found[first].level == top else ""


def _identity(title: str, told: dict[str, str], about: Sequence[str]) -> Identity:
    """Title, authors and year, as the front matter or the forum's lines tell."""
    by = next((line.removeprefix("By ") for line in about if line.startswith("By ")), told.get("author", ""))
    authors = tuple(name for part in re.split(r",|\band\b|;", by.strip("[]")) if (name := part.strip(" \"'")))
    dated = next((line for line in about if not line.startswith("By ") and YEAR.search(line)), told.get("date", ""))
    year = YEAR.search(dated)
    return Identity(title, authors, None, None, int(year[1]) if year else None)
