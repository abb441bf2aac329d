"""Measuring: every case is searched for and asked, the answers scored, the scores summed up into a Report."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from assistant.records import Answer, Recipe
from evals.answer_scores import Further
from evals.cases import held_ids
from evals.judge import CheckJudge, Judge
from evals.measure import Measured, Searcher, measure
from evals.quotes import Pages
from evals.records import Agreement, Case, CaseResult, Cost, Report
from evals.statistics import RESAMPLES
from evals.summary import summarize
from evals.unfinished import Row
from ingest.records import Paper, as_json
from ingest.vault import digest

OnResult = Callable[[CaseResult, Recipe | None], None]
OnProgress = Callable[[int, int, str], None]
K = 5  # five passages are what a reader looks through; the chat page shows about as many without scrolling


def run(
    cases: Sequence[Case],
    *,
    ask: Callable[[str], Answer],
    search: Searcher,
    pages: Pages,
    papers: Sequence[Paper],
    k: int = K,
    seed: int = 0,
    resamples: int = RESAMPLES,
    created: str = "",
    judge: Judge | None = None,
    further: Further | None = None,
    done: Mapping[str, Row] | None = None,
    jobs: int = 1,
    chosen: str = "",
    per_million: float | None = None,
    card: tuple[Agreement, ...] = (),
    on_result: OnResult | None = None,
    on_progress: OnProgress | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Report:
    """Measure `ask` and `search` on cases.

    `pages` gives a source's stored pages by its id (Vault.pages); `papers` are the sources whose text the vault holds
    (`evals.cases.held_papers`): a case that expects another one is unscored. `judge` says what supports what, `further`
    scores whole answers; `done` are results of a stopped run; `jobs` cases are asked at a time. `on_result` gets each
    new result, `on_progress` the cases done, their number, and the id of the last. An error in one case leaves that
    case unscored; one that no case can do without (no index, wrong model) is raised. Ctrl-C keeps the finished cases,
    in a partial report.
    """
    judge = judge or CheckJudge()
    held, started = frozenset(held_ids(papers)), clock()
    assistant = Measured(ask, search, lru_cache(maxsize=64)(pages), held, k, clock, judge, further)
    measured = _gathered(cases, assistant, done or {}, jobs, on_result, on_progress)
    results = tuple(result for result, _ in measured)
    recipes = [recipe for _, recipe in measured if recipe]
    return Report(
        created=created,
        partial=len(results) < len(cases),
        planned=len(cases),
        k=k,
        seed=seed,
        resamples=resamples,
        cases_hash=cases_hash(cases),
        recipe=recipes[0] if recipes else None,
        results=results,
        summary=summarize(results, k=k, seed=seed, resamples=resamples, per_million=per_million),
        notices=_notices(recipes),
        judge=judge.name,
        chosen=chosen,
        scores_hash=scores_hash(results),
        cost=Cost(clock() - started, peak_mb(), per_million),
        card=card,
    )


def _gathered(
    cases: Sequence[Case],
    assistant: Measured,
    done: Mapping[str, Row],
    jobs: int,
    on_result: OnResult | None,
    on_progress: OnProgress | None,
) -> list[Row]:
    """All results, told as they come; after Ctrl-C those that were finished."""
    rows: list[Row] = []
    try:
        for row in _measured(cases, assistant, done, jobs):
            rows.append(row)
            if on_result and row[0].case.id not in done:
                on_result(*row)
            if on_progress:
                on_progress(len(rows), len(cases), row[0].case.id)
    except KeyboardInterrupt:
        pass  # what is done is worth keeping; the report's `partial` says that it is not all
    return rows


def _measured(cases: Sequence[Case], assistant: Measured, done: Mapping[str, Row], jobs: int) -> Iterator[Row]:
    """The cases' results in their order, `jobs` of them made at a time."""

    def one(case: Case) -> Row:
        return done[case.id] if case.id in done else measure(case, assistant)

    if jobs <= 1:
        yield from map(one, cases)
        return
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="case")
    try:
        yield from pool.map(one, cases)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def cases_hash(cases: Sequence[Case]) -> str:
    """The first 12 hex digits of the cases' sha256."""
    return digest(json.dumps([as_json(case) for case in cases], sort_keys=True).encode())[:12]


def scores_hash(results: Sequence[CaseResult]) -> str:
    """The first 12 hex digits of the sha256 of every score's value, to the last bit."""
    rows = [[r.case.id, s.metric, repr(s.value), repr(s.weight)] for r in results for s in r.scores]
    return digest(json.dumps(rows).encode())[:12]


def peak_mb() -> float | None:
    """The highest memory this process has held, in megabytes; None on a system that does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    import sys

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1 << 20 if sys.platform == "darwin" else 1 << 10)  # bytes there, kilobytes elsewhere


def _notices(recipes: Sequence[Recipe]) -> tuple[str, ...]:
    different = [recipe for recipe in recipes if recipe != recipes[0]]
    if not different:
        return ()
    return (f"{len(different)} of {len(recipes)} answers were made by another recipe than the first: do not compare",)
