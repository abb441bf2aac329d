"""Which drafter answers: the configured language model with the extractive one behind it, or that one alone."""

from __future__ import annotations

from assistant.draft import Drafter
from assistant.extract import ExtractiveDrafter
from assistant.llm import ModelSettings
from index.reader import best_answers
from index.search import Search


def choose(search: Search, settings: ModelSettings | None) -> Drafter:
    """The drafter for a search; `settings` None means that no language model is configured."""
    extractive = ExtractiveDrafter(
        document_frequency=search.document_frequency,
        passage_count=search.passage_count,
        chooser=best_answers,
    )
    if settings is None:
        return extractive
    from assistant.draft import ModelDrafter, WithFallback
    from assistant.llm import ChatModel

    return WithFallback(ModelDrafter(ChatModel(settings), evidence=True), extractive)
