"""The links of a list, whatever form it came in; its text is not read."""

from __future__ import annotations

import json

from ingest.errors import ParseError
from ingest.html_tree import links_of, read_tree
from ingest.identify import Identity
from ingest.jobs import Link, Parsed, ParseJob
from ingest.markdown import links
from ingest.read_text import file_text

MOST = 3000  # of one list; the longest tried names 700 papers


def read_links(job: ParseJob) -> Parsed:
    """The links of a file. Raises ParseError where it cannot be read, or has none."""
    found = _links(job)[:MOST]
    if not found:
        raise ParseError("it holds no links", "scripts may build this page: name another list")
    return Parsed((), Identity("", (), None, None, None), (), links=tuple(found))


def _links(job: ParseJob) -> list[Link]:
    if job.form == "html":
        return [Link(url, words) for url, words in links_of(read_tree(job.path.read_bytes()), job.url)]
    text = file_text(job.path)
    if job.form == "repo":
        try:
            files = json.loads(text)["files"]
            return [link for file in files for link in links(str(file["text"]))]
        except (ValueError, KeyError, TypeError) as error:
            raise ParseError("damaged: it is no bundle of a repository", "mivault suggest --refresh") from error
    return links(text)
