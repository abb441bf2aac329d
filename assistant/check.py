"""Checks a draft: which stored page shows each citation, letter by letter, and whether it says what the sentence says.

No model judges here. Cosine prefers corrupted sentences and word overlap is blind to a "not", so that each layer looks
at one thing and says in words what it saw.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from assistant.alignment import replaced
from assistant.claims import clauses, negations, numbers, same_number, stems
from assistant.injection import attempts
from assistant.locate import key as key_of
from assistant.locate import locate
from assistant.paraphrase import put_anew
from assistant.quantities import other_bound, other_unit
from assistant.records import Citation, Draft, DraftSentence, Sentence, Verdict
from assistant.secondhand import reported_from
from assistant.sentences import split
from assistant.shape import reading
from assistant.support import support
from assistant.terms import unsaid
from index.records import Hit
from ingest.links import page_link
from ingest.records import Page, Passage

SOME_WORDS = 0.5  # share of the sentence's terms in the quote: from here on partly supported
LOOKED_AT = 3  # passages that a sentence without any is held against...
ENOUGH_SAID = 3  # ...where it has so many content words: "This is important" is borne out by nearly anything
INJECTED = "its passage has text that reads like an instruction to a language model, which was not followed"
RANKING: tuple[Verdict, ...] = ("supported", "partly", "unsupported", "unknown marker", "uncited")

Pages = Callable[[str], Sequence[Page]]


class Finding(NamedTuple):
    """What one layer saw: the verdict it allows at best, and why."""

    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A drafted sentence beside its evidence: `quote` as it stands on the page, `passage` the text around it, `context`
    the source's title and section, whose words need not be in the quote again."""

    sentence: str
    quote: str
    passage: str = ""
    context: str = ""


class Place(NamedTuple):
    """Where a quote stands: the page, and its text there."""

    page: Page
    quote: str


def check(draft: Draft, pages: Pages) -> tuple[Sentence, ...]:
    """The draft's sentences with every citation checked. `pages` gives a source's stored pages by its id.

    No sentence and no marker is left out: what does not hold is shown as what it is.
    """
    checked = (_checked(sentence, draft.shown, pages) for sentence in draft.sentences)
    return tuple(
        replace(found, part=sentence.part, point=sentence.point)
        for found, sentence in zip(checked, draft.sentences, strict=True)
    )


def _checked(sentence: DraftSentence, shown: Mapping[str, Hit], pages: Pages) -> Sentence:
    citations = tuple(
        _cited(sentence, key, shown[key], pages) if key in shown else _unknown(key) for key in sentence.keys
    )
    if not citations:
        return _found_afterwards(sentence, shown, pages)
    best = min(citations, key=lambda c: RANKING.index(c.verdict))
    return Sentence(sentence.text, citations, best.verdict, best.reason)


def _found_afterwards(sentence: DraftSentence, shown: Mapping[str, Hit], pages: Pages) -> Sentence:
    """A sentence that names no passage, with one that bears it out whole, where one of those shown does."""
    said = stems(sentence.text)
    likely = sorted(shown, key=lambda key: -agreement(sentence.text, shown[key].passage.text))[:LOOKED_AT]
    for key in likely if len(said) >= ENOUGH_SAID else ():
        found = _cited(sentence, key, shown[key], pages)
        if found.verdict == "supported":
            told = f"it names no passage; this one was found for it: {found.reason}"
            return Sentence(sentence.text, (replace(found, reason=told),), "supported", told)
    return Sentence(sentence.text, (), "uncited", "no passage is named for this sentence")


def _unknown(key: str) -> Citation:
    reason = f"the answer names {key}, but no passage with this key was shown"
    return Citation(key, None, None, None, "", "", None, "", "unknown marker", reason)


