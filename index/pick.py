"""From candidates to hits: few passages of one paper, none that repeats another, each with why it has its place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from index.candidates import Asked, Ranked
from index.opened import OpenGeneration
from index.records import Added, Explanation, Hit
from ingest.records import Paper, Passage

# The share of words (as sets) from which two passages say the same: a paper's second version, a quoted definition.
# Overlapping neighbours of one paper share a tenth.
SAME = 0.9
WORD = re.compile(r"\w+")


@dataclass(slots=True)
class _Taken:
    """A passage on its way to be a hit."""

    ranked: Ranked
    place: int
    paper: Paper
    passage: Passage
    words: frozenset[str]
    capped: int
    repeats: list[str] = field(default_factory=list)


def pick(
    opened: OpenGeneration,
    ranked: Sequence[Ranked],
    question: str,
    asked: Asked,
    *,
    added: Sequence[Added],
    k: int,
    per_paper: int,
) -> list[Hit]:
    """The k best candidates as hits, at most `per_paper` of one source, of near duplicates the best one."""
    taken: list[_Taken] = []
    of_paper: Counter[str] = Counter()
    capped = 0
    for place, one in enumerate(ranked, start=1):
        if len(taken) == k:
            break
        record = opened.record(one.passage_id, one.paper_id)
        if record is None:
            continue
        if of_paper[one.paper_id] >= per_paper:
            capped += 1
            continue
        words = frozenset(WORD.findall(record[1].text.casefold()))
        same = next((other for other in taken if alike(words, other.words)), None)
        if same:
            same.repeats.append(one.passage_id)
            continue
        of_paper[one.paper_id] += 1
        taken.append(_Taken(one, place, *record, words, capped))
    return [_hit(one, opened, question, asked, added) for one in taken]


def alike(a: frozenset[str], b: frozenset[str]) -> bool:
    """Whether two passages, as sets of words, say the same."""
    return len(a & b) >= SAME * max(len(a | b), 1)


def _hit(one: _Taken, opened: OpenGeneration, question: str, asked: Asked, added: Sequence[Added]) -> Hit:
    text = " ".join((one.paper.title, *one.passage.section, one.passage.text)) if added else ""
    have = {*opened.words.stems(text)} & {*asked.words.added}
    explanation = Explanation(
        place=one.place,
        meaning_part=one.ranked.fused.meaning,
        words_part=one.ranked.fused.words,
        verbatim=one.ranked.fused.verbatim > 0,
        shared=tuple(opened.words.shared(question, one.passage.text)),
        names=_names(opened, question, asked, one.paper),
        added=tuple(one for one in added if not have.isdisjoint(opened.words.words(one.name))),
        capped=one.capped,
        repeats=tuple(one.repeats),
        fused_place=one.ranked.fused_place,
        parts=one.ranked.parts,
    )
    return Hit(
        passage=one.passage,
        paper=one.paper,
        score=one.ranked.score,
        similarity=one.ranked.cosine,
        bm25=one.ranked.bm25 or 0.0,
        rank_meaning=one.ranked.rank_meaning,
        rank_words=one.ranked.rank_words,
        why=why(one.ranked, explanation),
        explanation=explanation,
    )


def _names(opened: OpenGeneration, question: str, asked: Asked, paper: Paper) -> tuple[str, ...]:
    if not asked.words.names:
        return ()
    named = set(asked.words.names) & set(opened.words.stems(" ".join(paper.authors)))
    return tuple(word for word in dict.fromkeys(WORD.findall(question)) if named & set(opened.words.stems(word)))


def why(one: Ranked, explanation: Explanation) -> str:
    """In words: "number 2 of the nearest (cosine .61); shares the words sparse, autoencoders (number 5 by words)"."""
    parts = ["holds the question word for word"] if explanation.verbatim else []
    place = f" (number {one.rank_words} by words)" if one.rank_words else ""
    if one.cosine is not None:
        near = f"number {one.rank_meaning} of the nearest" if one.rank_meaning else "not among the nearest"
        parts.append(f"meaning: {near} (cosine {one.cosine:.2f})")
    if explanation.shared:
        parts.append(f"shares the words {', '.join(explanation.shared)}{place}")
    elif one.rank_words and not (explanation.names or explanation.added):
        parts.append(f"shares words with its title or section{place}")
    elif one.rank_words:
        parts.append(f"number {one.rank_words} by words")
    if explanation.names:
        parts.append(f"by the author {', '.join(explanation.names)} that the question names")
    if explanation.added:
        parts.append("has " + ", ".join(f"{a.name} (for {a.instead}: {a.source})" for a in explanation.added))
    return "; ".join(parts)
