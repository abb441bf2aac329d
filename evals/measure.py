"""One case: searched for and asked, each with what it raised, and scored."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from assistant.records import Answer, Recipe
from evals.answer_scores import Further, answer_metrics, answer_scores
from evals.judge import Judge
from evals.quotes import Pages
from evals.records import Case, CaseResult, HitSeen, Score, unscored
from evals.retrieval_scores import DEEPER, retrieval_metrics, retrieval_scores, seen
from index.errors import EmbedderError, IndexDamaged, IndexMissing, ModelMismatch
from index.records import Hit

NO_CASE_CAN = (IndexMissing, ModelMismatch, IndexDamaged, EmbedderError)

Made = TypeVar("Made")


class Searcher(Protocol):
    """What `index.search.Search` is."""

    def __call__(self, question: str, *, k: int) -> list[Hit]: ...


@dataclass(frozen=True, slots=True)
class Measured:
    """What is measured, and how: `held` are the texts that the vault has, as cases call them."""

    ask: Callable[[str], Answer]
    search: Searcher
    pages: Pages
    held: Collection[str]
    k: int
    clock: Callable[[], float]
    judge: Judge | None = None
    further: Further | None = None


def measure(case: Case, assistant: Measured) -> tuple[CaseResult, Recipe | None]:
    """The result of one case, and the recipe of its answer where one came. A case that expects a paper which is not
    held is not asked: refusing would be right."""
    missing = [name for name in case.expected if name not in assistant.held]
    if missing:
        return _not_held(case, assistant.k, f"not in the vault: {', '.join(missing)}"), None
    hits, retrieval, search_error = _retrieved(case, assistant)
    result, recipe = _answered(case, assistant)
    errors = (search_error, *result.errors) if search_error else result.errors
    return replace(result, hits=hits, scores=retrieval + result.scores, errors=errors), recipe


def _not_held(case: Case, k: int, reason: str) -> CaseResult:
    scores = unscored((*retrieval_metrics(case, k), *answer_metrics(case)), reason)
    return CaseResult(case, (), (), None, "", scores, (reason,))


def _retrieved(case: Case, assistant: Measured) -> tuple[tuple[HitSeen, ...], tuple[Score, ...], str]:
    deep = DEEPER * assistant.k
    hits, error = _attempt(lambda: seen(assistant.search(case.asked, k=deep)[:deep]), "search")
    if hits is None:
        return (), unscored(retrieval_metrics(case, assistant.k), error), error
    return hits, retrieval_scores(case, hits, assistant.k), ""


def _answered(case: Case, assistant: Measured) -> tuple[CaseResult, Recipe | None]:
    started = assistant.clock()
    answer, error = _attempt(lambda: assistant.ask(case.asked), "ask")
    seconds = assistant.clock() - started
    if answer is None:
        return CaseResult(case, (), (), None, "", unscored(answer_metrics(case), error), (error,)), None
    scores = answer_scores(case, answer, assistant.pages, assistant.judge, assistant.further)
    tokens = answer.usage.tokens if answer.usage else None
    result = CaseResult(case, (), answer.sentences, answer.abstained, answer.reason, scores, (), seconds, tokens)
    return result, answer.recipe


def _attempt(step: Callable[[], Made], name: str) -> tuple[Made | None, str]:
    """What a step gave, or None and what it raised: recorded with the case, since the others can still be measured."""
    try:
        return step(), ""
    except NO_CASE_CAN:
        raise
    except Exception as error:
        return None, f"{name}: {type(error).__name__}: {error}"
