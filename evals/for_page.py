"""What the page's Evals tab asks: runs in the background, their reports as HTML, one report held against another.

Fills `assistant.app.rooms.EvalRuns`; the command line hands it over, since nothing to the left imports evals.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.app.page import esc
from assistant.app.rooms import EvalProgress
from evals.cases import SHIPPED
from evals.choose import Choice, choose, short
from evals.compare import Change, ChangedAnswer, Comparison, compare, side_by_side
from evals.evaluate import evaluate
from evals.page import KEY_METRICS, case_html, kind_plot, plot
from evals.records import ALL, KINDS, CaseResult, HitSeen, Report, Summary
from evals.report import card_lines, find, headline, load, spent
from evals.summary import metric_groups
from ingest.errors import MivaultError, UsageError
from ingest.vault import Vault, read_json

if TYPE_CHECKING:
    from assistant.draft import Drafter
    from index.search import Search

LOG = logging.getLogger(__name__)
OWN_SETS = "cases"  # the vault's folder of a person's own cases
ANSWERS_SHOWN = 40


class PageRuns:
    """The runs and reports of one vault. One run at a time: two would share two cores, and each other's figures."""

    def __init__(self, vault: Vault, search: Search, drafter: Drafter) -> None:
        self._vault, self._search, self._drafter = vault, search, drafter
        self._lock, self._stopping = threading.Lock(), threading.Event()
        self._progress: EvalProgress | None = None
        self._labels: dict[tuple[str, int], str] = {}

    # --- runs --------------------------------------------------------------------------------------------------------

    def sets(self) -> Sequence[str]:
        return tuple(self._files())

    def kinds(self) -> Sequence[str]:
        return KINDS

    def start(self, sets: Sequence[str], kinds: Sequence[str], sample: int | None) -> None:
        self._vault.present()
        files = self._files()
        paths = tuple(name if files[name].parent == SHIPPED else str(files[name]) for name in sets if name in files)
        choice = Choice(paths, tuple(kinds), sample=sample)
        total = len(choose(choice))
        with self._lock:
            if self._progress and self._progress.running:
                raise UsageError("a run is under way already", "wait for it, or stop it")
            self._progress = EvalProgress(True, 0, total)
        self._stopping.clear()
        threading.Thread(target=self._run, args=(choice,), name="mivault eval", daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()

    def progress(self) -> EvalProgress | None:
        with self._lock:
            return self._progress

    def _run(self, choice: Choice) -> None:
        name = ""
        try:
            outcome = evaluate(self._vault, choice, self._search, self._drafter, on_progress=self._tell)
            name = Path(str(outcome.data["report"])).stem
            done, planned = len(outcome.data["results"]), outcome.data["planned"]
            said = f"Stopped after {done} of {planned} cases." if outcome.data["partial"] else f"{done} cases measured."
        except KeyboardInterrupt:  # pressed before the first case, or after the last
            said = "Stopped before a case was measured."
        except MivaultError as error:
            said = str(error)
        except Exception as error:
            LOG.exception("an eval run failed")
            said = f"mivault failed unexpectedly: {type(error).__name__}; the terminal says where"
        with self._lock:
            before = self._progress or EvalProgress(False)
            self._progress = replace(before, running=False, message=said, report=name)

    def _tell(self, _stage: str, done: int, total: int) -> None:
        with self._lock:
            self._progress = EvalProgress(True, done, total)
        if self._stopping.is_set() and done < total:
            raise KeyboardInterrupt  # as Ctrl-C: `evals.run` keeps what was measured

    def _files(self) -> dict[str, Path]:
        """The files of cases by name: the vault's own, then those that ship."""
        own = {path.stem: path for path in sorted(self._vault.inside(OWN_SETS).glob("*.jsonl"))}
        return own | {path.stem: path for path in sorted(SHIPPED.glob("*.jsonl")) if path.stem not in own}

    # --- reports -----------------------------------------------------------------------------------------------------

    def history(self) -> Sequence[tuple[str, str]]:
        folder = self._vault.inside("reports")
        made = sorted(folder.glob("*.json"), key=lambda p: (p.stat().st_mtime_ns, p.name), reverse=True)
        return [(self._label(path), path.stem) for path in made]

    def report(self, name: str) -> str:
        return report_html(self._load(name))

    def cases(self, name: str) -> Sequence[tuple[str, str]]:
        return [(f"{_told(result)}: {result.case.asked}", result.case.id) for result in self._load(name).results]

    def case(self, name: str, case_id: str) -> str:
        result = next((r for r in self._load(name).results if r.case.id == case_id), None)
        if result is None:
            raise UsageError(f"the report has no case {case_id!r}", "choose one of its cases")
        found = "".join(f"<li>{esc(_hit(hit))}</li>" for hit in result.hits)
        opened = case_html(result).replace("<details", "<details open", 1)
        return f'<section class="mv-report">{opened}<h3>Found, best first</h3><ol>{found}</ol></section>'

    def difference(self, first: str, second: str) -> str:
        return difference_html(compare(self._load(first), self._load(second)))

    def _load(self, name: str) -> Report:
        """By the name that `history` gave. A browser names no other file."""
        if name not in {known for _, known in self.history()}:
            raise UsageError(f"there is no report {name!r}", "choose one of the list")
        return load(find(self._vault, name))

    def _label(self, path: Path) -> str:
        key = (path.name, path.stat().st_mtime_ns)
        if key not in self._labels:
            data = read_json(path)
            data = data if isinstance(data, dict) else {}
            part = ", stopped" if data.get("partial") else ""
            count = len(data.get("results") or ())
            made = str(data.get("created") or path.stem).replace("T", " ").rstrip("Z")
            self._labels[key] = f"{made}: {count} cases, {_short(data)}{part}"
        return self._labels[key]


def report_html(report: Report) -> str:
    """How a report was made, a plot and a table of every metric with its interval, and the plots by kind."""
    groups = metric_groups(report.results, report.k)
    how = "".join(f"<p>{esc(line)}</p>" for line in [*headline(report), *report.notices, *spent(report)])
    card = "".join(f"<p>{esc(line)}</p>" for line in card_lines(report))
    kinds = "".join(kind_plot(report, metric) for metric in KEY_METRICS)
    wrong = [f"<li>{esc('; '.join((r.case.id, *r.errors)))}</li>" for r in report.results if r.errors]
    unscored = (
        f"<details><summary>Unscored, not counted as wrong ({len(wrong)})</summary><ul>{''.join(wrong)}</ul></details>"
    )
    return (
        f'<section class="mv-report"><h2>Report {esc(report.created)}</h2><div class="mv-how">{how}</div>'
        f"<h3>Retrieval</h3>{plot(report, groups['retrieval'], 'retrieval')}"
        f"<h3>Answers</h3>{plot(report, groups['answers'], 'answers')}"
        f"<details><summary>All metrics as a table</summary>{_table(report)}</details>"
        f"<details><summary>By kind of question</summary>{kinds}</details>{unscored if wrong else ''}"
        f'<h3>The judge</h3><div class="mv-how">{card}</div></section>'
    )


def difference_html(found: Comparison) -> str:
    """What the second report does better or worse: paired differences with intervals, then the changed answers."""
    notices = "".join(f'<p class="mv-notice">{esc(notice)}</p>' for notice in found.notices)
    rows = "".join(map(_change, found.changes))
    head = "".join(
        f'<th scope="col">{name}</th>'
        for name in ("Metric", "First", "Second", "Difference", "95 % interval", "Cases", "")
    )
    changed = "".join(map(_changed, found.answers[:ANSWERS_SHOWN]))
    others = [("first", found.only_first), ("second", found.only_second)]
    alone = "".join(f"<p>{len(ids)} cases only in the {name}</p>" for name, ids in others if ids)
    return (
        f'<section class="mv-report"><h2>Second minus first</h2>{notices}{_framed(head, rows)}{alone}'
        f"<h3>{len(found.answers)} answers changed</h3>{changed}</section>"
    )


def _table(report: Report) -> str:
    head = "".join(
        f'<th scope="col">{name}</th>' for name in ("Metric", "Value", "95 % interval", "Scored", "Unscored")
    )
    return _framed(head, "".join(_metric(one) for one in report.summary if one.group == ALL))


def _framed(head: str, rows: str) -> str:
    return (
        '<div class="mv-table" tabindex="0" role="region" aria-label="Metrics">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _metric(one: Summary) -> str:
    value = "-" if one.value is None else f"{one.value:.3f}"
    between = "-" if one.low is None or one.high is None else f"{one.low:.3f} to {one.high:.3f}"
    cells = (value, between, str(one.scored), str(one.unscored))
    return f'<tr><th scope="row">{esc(one.metric.replace("_", " "))}</th>{"".join(f"<td>{c}</td>" for c in cells)}</tr>'


def _change(one: Change) -> str:
    between = "-" if one.low is None or one.high is None else f"{one.low:+.3f} to {one.high:+.3f}"
    cells = (f"{one.first:.3f}", f"{one.second:.3f}", f"{one.difference:+.3f}", between, str(one.paired), one.verdict)
    return f'<tr><th scope="row">{esc(one.metric.replace("_", " "))}</th>{"".join(f"<td>{c}</td>" for c in cells)}</tr>'


def _changed(answer: ChangedAnswer) -> str:
    rows = "".join(f"<tr><td>{esc(a or '-')}</td><td>{esc(b or '-')}</td></tr>" for a, b in side_by_side(answer))
    refused = "<tr><td>(refused)</td><td>(refused)</td></tr>"
    head = '<th scope="col">First</th><th scope="col">Second</th>'
    return (
        f"<details><summary>{esc(answer.case_id)} {esc(answer.question)}</summary>"
        f"{_framed(head, rows or refused)}</details>"
    )


def _hit(hit: HitSeen) -> str:
    pages = ", ".join(map(str, hit.pages))
    return f"{hit.arxiv_id or hit.paper_id} p. {pages} ({hit.score:.3f})"


def _told(result: CaseResult) -> str:
    """How a case went, in a word."""
    right = result.values.get("accuracy")
    if result.errors:
        return "unscored"
    return "measured" if right is None or right.value is None else "right" if right.value else "wrong"


def _short(data: dict[str, object]) -> str:
    """Which cases they were, without the folders of their files."""
    return ", ".join(
        short(part) if part.endswith(".jsonl") else part for part in str(data.get("chosen") or "").split(", ")
    )
