"""The Library tab: what the vault holds and how far each entry is; adding, trying again, removing.

Gradio is handed in by build.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from assistant.app.background import in_thread
from assistant.app.conversation import plain
from assistant.app.filter_bar import WITH_WHAT, hidden_button
from assistant.app.library import (
    ORDERS,
    STATE_CHOICES,
    entry_html,
    library_html,
    narrowed,
    said_html,
    suggested_html,
)
from assistant.app.page import error_html
from assistant.app.rooms import Rooms
from assistant.app.tab_paper import readable
from assistant.app.who import ReadersOnly, as_user, as_user_stepwise
from index.status import EntryStatus
from ingest.errors import MivaultError

Status = Callable[[], Sequence[EntryStatus]]
FILES = [".pdf", ".html", ".htm", ".md", ".txt", ".bib", ".json"]
HIDDEN = {"show_progress": "hidden", "api_visibility": "private"}
# Runs in the browser when a row was picked: what is told of it stands above the table.
TO_THE_ENTRY = """() => setTimeout(() => document.getElementById("mv-entry-choice")?.scrollIntoView(), 300)"""
WRITING = {**HIDDEN, "concurrency_id": "desk", "concurrency_limit": 4}


class LibraryTab:
    """The table of entries, and with `rooms` what can be done to them by whoever may change the vault."""

    def __init__(self, gr: Any, status: Status, rooms: Rooms | None) -> None:
        self._gr, self._status, self._rooms = gr, status, rooms
        desk = self._desk = rooms.desk if rooms else None
        self.seen = gr.State("")
        if desk:
            with gr.Column(elem_id="mv-adding") as self.adding:
                self._make_adding()
        with gr.Row(elem_id="mv-library-find"):
            self.words = gr.Textbox(label="Find", placeholder="Words of a title, author or reason", max_length=200)
            self.state = gr.Dropdown(STATE_CHOICES, value="all", label="State", min_width=130)
            self.order = gr.Dropdown(ORDERS, value="", label="Order", min_width=130)
        self.on, self.pick = gr.Textbox(visible=False), hidden_button(gr, "entry")
        self.entry = gr.Dropdown(
            [],
            value=None,
            label="Entry",
            info="Choose one here or in the table to see all of it",
            elem_id="mv-entry-choice",
            allow_custom_value=True,  # one that was removed a moment ago is still sent once: told, not an error
        )
        self.detail = gr.HTML(**plain("mv-entry-detail"))
        if desk:
            self._make_doing()
        self.table = gr.HTML(**plain("mv-library-table"))

    @property
    def narrowing(self) -> list[Any]:
        return [self.words, self.state, self.order]

    def _make_adding(self) -> None:
        gr = self._gr
        with gr.Row(elem_id="mv-add"):
            self.what = gr.Textbox(
                label="Add a paper", placeholder="arXiv id or web address", max_length=2000, elem_id="mv-add-what"
            )
            self.add = gr.Button("Add", variant="primary", min_width=72, scale=0)
            self.sync = gr.Button("Sync now", min_width=96, scale=0, elem_id="mv-sync-now")
        self.files = gr.File(
            label="Or drop files here: PDF, web page, Markdown, text, BibTeX",
            file_count="multiple",
            file_types=FILES,
            height=160,
            elem_id="mv-upload",
        )
        self.said = gr.HTML(**plain("mv-library-said"))
        with gr.Accordion("What the lists suggest", open=False, elem_id="mv-suggest"):
            with gr.Row():
                self.look = gr.Button("Look", min_width=72, scale=0)
                self.suggested = gr.Dropdown([], multiselect=True, label="Add from the lists")
                self.take = gr.Button("Add these", min_width=96, scale=0)
            self.suggestions = gr.HTML(**plain("mv-suggestions"))

    def _make_doing(self) -> None:
        gr = self._gr
        with gr.Row(elem_id="mv-entry-do", visible=False) as self.doing:
            self.open = gr.Button("Open", min_width=80, scale=0)
            self.ask = gr.Button("Ask about this", min_width=120, scale=0)
            self.again = gr.Button("Try again", min_width=90, scale=0)
            self.accept = gr.Button("It is the right paper", visible=False, min_width=150, scale=0)
            self.remove = gr.Button("Remove…", min_width=90, scale=0)
        with gr.Row(visible=False, elem_id="mv-sure") as self.sure:
            self.question = gr.HTML(**plain("mv-sure-question"))
            self.yes = gr.Button("Remove it", variant="stop", min_width=100, scale=0)
            self.no = gr.Button("Keep it", min_width=80, scale=0)

    def connect(self, page: Any, watch: Any) -> None:
        """Say what happens on which event. `watch` shows counts and the sync's progress."""
        shown = {"fn": self.shown, "inputs": [self.seen, *self.narrowing, self.entry]}
        shown |= {"outputs": [self.seen, self.table, self.entry], "queue": False, **HIDDEN}
        page.load(**shown)
        watch.on_change(shown)
        for field in self.narrowing:
            (field.input if field is not self.words else field.change)(**shown)
        doing = [self.doing, self.accept, self.sure, self.again, self.remove, self.open, self.ask] if self._desk else []
        outputs = [self.detail, *doing]
        self.entry.change(as_user(self._gr, self.chosen), [self.entry], outputs, queue=False, **HIDDEN)
        picked = self.pick.click(lambda one: one, [self.on], [self.entry], js=WITH_WHAT, queue=False, **HIDDEN)
        picked.then(None, js=TO_THE_ENTRY)
        if self._desk:
            self._connect_desk(watch, shown)
            page.load(as_user(self._gr, self.offered), None, [self.adding], queue=False, **HIDDEN)

    def _connect_desk(self, watch: Any, shown: dict[str, Any]) -> None:
        desk = self._desk
        assert desk is not None
        at_once = {"queue": False, **HIDDEN}

        def does(trigger: Any, run: Callable[..., Iterator[str]], *inputs: Any) -> Any:
            """Run in a thread, tell of it, then show what has changed."""
            told = as_user_stepwise(self._gr, partial(self.told, run))
            done = trigger(told, list(inputs), [self.said, self.what], **WRITING)
            watch.again(done.then(**shown))
            return done

        does(self.add.click, lambda what: desk.add(what.split()), self.what)
        does(self.what.submit, lambda what: desk.add(what.split()), self.what)
        sent = does(self.files.upload, lambda files: desk.add_files([Path(f) for f in files or ()]), self.files)
        sent.then(lambda: None, None, [self.files], **at_once)
        does(self.sync.click, desk.sync)
        does(self.take.click, lambda ids: desk.add(ids or ()), self.suggested)
        does(self.again.click, lambda one: desk.sync([one]), self.entry)
        does(self.accept.click, desk.accept, self.entry)
        does(self.yes.click, desk.remove, self.entry)
        self.remove.click(self.asks, [self.entry], [self.sure, self.question], **at_once)
        for button in (self.no, self.yes):
            button.click(lambda: self._gr.update(visible=False), None, [self.sure], **at_once)
        looked = as_user_stepwise(self._gr, self.looked)
        self.look.click(looked, None, [self.suggestions, self.suggested], **WRITING)

    def may_change(self, user: str) -> bool:
        """Whether what can be done is for this user."""
        return bool(self._rooms and self._rooms.may_change(user))

    def offered(self, user: str) -> Any:
        """The page was loaded: the fields for adding, where they are for this user."""
        return self._gr.update(visible=self.may_change(user))

    async def told(self, run: Callable[..., Iterator[str]], user: str, *given: Any) -> AsyncIterator[tuple[Any, ...]]:
        """What the desk says while it works, or in one line what went wrong; then the fields are empty again."""
        skip = self._gr.skip()
        try:
            if not self.may_change(user):
                raise ReadersOnly
            async for line in in_thread(partial(run, *given), asyncio.Event()):
                yield said_html(line), skip
        except MivaultError as error:
            yield error_html(error.message, error.hint), skip
        except OSError as error:
            yield error_html(f"the disk says: {error.strerror or error}", "look at it, then try again"), skip
        else:
            yield skip, ""

    def shown(self, seen: str, words: str, state: str, order: str, chosen: str | None) -> tuple[Any, ...]:
        """The table and the entries that can be chosen, where they changed."""
        skip = self._gr.skip()
        try:
            entries = self._status()
        except MivaultError as error:
            return ("", error_html(error.message, error.hint), skip)
        kept = narrowed(entries, words or "", state or "all", order or "")
        html = library_html(entries, kept)
        if html == seen:
            return (skip, skip, skip)
        choices = [(f"{e.title or e.id} ({e.id})" if e.title else e.id, e.id) for e in kept]
        gone = {"value": None} if chosen and all(e.id != chosen for e in kept) else {}  # else what is chosen stays
        return (html, html, self._gr.update(choices=choices, **gone))

    def chosen(self, user: str, entry_id: str | None) -> tuple[Any, ...]:
        """An entry was chosen: all of it, and what can be done to it."""
        gr = self._gr
        entry = self._one(entry_id)
        shown = [entry_html(entry) if entry else ""]
        if self._desk:
            may = self.may_change(user)
            accepts = may and bool(entry and entry.state == "quarantined")
            shown += [gr.update(visible=bool(entry)), gr.update(visible=accepts), gr.update(visible=False)]
            opens, asks = bool(entry and readable([entry])), bool(entry and entry.state == "searchable")
            shown += [gr.update(visible=yes) for yes in (may, may, opens, asks)]
        return tuple(shown) if len(shown) > 1 else shown[0]  # type: ignore[return-value]

    def asks(self, entry_id: str) -> tuple[Any, ...]:
        """Remove was pressed: ask first, with what would be gone."""
        entry = self._one(entry_id)
        name = (entry.title or entry.id) if entry else entry_id
        text = f"Remove {name}? Its entry, its file in the vault and its {entry.passages if entry else 0} passages go."
        return self._gr.update(visible=bool(entry)), said_html(text)

    async def looked(self, user: str) -> AsyncIterator[tuple[Any, ...]]:
        """What the lists suggest."""
        desk, skip = self._desk, self._gr.skip()
        assert desk is not None
        if not self.may_change(user):
            yield error_html(str(ReadersOnly().message), ReadersOnly().hint), skip
            return
        yield said_html("Looking at the lists. A first look asks arXiv, at most one request per 3 s."), skip
        try:
            found = await asyncio.to_thread(desk.suggest)
        except MivaultError as error:
            yield error_html(error.message, error.hint), skip
            return
        choices = [(f"{one.title} ({one.id})", one.id) for one in found.suggestions]
        yield suggested_html(found), self._gr.update(choices=choices, value=[])

    def _one(self, entry_id: str | None) -> EntryStatus | None:
        try:
            return next((entry for entry in self._status() if entry.id == entry_id), None)
        except MivaultError:
            return None
