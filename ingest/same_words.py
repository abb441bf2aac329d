"""When two texts are the same words: exact but for white space, hyphens, ligatures, quotation marks and case."""

from __future__ import annotations

import unicodedata
from functools import lru_cache


def key(text: str) -> str:
    """What two texts must share to be the same words: NFKC, case folded, letters and digits only.

    Law: the key of a text is the joined keys of its clusters, so offsets can be carried back.
    """
    return "".join(folded for _, folded in _clusters(text))


@lru_cache(maxsize=64)  # pages of one answer: every citation asks for the same few, 4 ms each
def keyed(text: str) -> tuple[str, list[int], list[int]]:
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
