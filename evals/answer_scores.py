"""The scores of one answer: quotes, support, facts, and whether it was right to answer at all.

answered               the share of answerable questions answered
abstention_recall      the share of unanswerable questions refused (refusing is the finding)
abstention_precision   the share of refusals that were right
coverage               the share of all questions answered, as in selective question answering (El-Yaniv and Wiener,
                       JMLR 11, 2010: risk and coverage)
correctness            fact coverage where a question has an answer (0 for a refusal), refusing where it has none
accuracy               the share of all questions handled right: at least half of the facts, or a right refusal
precision              the same share among the questions that were answered
"""

from __future__ import annotations

from collections.abc import Callable

from assistant.records import Answer
from evals.facts import fact_coverage, lead_states_a_fact
from evals.judge import CheckJudge, Judge
from evals.quotes import Pages, citations_naming_nothing, quote_validity
from evals.records import Case, Score
from evals.support_scores import SUPPORT_METRICS, support_scores

ENOUGH_FACTS = 0.5  # from here on an answer is right: a fact in other words than the matcher knows should not sink it
ANSWER_METRICS = (
    *SUPPORT_METRICS,
    *("quote_validity", "citations_naming_nothing", "fact_coverage", "lead_states_a_fact"),
    *("correctness", "accuracy", "precision"),
    *("coverage", "answered", "abstention_recall", "abstention_precision"),
)
OF_FACTS = frozenset({"fact_coverage", "lead_states_a_fact", "correctness", "accuracy", "precision"})

Further = Callable[[Case, Answer], tuple[Score, ...]]


def answer_metrics(case: Case) -> tuple[str, ...]:
    """The metrics that can apply to a case, by what it asks for."""
    other = {"answered", "fact_coverage", "lead_states_a_fact"} if case.must_abstain else {"abstention_recall"}
    if not case.facts and not case.must_abstain:
        other |= OF_FACTS
    return tuple(metric for metric in ANSWER_METRICS if metric not in other)


def answer_scores(
    case: Case, answer: Answer, pages: Pages, judge: Judge | None = None, further: Further | None = None
) -> tuple[Score, ...]:
    """The scores of one answer. What has nothing to measure (no quotes, no sentences) is left out, not scored.
    `further` adds what a judge with a model says of the whole answer."""
    citations = [citation for sentence in answer.sentences for citation in sentence.citations]
    facts = fact_coverage(case, answer)
    scores = (
        *support_scores(answer, pages, judge or CheckJudge()),
        quote_validity(citations, pages),
        citations_naming_nothing(citations, pages),
        facts,
        lead_states_a_fact(case, answer),
        *handled(case, answer, facts),
        *abstention(case, answer),
        *(further(case, answer) if further else ()),
    )
    return tuple(score for score in scores if score is not None)


def refused(answer: Answer) -> bool:
    """Whether an answer says that it does not know. One without a sentence does not know either."""
    return answer.abstained or not answer.sentences


def handled(case: Case, answer: Answer, facts: Score | None) -> tuple[Score, ...]:
    """Correctness and accuracy, and precision where it was answered. None where an answerable case has no facts."""
    no = refused(answer)
    if not case.must_abstain and not case.facts:
        return ()
    value = float(no) if case.must_abstain else (0.0 if no or facts is None or facts.value is None else facts.value)
    right = float(value >= ENOUGH_FACTS)
    scores = (Score("correctness", value), Score("accuracy", right))
    return scores if no else (*scores, Score("precision", right))


def abstention(case: Case, answer: Answer) -> tuple[Score, ...]:
    """Coverage, and refusing taken as the finding."""
    no = refused(answer)
    line = (f"refused: {answer.reason}" if no else f"answered in {len(answer.sentences)} sentences",)
    right = (
        Score("abstention_recall", float(no), evidence=line)
        if case.must_abstain
        else Score("answered", float(not no), evidence=line)
    )
    found = (Score("coverage", float(not no)), right)
    return (*found, Score("abstention_precision", float(case.must_abstain), evidence=line)) if no else found
