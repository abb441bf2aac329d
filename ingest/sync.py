"""Bring a vault's sources up to date: obtain, parse, chunk. Composes the steps; does only what changed.

`sync` is a generator: it gives an Outcome as each source ends, so that whoever indexes them need not wait for the last.
What it writes is in sources/<id>/: the original file, pages.jsonl, passages.jsonl, meta.json, and state.json last of
all, so that a kill at any moment leaves a source that the next run takes up again.
"""

from __future__ import annotations

import os
import shutil
import urllib.parse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ingest.chunk import CHUNKER, chunk
from ingest.errors import SourceError
from ingest.fetch import Unreachable
from ingest.lookup import Metadata
from ingest.manifest import load, pdf_source
from ingest.own_texts import entries, own_texts
from ingest.parse_pdf import PARSER, Parsed, ParseJob
from ingest.progress import Progress, silent
from ingest.records import Entry, Page, Paper, as_json, from_json
from ingest.tools import Tools
from ingest.vault import Vault, file_digest, read_json, write_json

ORIGINAL = "original.pdf"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one source ended: `parsed` where its pages were read anew in this run, `reason` where it could not be had,
    `offline` where that was for want of a network. `own` marks our notes and glossary terms."""

    entry_id: str
    parsed: bool = False
    reason: str = ""
    offline: bool = False
    own: bool = False


def sync(
    vault: Vault,
    tools: Tools,
    *,
    only: frozenset[str] = frozenset(),
    download: bool = True,
    on_progress: Progress = silent,
) -> Iterator[Outcome]:
    """Our own texts first, then the files that are here, then the downloads. The caller holds `vault.writing()`.

    `only` limits the run to these entries (all where it is empty), and tries them again whatever kept them before;
    without `download` no network is touched.
    """
    manifest = load(vault)
    listed = entries(vault, manifest)
    forget_removed(vault, {entry.id for entry in listed})
    chosen = [e for e in manifest.entries if not only or e.id in only]
    for entry in chosen if only else ():
        forgive(vault, entry)
    yield from list(_sync_own_texts(vault, tools, only))  # all are written before the first is reported: they are small
    jobs = _Jobs(vault, tools, {e.id: e for e in chosen}, on_progress)
    yield from jobs.parse(_files_here(vault, chosen, jobs))
    if download:
        yield from jobs.parse(_downloads(vault, tools, chosen, jobs))


def forgive(vault: Vault, entry: Entry) -> None:
    """Let an entry that failed be tried again: its address may be allowed now, or the reason gone."""
    state = vault.state(entry.id)
    if state.get("reason"):
        vault.write_state(entry.id, state | {"temporary": True})


def forget_removed(vault: Vault, listed: set[str]) -> None:
    """Delete the folders of sources that are listed no more."""
    for source_id in vault.source_ids():
        if source_id not in listed:
            shutil.rmtree(vault.source(source_id))


# --- our own texts ---------------------------------------------------------------------------------------------------


def _sync_own_texts(vault: Vault, tools: Tools, only: frozenset[str]) -> Iterator[Outcome]:
    for text in own_texts(vault, load(vault)):
        if only and text.entry.id not in only:
            continue
        done = {"file_sha256": text.paper.sha256, "parser": text.paper.parser, "chunker": CHUNKER}
        state = vault.state(text.entry.id)
        if done.items() <= state.items() and _has_passages(vault, text.entry.id, state):
            continue
        _write_source(vault, tools, text.paper, [text.page], done)
        yield Outcome(text.entry.id, parsed=True, own=True)


# --- files and downloads ---------------------------------------------------------------------------------------------


class _Jobs:
    """Parses the files it is fed in the pool's processes and writes what comes back; counts for the progress bars."""

    def __init__(self, vault: Vault, tools: Tools, by_id: dict[str, Entry], on_progress: Progress) -> None:
        self.vault, self.tools, self.by_id, self.progress = vault, tools, by_id, on_progress
        self.failed: list[Outcome] = []
        self.started = self.done = 0

    def parse(self, files: Iterable[tuple[Entry, Path]]) -> Iterator[Outcome]:
        for job, result in self.tools.pool.parse(self._announce(files)):
            entry = self.by_id[job.paper_id]
            self.done += 1
            self.progress("parse", self.done, self.started)
            yield self._finish(entry, job.path, result)
            yield from self._take_failed()
        yield from self._take_failed()

    def fail(self, entry: Entry, error: SourceError) -> None:
        """Record why an entry could not be had, keeping what an earlier run made of it."""
        now = {"reason": str(error), "temporary": error.temporary, "parser_tried": PARSER}
        self.vault.write_state(entry.id, self.vault.state(entry.id) | now)
        offline = isinstance(error, Unreachable)
        self.failed.append(Outcome(entry.id, reason=str(error), offline=offline))

    def _announce(self, files: Iterable[tuple[Entry, Path]]) -> Iterator[ParseJob]:
        for entry, path in files:
            self.started += 1
            self.progress("parse", self.done, self.started)
            yield ParseJob(entry.id, path, _password(entry))

    def _finish(self, entry: Entry, path: Path, result: Parsed | SourceError) -> Outcome:
        sha256 = file_digest(path)
        if isinstance(result, SourceError):
            state = {
                "file_sha256": sha256,
                "reason": str(result),
                "temporary": result.temporary,
                "parser_tried": PARSER,
            }
            self.vault.write_state(entry.id, state)
            return Outcome(entry.id, parsed=True, reason=str(result))
        paper = describe(entry, result, _metadata(self.vault, entry.id), sha256)
        done = {"file_sha256": sha256, "parser": PARSER, "chunker": CHUNKER}
        _write_source(self.vault, self.tools, paper, result.pages, done)
        return Outcome(entry.id, parsed=True)

    def _take_failed(self) -> list[Outcome]:
        failed, self.failed = self.failed, []
        return failed


