"""Where a quote lies in a page: exact but for white space, hyphens, ligatures, quotation marks and case."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

MIN_KEY = 8  # characters of a key: shorter quotes ("the model") are found on every page and prove nothing


def key(text: str) -> str:
    """What two texts must share to be the same words: NFKC, case folded, letters and digits only.

    Law: the key of a text is the joined keys of its clusters, so offsets can be carried back.
    """
    return "".join(folded for _, folded in _clusters(text))


def locate(quote: str, text: str) -> tuple[int, int] | None:
    """Offsets of `quote` in `text` (first occurrence): `text[start:end]` has the key of `quote`.

    Punctuation that both have around the words is kept. Where the quote begins or ends inside a ligature the whole
    ligature is taken. None when the quote is not there, or has under MIN_KEY letters and digits.
    """
    wanted = key(quote)
    if len(wanted) < MIN_KEY:
        return None
    folded, starts, ends = _keyed(text)
    at = folded.find(wanted)
    if at < 0:
        return None
    return _with_punctuation(quote, text, starts[at], ends[at + len(wanted) - 1])


def _with_punctuation(quote: str, text: str, start: int, end: int) -> tuple[int, int]:
    stripped = quote.strip()
    inside = [i for i, c in enumerate(stripped) if c.isalnum()]
    before, after = (stripped[: inside[0]], stripped[inside[-1] + 1 :]) if inside else ("", "")
    if before and text.endswith(before, 0, start):
        start -= len(before)
    if after and text.startswith(after, end):
        end += len(after)
    return start, end


@lru_cache(maxsize=64)  # pages of one answer: every citation asks for the same few, 4 ms each
def _keyed(text: str) -> tuple[str, list[int], list[int]]:
    """The key of a text, and for each of its characters where the cluster that made it starts and ends."""
    folded: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    position = 0
    for cluster, characters in _clusters(text):
        folded.append(characters)
        starts.extend([position] * len(characters))
        position += len(cluster)
        ends.extend([position] * len(characters))
    return "".join(folded), starts, ends


def _clusters(text: str) -> list[tuple[str, str]]:
    """The text cut where NFKC composes nothing across the cut, each piece with its key."""
    pieces: list[str] = []
    for character in text:
        if pieces and not character.isascii() and _composes(pieces[-1], character):
            pieces[-1] += character
        else:
            pieces.append(character)
    return [(piece, _folded(piece)) for piece in pieces]


@lru_cache(maxsize=4096)
def _composes(before: str, character: str) -> bool:
    if unicodedata.combining(character):
        return True  # it may move past other marks to its letter
    whole = unicodedata.normalize("NFKC", before + character)
    return whole != unicodedata.normalize("NFKC", before) + unicodedata.normalize("NFKC", character)


@lru_cache(maxsize=4096)
def _folded(piece: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", piece).casefold() if c.isalnum())
