"""How well a source supports a claim, as one number: for putting claims in order, where the verdicts of check.py are
too coarse, and for long sources, where no single quote has all of it.

Fourteen signs that words give (missing terms, names and numbers, new word pairs, denials, opposites), weighed by a
logistic regression. Weights: half of the documents of three sets that people labelled (WiCE's dev claims, SummEdits in
six domains, CLIFF's validation set), each set counting alike; `python -m benchmarks.support` fits them again and prints
what they reach on the other half, and on a set that was left out altogether.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from assistant.claims import content_words, negations, numbers, same_number, stem, words
from assistant.sentences import split
from assistant.terms import FRAME, Source, is_name, turned

SIGNS = (
    "terms missing (share)", "terms missing (count)", "terms not word for word (share)", "names missing",
    "numbers missing", "terms missing in the best three sentences (share)",
    "terms missing in the best sentence (share)", "new word pairs (share)", "new word triples (share)", "opposites",
    "denials", "denials more than the best sentence's", "denies, and the best three sentences do not",
    "length (log of terms)",
)  # fmt: skip
# fmt: off
CENTRES = (0.260, 4.324, 0.307, 0.429, 0.259, 0.425, 0.640, 0.660, 0.809, 0.062, 0.189, 0.138, 0.070, 2.938)
SCALES = (0.198, 2.947, 0.204, 1.076, 0.614, 0.199, 0.165, 0.194, 0.175, 0.273, 0.481, 0.383, 0.255, 0.442)
WEIGHTS = (-0.255, 0.090, 0.341, -0.734, -1.145, -0.170, -0.093, 0.007, -0.410, -0.023, 0.207, -0.205, -0.338, -0.248)
# fmt: on
BIAS = -0.415


def support(claim: str, source: str) -> float:
    """How likely it is (0 to 1) that people would call the claim supported by the source.

    Comparable between claims on one kind of source; the share of supported claims in the labelled sets, one half,
    stands behind the absolute value.
    """
    return likelihood(signs(claim, source))


def likelihood(found: Sequence[float]) -> float:
    """The same from the values of SIGNS."""
    z = BIAS + sum(
        weight * (sign - centre) / scale
        for sign, centre, scale, weight in zip(found, CENTRES, SCALES, WEIGHTS, strict=True)
    )
    return 1 / (1 + math.exp(-z))


def signs(claim: str, source: str) -> tuple[float, ...]:
    """The values of SIGNS."""
    terms = [w for w in content_words(claim) if stem(w) not in FRAME]
    count = max(len(terms), 1)
    whole, ranked = _said(source), _best_first(claim, source)
    best, three = (ranked or ("",))[0], " ".join(ranked[:3])
    missing = [w for w in terms if not whole.says(w, claim)]
    denied, denied_there = len(negations(claim)), len(negations(best))
    return (
        len(missing) / count,
        float(len(missing)),
        sum(stem(w) not in whole.stems for w in terms) / count,
        float(sum(is_name(w, claim) for w in missing)),
        float(sum(not same_number(n, _numbers(source)) for n in numbers(claim))),
        _missing_share(terms, claim, three),
        _missing_share(terms, claim, best),
        _new(claim, source, 2),
        _new(claim, source, 3),
        float(len(list(turned(claim, three)))),
        float(denied),
        float(max(denied - denied_there, 0)),
        float(denied > 0 and not negations(three)),
        math.log(len(terms) + 1),
    )


def _missing_share(terms: Sequence[str], claim: str, source: str) -> float:
    said = Source(source)
    return sum(not said.says(w, claim) for w in terms) / max(len(terms), 1)


def _new(claim: str, source: str, length: int) -> float:
    """Share of the claim's runs of `length` words that the source does not have."""
    ours = _runs(claim, length)
    return len(ours - _source_runs(source, length)) / max(len(ours), 1)


def _runs(text: str, length: int) -> frozenset[tuple[str, ...]]:
    found = [stem(w) for w in words(text)]
    return frozenset(zip(*(found[n:] for n in range(length)), strict=False))


def _best_first(claim: str, source: str) -> list[str]:
    """The source's sentences, those first that have most of the claim's terms; long ones have to have more."""
    wanted = frozenset(stem(w) for w in content_words(claim)) | numbers(claim)
    scored = [(-len(wanted & have) / (1 + len(have) ** 0.25), n) for n, (_, have) in enumerate(_sentences(source))]
    return [_sentences(source)[n][0] for _, n in sorted(scored)]


@lru_cache(maxsize=64)  # many claims are asked of one source
def _sentences(source: str) -> tuple[tuple[str, frozenset[str]], ...]:
    parts = [source[start:end] for start, end in split(source)]
    return tuple((p, frozenset(stem(w) for w in content_words(p)) | numbers(p, anywhere=True)) for p in parts)


@lru_cache(maxsize=64)
def _said(source: str) -> Source:
    return Source(source)


@lru_cache(maxsize=64)
def _numbers(source: str) -> frozenset[str]:
    return numbers(source, anywhere=True)


@lru_cache(maxsize=64)
def _source_runs(source: str, length: int) -> frozenset[tuple[str, ...]]:
    return _runs(source, length)
