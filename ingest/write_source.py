"""What becomes of a parsed file: the record of its source, its pages and passages, and the state, written last."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ingest.chunk import CHUNKER, chunk
from ingest.errors import SourceError, WrongPaper
from ingest.forms import ORIGINALS
from ingest.jobs import Parsed, ParseJob
from ingest.lookup import Metadata, find_arxiv_id
from ingest.parse import PARSERS
from ingest.records import WITHDRAWN, Entry, Page, Paper
from ingest.vault import Vault, file_digest

MADE = ("pages.jsonl", "passages.jsonl", "meta.json")  # of an original file, in its folder


def describe(entry: Entry, job: ParseJob, parsed: Parsed, metadata: Metadata | None, sha256: str) -> Paper:
    """The Paper of an entry: vault.yaml's word first where it is whole, then arXiv's, then the file's own."""
    seen = parsed.identity
    listed = entry.authors if entry.authors_complete else ()
    listed_id = find_arxiv_id(entry.arxiv) if entry.arxiv else None  # vault.yaml may name a version with it
    arxiv_id = (metadata.arxiv_id if metadata else None) or (listed_id and listed_id.id) or seen.arxiv_id
    withdrawn = (f"{WITHDRAWN} ({metadata.withdrawn})",) if metadata and metadata.withdrawn else ()
    return Paper(
        id=entry.id,
        kind="glossary" if entry.kind == "term" else entry.kind,
        title=entry.title or (metadata.title if metadata else "") or seen.title or entry.id,
        authors=(metadata.authors if metadata else ()) or listed or seen.authors or entry.authors,
        year=entry.year or (metadata.year if metadata else None) or seen.year,
        arxiv_id=arxiv_id,
        arxiv_version=seen.arxiv_version or (metadata.version if metadata else None),
        url=entry.url or (f"https://arxiv.org/abs/{arxiv_id}" if arxiv_id else None) or parsed.url or None,
        licence=parsed.licence or (metadata.licence if metadata else "") or entry.licence,
        file=ORIGINALS[job.form],
        sha256=sha256,
        parser=PARSERS[job.form],
        pages=len(parsed.pages),
        warnings=(*withdrawn, *parsed.warnings),
        form=job.form,
        commit=parsed.commit or None,
        garbled=max((page.garbled for page in parsed.pages), default=0.0),
        empty_pages=sum(not page.text for page in parsed.pages),
        doubted_pages=sum(bool(page.warning) for page in parsed.pages),
    )


def write_parsed(
    vault: Vault,
    count_tokens: Callable[[str], int],
    entry: Entry,
    job: ParseJob,
    parsed: Parsed,
    metadata: Metadata | None,
) -> None:
    """Write what came of a source's original file."""
    sha256 = file_digest(job.path)
    paper = describe(entry, job, parsed, metadata, sha256)
    done = {"file_sha256": sha256, "parser": PARSERS[job.form], "chunker": CHUNKER}
    write_source(vault, count_tokens, paper, parsed.pages, done)


def write_refused(vault: Vault, job: ParseJob, error: SourceError) -> None:
    """Write why no text could be had from a source's original file; of another paper's file, nothing may stay."""
    state = {"reason": str(error), "temporary": error.temporary, "parser_tried": PARSERS[job.form]}
    if isinstance(error, WrongPaper):
        state["quarantined"] = True
        for made in MADE:
            (vault.source(job.paper_id) / made).unlink(missing_ok=True)
    vault.write_state(job.paper_id, {"file_sha256": file_digest(job.path), **state})


def write_source(
    vault: Vault, count_tokens: Callable[[str], int], paper: Paper, pages: Sequence[Page], done: Mapping[str, Any]
) -> None:
    """Write a source's pages, passages and record, and last its state: `done` says what it was made of and by."""
    passages = chunk(pages, count_tokens)
    hashes = {
        "pages_sha256": vault.write_pages(paper.id, pages),
        "passages_sha256": vault.write_passages(paper.id, passages),
    }
    vault.write_paper(replace(paper, pages=len(pages)))
    vault.write_state(paper.id, {**done, **hashes, "reason": "", "temporary": False})


def has_passages(vault: Vault, entry_id: str, state: Mapping[str, Any]) -> bool:
    """Whether a source's passages are those that its state tells of."""
    path = vault.source(entry_id) / "passages.jsonl"
    return path.is_file() and file_digest(path) == state.get("passages_sha256")
