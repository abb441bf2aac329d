"""A Report as a file of the vault, and as tables for a terminal. The door of rich for tables of scores."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from evals.judge import CheckJudge
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


def find(vault: Vault, name: str) -> Path:
    """A report by its path, by its name in the vault's reports, or "latest" and "previous". Raises UsageError where
    there is none."""
    folder = vault.inside("reports")
    made = (
        sorted(folder.glob("*.json"), key=lambda path: (path.stat().st_mtime_ns, path.name)) if folder.is_dir() else []
    )
    back = {"latest": 1, "previous": 2}.get(name, 0)
    if back and len(made) >= back:
        return made[-back]
    for path in (Path(name), *(p for p in made if name in (p.name, p.stem))):
        if path.is_file():
            return path
    known = ", ".join(path.stem for path in made[-4:]) or "none yet: mivault eval"
    raise UsageError(f"there is no report {name!r}", f"reports here: {known}")


# --- terminal --------------------------------------------------------------------------------------------------------


def to_text(report: Report, *, by_kind: bool = False, width: int = WIDTH, colour: bool = False) -> str:
    """The report for a terminal: how it was made, a row per metric (per kind too with `by_kind`), what it cost, how far
    the judge agrees with people, unscored cases."""
    lines = [*headline(report), *report.notices]
    table = rendered(_table(report, by_kind=by_kind), width, colour)
    return "\n".join([*lines, table, *spent(report), *card_lines(report), *_unscored(report)])


def card_lines(report: Report) -> list[str]:
    """The calibration card: how far the judge in use agrees with people, beside a baseline."""
    if not report.card:
        return [f"judge: {report.judge}; agreement with people not measured (--calibration-data DIR)"]
    lines = [f"judge: {report.judge}; its agreement with people (balanced accuracy, .5 is a coin):"]
    notes = [f"  ({CheckJudge.note})"] if report.judge == CheckJudge.name else []
    return [*lines, *(f"  {agreement_line(one)}" for one in report.card), *notes]


def agreement_line(one: Agreement) -> str:
    """One set of labelled claims on a line."""
    if one.accuracy is None:
        return plain(f"{one.name}: nothing could be judged of {one.claims} claims")
    interval = "" if one.low is None or one.high is None else f" ({one.low:.2f} to {one.high:.2f})"
    auc = "" if one.auc is None else f", AUC {one.auc:.2f}"
    length = "" if one.by_length is None else f"; by the claim's length alone {one.by_length:.2f}"
    unread = f", {one.unread} unread" if one.unread else ""
    return plain(f"{one.name}: {one.accuracy:.2f}{interval}{auc}, {one.claims} claims{unread}{length}")


def spent(report: Report) -> list[str]:
    """What the whole run took, and what its scores come to."""
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
            lines.append(plain(f"{check.case_id} {check.evidence.text_id} p. {check.evidence.page}: {mark}"))
        if show and check.text:
            lines.append(f"    {plain(check.text)}")
    found, away = sum(check.found for check in checks), sum(not check.held for check in checks)
    elsewhere = f", {away} in papers that are not there" if away else ""
    return "\n".join([*lines, f"{found} of {len(checks)} pieces of evidence found{elsewhere}"])


def headline(report: Report) -> list[str]:
    """How the report was made, in lines."""
    recipe = report.recipe
    done = f"{len(report.results)} of {report.planned} cases" if report.partial else f"{report.planned} cases"
    lines = [f"{done}, set {report.cases_hash}, seed {report.seed}, {report.created}".rstrip(", ")]
    if report.chosen:
        lines.append(plain(f"cases: {report.chosen}"))
    if report.partial:
        lines.append("PARTIAL: the run was stopped before the last case")
    if recipe:
        made_by = (
            f"embedding {recipe.embedding_model}, answers by {recipe.chat_model}, vault {recipe.vault_lock or '-'}"
        )
        lines.append(plain(made_by))
    return lines


def _table(report: Report, *, by_kind: bool) -> Table:
    rows: list[tuple[str, ...]] = []
    sections: list[int] = []
    section = ("", "")
    for summary in report.summary:
        if summary.group != ALL and not by_kind:
            continue
        if rows and (summary.group, _group(report, summary)) != section:
            sections.append(len(rows))
        section = (summary.group, _group(report, summary))
        rows.append((summary.group, *_cells(summary)) if by_kind else tuple(_cells(summary)))
    heads = (*(["cases"] if by_kind else []), "metric", "value", "95 % interval", "scored", "unscored")
    return table_of("every mean with its 95 % interval", heads, rows, sections=sections)


def table_of(
    title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], *, right: int = 99, sections: Sequence[int] = ()
) -> Table:
    """A table whose cells are text, never markup; columns up to `right` lean right where they hold figures; `sections`
    are the rows before which a line stands."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left")
    for number, head in enumerate(heads):
        figures = bool(rows) and all(re.match(r"[-+\d]", row[number]) for row in rows)
        table.add_column(head, justify="right" if figures and number < right else "left")
    for number, row in enumerate(rows):
        if number in sections:
            table.add_section()
        table.add_row(*(Text(plain(cell)) for cell in row))
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
    lines = ["  " + plain(f"{result.case.id}: {'; '.join(result.errors)}") for result in bad]
    return [f"unscored, and not counted as wrong ({len(bad)}):", *lines]


def rendered(table: Table, width: int = WIDTH, colour: bool = False) -> str:
    """A table as lines."""
    from rich.console import Console

    out = StringIO()
    console = Console(file=out, width=width, force_terminal=colour, color_system="standard" if colour else None)
    console.print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().rstrip("\n").split("\n"))


def plain(text: str) -> str:
    """One line without control characters: papers and error messages are data, and a terminal obeys escape codes."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
