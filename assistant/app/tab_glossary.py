"""The Glossary tab: the vault's terms, what they mean, and where the papers use them.

Gradio is handed in by build.py.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assistant.app.card import do_button
from assistant.app.conversation import plain
from assistant.app.filter_bar import WITH_WHAT, hidden_button
from assistant.app.page import error_html, esc
from assistant.app.rooms import Finder
from assistant.paper_text import glossary_of
from index.filters import Filter
from index.records import Hit
from ingest.errors import MivaultError
from ingest.manifest import load
from ingest.own_texts import own_texts
from ingest.vault import Vault

HIDDEN = {"show_progress": "hidden", "api_visibility": "private"}
# Runs in the browser when a term of the list was picked: what it means stands above the list.
TO_THE_TERM = """() => setTimeout(() => document.getElementById("mv-term-choice")?.scrollIntoView(), 300)"""
FOUND, PER_PAPER, CHARACTERS = 24, 2, 260
OWN = ("note", "glossary")


@dataclass(frozen=True, slots=True)
class TermText:
    """A term with its definition, a paragraph per blank line, as the glossary has it."""

    id: str
    name: str
    text: str


def terms_of(vault: Vault) -> list[TermText]:
    """All terms of glossary.yaml, by name. Raises ManifestError for a file that cannot be read, VaultMissing where
    the vault's folder is gone."""
    with vault.here():
        texts = [text for text in own_texts(vault, load(vault)) if text.paper.kind == "glossary"]
    terms = [TermText(text.entry.id, text.entry.title, text.page.text) for text in texts]
    return sorted(terms, key=lambda term: term.name.casefold())


def matching(terms: Sequence[TermText], words: str) -> list[TermText]:
    """The terms that have all these words, those in whose name they stand first."""
    wanted = words.casefold().split()
    kept = [term for term in terms if all(word in f"{term.name} {term.text}".casefold() for word in wanted)]
    return sorted(kept, key=lambda term: not all(word in term.name.casefold() for word in wanted))


def uses_of(names: Sequence[str], search: Finder) -> list[Hit]:
    """Passages of papers that have one of a term's names word for word, found by the search, best first. Raises as
    the search does."""
    pattern = re.compile(r"\b(?:" + "|".join(map(_written, names)) + r")s?\b", re.IGNORECASE)
    where = Filter(kinds=("paper", "tool", "video", "person", "list"))
    hits = {
        hit.passage.id: hit for name in names for hit in search(f'"{name}"', k=FOUND, per_paper=PER_PAPER, where=where)
    }
    return [hit for hit in hits.values() if pattern.search(hit.passage.text)][:FOUND]


def _written(name: str) -> str:
    return r"[\s-]+".join(map(re.escape, re.split(r"[\s-]+", name)))


def term_html(term: TermText) -> str:
    """A term and what it means."""
    paragraphs = "".join(f"<p>{esc(part)}</p>" for part in term.text.split("\n\n"))
    return f'<section class="mv-term"><h2>{esc(term.name)}</h2>{paragraphs}</section>'


def list_html(terms: Sequence[TermText], of: int) -> str:
    """How many terms there are, with the first lines of those shown."""
    if not of:
        return '<p class="mv-empty">The vault has no glossary: write glossary.yaml, then sync.</p>'
    items = "".join(f"<li>{do_button('term', t.id, t.name)} {esc(_cut(t.text))}</li>" for t in terms)
    return f'<p class="mv-summary">{len(terms)} of {of} terms</p><ul class="mv-terms">{items}</ul>'


def uses_html(hits: Sequence[Hit]) -> str:
    """Where a term is used: passages with their papers."""
    if not hits:
        return '<p class="mv-empty">No paper that can be searched uses it word for word.</p>'
    papers = len({hit.paper.id for hit in hits})
    items = "".join(
        f"<li>{do_button('show', hit.paper.id, hit.paper.title)} <span class='mv-place'>{esc(_place(hit))}</span>"
        f"<p>{esc(_cut(hit.passage.text))}</p></li>"
        for hit in hits
    )
    head = f"Used in {papers} paper{'s' * (papers != 1)}, {len(hits)} passage{'s' * (len(hits) != 1)} shown"
    return f'<section class="mv-uses"><h3>{head}</h3><ol>{items}</ol></section>'


def _place(hit: Hit) -> str:
    return " · ".join(filter(None, [" > ".join(hit.passage.section), hit.passage.locator]))


def _cut(text: str) -> str:
    return text if len(text) <= CHARACTERS else text[:CHARACTERS].rpartition(" ")[0] + "…"


class GlossaryTab:
    """A field to search in, the terms, and one of them with its uses."""

    def __init__(self, gr: Any, vault: Vault, search: Finder) -> None:
        self._gr, self._vault, self._search = gr, vault, search
        with gr.Row():
            self.words = gr.Textbox(label="Find a term", max_length=100, elem_id="mv-term-words")
            self.term = gr.Dropdown([], value=None, label="Term", elem_id="mv-term-choice", allow_custom_value=True)
        self.on, self.pick = gr.Textbox(visible=False), hidden_button(gr, "term")
        self.one = gr.HTML(**plain("mv-term"))
        self.uses = gr.HTML(**plain("mv-term-uses"))
        self.terms = gr.HTML(**plain("mv-term-list"))

    def connect(self, page: Any) -> None:
        """Say what happens on which event."""
        found = {"fn": self.find, "inputs": [self.words], "outputs": [self.terms, self.term], "queue": False, **HIDDEN}
        page.load(**found)
        self.words.change(**found)
        self.pick.click(lambda one: one, [self.on], [self.term], js=WITH_WHAT, queue=False, **HIDDEN).then(
            None, js=TO_THE_TERM
        )
        self.term.change(self.show, [self.term], [self.one], queue=False, **HIDDEN).then(
            self.used, [self.term], [self.uses], **HIDDEN
        )

    def find(self, words: str) -> tuple[Any, ...]:
        """The terms that have these words."""
        try:
            every = terms_of(self._vault)
        except MivaultError as error:
            return error_html(error.message, error.hint), self._gr.skip()
        kept = matching(every, words or "")
        choices = [(term.name, term.id) for term in kept]
        alone = {"value": kept[0].id} if len(kept) == 1 else {}  # else what is chosen stays: answers may come late
        return list_html(kept, len(every)), self._gr.update(choices=choices, **alone)

    def show(self, term_id: str | None) -> str:
        """A term was chosen."""
        try:
            return next((term_html(term) for term in terms_of(self._vault) if term.id == term_id), "")
        except MivaultError as error:
            return error_html(error.message, error.hint)

    async def used(self, term_id: str | None) -> str:
        """Where the chosen term is used."""
        if not term_id:
            return ""
        try:
            names = await asyncio.to_thread(self._names, term_id)
            return uses_html(await asyncio.to_thread(uses_of, names, self._search))
        except MivaultError as error:
            return error_html(error.message, error.hint)

    def _names(self, term_id: str) -> tuple[str, ...]:
        known = glossary_of(self._vault).get(term_id)
        return known or tuple(term.name for term in terms_of(self._vault) if term.id == term_id)
