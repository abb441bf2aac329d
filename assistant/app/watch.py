"""The status line and the sync's progress: the timers that refresh them. Gradio is handed in by build.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from assistant.app.library import counts_html, progress_html
from assistant.app.page import error_html
from assistant.app.progress import Progress
from index.status import EntryStatus
from ingest.errors import MivaultError

PROGRESS_SECONDS = 2.0
# Another process may sync this vault too; reading the state of all its sources costs more than a progress line.
STATUS_SECONDS = 20.0

Status = Callable[[], Sequence[EntryStatus]]


class Watch:
    """Refreshes two gr.HTML: `counts` and `sync`, and whatever else hangs on the entries (`on_change`). Only what
    changed is sent, so that a screen reader is not disturbed."""

    def __init__(
        self,
        gr: Any,
        status: Status,
        progress: Callable[[], Progress | None],
        answerer: str,
        writer: Callable[[], str] = lambda: "",
    ) -> None:
        """`writer` names another process that writes to the vault, "" for none."""
        self._gr, self._status, self._progress, self._answerer = gr, status, progress, answerer
        self._writer = writer

    def connect(self, page: Any, *, counts: Any, sync: Any) -> None:
        """Refresh when the page opens and on the ticks of two timers; the fast one rests when no sync runs."""
        gr = self._gr
        self._fast, self._slow, seen = gr.Timer(PROGRESS_SECONDS), gr.Timer(STATUS_SECONDS), gr.State("")
        hidden = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}
        self._look = {"fn": self.progress, "inputs": None, "outputs": [sync, self._fast], **hidden}
        entries = {"fn": self.entries, "inputs": [seen], "outputs": [seen, counts], **hidden}
        page.load(**entries)
        self._slow.tick(**entries)
        self._ticked = self._fast.tick(**self._look)
        self._ticked.then(**entries)

    def on_change(self, event: dict[str, Any]) -> None:
        """Run an event too whenever the entries may have changed."""
        self._slow.tick(**event)
        self._ticked.then(**event)

    def again(self, after: Any) -> None:
        """Look at the sync again after something that may have started one."""
        after.then(**self._look)

    def entries(self, seen: str) -> tuple[Any, ...]:
        """The counts, where they changed; one line where vault.yaml cannot be read just now."""
        try:
            now = self._progress()
            own = now is not None and not now.finished
            new = counts_html(self._status(), self._answerer, "" if own else self._writer())
        except MivaultError as error:
            new = error_html(error.message, error.hint)
        return new, (self._gr.skip() if seen == new else new)

    def progress(self) -> tuple[Any, ...]:
        """The sync's progress, and whether to look again soon."""
        now = self._progress()
        running = now is not None and not now.finished
        return progress_html(now), self._gr.Timer(active=running)
