"""An answer in a form for other programs: Markdown, JSON, or the cited works as BibTeX."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from assistant.records import Answer, Citation, Sentence
from assistant.render import plain, to_markdown, to_text
from ingest.errors import UsageError

FORMS = ("md", "json", "html", "bibtex")
SPECIAL = {"\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
SPECIAL |= {c: "\\" + c for c in "&%$#_"}


def exported(answer: Answer, form: str) -> str:
    """The answer in one of FORMS but html (bundle.py), "" for a terminal. Raises UsageError for another."""
    if known_form(form) == "json":
        return json.dumps(answer.as_json(), ensure_ascii=False, indent=1)
    return {"": to_text, "md": to_markdown, "bibtex": to_bibtex}[form](answer)


def known_form(form: str) -> str:
    """A form that there is, "" for a terminal; ask before an answer is made. Raises UsageError for another."""
    if form not in ("", *FORMS):
        raise UsageError(f"there is no format {form!r}", f"choose of {', '.join(FORMS)}")
    return form


def to_bibtex(answer: Answer) -> str:
    """An entry for each work that is cited, our own notes and terms aside; "" where none is."""
    return works_bibtex(answer.sentences)


def works_bibtex(sentences: Iterable[Sentence]) -> str:
    """An entry for each work that sentences cite, as `to_bibtex`."""
    works = {c.paper_id: c for s in sentences for c in s.citations if is_work(c)}
    return "\n\n".join(bibtex_entry(work) for work in works.values())


def is_work(citation: Citation) -> bool:
    """Whether a citation names a work of others: our own notes and terms are none, and a marker may name nothing."""
    return citation.paper_id is not None and citation.kind not in ("note", "glossary")


def bibtex_entry(work: Citation) -> str:
    """A cited work as BibTeX."""
    fields = {
        "title": f"{{{_safe(work.title)}}}",
        "author": " and ".join(map(_safe, work.authors)),
        "year": str(work.year or ""),
        "eprint": re.sub(r"[^\w./-]", "", work.arxiv_id or ""),
        "archiveprefix": "arXiv" if work.arxiv_id else "",
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{re.sub(r'[^A-Za-z0-9._-]', '-', work.paper_id or '')},", *lines, "}"])


def _safe(text: str) -> str:
    """One line in which no character acts on LaTeX."""
    return "".join(SPECIAL.get(c, c) for c in plain(text))
