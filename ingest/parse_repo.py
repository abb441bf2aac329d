"""A repository's documents at one commit become pages: a section of a file each, linked to its heading there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ingest.anchors import Slugs
from ingest.errors import ParseError
from ingest.identify import Identity
from ingest.jobs import Parsed, ParseJob
from ingest.markdown import blocks, front_matter
from ingest.read_text import clean_text, file_text
from ingest.records import Heading, Page
from ingest.sectioned import Block, pages_of


def parse_repo(job: ParseJob) -> Parsed:
    """The sections of every document of a bundle (see ingest/github.py). Raises ParseError where there are none."""
    try:
        bundle = json.loads(file_text(job.path))
        name, commit, files = str(bundle["repo"]), str(bundle["commit"]), list(bundle["files"])
    except (ValueError, KeyError, TypeError) as error:
        raise ParseError(
            "damaged: it is no bundle of a repository", "mivault sync with this id gets it again"
        ) from error
    pages: list[Page] = []
    for file in files:
        pages += _file_pages(job.paper_id, name, commit, file, len(pages) + 1)
    if not pages:
        raise ParseError("its documents hold no text", "name another source for it")
    left_out = bundle.get("left_out") or []
    warnings = (f"{len(left_out)} of its documents were left out, being too large or too many",) if left_out else ()
    identity = Identity(name, (), None, None, None)
    return Parsed(tuple(pages), identity, warnings, commit=commit, url=f"https://github.com/{name}")


def _file_pages(paper_id: str, name: str, commit: str, file: dict[str, Any], first: int) -> list[Page]:
    path, text = str(file["path"]), clean_text(str(file["text"]))
    url = f"https://github.com/{name}/blob/{commit}/{path}"
    pages = pages_of(paper_id, _blocks(path, text, url), url=url, first=first, where=path)
    if not pages:
        return []
    # The file's name heads its first section, and ends what stood above the sections of the file before it.
    top = Heading(0, 0, path)
    return [replace(pages[0], headings=(top, *pages[0].headings)), *pages[1:]]


def _blocks(path: str, text: str, url: str) -> Sequence[Block]:
    if path.lower().endswith((".rst", ".txt")) or "." not in path.rsplit("/", 1)[-1]:
        return [Block(" ".join(part.split())) for part in text.split("\n\n")]
    return blocks(front_matter(text)[1], Slugs(url))
