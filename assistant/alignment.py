"""A sentence laid over its quote, word by word: what stands in the place of what.

A sentence that repeats its quote but for one word says something else, even where the quote has that word too, in
another place ("larger ones are incomplete" of "smaller ones are incomplete, larger ones ...").
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

from assistant.claims import STOP_WORDS, numbers, stem, words
from assistant.lexicon import opposites
from assistant.terms import FRAME, is_name, same_meaning

LONGEST = 3  # words replaced in a row that are still compared one by one: more is another clause


def replaced(sentence: str, quote: str, *, context: str = "") -> Iterator[tuple[str, str]]:
    """(word of the sentence, word of the quote in its place), where the words around agree and the two do not.

    A word of `context`, the source's title and section, may name what the quote does not ("GPT" for "the model").
    """
    known = frozenset(stem(w) for w in words(context))
    ours, theirs = words(sentence), words(quote)
    a, b = [stem(w) for w in ours], [stem(w) for w in theirs]
    for tag, i, i_end, j, j_end in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag != "replace" or i_end - i != j_end - j or i_end - i > LONGEST:
            continue
        said_there, meant_there = " ".join(ours[i:i_end]), " ".join(theirs[j:j_end])
        if numbers(said_there, anywhere=True) & numbers(meant_there, anywhere=True):  # "7" and "seven"
            continue
        if _framed(a, b, i, j, -1) and _framed(a, b, i_end - 1, j_end - 1, 1):
            for said, meant in zip(ours[i:i_end], theirs[j:j_end], strict=True):
                stands_for = stem(said) in known and is_name(said, sentence) and not is_name(meant, quote)
                if _matters(said, meant) and not stands_for:
                    yield said, meant


def _framed(a: list[str], b: list[str], i: int, j: int, step: int) -> bool:
    """Whether the words beside both places are the same, or both texts end there."""
    i, j = i + step, j + step
    ends = (not 0 <= i < len(a)), (not 0 <= j < len(b))
    return all(ends) if any(ends) else a[i] == b[j]


def _matters(said: str, meant: str) -> bool:
    one, other = stem(said), stem(meant)
    if one == other or same_meaning(one, other) or one in FRAME or other in FRAME:
        return False
    function_words = (said.casefold() in STOP_WORDS, meant.casefold() in STOP_WORDS)
    return other in opposites().get(one, ()) or not any(function_words)