def _cited(sentence: DraftSentence, key: str, hit: Hit, pages: Pages) -> Citation:
    paper, passage = hit.paper, hit.passage
    stored = pages(paper.id)
    given, best = sentence.quotes.get(key, ""), best_stretch(sentence.text, passage.text)
    place = placed(given, passage, stored) or placed(best, passage, stored)
    context = " ".join((paper.title, *passage.section))
    claim = Claim(sentence.text, place.quote if place else "", passage.text, context)
    finding = judge(claim) if place else NOT_FOUND
    own = paper.kind in ("note", "glossary")
    injected = INJECTED if attempts(passage.text) else ""
    page = place.page.number if place else (passage.spans[0].page if passage.spans else None)
    return Citation(
        key=key,
        passage_id=passage.id,
        paper_id=paper.id,
        arxiv_id=None if own else paper.arxiv_id,
        title=paper.title,
        locator=place.page.locator if place else passage.locator,
        page=page,
        quote=place.quote if place else "",
        verdict=finding.verdict,
        reason=finding.reason,
        kind=paper.kind,
        authors=paper.authors,
        year=paper.year,
        section=" > ".join(passage.section),
        url=page_link(paper, page, place.page.link if place else passage.link),
        reported_from=reported_from(place.quote) if place else "",
        warning="; ".join(filter(None, (paper.withdrawn, place.page.warning if place else passage.warning, injected))),
        support=_support(claim) if place else 0.0,
    )


def _support(claim: Claim) -> float:
    return 1.0 if word_for_word(claim) else support(claim.sentence, claim.passage)


NOT_FOUND = Finding("unsupported", "no stretch of the stored page shows this passage's words")


# --- where the quote stands ------------------------------------------------------------------------------------------


def placed(stretch: str, passage: Passage, pages: Sequence[Page]) -> Place | None:
    """The stretch on one of the passage's pages, as it is written there. Where it runs over a page break, the longest
    part that lies on one page. None where no page has it."""
    numbered = {page.number: page for page in pages}
    spans = [(numbered[s.page], s.start, s.end) for s in passage.spans if s.page in numbered]
    spans += [(page, 0, len(page.text)) for page, _, _ in spans]  # read anew since, the offsets may have moved
    for part in _parts(stretch):
        for page, start, end in spans:
            found = locate(part, page.text[start:end])
            if found:
                return Place(page, page.text[start + found[0] : start + found[1]])
    return None


def _parts(stretch: str) -> Iterator[str]:
    """The stretch itself, then its lines, the longest first: spans of different pages are joined by a line break."""
    yield stretch
    lines = stretch.split("\n")
    if len(lines) > 1:
        yield from sorted(lines, key=len, reverse=True)


def best_stretch(sentence: str, text: str) -> str:
    """The sentence of a passage that says most of what `sentence` says; with its neighbour where that adds much."""
    spans = split(text)
    if not spans:
        return ""
    single = max(spans, key=lambda s: agreement(sentence, text[s[0] : s[1]]))
    pairs = [(a[0], b[1]) for a, b in itertools.pairwise(spans) if "\n\n" not in text[a[0] : b[1]]]
    double = max(pairs, key=lambda s: agreement(sentence, text[s[0] : s[1]]), default=single)
    more = agreement(sentence, text[double[0] : double[1]]) - agreement(sentence, text[single[0] : single[1]])
    start, end = double if more >= 0.2 else single
    return text[start:end]


def agreement(sentence: str, source: str) -> float:
    """Share (0 to 1) of the sentence's content words and numbers that the source has."""
    wanted = stems(sentence) | numbers(sentence)
    return len(wanted & (stems(source) | numbers(source, anywhere=True))) / len(wanted) if wanted else 0.0


# --- whether it says so ----------------------------------------------------------------------------------------------


def judge(claim: Claim) -> Finding:
    """The verdict over all layers: the worst that any allows, with its reason; but a sentence that says the quote in
    other words, with nothing against it, is supported too."""
    exact = word_for_word(claim) or max((layer(claim) for layer in LAYERS), key=lambda f: RANKING.index(f.verdict))
    return exact if exact.verdict == "supported" else in_other_words(claim) or exact


def in_other_words(claim: Claim) -> Finding | None:
    """Where no layer's own reason stands against it (see assistant/paraphrase.py)."""
    likely = put_anew(claim.sentence, claim.quote, best_stretch(claim.sentence, claim.quote))
    if likely is None or whole_layer(claim).verdict != "supported":
        return None
    return Finding("supported", f"the quote says it in other words (people would agree: {likely:.2f})")


