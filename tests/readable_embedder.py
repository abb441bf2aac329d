"""An honest little embedder whose vectors can be read: each dimension is a bucket of stemmed words.

Two texts are near exactly when they share words. It loads nothing, is the same on every machine, and does a few
hundred thousand words a second, so tests of everything above the embedder stay fast.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

WORD = re.compile(r"\w+")
ENDINGS = ("ations", "ation", "ings", "ing", "ers", "er", "ies", "ed", "es", "s", "y")
STOP = frozenset(
    {"a", "an", "and", "are", "as", "at", "be", "by", "do", "does", "for", "from", "how", "in", "is", "it", "of", "on"}
    | {"or", "that", "the", "this", "to", "was", "what", "which", "with"}
)


def stem(word: str) -> str:
    """A word without its ending, where at least three letters stay: "features" -> "featur", "probing" -> "prob"."""
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)].rstrip("e")
    return word.rstrip("e") if len(word) > 3 else word


def stems(text: str) -> list[str]:
    """The stemmed words of a text in order, the commonest English words aside."""
    return [stem(word) for word in WORD.findall(text.casefold()) if word not in STOP]


class ReadableEmbedder:
    """Hashed bag of stemmed words, square roots of the counts, L2-normalised. The last dimension means "no words"."""

    def __init__(self, *, name: str = "readable", dimension: int = 128, max_tokens: int = 256) -> None:
        self.name = name
        self.dimension = dimension
        self.max_tokens = max_tokens
        self.embedded = 0
        """How many texts were embedded so far: what a second sync must leave alone."""

    def embed(self, texts: Sequence[str], *, on_done: Callable[[int], None] | None = None) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            vectors[row] = self._vector(text)
            self.embedded += 1
            if on_done:
                on_done(row + 1)
        return vectors

    def count_tokens(self, text: str) -> int:
        """Words and punctuation marks, about what a subword tokenizer makes of plain English."""
        return len(re.findall(r"\w+|[^\w\s]", text))

    def bucket(self, word: str) -> int:
        """The dimension that a word counts in."""
        return zlib.crc32(stem(word.casefold()).encode()) % (self.dimension - 1)

    def _vector(self, text: str) -> NDArray[np.float32]:
        counts = np.zeros(self.dimension, dtype=np.float32)
        for word in stems(text)[: self.max_tokens]:
            counts[zlib.crc32(word.encode()) % (self.dimension - 1)] += 1
        if not counts.any():
            counts[-1] = 1
        roots: NDArray[np.float32] = np.sqrt(counts)
        roots /= np.linalg.norm(roots)
        return roots
