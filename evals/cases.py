"""Case files: one JSON object per line. Reading and validating them, and checking their evidence against the papers.

The folder beside this file holds the cases that ship; it must stay without an `__init__.py`, which would hide this
module.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import Any

from assistant.locate import key, locate
from evals.records import (
    HALVES,
    KINDS,
    OUR_TEXTS,
    STYLES,
    WHY_UNANSWERABLE,
    Case,
    Evidence,
    EvidenceCheck,
    base_id,
)
from ingest.errors import ParseError, UsageError
from ingest.manifest import load as load_manifest
from ingest.own_texts import own_texts
from ingest.records import Page, Paper
from ingest.vault import Vault

SHIPPED = Path(__file__).parent / "cases"
STARTER = SHIPPED / "starter.jsonl"
ANCHOR_WORDS = 5  # as many words of a paper as a case may carry at either end: it points, it does not copy

_ARXIV_ID = re.compile(r"(\d{4}\.\d{4,5}|[a-z-]+(\.[A-Z]{2})?/\d{7})(v\d+)?")
_HASH = re.compile(r"[0-9a-f]{64}")
_REQUIRED = {"id", "kind", "question"}
_OPTIONAL = {field.name for field in fields(Case)} - _REQUIRED
_EVIDENCE = {"first", "last", "sha256"}


# --- reading ---------------------------------------------------------------------------------------------------------


def load_all(paths: Sequence[Path] = ()) -> tuple[Case, ...]:
    """The cases of several files, in order; of every file that ships where none is named. Raises UsageError as `load`
    does, and where two files use one id."""
    cases: dict[str, Case] = {}
    for path in paths or sorted(SHIPPED.glob("*.jsonl")):
        for case in load(path):
            if case.id in cases:
                raise UsageError(f"{path.name} uses the id {case.id!r} of another file again", "give it another id")
            cases[case.id] = case
    return tuple(cases.values())


def load(path: Path = STARTER) -> tuple[Case, ...]:
    """The cases of a file, in its order. Raises UsageError naming the file and the line that cannot be used."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path.name} cannot be read: {error}", "name a JSONL file of cases") from error
    cases: dict[str, Case] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            case = _case(line)
            _ensure(case.id not in cases, f"the id {case.id!r} is used twice")
        except UsageError as fault:
            raise UsageError(f"{path.name}, line {number}: {fault.message}", "mend that line and try again") from fault
        cases[case.id] = case
    if not cases:
        raise UsageError(f"{path.name} holds no case", "write one JSON object per line")
    return tuple(cases.values())


def _case(line: str) -> Case:
    try:
        row = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise UsageError(f"not JSON: {error}") from error
    _keys(row, _REQUIRED, _OPTIONAL)
    _one_of(row["kind"], "kind", KINDS)
    _ensure(isinstance(row.get("must_abstain", False), bool), "must_abstain must be true or false")
    case = Case(
        id=_text(row, "id"),
        kind=row["kind"],
        question=_text(row, "question"),
        expected_papers=_texts(row, "expected_papers"),
        evidence=tuple(_evidence(item) for item in _list(row, "evidence")),
        facts=_texts(row, "facts"),
        must_abstain=row.get("must_abstain", False),
        note=_text(row, "note") if row.get("note") else "",
        half=_one_of(row.get("half") or "", "half", ("", *HALVES)),
        history=_texts(row, "history"),
        expected_sources=_texts(row, "expected_sources"),
        why_unanswerable=_one_of(row.get("why_unanswerable") or "", "why_unanswerable", ("", *WHY_UNANSWERABLE)),
        style=_one_of(row.get("style") or "plain", "style", STYLES),
    )
    _consistent(case)
    return case


