"""How well a sentence answers a question, as one number: eight signs, weighed.

The weights are a ridge regression on the development half of the eval cases: a sentence's aim is 1 where it states a
fact that the case asks for, else less, by the share of the fact's words that it has. `python -m benchmarks.chooser
VAULT --fit` fits them again and prints what answers chosen so state of the facts, in cases left out of the fit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from assistant.candidates import Candidate

SIGNS = (
    "question words", "question words beyond title and section", "rank of the hit", "form",
    "form that is asked for", "of the first hit's source", "length (log of words)",
    "depth in the passage",
)  # fmt: skip
OWN = 0.93  # factor for glossary and notes: the source itself goes first
LEAST = 0.01  # what a sentence is worth at least: the order of the hopeless does not matter


@dataclass(frozen=True, slots=True)
class Weighing:
    """A linear regression on SIGNS in standard units."""

    centres: tuple[float, ...]
    scales: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float

    def worth(self, candidate: Candidate) -> float:
        """The share (about 0 to 1) of a fact that is asked for which the sentence can be expected to state."""
        found = self.bias + sum(
            weight * (sign - centre) / scale
            for sign, centre, scale, weight in zip(
                signs(candidate), self.centres, self.scales, self.weights, strict=True
            )
        )
        return max(found, LEAST) * (OWN if candidate.own else 1.0)


# fmt: off
FITTED = Weighing(
    centres=(0.122, 0.080, 0.435, 0.887, 0.012, 0.502, 3.055, 0.362),
    scales=(0.121, 0.114, 0.289, 0.170, 0.037, 0.500, 0.520, 0.276),
    weights=(0.0175, 0.0319, -0.0168, 0.0031, 0.0305, 0.0203, 0.0120, 0.0064),
    bias=0.0979,
)
# fmt: on


def signs(candidate: Candidate) -> tuple[float, ...]:
    """The values of SIGNS."""
    c = candidate
    return (
        c.words,
        c.beyond,
        c.rank / 8,
        c.form,
        c.suits,
        float(c.leading),
        math.log(len(c.text.split())),
        c.depth,
    )
