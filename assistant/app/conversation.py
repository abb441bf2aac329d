"""The conversation's components and what happens on which event. Gradio itself is handed in by build.py."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import partial
from typing import Any

from assistant.app.background import in_thread
from assistant.app.evidence import cards
from assistant.app.page import conversation_html, turn_html
from assistant.app.turns import Turn, advance, fail, stop
from assistant.ask import MAX_QUESTION, Event
from ingest.errors import MivaultError
from ingest.vault import Vault

LOG = logging.getLogger(__name__)
# A model writes up to 100 pieces a second; the eye follows ten.
SECONDS_BETWEEN_UPDATES = 0.1
# A second window must not wait for a silent model in the first; more would only share two cores.
QUESTIONS_AT_ONCE = 4
# Runs in the browser, once per turn: brings the question that was just asked to the top.
TO_THE_NEW_TURN = """() => setTimeout(() => {
  const turn = document.querySelector("#mv-live section");
  if (!turn || turn.id === window.mvTurn) return;
  window.mvTurn = turn.id;
  turn.scrollIntoView({block: "start"});
}, 50)"""

Events = Callable[[str], Iterator[Event]]
Update = dict[Any, Any]


def plain(name: str) -> dict[str, Any]:
    """Options of a gr.HTML that shows our HTML and adds nothing: no script, no styles."""
    return {"elem_id": name, "js_on_load": None, "apply_default_css": False, "container": False, "padding": False}


class Running:
    """Whether a window's question is being answered, and its Stop button. One per browser session, like the turns.

    No dataclass: Gradio would send its fields to the browser.
    """

    def __init__(self) -> None:
        self.busy = False
        self.stop = asyncio.Event()


class Conversation:
    """Questions and answers. What was asked lives in a gr.State, one per browser session."""

    def __init__(self, gr: Any, events: Events, vault: Vault, examples: Sequence[str]) -> None:
        self._gr, self._events, self._vault = gr, events, vault
        self.turns, self.running = gr.State(()), gr.State(Running)
        self.past = gr.HTML(**plain("mv-past"))
        self.live = gr.HTML(**plain("mv-live"))
        with gr.Column(elem_id="mv-examples") as self.examples:
            self.buttons = [gr.Button(question, size="sm", variant="secondary") for question in examples]
        with gr.Row(elem_id="mv-ask"):
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
            self.clear = gr.Button("Clear", interactive=False, elem_id="mv-clear", min_width=72, scale=0)

    def connect(self) -> None:
        """Say what happens on which event."""
        outputs = [self.turns, self.past, self.live, self.examples, self.box, self.ask, self.stop, self.clear]
        asking = {"fn": self.respond, "outputs": outputs, "show_progress": "hidden", "concurrency_id": "ask"}
        asking |= {"concurrency_limit": QUESTIONS_AT_ONCE, "api_name": "ask", "api_visibility": "undocumented"}
        for trigger in (self.box.submit, self.ask.click):
            trigger(inputs=[self.box, self.turns, self.running], **asking)
        for button in self.buttons:
            button.click(inputs=[button, self.turns, self.running], **asking)
        at_once = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}
        self.stop.click(self.halt, [self.running], None, **at_once)
        self.clear.click(self.forget, None, outputs, **at_once)
        self.live.change(None, js=TO_THE_NEW_TURN)

    async def respond(self, question: str, turns: tuple[Turn, ...], running: Running) -> AsyncIterator[Update]:
        """Answer a question, showing each step; always ends ready for the next one. A second one beside it, asked in
        the same window, is left in its box."""
        question = question.strip()
        if not question or running.busy:
            yield {self.box: self._gr.skip()}
            return
        turn = Turn(len(turns) + 1, question)
        running.busy = True
        running.stop.clear()
        try:
            yield {self.past: conversation_html(turns), **self._shown(turns, turn), **self._busy()}
            async for step in self._steps(turn, running.stop):
                yield {**self._shown(turns, step), **(self._ready() if step.ended else {})}
        finally:
            running.busy = False

    async def _steps(self, turn: Turn, stopped: asyncio.Event) -> AsyncIterator[Turn]:
        """The turn as it grows; the last one has ended, by an answer, by an error or by Stop."""
        shown, stage, events = 0.0, turn.stage, partial(self._events, turn.question)
        try:
            async for event in in_thread(events, stopped):
                turn = advance(turn, event, partial(cards, vault=self._vault))
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

    async def halt(self, running: Running) -> None:
        """Stop was pressed. `respond` alone writes what is shown, so that a late step cannot undo this."""
        running.stop.set()

    def forget(self) -> Update:
        """Clear was pressed: an empty conversation."""
        gr = self._gr
        shown = {self.turns: (), self.past: "", self.live: "", self.examples: gr.update(visible=True)}
        return {**shown, **self._ready(), self.clear: gr.update(interactive=False)}

    def _shown(self, turns: tuple[Turn, ...], turn: Turn) -> Update:
        return {self.turns: (*turns, turn), self.live: turn_html(turn)}

    def _busy(self) -> Update:
        on, off = self._gr.update(interactive=True), self._gr.update(interactive=False)
        shown = {self.box: "", self.examples: self._gr.update(visible=False)}
        return {**shown, self.ask: off, self.stop: on, self.clear: off}

    def _ready(self) -> Update:
        on, off = self._gr.update(interactive=True), self._gr.update(interactive=False)
        return {self.ask: on, self.stop: off, self.clear: on}
