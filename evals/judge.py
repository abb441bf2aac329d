"""Who says whether a text supports a claim: a Judge. The one that needs no model asks the assistant's own check.

`judge_support` is the only place where the evals call `assistant/check.py`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, Protocol

from assistant.check import Claim, best_stretch, judge
from assistant.locate import key
from assistant.support import support

GRADES = {"supported": 1.0, "partly": 0.5}


class Judgement(NamedTuple):
    """`grade` is 1 where the text supports the claim, .5 in part, 0 not; None where the judge's reply cannot be read,
    and `reason` says why."""

    grade: float | None
    reason: str

    @property
    def supported(self) -> bool:
        return self.grade == 1.0


class Judge(Protocol):
    """Judges support. `name` stands beside every score it gave."""

    @property
    def name(self) -> str: ...

    def support(self, claim: str, source: str) -> Judgement:
        """Whether `source` says what `claim` says."""
        ...


class CheckJudge:
    """The assistant's layers (words, numbers, negation, direction), without a model."""

    name = "check without a model"
    note = "the AUC is of assistant/support.py's number, whose weights were fitted on half of WiCE, SummEdits and CLIFF"

    def support(self, claim: str, source: str) -> Judgement:
        return judge_support(claim, source)

    def likely(self, claim: str, source: str) -> float:
        """How likely people would call the whole claim supported."""
        return support(claim, source)


@lru_cache(maxsize=4096)
def judge_support(claim: str, source: str) -> Judgement:
    """The check's verdict on a claim beside the stretch of the source that says most of it; the whole source where
    that says more. An empty source supports nothing."""
    if not source.strip():
        return Judgement(0.0, "there is no text to support it")
    if len(key(claim)) > 0 and key(claim) in key(source):
        return Judgement(1.0, "the sentence stands in the text word for word")
    finding = judge(Claim(claim, best_stretch(claim, source), source))
    return Judgement(GRADES.get(finding.verdict, 0.0), finding.reason)
