"""What the chat is narrowed to: the fields in which a person says it, and the line that always shows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from assistant.app.asking import EVERYTHING
from assistant.app.card import KINDS, do_button
from assistant.app.page import error_html
from assistant.app.plain import plain
from assistant.app.safe import esc
from index.filters import Filter, filter_of
from index.status import EntryStatus
from ingest.errors import MivaultError

Update = dict[Any, Any]
Choices = list[tuple[str, str]]
MOST_CHOICES = 5000  # papers in the list that is sent to the browser


def paper_choices(entries: Sequence[EntryStatus]) -> Choices:
    """(title, id) of what can be searched, by title: papers, talks and pages, but not our own notes and terms."""
    own = ("note", "term")
    rows = [(e.title or e.id, e.id) for e in entries if e.state == "searchable" and e.kind not in own]
    return sorted(rows, key=lambda row: row[0].casefold())[:MOST_CHOICES]


def in_words(where: Filter, titles: dict[str, str]) -> str:
    """A filter in one line; "" for none."""
    return "; ".join(text for _, text in _parts(where, titles))


def filter_html(where: Filter, titles: dict[str, str]) -> str:
    """What the chat is narrowed to, each part with a button that takes it off; "" for all of the vault."""
    parts = "".join(
        f"<li>{esc(text)} {do_button('unfilter', key, '✕', aria_label=f'Search not only {text}')}</li>"
        for key, text in _parts(where, titles)
    )
    if not parts:
        return ""
    every = do_button("unfilter", "all", "Search everything")
    return f'<div class="mv-filter" role="status"><span>Searching only</span><ul>{parts}</ul>{every}</div>'


def without(where: Filter, key: str) -> Filter:
    """The filter without the part that a button names."""
    if key == "all":
        return EVERYTHING
    if key == "year":
        return replace(where, first_year=None, last_year=None)
    name, _, value = key.partition(":")
    return replace(
        where,
        papers=tuple(one for one in where.papers if (name, one) != ("papers", value)),
        sections=tuple(one for one in where.sections if (name, one) != ("sections", value)),
        kinds=tuple(one for one in where.kinds if (name, one) != ("kinds", value)),
    )


def _parts(where: Filter, titles: dict[str, str]) -> list[tuple[str, str]]:
    parts = [(f"papers:{one}", titles.get(one, one)) for one in where.papers]
    if where.first_year or where.last_year:
        parts.append(("year", years_in_words(where)))
    parts += [(f"sections:{one}", f"sections about “{one}”") for one in where.sections]
    return parts + [(f"kinds:{one}", KINDS.get(one, one)) for one in where.kinds]


def years_in_words(where: Filter) -> str:
    """ "2022", "2022-2024", "2022-" or "-2024", as `index.filters.years` reads it; "" for all."""
    first, last = where.first_year or "", where.last_year or ""
    return str(first) if first == last else f"{first}-{last}"


class FilterBar:
    """The fields, the line, and `where`: the Filter of this browser session."""

    def __init__(self, gr: Any, entries: Callable[[], Sequence[EntryStatus]]) -> None:
        self._gr, self._entries = gr, entries
        self.where = gr.State(EVERYTHING)
        self.line = gr.HTML(render=False, **plain("mv-filter-line"))  # stands in the row that never leaves the window
        with gr.Accordion("Search only in some papers, years, sections or kinds", open=False, elem_id="mv-filter"):
            self.papers = gr.Dropdown([], label="Papers", multiselect=True, elem_id="mv-filter-papers")
            with gr.Row():
                self.years = gr.Textbox(
                    label="Years", placeholder="2022, 2022-2024, 2022-", max_length=9, min_width=120
                )
                self.sections = gr.Textbox(
                    label="Words of a heading", placeholder="results", max_length=80, min_width=120
                )
            self.kinds = gr.CheckboxGroup([(KINDS[kind], kind) for kind in KINDS], label="Kinds")
        self.pick, self.drop = hidden_button(gr, "paper"), hidden_button(gr, "unfilter")

    @property
    def outputs(self) -> list[Any]:
        return [self.where, self.line, self.papers, self.years, self.sections, self.kinds]

    def connect(self, page: Any, on: Any) -> None:
        """Say what happens on which event; `on` is the hidden field that carries what a button acts on."""
        fields = [self.papers, self.years, self.sections, self.kinds]
        at_once = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}
        page.load(self.offer, None, [self.papers], **at_once)
        changed = [self.papers.input, self.kinds.input]
        changed += [event for box in (self.years, self.sections) for event in (box.submit, box.blur)]
        # One at a time, the last one with what stands in the fields by then: an older answer must not come after it.
        self._gr.on(changed, self.narrow, fields, [self.where, self.line], trigger_mode="always_last", **at_once)
        acting = {"js": WITH_WHAT, **at_once}
        self.pick.click(self.limit, [on], self.outputs, **acting)
        self.drop.click(self.take_off, [on, self.where], self.outputs, **acting)

    def offer(self) -> Any:
        """The papers that can be chosen."""
        try:
            return self._gr.update(choices=paper_choices(self._entries()))
        except MivaultError:
            return self._gr.skip()  # the status line says what is wrong

    def narrow(self, papers: list[str], years: str, sections: str, kinds: list[str]) -> Update:
        """The fields were changed."""
        try:
            where = filter_of(
                papers or (), (), years.strip(), [sections.strip()] if sections.strip() else (), kinds or ()
            )
        except MivaultError as error:
            return {self.line: error_html(error.message, error.hint)}
        return {self.where: where, self.line: filter_html(where, self.titles())}

    def limit(self, paper_id: str) -> Update:
        """A paper was picked: search it alone."""
        return self._show(Filter(papers=(paper_id,)))

    def take_off(self, key: str, where: Filter) -> Update:
        """A part of the filter was taken off."""
        return self._show(without(where, key))

    def titles(self) -> dict[str, str]:
        """Titles of all entries by id."""
        try:
            return {entry.id: entry.title for entry in self._entries()}
        except MivaultError:
            return {}

    def _show(self, where: Filter) -> Update:
        gr, titles = self._gr, self.titles()
        known = paper_choices(self._entries()) if titles else []
        extra = [(titles.get(one, one), one) for one in where.papers if one not in {key for _, key in known}]
        return {
            self.where: where,
            self.line: filter_html(where, titles),
            self.papers: gr.update(choices=[*known, *extra], value=list(where.papers)),
            self.years: years_in_words(where),
            self.sections: " ".join(where.sections),
            self.kinds: list(where.kinds),
        }


def hidden_button(gr: Any, action: str) -> Any:
    """What page.js presses for every button of our HTML that names this action."""
    return gr.Button(action, visible="hidden", elem_id=f"mv-do-{action}")


# Runs in the browser before the server is asked: hands over what the pressed button acts on.
WITH_WHAT = "(_, ...others) => [window.mvOn ?? '', ...others]"
