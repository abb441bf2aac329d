"""Parses a sync's files in the pool's processes as they come, and has what comes back written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ingest import ocr
from ingest.chunk import CHUNKER
from ingest.disk import is_full
from ingest.errors import SourceError, WrongPaper
from ingest.jobs import Parsed, ParseJob
from ingest.obtain import Original
from ingest.parse import PARSERS
from ingest.progress import Progress
from ingest.quarantine import checked, is_accepted
from ingest.records import Entry
from ingest.retry import Unreachable
from ingest.tools import Tools
from ingest.vault import Vault, file_digest
from ingest.versions import metadata_of
from ingest.write_source import has_passages, write_parsed, write_refused


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one source ended: `parsed` where its pages were read anew in this run, `reason` where it could not be had,
    `offline` where that was for want of a network. `own` marks our notes and glossary terms."""

    entry_id: str
    parsed: bool = False
    reason: str = ""
    offline: bool = False
    own: bool = False


class Jobs:
    """One sync's files on their way through the parsers; counts for the progress bars."""

    def __init__(self, vault: Vault, tools: Tools, by_id: Mapping[str, Entry], on_progress: Progress) -> None:
        self.vault, self.tools, self.by_id, self.progress = vault, tools, by_id, on_progress
        self._failed: list[Outcome] = []
        self._started = self._done = 0

    def parse(self, files: Iterable[tuple[Entry, Original]]) -> Iterator[Outcome]:
        """How each file ended, as it does, and what failed on the way to one."""
        for job, result in self.tools.pool.parse(self._announced(files)):
            self._done += 1
            self.progress("parse", self._done, self._started)
            yield self._finish(job, result)
            yield from self._take_failed()
        yield from self._take_failed()

    def fail(self, entry: Entry, error: SourceError) -> None:
        """Record why an entry could not be had, keeping what an earlier run made of it. A full disk is no entry's."""
        if is_full(error):
            raise error
        now = {"reason": str(error), "temporary": error.temporary, "parser_tried": ""}
        self.vault.write_state(entry.id, self.vault.state(entry.id) | now)
        self._failed.append(Outcome(entry.id, reason=str(error), offline=isinstance(error, Unreachable)))

    def _announced(self, files: Iterable[tuple[Entry, Original]]) -> Iterator[ParseJob]:
        for entry, original in files:
            self._started += 1
            self.progress("parse", self._done, self._started)
            yield ParseJob(entry.id, original.path, password(entry), form=original.form, url=original.url)

    def _finish(self, job: ParseJob, result: Parsed | SourceError) -> Outcome:
        entry = self.by_id[job.paper_id]
        if isinstance(result, SourceError):
            return self._refused(job, result)
        metadata = metadata_of(self.vault, entry.id)
        try:
            right = checked(entry, job, result, metadata, file_digest(job.path))
        except WrongPaper as error:
            return self._refused(job, error)
        write_parsed(self.vault, self.tools.count_tokens, entry, job, right, metadata)
        return Outcome(entry.id, parsed=True)

    def _refused(self, job: ParseJob, error: SourceError) -> Outcome:
        write_refused(self.vault, job, error)
        return Outcome(job.paper_id, parsed=True, reason=str(error))

    def _take_failed(self) -> list[Outcome]:
        failed, self._failed = self._failed, []
        return failed


def stale(vault: Vault, files: Iterable[tuple[Entry, Original]]) -> Iterator[tuple[Entry, Original]]:
    """Of the originals that are here those that are not parsed, changed, or parsed by another parser."""
    for entry, original in files:
        if _needs_parsing(vault, entry, original):
            yield entry, original


def _needs_parsing(vault: Vault, entry: Entry, original: Original) -> bool:
    state, parser = vault.state(entry.id), PARSERS[original.form]
    if state.get("file_sha256") != file_digest(original.path):
        return True
    if state.get("reason"):
        password_given = password(entry) is not None and "password" in state["reason"]
        accepted = bool(state.get("quarantined")) and is_accepted(entry, str(state.get("file_sha256")))
        accepted = accepted or (ocr.NEEDED in state["reason"] and ocr.available())
        return bool(state.get("temporary")) or state.get("parser_tried") != parser or password_given or accepted
    made_by = (state.get("parser"), state.get("chunker"))
    return made_by != (parser, CHUNKER) or not has_passages(vault, entry.id, state)


def password(entry: Entry) -> str | None:
    """The password that vault.yaml gives for an entry's file."""
    return str(entry.extra["password"]) if entry.extra.get("password") is not None else None
