"""The nouns of measuring: Case (with its Evidence), Score, CaseResult (with what was seen), Summary, Report.

All are frozen and plain: `ingest.records.as_json` and `from_json` write and read them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from assistant.records import Recipe, Sentence

Kind = Literal[
    "definition", "method", "number", "comparison", "cause", "limit", "who-when",
    "follow-up", "glossary", "note", "unanswerable",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
Half = Literal["dev", "test", ""]
HALVES: tuple[Half, ...] = ("dev", "test")
WHY_UNANSWERABLE = ("absent fact", "false premise", "wrong paper")
STYLES = ("plain", "newcomer", "typos")

OUR_TEXTS = frozenset({"note", "glossary"})
"""Kinds of Paper that are our own words about a source: finding one is not finding the source."""

ALL = "all"
"""The group of every case, beside the groups by kind."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a text answers a question: the stretch of physical page `page` (from 1) that begins with the words `first`
    and ends with the next `last`. `sha256` is the hex hash of the stretch's `assistant.locate.key` in UTF-8, so that a
    changed text is noticed without a copy of it in the project. The text is a paper (`arxiv_id`), or one of our own
    (`source`, its id in the vault, of one page)."""

    arxiv_id: str
    page: int
    first: str
    last: str
    sha256: str
    source: str = ""

    @property
    def text_id(self) -> str:
        """What names the text: our own text's id, else the paper's arXiv id without version."""
        return self.source or base_id(self.arxiv_id)


@dataclass(frozen=True, slots=True)
class Case:
    """A question with the arXiv ids (version aside) that answer it, or one that must be refused (`must_abstain`).

    `half` is "dev" (for tuning) or "test" (only for reports); `history` the questions asked before it, oldest first;
    `expected_sources` our own texts (notes, glossary terms) that answer it, by id; `style` how it is worded.
    """

    id: str
    kind: Kind
    question: str
    expected_papers: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    facts: tuple[str, ...] = ()
    must_abstain: bool = False
    note: str = ""
    half: Half = ""
    history: tuple[str, ...] = ()
    expected_sources: tuple[str, ...] = ()
    why_unanswerable: str = ""
    style: str = "plain"

    @property
    def expected(self) -> tuple[str, ...]:
        """The ids of all texts that answer it, papers first, each once and without version."""
        return tuple(dict.fromkeys((*map(base_id, self.expected_papers), *self.expected_sources)))

    @property
    def cluster(self) -> str:
        """What makes cases alike: the first text they are about. A question without one stands alone."""
        return self.expected[0] if self.expected else f"case {self.id}"

    @property
    def asked(self) -> str:
        """What is searched for: the question, after the questions before it. The assistant is asked the question with
        its history, and makes it stand alone itself."""
        return " ".join((*self.history, self.question))


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
    """One case as measured. `abstained` is None where no answer came; `errors` say what was raised, or that a text is
    not held. `seconds` is the answer's wall time, the only field that differs between two runs of the same; `tokens`
    what a language model read and wrote for it, as far as that is known."""

    case: Case
    hits: tuple[HitSeen, ...]
    sentences: tuple[Sentence, ...]
    abstained: bool | None
    reason: str
    scores: tuple[Score, ...]
    errors: tuple[str, ...] = ()
    seconds: float | None = None
    tokens: float | None = None

    @property
    def values(self) -> dict[str, Score]:
        """The scores by metric."""
        return {score.metric: score for score in self.scores}


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
class Agreement:
    """How far a judge agrees with people on one set of labelled claims: balanced accuracy (0.5 is a coin), AUC of its
    grades, and the same of the baseline that only looks at the claim's length (its best cut, chosen on the same claims:
    in its favour). `unread` claims got no judgement that can be read."""

    name: str
    claims: int
    unread: int
    accuracy: float | None
    low: float | None
    high: float | None
    auc: float | None
    by_length: float | None
    by_length_auc: float | None


@dataclass(frozen=True, slots=True)
class Cost:
    """What a whole run took: wall seconds, the highest memory of the process in megabytes, and the price that was given
    for a million tokens (None: not told)."""

    seconds: float | None = None
    peak_mb: float | None = None
    per_million: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run. `planned` counts the cases asked for; `partial` says that it was stopped before the last one.

    `recipe` is the answers' (the first one's; a notice says where they differ); `cases_hash` names the cases' content,
    `k`, `seed` and `resamples` the measuring, `judge` who judged support: two reports can be compared where these are
    equal. `scores_hash` is of every value: equal for two runs that scored the same. `card` says how far the judge
    agrees with people.
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
    judge: str = ""
    chosen: str = ""
    scores_hash: str = ""
    cost: Cost = Cost()
    card: tuple[Agreement, ...] = ()


def base_id(arxiv_id: str) -> str:
    """An arXiv id without its version: "2209.10652v1" -> "2209.10652"."""
    return re.sub(r"v\d+$", "", arxiv_id.strip())


def unscored(metrics: Sequence[str], reason: str) -> tuple[Score, ...]:
    """The scores of metrics that apply to a case but could not be had."""
    return tuple(Score(metric, None, reason=reason) for metric in metrics)
