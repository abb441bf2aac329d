"""From a file of any form to pages: which parser reads it. Each is imported when the first file of its form comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ingest.jobs import Parsed, ParseJob
from ingest.main_text import version as trafilatura_version
from ingest.parse_pdf import PARSER as PDF_PARSER
from ingest.records import Form

# What reads a form, with a number that goes up when it reads differently: then its files are read again.
PARSERS: Mapping[Form, str] = MappingProxyType(
    {
        "pdf": PDF_PARSER,
        "html": f"html 1, {trafilatura_version()}",
        "markdown": "markdown 1",
        "text": "text 1",
        "talk": "talk 2",
        "repo": "repo 1",
    }
)


def parse(job: ParseJob) -> Parsed:
    """The pages of a file. Raises ParseError, with its reason and what to do, where there are none."""
    if job.links:
        from ingest.list_links import read_links

        return read_links(job)
    return _parser(job.form)(job)


def _parser(form: Form) -> Callable[[ParseJob], Parsed]:
    match form:
        case "pdf":
            from ingest.parse_pdf import parse_pdf as parser
        case "html":
            from ingest.parse_html import parse_html as parser
        case "markdown":
            from ingest.parse_markdown import parse_markdown as parser
        case "text":
            from ingest.parse_text import parse_text as parser
        case "talk":
            from ingest.parse_talk import parse_talk as parser
        case "repo":
            from ingest.parse_repo import parse_repo as parser
    return parser
