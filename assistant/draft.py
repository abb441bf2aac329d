"""The drafter that lets a language model answer from the passages, and what happens where it fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from string import Template
from typing import Protocol

from assistant.errors import ModelError
from assistant.extract import keyed
from assistant.markers import parse, refuses, visible
from assistant.prompts import load
from assistant.records import Draft, Usage
from index.records import Hit

NO_ANSWER = "the language model says that the passages do not answer the question"
REFERENCE_NUMBER = re.compile(r"\s?\[\d{1,3}(?:\s?[,;–-]\s?\d{1,3})*\]")
FENCE = re.compile(r"<(?=/?\s*passage)", re.IGNORECASE)


class Drafter(Protocol):
    """Makes a draft of the hits. `name` is what the recipe says: "extractive", or the model's."""

    name: str

    def draft(self, question: str, hits: Sequence[Hit], *, on_text: Callable[[str], None] | None = None) -> Draft: ...


class Speaker(Protocol):
    """A language model: `llm.ChatModel`. Yields its answer in pieces, raises ModelError."""

    name: str

    def stream(self, system: str, user: str) -> Iterator[str]: ...


class ModelDrafter:
    """Lets a language model answer from the passages shown to it, fenced and with keys p1, p2, ...

    `characters` bounds the passages together: 12,000 are about 3,000 tokens, which fits the 4,096 that Ollama gives a
    model by default. Passages that do not fit are not shown.
    """

    def __init__(self, model: Speaker, *, characters: int = 12_000) -> None:
        self.model = model
        self.name = model.name
        self.characters = characters

    def draft(self, question: str, hits: Sequence[Hit], *, on_text: Callable[[str], None] | None = None) -> Draft:
        """What the model says, parsed. No sentences: it says that the passages do not answer. Raises ModelError."""
        shown = fitting(keyed(hits), self.characters)
        asked = prompt(question, shown)
        said = self._say(asked, on_text)
        usage = Usage(len(load("answer_system")) + len(asked), len(said))
        if refuses(said):
            return Draft((), shown, self.name, (NO_ANSWER,), usage)
        sentences = parse(said)
        if not sentences:
            raise ModelError(f"{self.name} wrote nothing that can be read as an answer", "try another model")
        return Draft(sentences, shown, self.name, usage=usage)

    def _say(self, user: str, on_text: Callable[[str], None] | None) -> str:
        said, told = "", 0
        for piece in self.model.stream(load("answer_system"), user):
            said += piece
            readable = visible(said)
            if on_text and len(readable) > told and not re.search(r"<[^>]{0,9}$", readable):
                on_text(readable[told:])
                told = len(readable)
        return said


class WithFallback:
    """A drafter that may fail, and one that does not: where the first raises ModelError the second answers, and a
    notice says so."""

    def __init__(self, first: Drafter, second: Drafter) -> None:
        self.first = first
        self.second = second
        self.name = first.name

    def draft(self, question: str, hits: Sequence[Hit], *, on_text: Callable[[str], None] | None = None) -> Draft:
        try:
            return self.first.draft(question, hits, on_text=on_text)
        except ModelError as error:
            draft = self.second.draft(question, hits, on_text=on_text)
            notice = f"the language model did not answer, so these are the papers' own sentences: {error}"
            return replace(draft, notices=(notice, *draft.notices))


def fitting(shown: Mapping[str, Hit], characters: int) -> dict[str, Hit]:
    """The first hits whose texts fit into so many characters together; always at least one."""
    kept: dict[str, Hit] = {}
    left = characters
    for key, hit in shown.items():
        left -= len(hit.passage.text)
        if left < 0 and kept:
            break
        kept[key] = hit
    return kept


def prompt(question: str, shown: Mapping[str, Hit]) -> str:
    """The message to the model: the passages, then the question."""
    passages = "\n\n".join(_fenced(key, hit) for key, hit in shown.items())
    return Template(load("answer_user")).substitute(passages=passages, question=" ".join(question.split()))


def _fenced(key: str, hit: Hit) -> str:
    """A passage between tags that its own text cannot close; its bracketed reference numbers would read as keys."""
    where = " > ".join((hit.paper.title, *hit.passage.section))
    body = FENCE.sub("‹", REFERENCE_NUMBER.sub("", hit.passage.text))
    return f'<passage key="{key}">\n({FENCE.sub("‹", where)})\n{body}\n</passage>'
