"""The Evals tab: run a set of cases, look at the reports, at single cases, and at what changed between two.

Gradio is handed in by build.py; what runs lies to the right of the assistant, and comes through a protocol.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from assistant.app.conversation import plain
from assistant.app.page import error_html, esc
from assistant.app.rooms import EvalProgress, EvalRuns
from assistant.app.who import ReadersOnly, as_user
from ingest.errors import MivaultError

SECONDS = 1.0
FEW = 20  # cases of a first run: about as many as can be read one by one
SAMPLES = [("5 cases", 5), ("20 cases", FEW), ("50 cases", 50), ("200 cases", 200), ("All", 0)]
GONE = {"allow_custom_value": True}  # what was removed a moment ago is still sent once: told, not an error
AT_ONCE = {"show_progress": "hidden", "api_visibility": "private", "queue": False}
SHOWING = {"show_progress": "hidden", "api_visibility": "private", "concurrency_id": "evals", "concurrency_limit": 2}


def run_html(now: EvalProgress | None) -> str:
    """How far a run is, or how it ended."""
    if now is None:
        return ""
    if not now.running:
        return f'<p class="mv-said" role="status">{esc(now.message)}</p>'
    bar = f'<progress max="{max(now.total, 1)}" value="{now.done}" aria-label="Cases measured"></progress>'
    return f'<p class="mv-sync">{bar}<span>{now.done} of {now.total} cases measured</span></p>'


class EvalsTab:
    """What to run, how far it is, and the reports."""

    def __init__(self, gr: Any, runs: EvalRuns, may_change: Callable[[str], bool]) -> None:
        self._gr, self._runs, self._may_change = gr, runs, may_change
        # Capitals, because Gradio takes a bare "number" for a word of its own to translate.
        kinds = [(kind.capitalize(), kind) for kind in runs.kinds()]
        with gr.Row():
            self.sets = gr.Dropdown(
                list(runs.sets()), value=list(runs.sets())[:1], multiselect=True, label="Sets of cases"
            )
            self.kinds = gr.Dropdown(kinds, value=[], multiselect=True, label="Kinds (none: all)")
            self.sample = gr.Dropdown(SAMPLES, value=FEW, label="Sample", min_width=90)
        with gr.Row(elem_id="mv-eval-do"):
            self.run = gr.Button("Run", variant="primary", min_width=72, scale=0)
            self.stop = gr.Button("Stop the run", interactive=False, min_width=110, scale=0)
        self.far = gr.HTML(**plain("mv-eval-far"))
        with gr.Row():
            wide = {"min_width": 260, **GONE}  # one under the other on a telephone: the end of a name tells which it is
            self.name = gr.Dropdown([], value=None, label="Report", elem_id="mv-report-choice", **wide)
            self.before = gr.Dropdown(
                [], value=None, label="Compare with (as the first)", elem_id="mv-report-before", **wide
            )
        self.difference = gr.HTML(**plain("mv-report-difference"))
        self.report = gr.HTML(**plain("mv-report"))
        self.case = gr.Dropdown([], value=None, label="Case", visible=False, elem_id="mv-case-choice", **GONE)
        self.one = gr.HTML(**plain("mv-case"))
        self._seen = gr.State("")

    def connect(self, page: Any) -> None:
        """Say what happens on which event; the timer rests where nothing runs."""
        timer = self._gr.Timer(SECONDS)
        far = {"fn": self.look, "inputs": [self._seen], **AT_ONCE}
        far["outputs"] = [self._seen, self.far, self.run, self.stop, timer, self.name, self.before]
        page.load(**far)
        timer.tick(**far)
        begin, end = as_user(self._gr, self.begin), as_user(self._gr, self.end)
        self.run.click(begin, [self.sets, self.kinds, self.sample], [self._seen, self.far, timer], **AT_ONCE)
        self.stop.click(end, None, [self.stop], **AT_ONCE)
        self.name.change(self.show, [self.name], [self.report, self.case, self.one], **SHOWING)
        for field in (self.name, self.before):
            field.change(self.compare, [self.before, self.name], [self.difference], **SHOWING)
        self.case.change(self.show_case, [self.name, self.case], [self.one], **SHOWING)

    def begin(self, user: str, sets: list[str], kinds: list[str], sample: int | None) -> tuple[Any, ...]:
        """Run was pressed. What was seen of the run before is forgotten: this one may end in the same words."""
        try:
            if not self._may_change(user):
                raise ReadersOnly
            self._runs.start(sets or (), kinds or (), sample or None)
        except MivaultError as error:
            return self._gr.skip(), error_html(error.message, error.hint), self._gr.skip()
        return "", run_html(self._runs.progress()), self._gr.Timer(active=True)

    def end(self, user: str) -> Any:
        """Stop was pressed."""
        if not self._may_change(user):
            return self._gr.skip()
        self._runs.stop()
        return self._gr.update(interactive=False)

    def look(self, seen: str) -> tuple[Any, ...]:
        """How far the run is; when one ended, its report is shown."""
        gr, now = self._gr, self._runs.progress()
        running = bool(now and now.running)
        html = run_html(now)
        if seen and html == seen:
            return (gr.skip(), gr.skip(), gr.skip(), gr.skip(), gr.Timer(active=running), gr.skip(), gr.skip())
        buttons = (gr.update(interactive=not running), gr.update(interactive=running), gr.Timer(active=running))
        if running:
            return (html, html, *buttons, gr.skip(), gr.skip())
        history = list(self._runs.history())
        newest = (now.report if now and now.report else "") or (history[0][1] if history else None)
        first = gr.update(choices=[("Nothing", ""), *history], value="")
        return (html or " ", html, *buttons, gr.update(choices=history, value=newest), first)

    async def show(self, name: str | None) -> tuple[Any, ...]:
        """A report was chosen."""
        none = self._gr.update(visible=False, value=None)
        if not name:
            return '<p class="mv-empty">No report yet. Choose a set, then Run.</p>', none, ""
        html, error = await _made(lambda: self._runs.report(name))
        if error:
            return html, none, ""
        choices = await asyncio.to_thread(self._runs.cases, name)
        return html, self._gr.update(choices=list(choices), value=None, visible=bool(choices)), ""

    async def compare(self, first: str | None, second: str | None) -> str:
        """A report was chosen to hold against the other."""
        if not first or not second or first == second:
            return ""
        return (await _made(lambda: self._runs.difference(first, second)))[0]

    async def show_case(self, name: str | None, case_id: str | None) -> str:
        """A case was chosen."""
        if not name or not case_id:
            return ""
        return (await _made(lambda: self._runs.case(name, case_id)))[0]


async def _made(make: Callable[[], str]) -> tuple[str, bool]:
    """HTML made in a thread, or an error's line; and whether it is one."""
    try:
        return await asyncio.to_thread(make), False
    except MivaultError as error:
        return error_html(error.message, error.hint), True
