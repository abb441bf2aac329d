"""The library to HTML: how much of it can be searched, what a sync is doing, and the table of entries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from assistant.app.page import esc
from assistant.app.progress import Progress
from index.status import EntryStatus, State

# States in the order of a source's way through the stages, with a word for people.
STATES: dict[State, str] = {
    "searchable": "Searchable",
    "embedded": "Embedded",
    "chunked": "Split, not indexed yet",
    "parsed": "Read, not indexed yet",
    "fetched": "Downloaded, not read yet",
    "listed": "Listed only",
    "failed": "Failed",
}


def counts_html(entries: Sequence[EntryStatus], answerer: str) -> str:
    """How many sources can be searched, and who answers."""
    searchable = sum(entry.state == "searchable" for entry in entries)
    failed = sum(entry.state == "failed" for entry in entries)
    lost = f", {failed} failed" if failed else ""
    return (
        f'<p class="mv-status"><span><strong>{searchable}</strong> of {len(entries)} sources searchable{lost}</span>'
        f"<span>Answers: {esc(answerer)}</span></p>"
    )


def progress_html(progress: Progress | None) -> str:
    """What the background sync is doing; "" where there is none."""
    if progress is None:
        return ""
    if progress.finished:
        return f'<p class="mv-sync" role="status">Background sync: {esc(progress.message)}</p>'
    bar, count = "", ""
    if progress.total:
        done = min(progress.done, progress.total)
        count = f" {done} of {progress.total}"
        bar = f'<progress max="{progress.total}" value="{done}" aria-label="Sync progress"></progress>'
    what = f": {esc(progress.message)}" if progress.message else ""
    return f'<p class="mv-sync">{bar}<span>Background sync, {esc(progress.stage)}{count}{what}</span></p>'


def library_html(entries: Sequence[EntryStatus]) -> str:
    """The table of entries with their state and, where there is one, the reason for it."""
    if not entries:
        return '<p class="mv-empty">The vault lists nothing yet.</p>'
    counts = Counter(entry.state for entry in entries)
    summary = ", ".join(f"{counts[state]} {word.lower()}" for state, word in STATES.items() if counts[state])
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Source", "Kind", "State", "Pages", "Passages"))
    rows = "".join(map(_row, entries))
    return (
        f'<p class="mv-summary">{esc(summary)}</p>'
        '<div class="mv-table" tabindex="0" role="region" aria-label="Library">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(entry: EntryStatus) -> str:
    authors = ", ".join(entry.authors)
    arxiv = f" · arXiv:{entry.arxiv_id}" if entry.arxiv_id else ""
    by = f'<span class="mv-byline">{esc(authors + arxiv)}</span>' if authors or arxiv else ""
    reason = f'<span class="mv-reason">{esc(entry.reason)}</span>' if entry.reason else ""
    state = STATES.get(entry.state, entry.state)
    return (
        f'<tr><th scope="row">{esc(entry.title or entry.id)}{by}</th><td>{esc(entry.kind)}</td>'
        f'<td class="mv-state mv-{esc(entry.state)}">{esc(state)}{reason}</td>'
        f"<td>{entry.pages or ''}</td><td>{entry.passages or ''}</td></tr>"
    )
