"""Word lists: which words say the same, which say the opposite. Plain files that people edit."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from assistant.claims import stem, words

Phrase = tuple[str, ...]  # stems, in order


@cache
def groups() -> dict[str, frozenset[int]]:
    """The groups of synonyms that a word's stem is in, by number; phrases are left to `phrases`."""
    found: dict[str, set[int]] = {}
    for number, line in enumerate(_lines("synonyms.txt")):
        for phrase in line:
            if len(phrase) == 1:
                found.setdefault(phrase[0], set()).add(number)
    return {one: frozenset(numbers) for one, numbers in found.items()}


@cache
def phrases() -> tuple[tuple[Phrase, int], ...]:
    """Synonyms of several words ("sparse autoencoder"), each with its group's number."""
    return tuple((p, n) for n, line in enumerate(_lines("synonyms.txt")) for p in line if len(p) > 1)


@cache
def opposites() -> dict[str, frozenset[str]]:
    """The stems that turn a stem's meaning round."""
    found: dict[str, set[str]] = {}
    for line in _lines("opposites.txt"):
        one, other = (phrase[0] for phrase in line)
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return {one: frozenset(others) for one, others in found.items()}


def _lines(name: str) -> Iterator[list[Phrase]]:
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            yield [tuple(stem(w) for w in words(part)) for part in line.split(",") if words(part)]