def _password(entry: Entry) -> str | None:
    return str(entry.extra["password"]) if entry.extra.get("password") is not None else None


def describe(entry: Entry, parsed: Parsed, metadata: Metadata | None, sha256: str) -> Paper:
    """The Paper of an entry: vault.yaml's word first where it is whole, then arXiv's, then page 1's."""
    seen = parsed.identity
    listed = entry.authors if entry.authors_complete else ()
    arxiv_id = entry.arxiv or (metadata.arxiv_id if metadata else None) or seen.arxiv_id
    return Paper(
        id=entry.id,
        kind="glossary" if entry.kind == "term" else entry.kind,
        title=entry.title or (metadata.title if metadata else "") or seen.title or entry.id,
        authors=(metadata.authors if metadata else ()) or listed or seen.authors or entry.authors,
        year=entry.year or (metadata.year if metadata else None) or seen.year,
        arxiv_id=arxiv_id,
        arxiv_version=seen.arxiv_version or (metadata.version if metadata else None),
        url=entry.url or (f"https://arxiv.org/abs/{arxiv_id}" if arxiv_id else None),
        licence=(metadata.licence if metadata else "") or entry.licence,
        file=ORIGINAL,
        sha256=sha256,
        parser=PARSER,
        pages=len(parsed.pages),
        warnings=parsed.warnings,
    )


def _files_here(vault: Vault, chosen: Sequence[Entry], jobs: _Jobs) -> Iterator[tuple[Entry, Path]]:
    """The files added by hand or downloaded before that are not parsed, changed, or parsed by another parser."""
    for entry in chosen:
        original = vault.source(entry.id) / ORIGINAL
        if entry.file:
            added = vault.inside(entry.file)
            if not added.is_file():
                jobs.fail(
                    entry, SourceError(f"{entry.file} is gone", "put it back, or remove the entry", temporary=True)
                )
                continue
            _link(added, original)
        if original.is_file() and _needs_parsing(vault, entry, original):
            yield entry, original


def _needs_parsing(vault: Vault, entry: Entry, original: Path) -> bool:
    state = vault.state(entry.id)
    if state.get("file_sha256") != file_digest(original):
        return True
    if state.get("reason"):
        password_given = _password(entry) is not None and "password" in state["reason"]
        return bool(state.get("temporary")) or state.get("parser_tried") != PARSER or password_given
    made_by = (state.get("parser"), state.get("chunker"))
    return made_by != (PARSER, CHUNKER) or not _has_passages(vault, entry.id, state)


