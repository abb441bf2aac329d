"""The conversation's components and what happens on which event. Gradio itself is handed in by build.py."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from assistant.app.asking import Events
from assistant.app.background import in_thread
from assistant.app.evidence import cards, pictured
from assistant.app.filter_bar import WITH_WHAT, FilterBar, hidden_button, in_words
from assistant.app.page import conversation_html, turn_html
from assistant.app.pictures import Pictures
from assistant.app.plain import plain as plain
from assistant.app.talks import ForUser, Talks
from assistant.app.turns import Turn, advance, fail, stop
from assistant.app.welcome import EDITING, welcome_html
from assistant.app.who import as_user, as_user_stepwise
from assistant.ask import MAX_QUESTION
from assistant.conversations import questions
from assistant.suggestions import follow_ups
from index.filters import Filter
from index.glossary import glossary_terms
from index.status import EntryStatus
from ingest.errors import MivaultError
from ingest.vault import Vault

LOG = logging.getLogger(__name__)
# A model writes up to 100 pieces a second; the eye follows ten.
SECONDS_BETWEEN_UPDATES = 0.1
HISTORY = 6  # questions asked before that a follow-up may lean on
# Runs in the browser: brings the question that was just asked to the top, and again while its answer grows, which makes
# the room for it, until the reader scrolls.
TO_THE_NEW_TURN = """() => setTimeout(() => {
  const turn = document.querySelector("#mv-live section");
  if (!turn || (turn.id === window.mvTurn && window.scrollY !== window.mvTop)) return;
  window.mvTurn = turn.id;
  turn.scrollIntoView({block: "start"});
  window.mvTop = window.scrollY;
}, 50)"""
# Run in the browser: a question sent while the page still opens waits until what was open before is shown again, which
# would else come behind it and wipe it away.
WHEN_SHOWN, SHOWN = "async (...given) => { await window.mvShown; return given; }", "() => window.mvIsShown?.()"
# Runs in the browser when a question is to be edited: the caret stands behind it.
TO_THE_BOX = """() => setTimeout(() => document.querySelector("#mv-question textarea")?.focus(), 100)"""

# What buttons of our HTML do here.
ACTIONS = ("ask", "retry", "edit", "keep", "open", "rename", "delete")

Status = Callable[[], Sequence[EntryStatus]]
Turns = tuple[Turn, ...]
Update = dict[Any, Any]
AT_ONCE = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}


class Running:
    """Whether a window's question is being answered, and its Stop button. One per browser session, like the turns.

    No dataclass: Gradio would send its fields to the browser. No factory either: Gradio calls one when the page opens,
    and what comes late would take the place of what a question holds already.
    """

    def __init__(self) -> None:
        self.busy = False
        self.stop = asyncio.Event()


class Conversation:
    """Questions and answers. What was asked lives in a gr.State, one per browser session."""

    def __init__(
        self, gr: Any, events: Events, vault: Vault, status: Status, for_user: ForUser, pictures: Pictures | None
    ) -> None:
        self._gr, self._events, self._vault, self._status, self._pictures = gr, events, vault, status, pictures
        self.turns, self.running, self.editing = gr.State(()), gr.State(Running()), gr.State(False)
        self.on = gr.Textbox(visible=False)
        self.talks = Talks(gr, vault, for_user, pictures)
        self.past, self.live = gr.HTML(**plain("mv-past")), gr.HTML(**plain("mv-live"))
        self.welcome, self.note = gr.HTML(**plain("mv-examples")), gr.HTML(**plain("mv-note"))
        self.filter = FilterBar(gr, status)
        with gr.Row(elem_id="mv-ask"):
            self.filter.line.render()
            self.box = gr.Textbox(
                label="Your question",
                show_label=False,
                placeholder="Ask the vault a question",
                lines=1,
                max_lines=4,
                max_length=MAX_QUESTION,
                autofocus=True,
                elem_id="mv-question",
                scale=1,
            )
            self.ask = gr.Button("Ask", variant="primary", elem_id="mv-submit", min_width=72, scale=0)
            self.stop = gr.Button("Stop", interactive=False, elem_id="mv-stop", min_width=72, scale=0)
            self.clear = gr.Button("New", interactive=False, elem_id="mv-clear", min_width=72, scale=0)
        self._do = {action: hidden_button(gr, action) for action in ACTIONS}

    @property
    def outputs(self) -> list[Any]:
        shown = [self.turns, self.past, self.live, self.welcome, self.note, self.box]
        return [*shown, self.editing, self.talks.current, self.talks.list, self.ask, self.stop, self.clear]

    def connect(self, page: Any) -> None:
        """Say what happens on which event."""
        gr, talks = self._gr, self.talks
        state = [self.turns, self.running, talks.current, self.filter.where, self.editing]
        respond = as_user_stepwise(gr, self.respond)
        asking: dict[str, Any] = {"outputs": self.outputs, "show_progress": "hidden", "concurrency_id": "ask"}
        asking |= {"concurrency_limit": None}  # the lane says how many run at once, and how many wait
        named = {"api_name": "ask", "api_visibility": "undocumented"}
        for trigger in (self.box.submit, self.ask.click):
            trigger(respond, [self.box, *state], js=WHEN_SHOWN, **asking, **named)
        private = {"js": WITH_WHAT, "api_visibility": "private"}
        self._do["ask"].click(respond, [self.on, *state], **asking, **private)
        self._do["retry"].click(as_user_stepwise(gr, self.again), [self.on, *state], **asking, **private)
        edited = [self.box, self.editing, self.note]
        self._do["edit"].click(self.edit, [self.on], edited, js=WITH_WHAT, **AT_ONCE).then(None, js=TO_THE_BOX)
        self._do["keep"].click(self.keep, None, edited, **AT_ONCE)
        self.stop.click(self.halt, [self.running], None, **AT_ONCE)
        self.clear.click(self.forget, None, self.outputs, **AT_ONCE)
        which, acting = [self.on, talks.current], {"js": WITH_WHAT, **AT_ONCE}
        self._do["open"].click(as_user(gr, self.reopen), which, self.outputs, **acting)
        self._do["delete"].click(as_user(gr, self.delete), which, self.outputs, **acting)
        self._do["rename"].click(as_user(gr, talks.renamed), which, [talks.list], **acting)
        talks.words.change(as_user(gr, talks.listed), [talks.current, talks.words], [talks.list], **AT_ONCE)
        back = page.load(as_user(gr, self.return_to), [talks.remembered], self.outputs, **AT_ONCE)
        back.then(None, js=SHOWN)
        talks.current.change(lambda current: current, [talks.current], [talks.remembered], **AT_ONCE)
        self.live.change(None, js=TO_THE_NEW_TURN)
        self.filter.connect(page, self.on)

    async def respond(
        self,
        user: str,
        question: str,
        turns: Turns,
        running: Running,
        current: str,
        where: Filter,
        editing: bool = False,
    ) -> AsyncIterator[Update]:
        """Answer a question, showing each step; always ends ready for the next one. A second one beside it, asked in
        the same window, is left in its box. An edited question takes the place of the last one."""
        question = question.strip()
        if not question or running.busy:
            yield {self.box: self._gr.skip()}
            return
        turns = turns[:-1] if editing else turns
        within = in_words(where, self.filter.titles()) if where else ""
        turn = Turn(len(turns) + 1, question, within=within)
        running.busy = True
        running.stop.clear()
        try:
            yield {self.past: conversation_html(turns), **self._shown(turns, turn), **self._busy()}
            async for step in self._steps(turn, turns, where, running.stop):
                kept = await asyncio.to_thread(self._kept, user, current, step, editing) if step.ended else {}
                yield {**self._shown(turns, step), **kept}
        finally:
            running.busy = False

    def _kept(self, user: str, current: str, turn: Turn, editing: bool) -> Update:
        """The turn has ended: it is put into the conversation, and the page is ready for the next one."""
        current = self.talks.keep(user, current, turn, instead_of_last=editing)
        listed = self.talks.listed(user, current)
        return {self.talks.current: current, self.talks.list: listed, **self._ready()}

    async def again(
        self, user: str, _: str, turns: Turns, running: Running, current: str, where: Filter, __: bool = False
    ) -> AsyncIterator[Update]:
        """The last question once more, in the place of its answer."""
        if turns:
            async for update in self.respond(user, turns[-1].question, turns, running, current, where, True):
                yield update

    async def _steps(self, turn: Turn, earlier: Turns, where: Filter, stopped: asyncio.Event) -> AsyncIterator[Turn]:
        """The turn as it grows; the last one has ended, by an answer, by an error or by Stop."""
        shown, stage = 0.0, turn.stage
        try:
            async for turn in in_thread(partial(self._growing, turn, earlier, where), stopped):  # noqa: B020
                due = turn.stage != stage or time.monotonic() - shown > SECONDS_BETWEEN_UPDATES
                if due and not turn.ended:
                    shown, stage = time.monotonic(), turn.stage
                    yield turn
        except Exception as error:
            if not isinstance(error, MivaultError):
                LOG.exception("a question failed")  # raising it would cover the page with Gradio's own signs
            yield fail(turn, error)
        else:
            yield stop(turn)

    def _growing(self, turn: Turn, earlier: Turns, where: Filter) -> Iterator[Turn]:
        """The turn after each event. In a thread: cards read files, and pictures are drawn for them."""
        history = questions(earlier)[-HISTORY:]
        for event in self._events(turn.question, history=history, where=where):
            turn = advance(turn, event, partial(cards, vault=self._vault, quotes=self._pictures))
            if turn.answer:
                turn = replace(turn, follow_ups=follow_ups(turn.answer, self._terms()))
                if self._pictures:
                    self._pictures.ahead(pictured(turn.cards))
            yield turn

    def _terms(self) -> list[str]:
        return glossary_terms(self._vault.root / "glossary.yaml")

    async def halt(self, running: Running) -> None:
        """Stop was pressed. `respond` alone writes what is shown, so that a late step cannot undo this."""
        running.stop.set()

    def edit(self, question: str) -> Update:
        """The last question is to be asked otherwise."""
        return {self.box: question, self.editing: True, self.note: EDITING}

    def keep(self) -> Update:
        """It is not, after all."""
        return {self.box: "", self.editing: False, self.note: ""}

    def reopen(self, user: str, identifier: str, current: str) -> Update:
        """A conversation of the list was chosen: it is shown as it was."""
        turns = self.talks.turns(user, identifier)
        return self._conversation(user, identifier, turns) if turns else self.return_to(user, current)

    def return_to(self, user: str, current: str) -> Update:
        """The page was loaded: the conversation that was open in this browser, or what one could ask."""
        turns = self.talks.turns(user, current)
        if turns:
            return self._conversation(user, current, turns)
        return {**self.forget(), self.talks.list: self.talks.listed(user, "")}

    def delete(self, user: str, identifier: str, current: str) -> Update:
        """A conversation is to be deleted; the open one leaves the page, too."""
        update = {self.talks.list: self.talks.deleted(user, current, identifier)}
        return self.forget() | update if identifier == current else update

    def _conversation(self, user: str, identifier: str, turns: Turns) -> Update:
        gr = self._gr
        shown = {self.past: conversation_html(turns[:-1]), self.live: turn_html(turns[-1]), self.note: ""}
        kept = {self.talks.current: identifier, self.talks.list: self.talks.listed(user, identifier)}
        state = {self.turns: turns, self.editing: False, self.welcome: gr.update(visible=False)}
        return {**shown, **kept, **state, **self._ready()}

    def forget(self) -> Update:
        """New was pressed: an empty conversation."""
        gr = self._gr
        shown = {self.turns: (), self.past: "", self.live: "", self.note: "", self.editing: False}
        shown |= {self.talks.current: ""}
        greeting = {self.welcome: gr.update(value=self._welcome(), visible=True)}
        return {**shown, **greeting, **self._ready(), self.clear: gr.update(interactive=False)}

    def _welcome(self) -> str:
        try:
            return welcome_html(self._status())
        except MivaultError:
            return ""  # the status line says what is wrong

    def _shown(self, turns: Turns, turn: Turn) -> Update:
        return {self.turns: (*turns, turn), self.live: turn_html(turn)}

    def _busy(self) -> Update:
        on, off = self._gr.update(interactive=True), self._gr.update(interactive=False)
        shown = {self.box: "", self.welcome: self._gr.update(visible=False), self.note: "", self.editing: False}
        return {**shown, self.ask: off, self.stop: on, self.clear: off}

    def _ready(self) -> Update:
        on, off = self._gr.update(interactive=True), self._gr.update(interactive=False)
        return {self.ask: on, self.stop: off, self.clear: on}
