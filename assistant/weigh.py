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
    "cosine of its passage to the question", "question words beyond title and section", "rank of the hit", "form",
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
    centres=(0.478, 0.081, 0.433, 0.931, 0.012, 0.502, 3.095, 0.361),
    scales=(0.115, 0.116, 0.288, 0.133, 0.036, 0.500, 0.482, 0.275),
    weights=(0.0158, 0.0469, -0.0162, 0.0016, 0.0329, 0.0182, 0.0162, 0.0056),
    bias=0.1004,
)
# fmt: on


def signs(candidate: Candidate) -> tuple[float, ...]:
    """The values of SIGNS. Without an embedder the question's words stand in for meaning."""
    c = candidate
    return (
        c.words if c.similarity is None else c.similarity,
        c.beyond,
        c.rank / 8,
        c.form,
        c.suits,
        float(c.leading),
        math.log(len(c.text.split())),
        c.depth,
    )
