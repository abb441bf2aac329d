"""The nouns that the index makes: Hit, a passage that was found, and Explanation, why it has its place."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.records import Paper, Passage


@dataclass(frozen=True, slots=True)
class Added:
    """A name that a question was also searched by: `name` stands in for `instead`, on the word of `source`."""

    name: str
    instead: str
    source: str


@dataclass(frozen=True, slots=True)
class Part:
    """What one sign that a passage answers the question gives to its score."""

    name: str
    share: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a hit came to its place. Ranks and places count from 1.

    `meaning_part` and `words_part` add up to the fused score, with 1 more where the passage is `verbatim`: it holds the
    question, or what the question has in quotation marks, word for word; `fused_place` is the place by that score.
    Where the best were ranked again, `parts` add up to the score (with the same 1 more), else there are none. `place`
    is the one by the score, before any passage was left out; `shared` are words of the question that the passage has,
    `names` authors that the question names, `added` other names (of the whole question) that brought words in. `capped`
    better placed passages were left out because their paper had its share already, and `repeats` are passages left out
    because this one says the same.
    """

    place: int
    meaning_part: float
    words_part: float
    verbatim: bool = False
    shared: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    added: tuple[Added, ...] = ()
    capped: int = 0
    repeats: tuple[str, ...] = ()
    fused_place: int = 0
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a question. Hits come best first.

    `score` is what the hits are ordered by (0 to 1, 1 more for a passage that holds the question word for word;
    comparable within one search only); `similarity` the cosine of question and
    passage (-1 to 1), `bm25` the score by words (0 and up); `rank_meaning` and `rank_words` count from 1, None where
    that leg did not find it; `why` says it in words, `explanation` in full.
    """

    passage: Passage
    paper: Paper
    score: float
    similarity: float | None = None
    bm25: float | None = None
    rank_meaning: int | None = None
    rank_words: int | None = None
    why: str = ""
    explanation: Explanation | None = None
