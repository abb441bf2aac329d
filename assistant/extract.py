"""The drafter that needs no language model: it answers in the papers' own sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from assistant.arrange import TO_THE_LETTER, arranged
from assistant.candidates import Candidate, Weights, candidates, likeness, merged, rarity, share
from assistant.claims import content_words, stem, stems
from assistant.point import point
from assistant.questions import QuestionKind, form_of, kind_of, side_heads, side_names, subject
from assistant.records import Draft, DraftSentence, Part, Stretch
from assistant.weigh import FITTED, Weighing
from index.records import Hit


@dataclass(frozen=True, slots=True)
class Balance:
    """How the sentences of an answer are weighed against each other; on the scale of `weigh.worth`. Chosen on the
    development cases: floors of .48 and .4 state .385 and .402 of the facts in 207 and 217 words; hardly moved by the
    other two."""

    news: float = 0.1  # question words that no chosen sentence has yet
    repetition: float = 0.3  # likeness to a sentence that was chosen already
    floor: float = 0.4  # no sentence of under this share of the best one's gain


# How well each of some sentences answers a question, by any scale; and where in one the answer stands.
Chooser = Callable[[str, Sequence[str]], Sequence[float] | None]
Pointer = Callable[[str, str], Stretch | None]
POOL = 12  # sentences, the best by their signs, of which a chooser names the one to lead with
MOST: dict[QuestionKind, int] = {"definition": 4, "yes-no": 5}  # sentences, where a few answer


class ExtractiveDrafter:
    """Chooses the sentences of the hits that answer the question.

    `document_frequency` and `passage_count` (a Search's) say how rare a word is; without them a word is as rare as it
    is among the hits. `chooser` says which sentence to lead with, where there is a better judge than the signs that
    choose them all; `pointer` where in the lead the answer stands.
    """

    name = "extractive"

    def __init__(
        self,
        *,
        document_frequency: Callable[[str], int] | None = None,
        passage_count: Callable[[], int] | None = None,
        sentences: int = 7,  # the most, about 200 words: a reader checks a handful of quotes, not fifteen
        per_passage: int = 3,
        balance: Balance = Balance(),
        weighing: Weighing = FITTED,
        chooser: Chooser | None = None,
        pointer: Pointer = point,
    ) -> None:
        self.document_frequency = document_frequency
        self.passage_count = passage_count
        self.sentences = sentences
        self.per_passage = per_passage
        self.balance = balance
        self.weighing = weighing
        self.chooser = chooser
        self.pointer = pointer

    def draft(self, question: str, hits: Sequence[Hit], *, on_text: Callable[[str], None] | None = None) -> Draft:
        """The answer in sentences of the hits. `on_text` gets each as it will stand. No sentences: nothing fits."""
        shown = keyed(hits)
        kind = kind_of(question)
        weights = self._weights(question, hits)
        found = self._best_first(candidates(kind, subject(question), shown, weights))
        found = merged(found)
        chosen = self._choose(found, weights, min(self.sentences, MOST.get(kind, self.sentences)))
        first = None if defined(kind, found) else self._first(question, found, shown)
        chosen = [*([first] if first and first not in chosen else []), *chosen]
        order = arranged(chosen, form_of(question), self.weighing.worth, side_heads(question), first)
        sentences = tuple(self._sentence(candidate, part, question) for candidate, part in order)
        if on_text:
            for sentence in sentences:
                on_text(sentence.text + " ")
        return Draft(sentences, shown, self.name, compared=side_names(question))

    def _weights(self, question: str, hits: Sequence[Hit]) -> Weights:
        if self.document_frequency is None or self.passage_count is None:
            texts = [stems(hit.passage.text) for hit in hits]
            return {s: rarity(sum(s in t for t in texts), len(texts)) for s in sorted(stems(question))}
        total = self.passage_count()
        return {stem(w): rarity(self.document_frequency(w), total) for w in content_words(question)}

    def _first(self, question: str, found: Sequence[Candidate], shown: Mapping[str, Hit]) -> Candidate | None:
        """The sentence that the chooser would lead with; None without one. It reads each behind its source's title."""
        pool = found[:POOL]
        if self.chooser is None or not pool:
            return None
        scores = self.chooser(question, [f"{shown[c.key].paper.title.rstrip('.')}. {c.text}" for c in pool])
        return pool[max(range(len(pool)), key=scores.__getitem__)] if scores else None

    def _sentence(self, candidate: Candidate, part: Part, question: str) -> DraftSentence:
        quotes = {candidate.key: candidate.quote, **dict(candidate.also)}
        answers = self.pointer(question, candidate.text) if part == "lead" else None
        return DraftSentence(candidate.text, tuple(quotes), quotes, part, answers)

    def _best_first(self, found: Iterable[Candidate]) -> list[Candidate]:
        return sorted(found, key=lambda c: (-self.weighing.worth(c), c.rank, c.at))

    def _choose(self, found: Sequence[Candidate], weights: Weights, most: int) -> list[Candidate]:
        """Greedily the sentence that adds most, until what is left is much weaker than the first. At most `most`."""
        chosen: list[Candidate] = []
        left = list(found)
        best = self.weighing.worth(left[0]) if left else 0.0
        while left and len(chosen) < most:
            gain, place = max((self._gain(c, chosen, weights), -n) for n, c in enumerate(left))
            candidate = left.pop(-place)
            if gain < self.balance.floor * best:
                break
            if sum(c.key == candidate.key for c in chosen) < self.per_passage:
                chosen.append(candidate)
        return chosen

    def _gain(self, candidate: Candidate, chosen: Sequence[Candidate], weights: Weights) -> float:
        """What a sentence adds to those chosen: its worth, plus question words they lack, less what they say too."""
        have = frozenset().union(*(c.stems for c in chosen))
        news = share(candidate.stems | have, weights) - share(have, weights) if chosen else 0.0
        repeated = max((likeness(candidate, c) for c in chosen), default=0.0)
        return (
            self.weighing.worth(candidate)
            + self.balance.news * news
            - self.balance.repetition * max(repeated - 0.5, 0.0)
        )


def defined(kind: QuestionKind, found: Sequence[Candidate]) -> bool:
    """Whether a definition is asked for and one of the subject is among the best: "X is ..." leads before whatever else
    speaks of X."""
    return kind == "definition" and any(c.suits >= TO_THE_LETTER for c in found[:POOL])


def keyed(hits: Sequence[Hit]) -> dict[str, Hit]:
    """The hits by the keys that an answer cites them with: p1, p2, ... in the order given."""
    return {f"p{n}": hit for n, hit in enumerate(hits, start=1)}
