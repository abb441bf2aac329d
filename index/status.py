"""How far each entry of a vault has come, read from its files: nothing is opened, parsed or loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from index.selftest import not_findable
from index.state import IndexState, fingerprint, read_state
from index.vectors import embedded_part, vectors_made_from
from ingest.duplicates import duplicate_of
from ingest.folders import gone_files
from ingest.forms import form_here
from ingest.records import Entry
from ingest.vault import Vault
from ingest.versions import news
from ingest.ways import is_index, ways

if TYPE_CHECKING:
    from ingest.sync import Outcome

NOTHING_TO_READ = "listed only: no source that can be read is named for it"
INDEX_ONLY = "a list of other sources, not read as one: mivault suggest shows what it names"

State = Literal["listed", "fetched", "parsed", "chunked", "embedded", "searchable", "failed", "quarantined"]


@dataclass(frozen=True, slots=True)
class EntryStatus:
    """One entry: `state` is the last stage that was reached, "failed" where `reason` keeps it from being searched and
    trying again would not help, "quarantined" where its file is another paper. A searchable entry can have a `reason`
    too: its newer file could not be had, and the older one is still searched; or arXiv has a newer version, or its
    authors withdrew it; or its file is gone from a watched folder. `warnings` name its pages that are missing or
    doubted; for the rest see `Paper`. `not_findable` says what a searchable entry was asked for in vain after it was
    indexed; `duplicate_of` is the id of the entry with the same text that is indexed in its place."""

    id: str
    kind: str
    title: str
    authors: tuple[str, ...]
    arxiv_id: str | None
    state: State
    pages: int
    passages: int
    reason: str
    warnings: tuple[str, ...] = ()
    garbled: float = 0.0
    empty_pages: int = 0
    doubted_pages: int = 0
    not_findable: str = ""
    duplicate_of: str = ""


def status(vault: Vault, entries: Sequence[Entry]) -> list[EntryStatus]:
    """The state of each entry, in the order given."""
    index = read_state(vault)
    gone = gone_files(vault, entries)
    rows = [_status(vault, entry, index) for entry in entries]
    return [replace(row, reason=row.reason or gone.get(row.id, "")) for row in rows]


def status_text(rows: Sequence[EntryStatus]) -> str:
    """A line per entry for a terminal, and how many can be searched. Titles are cut, reasons are not."""
    width = max((len(row.id) for row in rows), default=2)
    head = f"{'id':<{width}}  {'state':<11}  {'pages':>5}  {'passages':>8}  {'title':<40}  why not"
    lines = (
        f"{r.id:<{width}}  {r.state:<11}  {r.pages or '':>5}  {r.passages or '':>8}  {_cut(r.title):<40}  "
        f"{r.reason or '; '.join(r.warnings)}"
        for r in rows
    )
    searchable = sum(row.state == "searchable" for row in rows)
    return "\n".join(
        (head, *(line.rstrip() for line in lines), f"{searchable} of {len(rows)} entries can be searched.")
    )


def _cut(title: str, length: int = 40) -> str:
    title = "".join(c for c in " ".join(title.split()) if c.isprintable())  # a PDF's title could move the cursor
    return title if len(title) <= length else title[: length - 1] + "…"


def summary(failed: Sequence[Outcome], passages: int, lost: Sequence[str] = ()) -> str:
    """How a sync ended, in one or two sentences: how many entries failed, which are indexed but not found again
    (`lost`), and what to do next."""
    offline = sum(one.offline for one in failed)
    said = [f"{_entries(offline)} could not be downloaded without a network: sync again with one."] if offline else []
    if len(failed) > offline:
        said.append(f"{_entries(len(failed) - offline)} could not be had: mivault status says why.")
    if lost:
        said.append(f"Indexed but not findable: {', '.join(lost)}.")
    if said:
        return " ".join(said)
    return "Next: mivault ask, or mivault chat." if passages else "There is nothing to search yet: mivault add."


def _status(vault: Vault, entry: Entry, index: IndexState | None) -> EntryStatus:
    paper = vault.paper(entry.id)
    last = vault.state(entry.id)
    reason = str(last.get("reason", ""))
    passages = _lines(vault, entry.id)
    state: State = "quarantined" if last.get("quarantined") else _state(vault, entry.id, index, passages)
    if state == "parsed" and passages == 0 and not reason and _has(vault, entry.id, "passages.jsonl"):
        reason = "no passages were found in its text"
    not_found = not_findable(vault, entry.id, index.sources[entry.id]) if index and state == "searchable" else ""
    same = duplicate_of(vault, entry.id)
    reason = f"the same text as {same}: indexed once" if same else reason
    return EntryStatus(
        id=entry.id,
        kind=entry.kind,
        title=entry.title or (paper.title if paper else ""),
        authors=(paper.authors if paper else ()) or entry.authors,
        arxiv_id=(paper.arxiv_id if paper else None) or entry.arxiv,
        state="failed" if reason and state in ("listed", "fetched", "parsed") and not last.get("temporary") else state,
        pages=paper.pages if paper else 0,
        passages=passages,
        reason=reason or not_found or (_why_listed(entry) if state == "listed" else news(vault, entry)),
        warnings=paper.warnings if paper else (),
        garbled=paper.garbled if paper else 0.0,
        empty_pages=paper.empty_pages if paper else 0,
        doubted_pages=paper.doubted_pages if paper else 0,
        not_findable=not_found,
        duplicate_of=same,
    )


def _state(vault: Vault, entry_id: str, index: IndexState | None, passages: int) -> State:
    if passages:
        made_from = fingerprint(vault, entry_id)
        if index and index.sources.get(entry_id) == made_from:
            return "searchable"
        if not made_from:  # a duplicate
            return "chunked"
        return "embedded" if vectors_made_from(vault, entry_id) == embedded_part(made_from) else "chunked"
    if _has(vault, entry_id, "pages.jsonl"):
        return "parsed"
    return "fetched" if form_here(vault.source(entry_id)) else "listed"


def _lines(vault: Vault, entry_id: str) -> int:
    """Passages of an entry: lines of passages.jsonl."""
    path = vault.source(entry_id) / "passages.jsonl"
    return path.read_bytes().count(b"\n") if path.is_file() else 0


def _why_listed(entry: Entry) -> str:
    if entry.kind == "term":
        return "listed only: glossary.yaml has no definition of it"
    if entry.file or ways(entry):
        return "not obtained yet: mivault sync"
    return INDEX_ONLY if is_index(entry) else NOTHING_TO_READ


def _has(vault: Vault, entry_id: str, name: str) -> bool:
    return (vault.source(entry_id) / name).is_file()


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"