def _downloads(vault: Vault, tools: Tools, chosen: Sequence[Entry], jobs: _Jobs) -> Iterator[tuple[Entry, Path]]:
    """Looks up and downloads what is not here. A host that cannot be reached is asked once, and named for each."""
    wanted = [e for e in chosen if _wants_download(vault, e)]
    lost: dict[str, Unreachable] = {}
    jobs.progress("download", 0, len(wanted))
    _look_up(vault, tools, wanted, jobs)
    for number, entry in enumerate(wanted):
        path = _download(vault, tools, entry, jobs, lost)
        jobs.progress("download", number + 1, len(wanted))
        if path:
            yield entry, path


def _wants_download(vault: Vault, entry: Entry) -> bool:
    if entry.file or (vault.source(entry.id) / ORIGINAL).is_file() or not pdf_source(entry):
        return False
    state = vault.state(entry.id)
    return not state.get("reason") or bool(state.get("temporary"))


def _look_up(vault: Vault, tools: Tools, wanted: Sequence[Entry], jobs: _Jobs) -> None:
    """arXiv's metadata for all that come from there, in one go, kept as sources/<id>/arxiv.json."""
    asked = {e.arxiv: e for e in wanted if e.arxiv and pdf_source(e) == "arxiv" and _metadata(vault, e.id) is None}
    if not asked:
        return
    try:
        answers = tools.lookup.metadata(list(asked))
    except Unreachable as error:
        answers = dict.fromkeys(asked, error)
    for arxiv_id, found in answers.items():
        if isinstance(found, Metadata):
            write_json(vault.source(asked[arxiv_id].id) / "arxiv.json", as_json(found))
        else:
            jobs.fail(asked[arxiv_id], found)


def _download(vault: Vault, tools: Tools, entry: Entry, jobs: _Jobs, lost: dict[str, Unreachable]) -> Path | None:
    """The downloaded file; None where it could not be had, which `jobs` was told. Fills `lost` with dead hosts."""
    metadata = _metadata(vault, entry.id)
    if pdf_source(entry) == "arxiv" and metadata is None:  # the look-up has said why
        return None
    url = f"{tools.pdf_url}{metadata.arxiv_id}{metadata.version}" if metadata else pdf_source(entry)
    host = urllib.parse.urlsplit(url).hostname or ""
    try:
        if host in lost:
            raise lost[host]
        return tools.fetcher.pdf(url, vault.source(entry.id) / ORIGINAL).path
    except Unreachable as error:
        lost[host] = error
        jobs.fail(entry, error)
    except SourceError as error:
        jobs.fail(entry, error)
    return None


# --- writing ---------------------------------------------------------------------------------------------------------


def _write_source(vault: Vault, tools: Tools, paper: Paper, pages: Sequence[Page], done: dict[str, Any]) -> None:
    passages = chunk(pages, tools.count_tokens)
    vault.write_pages(paper.id, pages)
    passages_sha256 = vault.write_passages(paper.id, passages)
    vault.write_paper(replace(paper, pages=len(pages)))
    vault.write_state(paper.id, done | {"passages_sha256": passages_sha256, "reason": "", "temporary": False})


def _has_passages(vault: Vault, entry_id: str, state: dict[str, Any]) -> bool:
    path = vault.source(entry_id) / "passages.jsonl"
    return path.is_file() and file_digest(path) == state.get("passages_sha256")


def _metadata(vault: Vault, entry_id: str) -> Metadata | None:
    data = read_json(vault.source(entry_id) / "arxiv.json")
    return from_json(Metadata, data) if data else None


def _link(added: Path, original: Path) -> None:
    """The added file as the source's original: a hard link where the disk can, so that it is not stored twice."""
    if original.is_file() and (original.samefile(added) or file_digest(original) == file_digest(added)):
        return
    original.parent.mkdir(parents=True, exist_ok=True)
    temporary = original.with_suffix(".tmp")
    temporary.unlink(missing_ok=True)
    try:
        os.link(added, temporary)
    except OSError:
        shutil.copyfile(added, temporary)
    temporary.replace(original)
