"""Other names for what a question speaks of: the glossary's, and abbreviations from the papers, each of them both ways.

"What do SAEs learn?" is also searched as "sparse autoencoder", one about indirect object identification as "IOI".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from index.records import Added

Stems = Callable[[str], Sequence[str]]
Key = tuple[str, ...]

WORD = re.compile(r"[^\W_]+")
LONGEST = 6  # words of a name that is looked for in a question
MOST = 6  # names added to one question: more drown it
HELD = 10_000  # words whose stem is remembered
MEANINGS = 2  # long forms of one abbreviation, those of most sources


@dataclass(frozen=True, slots=True)
class Other:
    """A name that leads to another. `spelled`: the question must have it in just this spelling ("IT" is not "it")."""

    name: str
    source: str
    spelled: str = ""


class Names:
    """Which names mean the same. `stems` cuts a text into stems, as the word index does."""

    def __init__(self, stems: Stems) -> None:
        self._stems = stems
        self._stem = lru_cache(HELD)(lambda word: next(iter(stems(word)), ""))
        self._others: dict[Key, list[Other]] = {}

    def add_glossary(self, groups: Iterable[Sequence[str]]) -> None:
        """Names that the glossary gives one thing: each of them leads to the others."""
        for names in groups:
            for name in names:
                self._add(name, [Other(other, "glossary") for other in names if other != name])

    def add_abbreviations(self, by_source: Mapping[str, Mapping[str, str]]) -> None:
        """Short forms with their long forms, source by source; of a short form's meanings, those of most sources."""
        counts: dict[str, dict[str, int]] = {}
        for forms in by_source.values():
            for short, long in forms.items():
                longs = counts.setdefault(short, {})
                longs[long] = longs.get(long, 0) + 1
        for short, longs in counts.items():
            for long in sorted(longs, key=lambda one: (-longs[one], one))[:MEANINGS]:
                source = f"abbreviated in {longs[long]} source{'s' if longs[long] > 1 else ''}"
                self._add(short, [Other(long, source, spelled=short)])
                self._add(long, [Other(short, source)])

    def expand(self, question: str) -> tuple[Added, ...]:
        """Other names for what a question names, the longest name at a place first; none that stands in it already."""
        words = [(word, self._stem(word)) for word in WORD.findall(question)]
        have = {stem for _, stem in words}
        found: dict[Key, Added] = {}
        taken: set[int] = set()
        for start, end in self._named([stem for _, stem in words]):
            spelled = " ".join(word for word, _ in words[start:end])
            others = self._fitting(tuple(stem for _, stem in words[start:end]), spelled)
            if not others or not taken.isdisjoint(range(start, end)):
                continue
            taken.update(range(start, end))
            for other in others:
                key = tuple(self._stems(other.name))
                if not set(key) <= have:
                    found.setdefault(key, Added(other.name, spelled, other.source))
        return tuple(found.values())[:MOST]

    def _named(self, stems: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Where names stand in a question (from, to), longest first."""
        for length in range(min(LONGEST, len(stems)), 0, -1):
            for start in range(len(stems) - length + 1):
                if tuple(stems[start : start + length]) in self._others:
                    yield start, start + length

    def _fitting(self, key: Key, spelled: str) -> list[Other]:
        bare = (spelled, spelled.removesuffix("s"))
        return [other for other in self._others.get(key, ()) if not other.spelled or other.spelled in bare]

    def _add(self, name: str, others: Sequence[Other]) -> None:
        known = self._others.setdefault(tuple(self._stems(name)), [])
        known += [other for other in others if other.name not in {one.name for one in known}]
