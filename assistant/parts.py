"""The parts of an answer as they are shown: what comes to the point first, then the rest under its own heading."""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

from assistant.records import Answer, Part, Sentence

HEADINGS: dict[Part, str] = {
    "": "",
    "lead": "In short",
    "both": "Both",
    "one": "The first",
    "other": "The second",
    "more": "More from the vault",
    "aside": "Further passages",
}


class Group(NamedTuple):
    """Sentences that are shown together, in order; `folded` where they are shown on demand only."""

    part: Part
    heading: str
    sentences: tuple[Sentence, ...]

    @property
    def folded(self) -> bool:
        return self.part == "aside"


def groups(answer: Answer) -> list[Group]:
    """The sentences of an answer by their parts, in its order; one group without a heading where it has no parts."""
    named = (name[:1].upper() + name[1:] for name in answer.compared)
    headings = HEADINGS | dict(zip(("one", "other"), named, strict=False))
    return [
        Group(part, headings[part], tuple(sentences)) for part, sentences in groupby(answer.sentences, lambda s: s.part)
    ]


def pointed(sentence: Sentence) -> tuple[str, str, str]:
    """A sentence's text before its point, the point, and after it; all of the text and twice "" where it has none."""
    if sentence.point is None:
        return sentence.text, "", ""
    start, end = sentence.point
    return sentence.text[:start], sentence.text[start:end], sentence.text[end:]
