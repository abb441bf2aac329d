"""The library to HTML: how much of it can be searched, what a sync is doing, and the table of entries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from assistant.app.card import do_button
from assistant.app.page import esc
from assistant.app.progress import Progress
from index.status import EntryStatus, State
from ingest.suggest import Suggested, Suggestion, unread_lists

# States in the order of a source's way through the stages, with a word for people.
STATES: dict[State, str] = {
    "searchable": "Searchable",
    "embedded": "Embedded",
    "chunked": "Split, not indexed yet",
    "parsed": "Read, not indexed yet",
    "fetched": "Downloaded, not read yet",
    "listed": "Listed only",
    "failed": "Failed",
    "quarantined": "Another paper?",
}
# What the list can be narrowed to and ordered by: the word for people, and the name.
STATE_CHOICES = [("All", "all"), ("Needs care", "care"), *((word, state) for state, word in STATES.items())]
ORDERS = [("As in vault.yaml", ""), ("Title", "title"), ("State", "state"), ("Kind", "kind"), ("Pages", "pages")]
MOST_ROWS, MOST_SUGGESTED = 400, 100  # of a table that a browser shows at once
GARBLED = 0.02


def counts_html(entries: Sequence[EntryStatus], answerer: str, writer: str = "") -> str:
    """How many sources can be searched, who answers, and which other process writes to the vault just now."""
    searchable = sum(entry.state == "searchable" for entry in entries)
    failed = sum(entry.state == "failed" for entry in entries)
    lost = f", {failed} failed" if failed else ""
    writing = f"<span>{esc(writer)} writes to the vault: what it adds appears here by itself</span>" if writer else ""
    return (
        f'<p class="mv-status"><span><strong>{searchable}</strong> of {len(entries)} sources searchable{lost}</span>'
        f"<span>Answers: {esc(answerer)}</span>{writing}</p>"
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


def library_html(entries: Sequence[EntryStatus], shown: Sequence[EntryStatus] | None = None) -> str:
    """The table of entries (of those `shown`, where a person has narrowed them) with their state and, where there is
    one, the reason for it."""
    if not entries:
        return '<p class="mv-empty">The vault lists nothing yet. Add a paper above, then ask about it.</p>'
    shown = entries if shown is None else shown
    counts = Counter(entry.state for entry in entries)
    summary = ", ".join(f"{counts[state]} {word.lower()}" for state, word in STATES.items() if counts[state])
    if len(shown) < len(entries):
        summary += f"; {len(shown)} shown"
    if len(shown) > MOST_ROWS:
        summary += f", the first {MOST_ROWS} of them: narrow the list to see others"
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Source", "Kind", "State", "Pages", "Passages"))
    rows = "".join(map(_row, shown[:MOST_ROWS]))
    return (
        f'<p class="mv-summary">{esc(summary)}</p>'
        '<div class="mv-table" tabindex="0" role="region" aria-label="Library">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def narrowed(entries: Sequence[EntryStatus], words: str, state: str, order: str) -> list[EntryStatus]:
    """The entries that have all these words in title, authors, id or reason, and are in this state (of STATE_CHOICES),
    in this order (of ORDERS)."""
    wanted = words.casefold().split()
    kept = [e for e in entries if _fits(e, state) and all(word in _text(e) for word in wanted)]
    match order:
        case "state":
            places = {name: place for place, name in enumerate(dict.fromkeys(("quarantined", "failed", *STATES)))}
            return sorted(kept, key=lambda e: (places.get(e.state, 99), e.title.casefold()))
        case "kind":
            return sorted(kept, key=lambda e: (e.kind, e.title.casefold()))
        case "pages":
            return sorted(kept, key=lambda e: (-e.pages, e.title.casefold()))
        case "title":
            return sorted(kept, key=lambda e: (e.title or e.id).casefold())
    return kept


def needs_care(entry: EntryStatus) -> bool:
    """Whether a person could do something about it: it failed, is another paper, or its text is doubtful."""
    return entry.state in ("failed", "quarantined") or bool(
        entry.warnings or entry.empty_pages or entry.doubted_pages or entry.not_findable
    )


def entry_html(entry: EntryStatus) -> str:
    """One entry: its state with the reason in full, and how well its text could be read."""
    rows = [("State", STATES.get(entry.state, entry.state)), ("Id", entry.id)]
    rows += [("Why", entry.reason)] if entry.reason else []
    rows += [("Authors", ", ".join(entry.authors))] if entry.authors else []
    rows += [("Text", quality(entry))] if entry.pages else []
    rows += [("Warning", warning) for warning in entry.warnings]
    lines = "".join(f"<dt>{name}</dt><dd>{esc(text)}</dd>" for name, text in rows)
    return f'<section class="mv-entry"><h3>{esc(entry.title or entry.id)}</h3><dl>{lines}</dl></section>'


def quality(entry: EntryStatus) -> str:
    """How well a source was read, in words."""
    bad = [f"{entry.empty_pages} without text (scanned? then OCR is needed)"] if entry.empty_pages else []
    bad += [f"{entry.doubted_pages} whose text may not be what they show"] if entry.doubted_pages else []
    bad += [f"at worst {entry.garbled:.0%} unreadable characters on one"] if entry.garbled > GARBLED else []
    pages = f"{entry.pages} page{'s' * (entry.pages != 1)}, {entry.passages} passages"
    return "; ".join([pages, *bad, *([entry.not_findable] if entry.not_findable else [])])


def suggested_html(found: Suggested) -> str:
    """What the lists name that the vault lacks."""
    if not found.suggestions and not found.failed:
        none = "The lists name nothing that the vault lacks." if found.read else "No list has been read yet."
        return f'<p class="mv-empty">{none}</p>'
    items = "".join(
        f"<li><strong>{esc(one.title)}</strong> <span class='mv-place'>{esc(_named(one))}</span></li>"
        for one in found.suggestions[:MOST_SUGGESTED]
    )
    more = len(found.suggestions) - MOST_SUGGESTED
    rest = f'<p class="mv-summary">and {more} more</p>' if more > 0 else ""
    failed = "".join(f'<p class="mv-notice">{esc(line)}</p>' for line in unread_lists(found))
    return f'<ol class="mv-suggested">{items}</ol>{rest}{failed}'


def said_html(text: str) -> str:
    """What was done, in lines."""
    lines = "<br>".join(map(esc, text.splitlines()))
    return f'<p class="mv-said" role="status">{lines}</p>' if lines else ""


def _named(one: Suggestion) -> str:
    return "; ".join(filter(None, [one.id, f"in {', '.join(one.named_by)}", one.note]))


def _fits(entry: EntryStatus, state: str) -> bool:
    return state == "all" or (needs_care(entry) if state == "care" else entry.state == state)


def _text(entry: EntryStatus) -> str:
    return " ".join((entry.title, *entry.authors, entry.id, entry.arxiv_id or "", entry.reason)).casefold()


def _row(entry: EntryStatus) -> str:
    authors = ", ".join(entry.authors)
    arxiv = f" · arXiv:{entry.arxiv_id}" if entry.arxiv_id else ""
    by = f'<span class="mv-byline">{esc(authors + arxiv)}</span>' if authors or arxiv else ""
    reason = f'<span class="mv-reason">{esc(entry.reason)}</span>' if entry.reason else ""
    state, name = STATES.get(entry.state, entry.state), do_button("entry", entry.id, entry.title or entry.id)
    return (
        f'<tr><th scope="row">{name}{by}</th><td>{esc(entry.kind)}</td>'
        f'<td class="mv-state mv-{esc(entry.state)}">{esc(state)}{reason}</td>'
        f"<td>{entry.pages or ''}</td><td>{entry.passages or ''}</td></tr>"
    )