def _evidence(row: Any) -> Evidence:
    """Evidence in a paper (arxiv_id, page), or in one of our own texts (source; its only page is 1)."""
    ours = isinstance(row, dict) and bool(row.get("source"))
    _keys(row, _EVIDENCE | ({"source"} if ours else {"arxiv_id", "page"}), {"source", "arxiv_id", "page"})
    page = row.get("page") or (1 if ours else row["page"])
    _ensure(type(page) is int and page >= 1, f"page is {page!r}, not a number from 1")
    where = {"source": _text(row, "source"), "arxiv_id": ""} if ours else {"arxiv_id": _text(row, "arxiv_id")}
    item = Evidence(page=page, **where, **{name: _text(row, name) for name in _EVIDENCE})
    for words in (item.first, item.last):
        _ensure(bool(key(words)), f"{words!r} has no letter or digit to find")
        _ensure(len(words.split()) <= ANCHOR_WORDS, f"{words!r} is longer than {ANCHOR_WORDS} words")
    _ensure(bool(_HASH.fullmatch(item.sha256)), f"sha256 is {item.sha256!r}, not 64 hex digits")
    return item


def _consistent(case: Case) -> None:
    named = (*case.expected_papers, *(item.arxiv_id for item in case.evidence if not item.source))
    for arxiv_id in named:
        _ensure(bool(_ARXIV_ID.fullmatch(arxiv_id)), f"{arxiv_id!r} is not an arXiv id")
    _ensure(
        (case.kind == "unanswerable") == case.must_abstain, "must_abstain must be true for kind unanswerable, and only"
    )
    _ensure(case.must_abstain == (not case.expected), "a case expects papers, or must abstain: not both")
    _ensure(case.must_abstain or not case.why_unanswerable, "why_unanswerable is for what must be refused")
    _ensure((case.kind == "follow-up") == bool(case.history), "history goes with kind follow-up, and only")
    _ensure(case.kind not in OUR_TEXTS or bool(case.expected_sources), f"a {case.kind} case needs expected_sources")
    stray = {item.text_id for item in case.evidence} - set(case.expected)
    _ensure(not stray, f"evidence from {', '.join(sorted(stray))}, which is not expected")


def _keys(row: Any, required: set[str], optional: set[str]) -> None:
    _ensure(isinstance(row, dict), "not a JSON object")
    missing, unknown = required - row.keys(), row.keys() - required - optional
    _ensure(not missing, f"without {', '.join(sorted(missing))}")
    _ensure(not unknown, f"unknown key {', '.join(sorted(unknown))}")


def _one_of(value: Any, name: str, known: Sequence[str]) -> Any:
    _ensure(value in known, f"{name} is {value!r}, not one of {', '.join(filter(None, known))}")
    return value


def _text(row: dict[str, Any], name: str) -> str:
    """A text of one printable line: half a surrogate pair could not be written, an escape code would be obeyed."""
    value = row[name]
    _ensure(_is_line(value), f"{name} must be one line of text, not {value!r}")
    return str(value)


def _list(row: dict[str, Any], name: str) -> list[Any]:
    value = row.get(name, [])
    _ensure(isinstance(value, list), f"{name} must be a list")
    return list(value)


def _texts(row: dict[str, Any], name: str) -> tuple[str, ...]:
    values = _list(row, name)
    _ensure(all(map(_is_line, values)), f"{name} must be a list of texts of one line")
    return tuple(values)


