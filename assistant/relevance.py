"""Whether what was retrieved has anything to do with the question: better no answer than one about something else."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from assistant import evidence
from assistant.candidates import rarity, share
from assistant.claims import STOP_WORDS, content_words, stem, stems, words
from assistant.numbered import numbered_names, stands_in
from index.records import Hit

# Cosines are MiniLM's, over passages with title and section in front. Seen on 25 questions that 18 papers answer and 25
# about other things: the best cosine was .36-.82 and .14-.49, the best passage's share of the words .4-1 and 0-1.
FAR = 0.30  # below this best cosine nothing is close, whatever words are shared
NEAR = 0.50  # from here on the passages are near
COVERED_FAR = 0.95  # share of the question's words (rare ones count more) that a passage must have when FAR...
COVERED_NEAR = 0.20  # ...and when NEAR; between the two in proportion
COVERED_WORDS = 0.60  # where no cosine is known
SIZED = re.compile(r"\d+(?:\.\d+)?[BM]\b", re.IGNORECASE)
# A source is about a question that has this share of what the one with most of its words has. Where the size is named
# in another, that is .04 to .50 for four development cases to be refused, .62 to 1 for those to be answered.
ABOUT = 0.55


@dataclass(frozen=True, slots=True)
class Relevance:
    """`similarity` is the best cosine (None: no embedder), `coverage` the share (0 to 1) of the question's words that
    one passage has, each by its rarity; `missing` are words of the question that none has, `absent` the names among
    them that nothing in the vault has; `gap` says what an answer will leave open, "" for nothing."""

    relevant: bool
    reason: str
    similarity: float | None
    coverage: float
    missing: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    gap: str = ""


def relevance(
    question: str, hits: Sequence[Hit], *, document_frequency: Callable[[str], int], passage_count: Callable[[], int]
) -> Relevance:
    """Whether to answer from these hits, and in words why not."""
    asked = content_words(question)
    total = passage_count()
    weights = {stem(w): rarity(document_frequency(w), total) for w in asked}
    found = [_words_of(hit) for hit in hits]
    have = frozenset().union(*found)
    coverage = max((share(words, weights) for words in found), default=0.0) if weights else 1.0
    similarity = max((h.similarity for h in hits if h.similarity is not None), default=None)
    missing = tuple(w for w in asked if stem(w) not in have)
    absent = tuple(w for w in names(question) if w in missing and document_frequency(w) == 0) or unseen(
        question, hits, weights
    )
    reason = _objection(len(hits), similarity, coverage, missing, absent)
    return Relevance(not reason, reason, similarity, coverage, missing, absent)


def answerable(
    question: str, hits: Sequence[Hit], *, document_frequency: Callable[[str], int], passage_count: Callable[[], int]
) -> Relevance:
    """Whether to answer: as `relevance` where nothing is near or no cosine is known, else by the evidence (see there)
    in the place of the share of the words: a question in other words than the papers' has few of theirs. One of whose
    words nothing found has any is refused, whatever the cosine; none of 222 development cases is such a one."""
    fit = relevance(question, hits, document_frequency=document_frequency, passage_count=passage_count)
    if nothing_near(hits, fit) or fit.similarity is None:
        return fit
    weights = weights_of(question, document_frequency=document_frequency, passage_count=passage_count)
    found = evidence.signs(question, hits, weights)
    lacking = evidence.lacking(found)
    strange = weights and {stem(w) for w in fit.missing} >= set(weights)  # not one of its words was found
    if not strange and evidence.odds(found) >= evidence.ENOUGH:
        return replace(fit, relevant=True, reason="", gap=lacking)
    reason = lacking or "the passages that were found are near, but do not say enough of what is asked"
    return replace(fit, relevant=False, reason=f"{reason}{_without(fit.missing)}")


def nothing_near(hits: Sequence[Hit], fit: Relevance) -> bool:
    """Whether there is no need to look closer: nothing was found, nothing has a name that is asked for, all is far."""
    return not hits or bool(fit.absent) or (fit.similarity is not None and fit.similarity < FAR)


def weights_of(
    question: str, *, document_frequency: Callable[[str], int], passage_count: Callable[[], int]
) -> dict[str, float]:
    """The question's stems with their rarity, 1 for a word that no passage has."""
    total = passage_count()
    return {stem(w): rarity(document_frequency(w), total) / rarity(0, total) for w in content_words(question)}


def needed(similarity: float | None) -> float:
    """The coverage that is asked for at a best cosine."""
    if similarity is None:
        return COVERED_WORDS
    near = min(max((similarity - FAR) / (NEAR - FAR), 0.0), 1.0)
    return COVERED_FAR + (COVERED_NEAR - COVERED_FAR) * near


def names(question: str) -> list[str]:
    """Words that name something: with a capital inside or behind, or one that does not open the sentence; letters
    among digits ("8b" is none)."""
    first = (words(question) or [""])[0]
    found = re.findall(r"[^\W\d_]{3,}", question)
    opens = [w for w in found if w == first and w[1:].islower()]
    return [w for w in found if any(c.isupper() for c in w) and w not in opens and w.casefold() not in STOP_WORDS]


def unseen(question: str, hits: Sequence[Hit], weights: Mapping[str, float]) -> tuple[str, ...]:
    """Names with a number ("GPT-5", "CO2", "Llama 2 70B") that nothing found has, however it is written; one with a
    size has to stand in a source that is about the question: the sizes of a family are named in many."""
    named = numbered_names(question)
    if not named:
        return ()
    own = stems(" ".join(named))
    other = {word: weight for word, weight in weights.items() if word not in own}
    sources: dict[str, list[Hit]] = {}
    for hit in hits:
        sources.setdefault(hit.paper.id, []).append(hit)
    about = {
        source: share(frozenset().union(*map(_words_of, found)), other) if other else 1.0
        for source, found in sources.items()
    }
    enough = ABOUT * max(about.values(), default=0.0)
    absent = []
    for name in named:
        having = [s for s, found in sources.items() if any(stands_in(name, _written(hit)) for hit in found)]
        if not having or (SIZED.search(name) and max(about[source] for source in having) < enough):
            absent.append(name)
    return tuple(absent)


def _written(hit: Hit) -> str:
    paper = hit.paper
    about = f"{paper.title} {' '.join(paper.authors)} {paper.year or ''}"
    return f"{about}. {' '.join(hit.passage.section)}. {hit.passage.text}"


def _words_of(hit: Hit) -> frozenset[str]:
    return stems(" ".join((hit.paper.title, *hit.passage.section, hit.passage.text)))


def _objection(
    count: int, similarity: float | None, coverage: float, missing: Sequence[str], absent: Sequence[str]
) -> str:
    """Why the question cannot be answered; "" where it can."""
    if not count:
        return "nothing in the vault matches the question"
    if absent:
        return f"no passage that was found mentions {_listed(absent)}"
    if similarity is not None and similarity < FAR:
        return (
            f"no passage is close to the question (best similarity {similarity:.2f}, needed {FAR}){_without(missing)}"
        )
    if coverage < needed(similarity):
        return f"the nearest passages have only {coverage:.0%} of what is asked{_without(missing)}"
    return ""


def _without(missing: Sequence[str]) -> str:
    return f"; they do not mention {_listed(missing)}" if missing else ""


def _listed(found: Sequence[str]) -> str:
    return ", ".join(repr(w) for w in found[:6])
