"""From a file of any form to pages: which parser reads it. Each is imported when the first file of its form comes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ingest.jobs import Parsed, ParseJob
from ingest.parse_pdf import PARSER as PDF_PARSER
from ingest.records import Form

# What reads a form, with a number that goes up when it reads differently: then its files are read again.
PARSERS: Mapping[Form, str] = MappingProxyType({"pdf": PDF_PARSER, "markdown": "markdown 1", "text": "text 1"})


def parse(job: ParseJob) -> Parsed:
    """The pages of a file. Raises ParseError, with its reason and what to do, where there are none."""
    if job.form == "markdown":
        from ingest.parse_markdown import parse_markdown

        return parse_markdown(job)
    if job.form == "text":
        from ingest.parse_text import parse_text

        return parse_text(job)
    from ingest.parse_pdf import parse_pdf

    return parse_pdf(job)
