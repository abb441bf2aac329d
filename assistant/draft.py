"""The drafter that lets a language model answer from the passages, and what happens where it fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from string import Template
from typing import Protocol, runtime_checkable

from assistant.condense import Judged, condensed, relevant
from assistant.errors import ModelError
from assistant.extract import keyed
from assistant.fence import fenced
from assistant.looping import looping
from assistant.markers import parse, refuses, visible
from assistant.prompts import load
from assistant.records import Draft, DraftSentence, Usage
from assistant.speaking import Counted
from assistant.speaking import Speaker as Speaker
from index.records import Hit

NO_ANSWER = "the language model says that the passages do not answer the question"
IN_CIRCLES = "the language model began to repeat itself and was stopped there"
MAX_REPHRASED = 400  # characters of a follow-up made to stand alone


class Drafter(Protocol):
    """Makes a draft of the hits. `name` is what the recipe says: "extractive", or the model's."""

    name: str

    def draft(self, question: str, hits: Sequence[Hit], *, on_text: Callable[[str], None] | None = None) -> Draft: ...


@runtime_checkable
class Assisting(Protocol):
    """What a drafter with a language model can do beyond drafting. Both give up quietly: (None, usage so far)."""

    def rewrite(
        self, sentence: DraftSentence, reason: str, shown: Mapping[str, Hit]
    ) -> tuple[DraftSentence | None, Usage | None]: ...
    def rephrase(self, question: str, history: Sequence[str]) -> tuple[str | None, Usage | None]: ...


class ModelDrafter:
    """Lets a language model answer from the passages shown to it, fenced and with keys p1, p2, ...

    `characters` bounds the passages together: 12,000 are about 3,000 tokens, which fits the 4,096 that Ollama gives a
    model by default. Passages that do not fit are not shown. `evidence` has each passage scored and condensed first.
    """

    def __init__(self, model: Speaker, *, characters: int = 12_000, evidence: bool = False) -> None:
        self.model = model
        self.name = model.name
        self.characters = characters
        self.evidence = evidence

    def draft(self, question: str, hits: Sequence[Hit], *, on_text: Callable[[str], None] | None = None) -> Draft:
        """What the model says, parsed. No sentences: it says that the passages do not answer. Raises ModelError."""
        shown, model = fitting(keyed(hits), self.characters), Counted(self.model)
        judged = condensed(model, question, shown) if self.evidence and len(shown) > 1 else {}
        shown = {key: shown[key] for key in relevant(shown, judged)}
        said = model.say(load("answer_system"), prompt(question, shown, judged), _readable(on_text))
        if refuses(said):
            return Draft((), shown, self.name, (NO_ANSWER,), model.usage)
        sentences = parse(said)
        if not sentences:
            raise ModelError(f"{self.name} wrote nothing that can be read as an answer", "try another model")
        return Draft(sentences, shown, self.name, (IN_CIRCLES,) if looping(said) else (), model.usage)

    def rewrite(
        self, sentence: DraftSentence, reason: str, shown: Mapping[str, Hit]
    ) -> tuple[DraftSentence | None, Usage | None]:
        """The sentence as its passages bear it out; None where the model drops it, fails, or writes none."""
        model = Counted(self.model)
        passages = "\n\n".join(fenced(key, shown[key]) for key in sentence.keys if key in shown)
        asked = Template(load("rewrite_user")).substitute(passages=passages, sentence=sentence.text, reason=reason)
        try:
            said = parse(model.say(load("rewrite_system"), asked))
        except ModelError:
            return None, model.usage
        kept = said[0] if len(said) == 1 and set(said[0].keys) <= set(shown) else None
        if kept is None or kept.text.strip(" .").casefold() == "drop":
            return None, model.usage
        return replace(kept, keys=kept.keys or sentence.keys), model.usage

    def rephrase(self, question: str, history: Sequence[str]) -> tuple[str | None, Usage | None]:
        """A follow-up as a question that stands alone; None where the model fails or writes something else."""
        model = Counted(self.model)
        earlier = "\n".join(f"- {' '.join(one.split())}" for one in history)
        asked = Template(load("rephrase_user")).substitute(earlier=earlier, question=" ".join(question.split()))
        try:
            said = " ".join(visible(model.say(load("rephrase_system"), asked)).split()).strip(" \"'`*")
        except ModelError:
            return None, model.usage
        said = re.sub(r"^(?:standalone )?question\s*:\s*", "", said, flags=re.IGNORECASE)
        return (said if said.endswith("?") and len(said) <= MAX_REPHRASED else None), model.usage


def _readable(on_text: Callable[[str], None] | None) -> Callable[[str], None] | None:
    """Hands on what is new of what the reader may see: no thinking, no half of a tag."""
    told = 0

    def tell(said: str) -> None:
        nonlocal told
        readable = visible(said)
        if on_text and len(readable) > told and not re.search(r"<[^>]{0,9}$", readable):
            on_text(readable[told:])
            told = len(readable)

    return tell if on_text else None


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


def behind(drafter: Drafter, author: str) -> Drafter | None:
    """The drafter that answers where the first one cannot; None where there is none, or it has answered already."""
    return drafter.second if isinstance(drafter, WithFallback) and author == drafter.first.name else None


def assisting(drafter: Drafter, author: str) -> Assisting | None:
    """The drafter's language model for what comes after drafting; None where it has none, or that one failed."""
    inner = drafter.first if isinstance(drafter, WithFallback) else drafter
    return inner if inner.name == author and isinstance(inner, Assisting) else None


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


def prompt(question: str, shown: Mapping[str, Hit], judged: Mapping[str, Judged] | None = None) -> str:
    """The message to the model: the passages, condensed where they were, then the question."""
    texts = {key: one.text for key, one in (judged or {}).items()}
    passages = "\n\n".join(fenced(key, hit, texts.get(key, "")) for key, hit in shown.items())
    return Template(load("answer_user")).substitute(passages=passages, question=" ".join(question.split()))
