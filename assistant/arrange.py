"""Which of the chosen sentences of an answer comes to the point, which add to it, and which are found beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from assistant.candidates import Candidate
from assistant.questions import Form
from assistant.records import Part
from assistant.shape import captioned

Sides = tuple[frozenset[str], frozenset[str]]
Worth = Callable[[Candidate], float]

TO_THE_LETTER = 0.2  # `suits` of a sentence that has the form asked for and is about the question's subject
# `suits` of a definition, of what has a number of what is counted, of who had a thing first: such a sentence leads
# whatever a chooser says. It changes no lead of the 198 development cases with facts (at .2 13 of them, .308 to .298).
EXACTLY = 0.25
LEAST_CONTRAST = 0.05  # `suits` of a sentence that sets things against each other ("unlike", "than", "while")
TWO: frozenset[Form] = frozenset({"how", "why"})  # a mechanism or a cause is seldom told in one sentence
SHORT: frozenset[Form] = frozenset({"number", "who", "when", "which"})  # one thing is asked for
# Of the best sentence's worth: where one thing is asked for, sentences of less are folded away. Chosen on the 107
# development cases of these forms: what stays shown has .338 of the facts in 3.9 sentences, all have .402 in 6.7 (.6:
# .374 in 5.2, .8: .290 in 2.6). Of all 174 answers of the frozen half, .334 in 5.3 stay shown, of .373 in 6.6.
BEARING = 0.7
SIDE: tuple[Part, ...] = ("both", "one", "other", "more")


def arranged(
    chosen: Sequence[Candidate],
    form: Form,
    worth: Worth,
    compared: Sides | None = None,
    first: Candidate | None = None,
) -> list[tuple[Candidate, Part]]:
    """The sentences as they will be read, each with its part. `chosen` comes best first.

    First the one that comes to the point, two where a mechanism or a cause is asked for; then what adds to it (what is
    said of both things compared, then of the one, then of the other); last what is found beside it. `first` is the one
    to lead with, where that is known, unless another is to the letter what is asked for.
    """
    ordered = in_order(chosen, compared)
    if not ordered:
        return []
    first = ordered[0] if first is None or ordered[0].suits >= EXACTLY else first
    leads = [first, *_second(first, chosen if form in TWO else ())]
    rest = [c for c in ordered if c not in leads]
    least = BEARING * max(map(worth, chosen)) if form in SHORT else 0.0
    parts: dict[Part, list[Candidate]] = {part: [] for part in (*SIDE, "aside")}
    for c in rest:
        parts["aside" if worth(c) < least else SIDE[_side(c, compared)] if compared else "more"].append(c)
    return [*((c, "lead") for c in leads), *((c, part) for part, found in parts.items() for c in found)]


def _second(first: Candidate, chosen: Sequence[Candidate]) -> list[Candidate]:
    """The best further sentence of the first one's paper."""
    return [c for c in chosen if c is not first and c.paper_id == first.paper_id][:1]


def in_order(chosen: Sequence[Candidate], compared: Sides | None = None) -> list[Candidate]:
    """As they will be read: the one that answers best first (of those in the very form that is asked for, a definition
    or a number of what is counted, where there are any), then paper by paper, each in its own order, which goes from
    what a thing is to how it was tested and where it ends; captions of figures and tables last, which nobody would
    begin with. Where two things are compared, what is said of both goes before what is said of the one, and that
    before the other. `chosen` comes best first."""
    papers = list(dict.fromkeys(c.paper_id for c in chosen))
    least = LEAST_CONTRAST if compared else TO_THE_LETTER
    told = sorted(chosen, key=lambda c: (captioned(c.text), _side(c, compared) > 0, c.suits < least))
    after = sorted(
        told[1:],
        key=lambda c: (captioned(c.text), _side(c, compared), papers.index(c.paper_id), c.order, c.at),
    )
    return [*told[:1], *after]


def _side(candidate: Candidate, compared: Sides | None) -> int:
    """0 for what is said of both things that are compared (or where none are), 1 and 2 for either, 3 for neither."""
    if compared is None:
        return 0
    one, other = (bool(candidate.stems & side) for side in compared)
    return 0 if one and other else 1 if one else 2 if other else 3
