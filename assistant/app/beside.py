"""The tabs beside chat and library, and what leads from one to another. Gradio is handed in by build.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from assistant.app.filter_bar import WITH_WHAT, FilterBar, hidden_button
from assistant.app.rooms import Rooms
from assistant.app.tab_evals import EvalsTab
from assistant.app.tab_glossary import GlossaryTab
from assistant.app.tab_library import LibraryTab
from assistant.app.tab_paper import PaperTab
from index.status import EntryStatus
from ingest.vault import Vault


class Beside:
    """Paper, Glossary and Evals, made inside a gr.Tabs."""

    def __init__(self, gr: Any, vault: Vault, status: Callable[[], Sequence[EntryStatus]], rooms: Rooms) -> None:
        self._gr = gr
        with gr.Tab("Paper", id="paper"):
            self.paper = PaperTab(gr, vault, status, rooms.summarize)
        with gr.Tab("Glossary", id="glossary"):
            self.glossary = GlossaryTab(gr, vault, rooms.search)
        if rooms.evals:
            with gr.Tab("Evals", id="evals"):
                self.evals: EvalsTab | None = EvalsTab(gr, rooms.evals, rooms.may_change)
        else:
            self.evals = None

    def connect(self, page: Any, watch: Any, library: LibraryTab, tabs: Any, narrowing: FilterBar) -> None:
        """Say what happens on which event; `narrowing` is the chat's."""
        self.paper.connect(page, watch)
        self.glossary.connect(page)
        if self.evals:
            self.evals.connect(page)
        at_once = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}
        on, show = self._gr.Textbox(visible=False), hidden_button(self._gr, "show")
        for button, chosen, options in ((library.open, library.entry, {}), (show, on, {"js": WITH_WHAT})):
            opened = button.click(self.paper.open, [chosen], [self.paper.paper], **at_once, **options)
            turned = opened.then(lambda: self._gr.update(selected="paper"), None, [tabs], **at_once)
            turned.then(None, js="() => window.scrollTo(0, 0)")
        for button, chosen in ((library.ask, library.entry), (self.paper.ask, self.paper.paper)):
            button.click(narrowing.limit, [chosen], narrowing.outputs, **at_once).then(
                lambda: self._gr.update(selected="chat"), None, [tabs], **at_once
            )
