"""The status line, the sync's progress and the table: the timers that refresh them. Gradio is handed in by build.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from assistant.app.library import counts_html, library_html, progress_html
from assistant.app.page import error_html
from assistant.app.progress import Progress
from index.status import EntryStatus
from ingest.errors import MivaultError

PROGRESS_SECONDS = 2.0
# Another process may sync this vault too; reading the state of all its sources costs more than a progress line.
STATUS_SECONDS = 20.0

Status = Callable[[], Sequence[EntryStatus]]
Seen = tuple[str, str]


class Watch:
    """Refreshes three gr.HTML: `counts`, `sync` and `table`. Only what changed is sent, so that neither a screen reader
    nor a scrolled table is disturbed."""

    def __init__(self, gr: Any, status: Status, progress: Callable[[], Progress | None], answerer: str) -> None:
        self._gr, self._status, self._progress, self._answerer = gr, status, progress, answerer

    def connect(self, page: Any, *, counts: Any, sync: Any, table: Any) -> None:
        """Refresh when the page opens and on the ticks of two timers; the fast one rests when no sync runs."""
        gr = self._gr
        fast, slow, seen = gr.Timer(PROGRESS_SECONDS), gr.Timer(STATUS_SECONDS), gr.State(("", ""))
        hidden = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}
        entries = {"fn": self.entries, "inputs": [seen], "outputs": [seen, counts, table], **hidden}
        page.load(**entries)
        slow.tick(**entries)
        fast.tick(self.progress, None, [sync, fast], **hidden).then(**entries)

    def entries(self, seen: Seen) -> tuple[Any, ...]:
        """The counts and the table, where they changed; one line where vault.yaml cannot be read just now."""
        try:
            entries = self._status()
            new = (counts_html(entries, self._answerer), library_html(entries))
        except MivaultError as error:
            new = (error_html(error.message, error.hint), "")
        return (new, *(self._gr.skip() if a == b else b for a, b in zip(seen, new, strict=True)))

    def progress(self) -> tuple[Any, ...]:
        """The sync's progress, and whether to look again soon."""
        now = self._progress()
        running = now is not None and not now.finished
        return progress_html(now), self._gr.Timer(active=running)
