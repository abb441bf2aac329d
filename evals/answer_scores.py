"""Is what the answer shows really on the page, does it back every sentence, and was it right to answer at all?

Quotes are looked up again in the stored pages: the answer's own verdicts are not believed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from assistant.locate import MIN_KEY, key
from assistant.records import Answer, Citation
from evals.records import Case, Score
from ingest.errors import MivaultError
from ingest.records import Page

Pages = Callable[[str], Sequence[Page]]

SHOWN_AS_VALID = frozenset({"supported", "partly"})
ANSWER_METRICS = (
    *("answered", "abstention_recall", "abstention_precision"),
    *("citation_validity", "citations_naming_nothing", "faithfulness"),
)


def answer_metrics(case: Case) -> tuple[str, ...]:
    """The metrics that can apply to a case, by what it asks for."""
    other = "answered" if case.must_abstain else "abstention_recall"
    return tuple(metric for metric in ANSWER_METRICS if metric != other)


def answer_scores(case: Case, answer: Answer, pages: Pages) -> tuple[Score, ...]:
    """The scores of one answer. What has nothing to measure (no quotes, no sentences) is left out, not scored."""
    citations = [citation for sentence in answer.sentences for citation in sentence.citations]
    scores = (
        citation_validity(citations, pages),
        citations_naming_nothing(citations, pages),
        faithfulness(answer),
        *abstention(case, answer),
    )
    return tuple(score for score in scores if score is not None)


def refused(answer: Answer) -> bool:
    """Whether an answer says that it does not know. One without a sentence does not know either."""
    return answer.abstained or not answer.sentences


def citation_validity(citations: Sequence[Citation], pages: Pages) -> Score | None:
    """The share of displayed quotes that stand letter by letter on the stored page they name. None without quotes."""
    quoted = [citation for citation in citations if citation.quote]
    if not quoted:
        return None
    faults = [quote_fault(citation, pages) for citation in quoted]
    lines = tuple(f"{_line(c)}: {fault or 'found'}" for c, fault in zip(quoted, faults, strict=True))
    return Score("citation_validity", faults.count("") / len(quoted), weight=len(quoted), evidence=lines)


def quote_fault(citation: Citation, pages: Pages) -> str:
    """Why a quote does not stand on the page it names; "" where it does."""
    page = stored_page(citation, pages)
    if page is None:
        return "there is no such page"
    if len(key(citation.quote)) < MIN_KEY:
        return "too short to prove anything"
    return "" if citation.quote in page.text else "the quote is not on that page"


def citations_naming_nothing(citations: Sequence[Citation], pages: Pages) -> Score | None:
    """The share of citations that name no passage, paper or page there is, or quote nothing, and are shown as valid all
    the same. It must be 0. None without citations."""
    if not citations:
        return None
    wrong = [c for c in citations if c.verdict in SHOWN_AS_VALID and names_nothing(c, pages)]
    lines = tuple(f"{_line(c)}: shown as {c.verdict}" for c in wrong)
    return Score("citations_naming_nothing", len(wrong) / len(citations), weight=len(citations), evidence=lines)


def names_nothing(citation: Citation, pages: Pages) -> bool:
    return not citation.passage_id or not citation.quote.strip() or stored_page(citation, pages) is None


def faithfulness(answer: Answer) -> Score | None:
    """The share of sentences whose verdict is "supported". None without sentences.

    This is the assistant's own check of itself; `citation_validity` is the independent one.
    """
    if not answer.sentences:
        return None
    verdicts = [sentence.verdict for sentence in answer.sentences]
    lines = tuple(f"sentence {number}: {verdict}" for number, verdict in enumerate(verdicts, 1))
    return Score("faithfulness", verdicts.count("supported") / len(verdicts), weight=len(verdicts), evidence=lines)


def abstention(case: Case, answer: Answer) -> tuple[Score, ...]:
    """Refusing taken as the finding. `abstention_recall`: the share of unanswerable questions refused; `answered`: the
    share of answerable ones answered; `abstention_precision`: the share of refusals that were right."""
    no = refused(answer)
    line = (f"refused: {answer.reason}" if no else f"answered in {len(answer.sentences)} sentences",)
    right = (
        Score("abstention_recall", float(no), evidence=line)
        if case.must_abstain
        else Score("answered", float(not no), evidence=line)
    )
    return (right, Score("abstention_precision", float(case.must_abstain), evidence=line)) if no else (right,)


def stored_page(citation: Citation, pages: Pages) -> Page | None:
    """The stored page a citation names, None where there is none."""
    if citation.paper_id is None or citation.page is None:
        return None
    try:
        stored = pages(citation.paper_id)
    except MivaultError:  # an invented id may not even be one: vault.source refuses "../x"
        return None
    return next((page for page in stored if page.number == citation.page), None)


def _line(citation: Citation) -> str:
    return f"[{citation.key}] {citation.paper_id} p. {citation.page}"
