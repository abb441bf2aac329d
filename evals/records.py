"""The nouns of measuring: Case (with its Evidence), Score, CaseResult (with what was seen), Summary, Report.

All are frozen and plain: `ingest.records.as_json` and `from_json` write and read them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from assistant.records import Recipe, Sentence

Kind = Literal["definition", "method", "number", "comparison", "cause", "limit", "who-when", "unanswerable"]
KINDS: tuple[Kind, ...] = get_args(Kind)

OUR_TEXTS = frozenset({"note", "glossary"})
"""Kinds of Paper that are our own words about a source: finding one is not finding the source."""

ALL = "all"
"""The group of every case, beside the groups by kind."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a paper answers a question: the stretch of physical page `page` (from 1) that begins with the words `first`
    and ends with the next `last`. `sha256` is the hex hash of the stretch's `assistant.locate.key` in UTF-8, so that a
    changed text is noticed without a copy of it in the project."""

    arxiv_id: str
    page: int
    first: str
    last: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Case:
    """A question with the arXiv ids (version aside) that answer it, or one that must be refused (`must_abstain`)."""

    id: str
    kind: Kind
    question: str
    expected_papers: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    facts: tuple[str, ...] = ()
    must_abstain: bool = False
    note: str = ""

    @property
    def cluster(self) -> str:
        """What makes cases alike: the first paper they are about. A question without a paper stands alone."""
        return base_id(self.expected_papers[0]) if self.expected_papers else f"case {self.id}"


@dataclass(frozen=True, slots=True)
class EvidenceCheck:
    """What became of a piece of evidence: `text` is the stretch as it stands on the page, "" where not found; `held` is
    false where there was no paper to look in."""

    case_id: str
    evidence: Evidence
    found: bool
    reason: str
    text: str = ""
    held: bool = True


@dataclass(frozen=True, slots=True)
class Score:
    """One measure of one case. `value` is None where it could not be scored, and `reason` says why: unscored is not
    wrong. `weight` is how many things the value is a share of (quotes, sentences; 1 for a whole case); `evidence` is
    one line per thing that was looked at."""

    metric: str
    value: float | None
    weight: float = 1.0
    reason: str = ""
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HitSeen:
    """A hit as it is kept in a report: `rank` from 1, `pages` are physical page numbers in order."""

    rank: int
    passage_id: str
    paper_id: str
    arxiv_id: str | None
    kind: str
    pages: tuple[int, ...]
    score: float


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case as measured. `abstained` is None where no answer came; `errors` say what was raised, or that a paper is
    not held. `seconds` is the answer's wall time, the only field that differs between two runs of the same."""

    case: Case
    hits: tuple[HitSeen, ...]
    sentences: tuple[Sentence, ...]
    abstained: bool | None
    reason: str
    scores: tuple[Score, ...]
    errors: tuple[str, ...] = ()
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """A metric over one group of cases (`group`: "all" or a kind), with its 95 % interval; None where nothing was
    scored (`value`) or too little to tell (`low`, `high`)."""

    group: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    scored: int
    unscored: int


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run. `planned` counts the cases asked for; `partial` says that it was stopped before the last one.

    `recipe` is the answers' (the first one's; a notice says where they differ); `cases_hash` names the case file's
    content, `k`, `seed` and `resamples` the measuring: two reports can be compared where these are equal.
    """

    created: str
    partial: bool
    planned: int
    k: int
    seed: int
    resamples: int
    cases_hash: str
    recipe: Recipe | None
    results: tuple[CaseResult, ...]
    summary: tuple[Summary, ...]
    notices: tuple[str, ...] = ()


def base_id(arxiv_id: str) -> str:
    """An arXiv id without its version: "2209.10652v1" -> "2209.10652"."""
    return re.sub(r"v\d+$", "", arxiv_id.strip())


def unscored(metrics: Sequence[str], reason: str) -> tuple[Score, ...]:
    """The scores of metrics that apply to a case but could not be had."""
    return tuple(Score(metric, None, reason=reason) for metric in metrics)
