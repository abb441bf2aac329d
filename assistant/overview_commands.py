"""What the commands summarize, compare and review do with a vault: find the texts, make the overview, show it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Protocol, TypeVar

from assistant.draft import Drafter
from assistant.export import known_form
from assistant.overviews import compare_aspect, compare_summaries, review
from assistant.paper_text import PaperText, from_pdf, from_vault, glossary_of
from assistant.providers import ModelSettings
from assistant.records import Comparison, Review, Summary
from assistant.summarize import summarize
from index.filters import filter_of
from index.records import Hit
from index.search import Search
from ingest.errors import UsageError
from ingest.vault import Vault

PASSAGES = 12  # of one paper, or for one heading of a review
PER_PAPER = 3  # of a review's passages: a survey draws on several papers

Shown = TypeVar("Shown", Summary, Comparison, Review)
Shown_in = TypeVar("Shown_in", Summary, Comparison, Review, contravariant=True)


class Rendering(Protocol[Shown_in]):
    """Text of an overview, for a terminal or as Markdown."""

    def __call__(self, overview: Shown_in, /, *, markdown: bool = False) -> str: ...


def shown(overview: Shown, render: Rendering[Shown], form: str) -> str:
    """The overview in a form: "json", "md", or "" for a terminal. Raises UsageError for another."""
    if known_form(form) == "json":
        return json.dumps(asdict(overview), ensure_ascii=False, indent=1)
    return render(overview, markdown=form == "md")


def summary_of(name: str, vault: Vault, count_tokens: Callable[[str], int], settings: ModelSettings | None) -> Summary:
    """Of a paper of the vault, or of a PDF by its path."""
    is_file = name.lower().endswith(".pdf") and Path(name).is_file()
    return _summary(from_pdf(Path(name), count_tokens) if is_file else from_vault(vault, name), vault, settings)


def comparison_of(names: Sequence[str], search: Search, drafter: Drafter, settings: ModelSettings | None) -> Comparison:
    """Of two papers or more; a last name with a space in it is an aspect."""
    aspect = names[-1] if " " in names[-1].strip() or names[-1].endswith("?") else ""
    wanted = names[:-1] if aspect else names
    if len(wanted) < 2:
        raise UsageError("a comparison needs two papers", 'mivault compare ID ID ["aspect of two words or more"]')
    found = (from_vault(search.vault, name) for name in wanted)
    texts = list({text.paper.id: text for text in found}.values())
    if len(texts) < 2:
        raise UsageError(f"{', '.join(wanted)} are one paper", "name another beside it")
    if not aspect:
        return compare_summaries([_summary(text, search.vault, settings) for text in texts])
    titles = {text.paper.id: text.paper.title for text in texts}
    return compare_aspect(aspect, titles, {i: _within(search, i) for i in titles}, drafter, search.vault)


def review_of(topic: str, search: Search, drafter: Drafter) -> Review:
    """Over the whole vault."""

    def find(question: str) -> list[Hit]:
        return search(question, k=PASSAGES, per_paper=PER_PAPER)

    return review(topic, find=find, drafter=drafter, vault=search.vault,
                  document_frequency=search.document_frequency, passage_count=search.passage_count)  # fmt: skip


def _within(search: Search, paper_id: str) -> Callable[[str], list[Hit]]:
    narrowed = search.within(filter_of((paper_id,)))
    return lambda question: narrowed(question, k=PASSAGES, per_paper=PASSAGES)


def _summary(text: PaperText, vault: Vault, settings: ModelSettings | None) -> Summary:
    from assistant.llm import ChatModel

    model = ChatModel(settings) if settings else None
    return summarize(text.paper, text.pages, text.passages, glossary=glossary_of(vault), model=model)
