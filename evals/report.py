"""A Report as a file of the vault, and as tables for a terminal. The door of rich for tables of scores."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from evals.records import ALL, Agreement, EvidenceCheck, Report, Summary
from evals.summary import metric_groups
from ingest.errors import UsageError
from ingest.records import as_json, from_json
from ingest.vault import Vault, read_json, write_json

if TYPE_CHECKING:
    from rich.table import Table

FORMAT = 2
WIDTH = 100  # columns where the terminal's width is not given
_CREATED = re.compile(r"\d[0-9A-Za-z.:+-]{0,60}")


# --- files -----------------------------------------------------------------------------------------------------------


def save(report: Report, vault: Vault) -> Path:
    """Write a report to `reports/<created>.json` and return its path; a second one of the same second gets a "-2".

    Raises UsageError where `created` cannot be a file name.
    """
    if not _CREATED.fullmatch(report.created):
        raise UsageError(f"{report.created!r} cannot name a report", "give a timestamp such as 2026-11-23T08:30:00Z")
    stem = report.created.replace(":", "")  # no file name on Windows may have one
    path, number = vault.inside(f"reports/{stem}.json"), 1
    while path.exists():
        number += 1
        path = vault.inside(f"reports/{stem}-{number}.json")
    write_json(path, {"format": FORMAT, **as_json(report)})
    return path


def load(path: Path) -> Report:
    """The report that `save` wrote. Raises UsageError where the file is no report of this format."""
    data = read_json(path)
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise UsageError(f"{path.name} is not a report that this mivault reads", "make a new one: mivault eval")
    try:
        return from_json(Report, data)
    except (KeyError, TypeError) as error:
        raise UsageError(f"{path.name} is damaged: {error}", "make a new one: mivault eval") from error


# --- terminal --------------------------------------------------------------------------------------------------------


def to_text(report: Report, *, by_kind: bool = False, width: int = WIDTH, colour: bool = False) -> str:
    """The report for a terminal: how it was made, a row per metric (per kind too with `by_kind`), what it cost, how far
    the judge agrees with people, unscored cases."""
    lines = [*_headline(report), *report.notices]
    table = _rendered(_table(report, by_kind=by_kind), width, colour)
    return "\n".join([*lines, table, *_spent(report), *card_lines(report), *_unscored(report)])


def card_lines(report: Report) -> list[str]:
    """The calibration card: how far the judge in use agrees with people, beside a baseline."""
    if not report.card:
        return [f"judge: {report.judge}; agreement with people not measured (--calibration-data DIR)"]
    lines = [f"judge: {report.judge}; its agreement with people (balanced accuracy, .5 is a coin):"]
    return [*lines, *(f"  {agreement_line(one)}" for one in report.card)]


def agreement_line(one: Agreement) -> str:
    """One set of labelled claims on a line."""
    if one.accuracy is None:
        return _plain(f"{one.name}: nothing could be judged of {one.claims} claims")
    interval = "" if one.low is None or one.high is None else f" ({one.low:.2f} to {one.high:.2f})"
    auc = "" if one.auc is None else f", AUC {one.auc:.2f}"
    length = "" if one.by_length is None else f"; by the claim's length alone {one.by_length:.2f}"
    unread = f", {one.unread} unread" if one.unread else ""
    return _plain(f"{one.name}: {one.accuracy:.2f}{interval}{auc}, {one.claims} claims{unread}{length}")


def _spent(report: Report) -> list[str]:
    cost = report.cost
    parts = [f"{cost.seconds:.1f} s in all" if cost.seconds is not None else ""]
    parts += [f"at most {cost.peak_mb:.0f} MB of memory" if cost.peak_mb is not None else ""]
    said = ", ".join(filter(None, [*parts, f"scores {report.scores_hash}" if report.scores_hash else ""]))
    return [said] if said else []


def evidence_text(checks: Sequence[EvidenceCheck], *, show: bool = True) -> str:
    """What was not found, with the reason; with `show` every piece of evidence with the text it points at."""
    lines = []
    for check in checks:
        mark = "found" if check.found else f"NOT FOUND: {check.reason}"
        if show or (check.held and not check.found):
            lines.append(_plain(f"{check.case_id} {check.evidence.text_id} p. {check.evidence.page}: {mark}"))
        if show and check.text:
            lines.append(f"    {_plain(check.text)}")
    found, away = sum(check.found for check in checks), sum(not check.held for check in checks)
    elsewhere = f", {away} in papers that are not there" if away else ""
    return "\n".join([*lines, f"{found} of {len(checks)} pieces of evidence found{elsewhere}"])


def _headline(report: Report) -> list[str]:
    recipe = report.recipe
    done = f"{len(report.results)} of {report.planned} cases" if report.partial else f"{report.planned} cases"
    lines = [f"{done}, set {report.cases_hash}, seed {report.seed}, {report.created}".rstrip(", ")]
    if report.chosen:
        lines.append(_plain(f"cases: {report.chosen}"))
    if report.partial:
        lines.append("PARTIAL: the run was stopped before the last case")
    if recipe:
        made_by = (
            f"embedding {recipe.embedding_model}, answers by {recipe.chat_model}, vault {recipe.vault_lock or '-'}"
        )
        lines.append(_plain(made_by))
    return lines


def _table(report: Report, *, by_kind: bool) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(title="every mean with its 95 % interval", title_justify="left")
    for name in (["cases"] if by_kind else []) + ["metric"]:
        table.add_column(name)
    for name in ("value", "95 % interval", "scored", "unscored"):
        table.add_column(name, justify="right")
    section = ("", "")
    for summary in report.summary:
        if summary.group != ALL and not by_kind:
            continue
        if (summary.group, _group(report, summary)) != section:
            table.add_section()
        section = (summary.group, _group(report, summary))
        cells = _cells(summary)
        table.add_row(*(Text(cell) for cell in ([summary.group, *cells] if by_kind else cells)))
    return table


def _group(report: Report, summary: Summary) -> str:
    """retrieval, answers or cost."""
    groups = metric_groups(report.results, report.k)
    return next((name for name, metrics in groups.items() if summary.metric in metrics), "")


def _cells(summary: Summary) -> list[str]:
    value = "-" if summary.value is None else f"{summary.value:.3f}"
    interval = "-" if summary.low is None or summary.high is None else f"{summary.low:.3f} - {summary.high:.3f}"
    return [summary.metric.replace("_", " "), value, interval, str(summary.scored), str(summary.unscored)]


def _unscored(report: Report) -> list[str]:
    """A line per case that could not be scored, with the reason."""
    bad = [result for result in report.results if result.errors]
    if not bad:
        return []
    lines = ["  " + _plain(f"{result.case.id}: {'; '.join(result.errors)}") for result in bad]
    return [f"unscored, and not counted as wrong ({len(bad)}):", *lines]


def _rendered(table: Table, width: int, colour: bool) -> str:
    from rich.console import Console

    out = StringIO()
    console = Console(file=out, width=width, force_terminal=colour, color_system="standard" if colour else None)
    console.print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().rstrip("\n").split("\n"))


def _plain(text: str) -> str:
    """One line without control characters: papers and error messages are data, and a terminal obeys escape codes."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