def word_for_word(claim: Claim) -> Finding | None:
    """Proof, where the sentence is the quote: apart from reference numbers and footnote marks, which answers leave out,
    and the rest of a sentence that goes on over the page break."""
    said, quoted = key_of(claim.sentence), key_of(claim.quote)
    if said in (quoted, key_of(reading(claim.quote))):
        return Finding("supported", "the sentence stands in the passage word for word")
    if quoted in said and (said in key_of(claim.passage) or said in key_of(reading(claim.passage))):
        return Finding("supported", "the sentence stands in the passage word for word, part of it on another page")
    return None


def terms_layer(claim: Claim) -> Finding:
    """Whether the quote says every term of the sentence, as it is or in other words; and none turned round."""
    found = unsaid(claim.sentence, claim.quote, passage=claim.passage, context=claim.context)
    if found.turned:
        said, meant = found.turned[0]
        return Finding("unsupported", f"the sentence says {said!r}, the quote {meant!r}")
    swapped = next(replaced(claim.sentence, claim.quote, context=claim.context), None)
    if swapped:
        return Finding("unsupported", f"the sentence says {swapped[0]!r} where the quote says {swapped[1]!r}")
    if found.names:
        return Finding("unsupported", f"the quote does not name {', '.join(found.names[:6])}")
    if not found.words:
        return Finding("supported", f"the quote says all {found.count} terms of the sentence")
    missing = f"the quote does not say {', '.join(found.words[:6])} ({len(found.words)} of {found.count} terms)"
    return Finding("partly" if 1 - found.share >= SOME_WORDS else "unsupported", missing)


def numbers_layer(claim: Claim) -> Finding:
    """Whether every number of the sentence is in the quote."""
    have = numbers(claim.quote, anywhere=True)
    missing = sorted(n for n in numbers(claim.sentence) if not same_number(n, have))
    if missing:
        return Finding("unsupported", f"the quote does not have the number {', '.join(missing)}")
    return Finding("supported", "its numbers are in the quote")


def negation_layer(claim: Claim) -> Finding:
    """Whether sentence and quote both deny or both state, clause by clause, where two clauses are about the same."""
    ours, theirs = negations(claim.sentence), negations(claim.quote)
    if ours and not theirs:
        return Finding("unsupported", f"the sentence denies ({ours[0]!r}), the quote does not")
    for said in clauses(claim.sentence):
        near = max(clauses(claim.quote), key=functools.partial(agreement, said), default="")
        if agreement(said, near) >= SOME_WORDS and bool(negations(said)) != bool(negations(near)):
            one, other = ("quote", "sentence") if negations(near) else ("sentence", "quote")
            word = (negations(said) + negations(near))[0]
            return Finding("unsupported", f"the {one} denies ({word!r}), the {other} does not")
    return Finding("supported", "neither denies what the other states")


def quantities_layer(claim: Claim) -> Finding:
    """Whether the sentence's numbers count the same thing as the quote's, within the same bounds."""
    unit = other_unit(claim.sentence, claim.quote)
    if unit:
        return Finding("unsupported", f"the quote has the number {unit[0]}, but not of {unit[1]!r}")
    bound = other_bound(claim.sentence, claim.quote)
    if bound:
        return Finding("unsupported", f"the sentence says {bound[0]}, the quote {bound[1]}")
    return Finding("supported", "its numbers count the same")


def whole_layer(claim: Claim) -> Finding:
    """Whether the sentence is one: a model that writes a marker in a word's place, or is cut off, leaves a gap at its
    end."""
    if claim.sentence.rstrip(" .").endswith("…"):
        return Finding("unsupported", "the sentence breaks off")
    return Finding("supported", "the sentence is whole")


LAYERS: tuple[Callable[[Claim], Finding], ...] = (
    terms_layer,
    numbers_layer,
    quantities_layer,
    negation_layer,
    whole_layer,
)