def _is_line(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isprintable()


def _ensure(true: bool, otherwise: str) -> None:
    """Raises UsageError saying what is wrong with a line; `load` adds which line of which file."""
    if not true:
        raise UsageError(otherwise)


# --- evidence --------------------------------------------------------------------------------------------------------


def check_evidence(cases: Sequence[Case], pages_of: Callable[[str], Sequence[Page]]) -> list[EvidenceCheck]:
    """Every piece of evidence, found or with the reason why not. `pages_of` gives a paper's pages by arXiv id (without
    version) and our own text's by its id, none where it is not there (see `stored_pages` and `pdf_pages`)."""
    return [_check(case.id, item, pages_of(item.text_id)) for case in cases for item in case.evidence]


def placed(cases: Sequence[Case], pages_of: Callable[[str], Sequence[Page]], *, keep: bool = False) -> list[Case]:
    """The cases with their evidence on the pages of a vault's own texts: where a paper was read from a web page, its
    sections are its pages, and evidence is looked for on all of them. What is not found there is left out, unless
    `keep`: a page of the PDF would be a page of something else."""
    return [replace(case, evidence=tuple(_placed(case, pages_of, keep))) for case in cases]


def _placed(case: Case, pages_of: Callable[[str], Sequence[Page]], keep: bool) -> Iterator[Evidence]:
    for item in case.evidence:
        pages = pages_of(item.text_id)
        if item.source or not pages or pages[0].locator.startswith("p. "):
            yield item
            continue
        moved = (replace(item, page=page.number) for page in pages)
        found = next((one for one, page in zip(moved, pages, strict=True) if _check(case.id, one, [page]).found), None)
        if found or keep:
            yield found or item


def _check(case_id: str, item: Evidence, pages: Sequence[Page]) -> EvidenceCheck:
    if not pages:
        return EvidenceCheck(case_id, item, False, f"{item.text_id} is not there", held=False)
    page = next((p for p in pages if p.number == item.page), None)
    if page is None:
        return EvidenceCheck(case_id, item, False, f"{item.text_id} has no page {item.page}")
    stretches = list(_stretches(item, key(page.text)))
    for stretch in stretches:
        if hashlib.sha256(stretch.encode()).hexdigest() == item.sha256:
            return EvidenceCheck(case_id, item, True, "found", _as_printed(stretch, page.text))
    if stretches:
        return EvidenceCheck(case_id, item, False, "the hash differs", _as_printed(stretches[0], page.text))
    return EvidenceCheck(case_id, item, False, _why_missing(item, page, pages))


def _stretches(item: Evidence, page_key: str) -> Iterator[str]:
    """The key of each stretch from `first` through the next `last`: several where a page says `first` twice."""
    first, last = key(item.first), key(item.last)
    start = page_key.find(first)
    while start >= 0:
        end = page_key.find(last, start + len(first))
        if end < 0:
            return
        yield page_key[start : end + len(last)]
        start = page_key.find(first, start + 1)


def _as_printed(stretch: str, text: str) -> str:
    """The stretch as it stands on the page; its bare key where that cannot be told."""
    place = locate(stretch, text)
    return text[slice(*place)] if place else stretch


def _why_missing(item: Evidence, page: Page, pages: Sequence[Page]) -> str:
    if key(item.first) in key(page.text):
        return f"{item.last!r} does not follow on page {page.number}"
    elsewhere = [str(p.number) for p in pages if key(item.first) in key(p.text)]
    return f"{item.first!r} is not on page {page.number}" + (f", but on {', '.join(elsewhere)}" if elsewhere else "")


# --- where pages come from -------------------------------------------------------------------------------------------


def held_papers(vault: Vault) -> list[Paper]:
    """The sources of a vault whose text is there, our own notes and glossary too."""
    papers = (vault.paper(source_id) for source_id in vault.source_ids())
    return [paper for paper in papers if paper and paper.pages]


def held_ids(papers: Sequence[Paper]) -> dict[str, str]:
    """What cases call the texts that are held (arXiv id without version, or our own text's id): its source id."""
    return {case_name(paper): paper.id for paper in papers}


def case_name(paper: Paper) -> str:
    """What a case calls a source: papers by arXiv id, our own texts and what has no arXiv id by their own."""
    return paper.id if paper.kind in OUR_TEXTS or not paper.arxiv_id else base_id(paper.arxiv_id)


def stored_pages(vault: Vault) -> Callable[[str], Sequence[Page]]:
    """The stored pages by what cases call a text."""
    ids = held_ids(held_papers(vault))
    return cache(lambda name: vault.pages(ids[name]) if name in ids else ())


def pdf_pages(folder: Path, ours: Vault | None = None) -> Callable[[str], Sequence[Page]]:
    """The pages by arXiv id, read from `<arXiv id>.pdf` in a folder, "_" for the slash of old ids; our own texts from
    the files of a vault. A file that no text can be had from counts as not there."""
    from ingest.parse_pdf import ParseJob, parse_pdf

    written = {text.paper.id: (text.page,) for text in own_texts(ours, load_manifest(ours))} if ours else {}

    @cache
    def pages(name: str) -> Sequence[Page]:
        path = folder / f"{name.replace('/', '_')}.pdf"
        try:
            return written.get(name) or (parse_pdf(ParseJob(name, path)).pages if path.is_file() else ())
        except ParseError:
            return ()

    return pages
