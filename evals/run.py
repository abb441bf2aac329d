"""Measuring a vault: every case is searched for and asked, the answers scored, the scores summed up into a Report."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from assistant.records import Answer, Recipe
from evals.answer_scores import Pages
from evals.cases import STARTER, check_evidence, held_ids, held_papers, load, stored_pages
from evals.measure import Measured, Searcher, measure
from evals.records import Case, CaseResult, Report
from evals.report import evidence_text, save, to_text
from evals.statistics import RESAMPLES
from evals.summary import summarize
from ingest.records import Paper, as_json
from ingest.vault import Vault, digest

if TYPE_CHECKING:
    from assistant.draft import Drafter
    from index.search import Search

STOPPED = 130  # what a shell says of a command that Ctrl-C ended
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
    on_progress: Callable[[int, int, str], None] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Report:
    """Measure `ask` and `search` on cases.

    `pages` gives a source's stored pages by its id (Vault.pages); `papers` are the sources whose text the vault holds
    (`evals.cases.held_papers`): a case that expects another one is unscored. `on_progress` gets the cases done, their
    number, and the id of the last. An error in one case leaves that case unscored; one that no case can do without
    (no index, wrong model) is raised. Ctrl-C keeps the finished cases, in a partial report.
    """
    held = frozenset(held_ids(papers))
    assistant = Measured(ask, search, lru_cache(maxsize=64)(pages), held, k, clock)
    measured: list[tuple[CaseResult, Recipe | None]] = []
    try:
        for case in cases:
            measured.append(measure(case, assistant))
            if on_progress:
                on_progress(len(measured), len(cases), case.id)
    except KeyboardInterrupt:
        pass  # what is done is worth keeping; `partial` says that it is not all
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
        summary=summarize(results, k=k, seed=seed, resamples=resamples),
        notices=_notices(recipes),
    )


class Outcome(NamedTuple):
    """What the command line shows: `text` for people, `data` for programs, and its exit code."""

    text: str
    data: Any
    code: int


def evaluate(
    vault: Vault,
    path: Path | None,
    search: Search,
    drafter: Drafter,
    *,
    check_only: bool = False,
    on_progress: Callable[[str, int, int], None] | None = None,
    created: datetime | None = None,
) -> Outcome:
    """Measure a vault on a file of cases (None: the one that ships) and write the report into it; with `check_only`
    just check the cases' evidence. `created` is now where it is not given."""
    cases = load(path or STARTER)
    if check_only:
        return _checked(vault, cases)
    from assistant.ask import ask

    report = run(
        cases,
        ask=partial(ask, search=search, vault=vault, drafter=drafter, embedding_model=search.embedder.name),
        search=search,
        pages=vault.pages,
        papers=held_papers(vault),
        created=(created or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        on_progress=lambda done, total, _: on_progress("eval", done, total) if on_progress else None,
    )
    name = str(save(report, vault).relative_to(vault.root))
    text = f"{to_text(report)}\nreport: {name}"
    return Outcome(text, {**as_json(report), "report": name}, _code(report))


def _code(report: Report) -> int:
    """1 where not one case got an answer: a run that measured nothing must not look like one that went well."""
    if report.partial:
        return STOPPED
    return int(all(result.abstained is None for result in report.results))


def _checked(vault: Vault, cases: Sequence[Case]) -> Outcome:
    """The exit code tells evidence that is not where it says; a paper that is not held says nothing about its case."""
    checks = check_evidence(cases, stored_pages(vault))
    wrong = any(check.held and not check.found for check in checks)
    return Outcome(evidence_text(checks), [as_json(check) for check in checks], int(wrong))


def cases_hash(cases: Sequence[Case]) -> str:
    """The first 12 hex digits of the cases' sha256."""
    return digest(json.dumps([as_json(case) for case in cases], sort_keys=True).encode())[:12]


def _notices(recipes: Sequence[Recipe]) -> tuple[str, ...]:
    different = [recipe for recipe in recipes if recipe != recipes[0]]
    if not different:
        return ()
    return (f"{len(different)} of {len(recipes)} answers were made by another recipe than the first: do not compare",)
