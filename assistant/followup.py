"""A follow-up question made to stand alone without a language model: the topic's terms are carried over."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.claims import content_words, stem, stems

# Words that point back to what was asked before; a question with few words of its own leans on it as well.
POINTS_BACK = re.compile(
    r"\b(?:it|its|they|them|their|this|that|these|those|he|she|his|her|one|ones|there|such|same|former|latter|both|"
    r"either|neither|another|other|others|then|instead|two|three|each|first|second)\b"
    r"|\bthe (?:\w+ )?(?:exception|authors?|"
    r"paper|method|approach|result|effect|model|test|score|circuit|figure|difference)s?\b",
    re.IGNORECASE,
)
OPENS = re.compile(
    r"^(?:and|but|so|or|also|ok(?:ay)?|what about|how about|why|why not|which one|in which|by how much)\b", re.I
)
# Asks what something is, and names it: whatever follows ("and how is it explained?") points to that.
DEFINES = re.compile(
    r"^(?:what|who) (?:is|are|was|were) (?:an? )?(?!(?:the|its?|this|that|these|those|such|they|there)\b)\w",
    re.IGNORECASE,
)
FEW = 2  # content words: a question with fewer ("Which layers?") is seldom one by itself
MOST = 12  # terms carried over: more would drown the question itself


def leans(question: str) -> bool:
    """Whether a question can hardly be understood without the one before it."""
    if DEFINES.search(question.strip()) and content_words(question):
        return False
    return bool(OPENS.search(question.strip()) or POINTS_BACK.search(question) or len(content_words(question)) < FEW)


def standalone(question: str, history: Sequence[str]) -> str:
    """The question with the terms of the earlier ones that it leaves out, the last one's first; as it is where it
    leans on none. Where the last question leans itself, the one before it counts too."""
    if not history or not leans(question):
        return question
    topic: list[str] = []
    for earlier in reversed(history):
        topic += _terms(earlier)
        if not leans(earlier):
            break
    have = stems(question)
    carried = [w for w in dict.fromkeys(topic) if stem(w) not in have][:MOST]
    return f"{question.rstrip()} ({' '.join(carried)})" if carried else question


def _terms(question: str) -> list[str]:
    """The content words as they are written, names with their capitals and hyphens."""
    wanted = stems(question)
    found = re.findall(r"[^\W_]+(?:[-'’][^\W_]+)*", question)
    return [w for w in found if stems(w) & wanted]
