"""What `mivault eval` does with a vault: checks the cases' evidence, or measures and writes the report."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from evals.answer_scores import Further
from evals.calibration import card, labelled_sets
from evals.cases import check_evidence, held_papers, placed, stored_pages
from evals.choose import Choice, choose
from evals.compare import compare, worse
from evals.compare_text import case_text, comparison_text
from evals.judge import CheckJudge, Judge
from evals.model_judge import ModelJudge, biases
from evals.page import write_page
from evals.records import Case, Report
from evals.replies import Replies, Speaker
from evals.report import evidence_text, find, load, save, to_text
from evals.run import cases_hash, run
from evals.triples import export, read_triples, score_triples
from evals.unfinished import Unfinished
from ingest.records import as_json
from ingest.vault import Vault

if TYPE_CHECKING:
    from assistant.draft import Drafter
    from index.search import Search

STOPPED = 130  # what a shell says of a command that Ctrl-C ended


class Outcome(NamedTuple):
    """What the command line shows: `text` for people, `data` for programs, and its exit code."""

    text: str
    data: Any
    code: int


@dataclass(frozen=True, slots=True)
class Manner:
    """How to run: `resume` goes on with a stopped run of the same; `jobs` cases at a time; `per_million` is the price
    of a million tokens; `by_kind` shows a row per kind too. `judge` is a language model that judges (None: the check
    without one), `budget` the most tokens it may be asked for; `labelled` a folder of sets that people have labelled.
    """

    resume: bool = False
    jobs: int = 1
    per_million: float | None = None
    by_kind: bool = False
    judge: Speaker | None = None
    budget: int | None = None
    labelled: Path | None = None


def evaluate(
    vault: Vault,
    choice: Choice,
    search: Search,
    drafter: Drafter,
    *,
    manner: Manner = Manner(),
    on_progress: Callable[[str, int, int], None] | None = None,
    created: datetime | None = None,
) -> Outcome:
    """Measure a vault on cases and write the report into it. `created` is now where it is not given."""
    from assistant.ask import PER_PAPER, ask

    cases, (judge, further) = placed(choose(choice), stored_pages(vault)), judging(vault, manner)
    sets = labelled_sets(stored_pages(vault), manner.labelled)
    by_text = {case.asked: case for case in cases}
    answering = partial(ask, search=search, vault=vault, drafter=drafter, embedding_model=search.embedder.name)
    kept = Unfinished(vault, depends_on(vault, cases, search.embedder.name, drafter.name, judge.name))
    done = kept.rows() if manner.resume else {}
    if not manner.resume:
        kept.begin()
    report = run(
        cases,
        ask=lambda text: answering(by_text[text].question, history=by_text[text].history),
        search=partial(search, per_paper=PER_PAPER),  # what the assistant finds is what is measured
        pages=vault.pages,
        papers=held_papers(vault),
        seed=choice.seed,
        created=(created or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        judge=judge,
        further=further,
        done=done,
        jobs=manner.jobs,
        chosen=str(choice),
        per_million=manner.per_million,
        on_result=kept.add,
        on_progress=lambda done, total, _: on_progress("eval", done, total) if on_progress else None,
    )
    if not report.partial:
        kept.done()
        report = replace(report, card=card(judge, sets, seed=choice.seed))
    return written(report, vault, manner)


def judging(vault: Vault, manner: Manner) -> tuple[Judge, Further | None]:
    """Who judges support, and who scores whole answers: a language model where one is named."""
    if manner.judge is None:
        return CheckJudge(), None
    judge = ModelJudge(Replies(manner.judge, vault.inside("reports/judge-replies.jsonl"), manner.budget))
    return judge, judge.scores


def written(report: Report, vault: Vault, manner: Manner) -> Outcome:
    """The report as files of the vault, and what is said of it."""
    report = replace(report, notices=(*report.notices, *biases(report.results)))
    path = save(report, vault)
    name, page = (str(file.relative_to(vault.root)) for file in (path, write_page(report, path)))
    text = f"{to_text(report, by_kind=manner.by_kind)}\nreport: {name}, to read: {page}"
    return Outcome(text, {**as_json(report), "report": name, "page": page}, _code(report))


def compare_reports(vault: Vault, first: str, second: str) -> Outcome:
    """What the second report does better or worse than the first."""
    comparison = compare(load(find(vault, first)), load(find(vault, second)))
    return Outcome(comparison_text(comparison), as_json(comparison), 0)


def gate(vault: Vault, baseline: str, name: str = "latest") -> Outcome:
    """Compare a report with a baseline; the exit code is 1 where the paired interval of a metric says worse."""
    comparison = compare(load(find(vault, baseline)), load(find(vault, name)))
    lost = worse(comparison)
    said = f"worse: {', '.join(change.metric for change in lost)}" if lost else "no metric is worse than the baseline"
    return Outcome(f"{comparison_text(comparison, answers=0)}\n{said}", as_json(comparison), int(bool(lost)))


def show_case(vault: Vault, name: str, case_id: str) -> Outcome:
    """One case of a report, with all that was looked at."""
    report = load(find(vault, name))
    text = case_text(report, case_id)
    return Outcome(text, as_json(next(r for r in report.results if r.case.id == case_id)), 0)


def depends_on(vault: Vault, cases: Sequence[Case], *models: str) -> list[str]:
    """What the results of a run depend on."""
    from assistant.prompts import prompts_hash

    return [cases_hash(cases), vault.lock_hash(), prompts_hash(), *models]


def evaluate_triples(
    vault: Vault, path: Path, *, manner: Manner = Manner(), created: datetime | None = None
) -> Outcome:
    """Score answers that were given elsewhere, and write the report into the vault."""
    when = (created or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
    judge, _ = judging(vault, manner)
    report = score_triples(read_triples(path), judge=judge, created=when)
    sets = labelled_sets(stored_pages(vault), manner.labelled)
    return written(replace(report, card=card(judge, sets)), vault, manner)


def export_report(vault: Vault, name: str, form: str) -> Outcome:
    """A report as rows that other tools read."""
    rows = list(export(load(find(vault, name)), vault, form))
    return Outcome("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), rows, 0)


def check_cases(vault: Vault, choice: Choice, *, show: bool = False) -> Outcome:
    """Look up every piece of evidence; `show` prints each as it stands on its page. The exit code tells evidence that
    is not where it says; a text that is not held says nothing about its case."""
    pages = stored_pages(vault)
    checks = check_evidence(placed(choose(choice), pages, keep=True), pages)
    wrong = any(check.held and not check.found for check in checks)
    return Outcome(evidence_text(checks, show=show), [as_json(check) for check in checks], int(wrong))


def _code(report: Report) -> int:
    """1 where not one case got an answer: a run that measured nothing must not look like one that went well."""
    if report.partial:
        return STOPPED
    return int(all(result.abstained is None for result in report.results))
