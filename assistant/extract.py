"""The drafter that needs no language model: it answers in the papers' own sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from assistant.candidates import Candidate, Weights, candidates, likeness, merged, rarity, share
from assistant.claims import content_words, stem, stems
from assistant.questions import kind_of, subject
from assistant.records import Draft, DraftSentence
from index.records import Hit

Embed = Callable[[Sequence[str]], NDArray[np.float32]]  # an Embedder's: (n, dimension), L2-normalised


@dataclass(frozen=True, slots=True)
class Balance:
    """How much each sign counts. Chosen on 74 questions to 12 papers with human answers (paper-qa-23, six sentences of
    eight passages): share of the answer's words found .39 by words alone, .47 by meaning and words alike, .48 so."""

    meaning: float = 0.65  # cosine of sentence and question; without an embedder, words weigh this too
    words: float = 0.1  # share of the question's words in the sentence, rare ones count more
    passage: float = 0.25  # the score of the hit it stands in
    news: float = 0.15  # question words that no chosen sentence has yet
    repetition: float = 0.3  # likeness to a sentence that was chosen already
    own: float = 0.93  # factor for glossary and notes: the source itself goes first
    floor: float = 0.7  # no sentence of under this share of the best one's score...
    few: int = 3  # ...and up to this many, of under .8 of the floor


class ExtractiveDrafter:
    """Chooses the sentences of the hits that answer the question.

    `embed` lets it compare meanings: about .3 s for 40 sentences on two cores. `document_frequency` and `passage_count`
    (a Search's) say how rare a word is; without them a word is as rare as it is among the hits.
    """

    name = "extractive"

    def __init__(
        self,
        *,
        embed: Embed | None = None,
        document_frequency: Callable[[str], int] | None = None,
        passage_count: Callable[[], int] | None = None,
        sentences: int = 6,  # the most; a reader checks five quotes, not fifteen
        per_passage: int = 2,
        considered: int = 40,  # sentences that are embedded: the best by words and hit
        balance: Balance = Balance(),
    ) -> None:
        self.embed = embed
        self.document_frequency = document_frequency
        self.passage_count = passage_count
        self.sentences = sentences
        self.per_passage = per_passage
        self.considered = considered
        self.balance = balance

    def draft(self, question: str, hits: Sequence[Hit], *, on_text: Callable[[str], None] | None = None) -> Draft:
        """The answer in sentences of the hits. `on_text` gets each as it will stand. No sentences: nothing fits."""
        shown = keyed(hits)
        kind = kind_of(question)
        weights = self._weights(question, hits)
        found = self._best_first(candidates(kind, subject(question), shown, weights))[: self.considered]
        measured = self._best_first(by_meaning(question, found, self.embed) if self.embed else found)
        chosen = self._choose(merged(measured), weights)
        sentences = tuple(map(_sentence, in_order(chosen)))
        if on_text:
            for sentence in sentences:
                on_text(sentence.text + " ")
        return Draft(sentences, shown, self.name)

    def _weights(self, question: str, hits: Sequence[Hit]) -> Weights:
        if self.document_frequency is None or self.passage_count is None:
            texts = [stems(hit.passage.text) for hit in hits]
            return {s: rarity(sum(s in t for t in texts), len(texts)) for s in sorted(stems(question))}
        total = self.passage_count()
        return {stem(w): rarity(self.document_frequency(w), total) for w in content_words(question)}

    def _best_first(self, found: Iterable[Candidate]) -> list[Candidate]:
        return sorted(found, key=lambda c: (-score(c, self.balance), c.rank, c.at))

    def _choose(self, found: Sequence[Candidate], weights: Weights) -> list[Candidate]:
        """Greedily the sentence that adds most, until what is left is much weaker than the first."""
        chosen: list[Candidate] = []
        left = list(found)
        best = score(left[0], self.balance) if left else 0.0
        while left and len(chosen) < self.sentences:
            candidate = max(left, key=lambda c: gain(c, chosen, weights, self.balance))
            left.remove(candidate)
            floor = self.balance.floor * (0.8 if len(chosen) < self.balance.few else 1.0)
            if chosen and gain(candidate, chosen, weights, self.balance) < floor * best:
                break
            if sum(c.key == candidate.key for c in chosen) < self.per_passage:
                chosen.append(candidate)
        return chosen


def keyed(hits: Sequence[Hit]) -> dict[str, Hit]:
    """The hits by the keys that an answer cites them with: p1, p2, ... in the order given."""
    return {f"p{n}": hit for n, hit in enumerate(hits, start=1)}


def by_meaning(question: str, found: Sequence[Candidate], embed: Embed) -> list[Candidate]:
    """The candidates with their vectors and cosines to the question."""
    if not found:
        return []
    vectors = embed([question, *(c.text for c in found)])
    return [replace(c, vector=v, cosine=float(v @ vectors[0])) for c, v in zip(found, vectors[1:], strict=True)]


def score(candidate: Candidate, balance: Balance) -> float:
    """How well a sentence answers by itself, about 0 to 1."""
    c = candidate
    meaning = c.words if c.cosine is None else max(c.cosine, 0.0)
    fit = balance.meaning * meaning + balance.words * c.words + balance.passage * c.passage
    return c.form * (balance.own if c.own else 1.0) * (fit + c.suits)


def gain(candidate: Candidate, chosen: Sequence[Candidate], weights: Weights, balance: Balance) -> float:
    """What a sentence adds to those chosen: its score, plus question words they lack, less what they say already."""
    have = frozenset().union(*(c.stems for c in chosen))
    news = share(candidate.stems | have, weights) - share(have, weights) if chosen else 0.0
    repeated = max((likeness(candidate, c) for c in chosen), default=0.0)
    return score(candidate, balance) + balance.news * news - balance.repetition * max(repeated - 0.5, 0.0)


def in_order(chosen: Sequence[Candidate]) -> list[Candidate]:
    """As they will be read: the one that answers best first (a definition, where one is asked for), then by hit and
    place in it. `chosen` comes best first."""
    return [*chosen[:1], *sorted(chosen[1:], key=lambda c: (c.rank, c.at))]


def _sentence(candidate: Candidate) -> DraftSentence:
    quotes = {candidate.key: candidate.quote, **dict(candidate.also)}
    return DraftSentence(candidate.text, tuple(quotes), quotes)
