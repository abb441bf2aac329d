"""The Paper tab: one source of the vault, what stands in it, what is like it, and its summary.

Gradio is handed in by build.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from assistant.app.conversation import plain
from assistant.app.originals import local_pdf
from assistant.app.page import error_html
from assistant.app.paper_html import PaperView, paper_html, summary_html
from assistant.paper_text import from_vault, glossary_of
from assistant.records import Summary
from assistant.summarize import figures_in, terms_in
from index.similar import similar
from index.status import EntryStatus
from ingest.errors import MivaultError
from ingest.vault import Vault

Status = Callable[[], Sequence[EntryStatus]]
OWN = ("note", "term", "glossary")
HIDDEN = {"show_progress": "hidden", "api_visibility": "private"}
NONE = '<p class="mv-empty">No paper can be read yet. Add one in the Library; what is read appears here.</p>'
PICK = '<p class="mv-empty">Choose a paper.</p>'


def readable(entries: Sequence[EntryStatus]) -> list[tuple[str, str]]:
    """(title, id) of what has a text, by title; our own notes and terms aside."""
    rows = [(entry.title or entry.id, entry.id) for entry in entries if entry.passages and entry.kind not in OWN]
    return sorted(rows, key=lambda row: row[0].casefold())


def view_of(vault: Vault, paper_id: str, among: Sequence[str]) -> PaperView:
    """What is shown of a paper; `among` are the sources that may be like it. Raises UsageError where the vault has no
    text of it."""
    text = from_vault(vault, paper_id)
    alike = [
        (one, paper.title, cosine)
        for one, cosine in similar(vault, text.paper.id, among)
        if (paper := vault.paper(one))
    ]
    return PaperView(
        text.paper,
        text.pages,
        tuple(terms_in(text.pages, glossary_of(vault))),
        tuple(figures_in(text.pages)),
        tuple(alike),
        f"/source/{text.paper.id}" if local_pdf(text.paper.id, vault) else "",
    )


class PaperTab:
    """A paper to choose, its contents, and its summary when it is asked for."""

    def __init__(self, gr: Any, vault: Vault, status: Status, summarize: Callable[[str], Summary]) -> None:
        self._gr, self._vault, self._status, self._summarize = gr, vault, status, summarize
        self.seen = gr.State(())
        # One that was removed a moment ago is still sent once: told, not an error.
        self.paper = gr.Dropdown([], value=None, label="Paper", elem_id="mv-paper-choice", allow_custom_value=True)
        with gr.Row(elem_id="mv-paper-do", visible=False) as self.doing:
            self.sum = gr.Button("Summarize", variant="primary", min_width=110, scale=0)
            self.ask = gr.Button("Ask about this paper", min_width=190, scale=0)
        self.summary = gr.HTML(**plain("mv-paper-summary"))
        self.view = gr.HTML(PICK, **plain("mv-paper"))

    def connect(self, page: Any, watch: Any) -> None:
        """Say what happens on which event."""
        at_once = {"queue": False, **HIDDEN}
        offered = {"fn": self.offer, "inputs": [self.seen, self.paper], "outputs": [self.seen, self.paper, self.view]}
        page.load(**offered, **at_once)
        watch.on_change({**offered, **at_once})
        self.paper.change(self.show, [self.paper], [self.view, self.summary, self.doing], **HIDDEN)
        self.sum.click(
            self.summed, [self.paper], [self.summary, self.sum], concurrency_id="summary", concurrency_limit=2, **HIDDEN
        )

    def offer(self, seen: tuple[Any, ...], chosen: str | None) -> tuple[Any, ...]:
        """The papers that can be chosen, where they changed."""
        skip = self._gr.skip()
        try:
            choices = readable(self._status())
        except MivaultError as error:
            return (), skip, error_html(error.message, error.hint)
        if tuple(choices) == seen and choices:
            return skip, skip, skip
        gone = {"value": None} if chosen and all(one != chosen for _, one in choices) else {}  # else it stays
        hint = NONE if not choices else PICK if gone or not seen else skip
        return tuple(choices), self._gr.update(choices=choices, **gone), hint

    def open(self, paper_id: str | None) -> Any:
        """Choose a paper from elsewhere."""
        try:
            choices = readable(self._status())
        except MivaultError:
            return self._gr.skip()  # the status line says what is wrong
        known = any(one == paper_id for _, one in choices)
        return self._gr.update(choices=choices, value=paper_id if known else None)

    async def show(self, paper_id: str | None) -> tuple[Any, ...]:
        """A paper was chosen."""
        if not paper_id:
            return PICK, "", self._gr.update(visible=False)
        try:
            among = [one for _, one in readable(self._status())]
            html = paper_html(await asyncio.to_thread(view_of, self._vault, paper_id, among))
        except MivaultError as error:
            return error_html(error.message, error.hint), "", self._gr.update(visible=False)
        return html, "", self._gr.update(visible=True)

    async def summed(self, paper_id: str) -> AsyncIterator[tuple[Any, ...]]:
        """Summarize was pressed."""
        gr = self._gr
        yield '<p class="mv-working" role="status">Reading the whole paper…</p>', gr.update(interactive=False)
        try:
            html = summary_html(await asyncio.to_thread(self._summarize, paper_id))
        except MivaultError as error:
            html = error_html(error.message, error.hint)
        yield html, gr.update(interactive=True)
