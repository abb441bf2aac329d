"""Names with numbers ("Llama 2 70B", "SemEval 2013"): one number off, and another thing is meant."""

from __future__ import annotations

import re

from assistant.claims import STOP_WORDS
from assistant.locate import key
from assistant.sentences import split

NAME = re.compile(
    r"\b[A-Z][A-Za-z]*(?:[ -][A-Z][A-Za-z]*)*(?:[ -]?\d+(?:\.\d+)?[A-Za-z]*\b)(?:[ -]\d+(?:\.\d+)?[A-Za-z]*\b)*"
)
PART = re.compile(r"\d+(?:\.\d+)?[a-z]*|[a-z]+")
# Capitals before a number that name a place in a text or in time.
PLACE_TEXT = (
    "figure fig table section sec appendix equation eq chapter page layer head step part algorithm theorem lemma line "
    "experiment january february march april may june july august september october november december"
)
PLACES = frozenset(PLACE_TEXT.split())


def numbered_names(question: str) -> tuple[str, ...]:
    """Those of a question, as they stand; a capital that only opens a sentence makes no name."""
    found = []
    for match in NAME.finditer(question):
        words = match[0].split(" ")
        opens = not question[: match.start()].rstrip(" \"'“(") or question[: match.start()].rstrip()[-1:] in ".?!:"
        while words and (_no_name(words[0]) or (opens and words[0][1:].isalpha() and words[0][1:].islower())):
            words, opens = words[1:], False
        if words and words[0][:1].isalpha() and re.search(r"\d", " ".join(words)):
            found.append(" ".join(words))
    return tuple(dict.fromkeys(found))


def stands_in(name: str, text: str) -> bool:
    """Whether a text has the name, however it is written ("GPT 2", "gpt2"), or all its parts in one sentence ("Llama 2
    with 7B, 13B and 70B parameters")."""
    if key(name) in key(text):
        return True
    parts = [rf"(?<![a-z\d.]){re.escape(part)}(?![a-z]|\.?\d)" for part in PART.findall(name.casefold())]
    said = text.casefold()
    if not all(re.search(part, said) for part in parts):
        return False
    return any(all(re.search(part, said[a:b]) for part in parts) for a, b in split(text))


def _no_name(word: str) -> bool:
    return word.casefold() in STOP_WORDS or word.casefold().rstrip(".") in PLACES
