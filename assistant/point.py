"""Where in a sentence that answers a question the answer stands: the number with its noun, the name, the clause."""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from assistant.questions import form_of
from assistant.records import Stretch
from assistant.spans import FUNCTION, SIGNS, Span, group, spans, viewed

WEIGHTS = Path(__file__).with_name("point.json")
# How much of all likelihood has to lie on the best stretch and those that it shares half of its words with. From here
# on people's answer is touched in .84 of the sentences that answer and are held back, and .61 of them have a point; at
# .3 .89 and .38, without a floor .73 (chosen on one half of them, `python -m benchmarks.point` prints the other's).
SURE = 0.2
CITED = re.compile(  # years of citations, which answer only who and when; numbers of tables and pages
    r"\([^()]*\b(?:19|20)\d\d\b[^()]*\)|\[[^\[\]]*\d{4}[^\[\]]*\]"
    r"|\b(?:figures?|figs?\.|tables?|sections?|appendix|eqs?\.|equations?|pp?\.) ?[A-Z]?\d[\d.]*", re.I,
)  # fmt: skip
WHOLE = ("yes-no", "comparison")  # which only the whole sentence answers
COUNTED = 4  # words behind a number, of which one may be what is counted
ALL_OF_IT = 0.75  # share of the sentence: a longer stretch points at nothing


def point(question: str, sentence: str) -> Stretch | None:
    """The characters of the stretch that answers by itself; None where none is likely to.

    Meant for a sentence that answers: in one that does not, it finds a stretch of the form that is asked for.
    """
    form = form_of(question)
    if form in WHOLE:
        return None
    kind = group(question)
    cited = [] if kind == "who" else [found.span() for found in CITED.finditer(sentence)]
    found = [s for s in spans(question, sentence) if not any(a <= s.start and s.end <= b for a, b in cited)]
    if form == "who":
        found = [s for s in found if any(c.isalpha() for c in sentence[s.start : s.end])]
    if not found:
        return None
    weights = _weights(kind)
    values = [worth(span, weights) for span in found]
    best = found[max(range(len(found)), key=values.__getitem__)]
    if best.end - best.start > ALL_OF_IT * len(sentence) or _sureness(best, found, values) < SURE:
        return None
    if kind != "number":
        return best.start, best.end
    end = _with_noun(question, sentence, best.end)
    bare = sentence[best.start : end].isalpha() and " " not in sentence[best.start : end]
    return None if bare else (best.start, end)  # "two" of something that was not asked about


def _with_noun(question: str, sentence: str, end: int) -> int:
    """Where a number ends together with what is counted ("26 attention heads"), if that follows it."""
    for n, token in enumerate([t for t in viewed(question, sentence).tokens if t.start >= end]):
        if n == COUNTED or not token.word or token.text in FUNCTION:
            break
        end = token.end if token.asked or token.heading else end
    return end


def worth(span: Span, weights: Sequence[float]) -> float:
    """How likely a stretch answers, against the others of its sentence; the logarithm, from no fixed zero."""
    return sum(weight * sign for weight, sign in zip(weights, span.signs, strict=True))


def _sureness(best: Span, found: Sequence[Span], values: Sequence[float]) -> float:
    top = max(values)
    odds = [math.exp(value - top) for value in values]
    near = sum(odd for odd, span in zip(odds, found, strict=True) if _shared(best, span) >= 0.5)
    return near / sum(odds)


def _shared(a: Span, b: Span) -> float:
    return max(0, min(a.end, b.end) - max(a.start, b.start)) / (max(a.end, b.end) - min(a.start, b.start))


@functools.cache
def _weights(of: str) -> tuple[float, ...]:
    """A weight for each of SIGNS, for one group of questions: what holds for all, and what is its own."""
    told: Mapping[str, Mapping[str, float]] = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    own = told.get(of, {})
    return tuple(told["all"].get(sign, 0.0) + own.get(sign, 0.0) for sign in SIGNS)
