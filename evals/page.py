"""A Report as one HTML file that needs nothing else: plots, tables, and every case with its answer and its scores.

No script, no font, no picture from anywhere: the page's own policy forbids them. Papers and answers are data: every
text is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from string import Template

from evals.plots import Dot, dots, spread
from evals.records import ALL, CaseResult, Report, Summary
from evals.report import card_lines, headline, spent
from evals.summary import metric_groups

KEY_METRICS = ("page_recall@10", "fact_coverage", "citation_recall", "accuracy")  # told per kind


def write_page(report: Report, path: Path) -> Path:
    """Write the page beside a report's JSON and return its path."""
    out = path.with_suffix(".html")
    out.write_text(to_html(report), encoding="utf-8")
    return out


def to_html(report: Report) -> str:
    """The whole page."""
    seconds = [r.seconds for r in report.results if r.seconds is not None]
    template = Template((Path(__file__).parent / "page.html").read_text(encoding="utf-8"))
    groups = metric_groups(report.results, report.k)
    return template.substitute(
        created=escape(report.created),
        how=_lines([*headline(report), *report.notices, *spent(report)]),
        retrieval=plot(report, groups["retrieval"], "retrieval"),
        answers=plot(report, groups["answers"], "answers"),
        kinds="".join(kind_plot(report, metric) for metric in KEY_METRICS),
        seconds=spread(seconds, unit="s", name="seconds an answer"),
        card=_lines(card_lines(report)),
        cases="".join(case_html(result) for result in report.results),
    )


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in lines)


def plot(report: Report, metrics: Sequence[str], name: str) -> str:
    rows = [s for metric in metrics for s in report.summary if (s.group, s.metric) == (ALL, metric) and s.scored]
    return dots([_dot(s, s.metric) for s in rows], name=name) if rows else "<p>nothing was scored</p>"


def kind_plot(report: Report, metric: str) -> str:
    rows = [s for s in report.summary if s.metric == metric and s.group != ALL and s.scored]
    if not rows:
        return ""
    return f"<h3>{escape(_words(metric))}</h3>{dots([_dot(s, s.group) for s in rows], name=metric)}"


def _dot(summary: Summary, label: str) -> Dot:
    value = "-" if summary.value is None else f"{summary.value:.3f}"
    between = "" if summary.low is None or summary.high is None else f"{summary.low:.2f} to {summary.high:.2f}"
    missing = f", {summary.unscored} unscored" if summary.unscored else ""
    title = f"{_words(label)}: {value}, 95 % interval {between or '-'}, {summary.scored} cases{missing}"
    return Dot(_words(label), summary.value, summary.low, summary.high, f"{value}  ({between})", title)


def _words(metric: str) -> str:
    return metric.replace("_", " ")


def case_html(result: CaseResult) -> str:
    case = result.case
    mark = "error" if result.errors else "refused" if result.abstained else "answered"
    right = result.values.get("accuracy")
    told = "" if right is None or right.value is None else ("right" if right.value else "wrong")
    came = ", ".join(filter(None, [case.kind, mark, told]))
    head = f"<code>{escape(case.id)}</code> {escape(case.asked)} <em>{escape(came)}</em>"
    body = [*_expected(result), *_answer(result), _score_table(result)]
    return f'<details class="{told or mark}"><summary>{head}</summary>{"".join(body)}</details>'


def _expected(result: CaseResult) -> list[str]:
    case = result.case
    lines = [f"<li>{escape(fact)}</li>" for fact in case.facts]
    where = ", ".join(f"{e.text_id} p. {e.page}" for e in case.evidence)
    wanted = f"must be refused: {case.why_unanswerable or 'unanswerable'}" if case.must_abstain else where
    return [f"<p class='wanted'>wanted: {escape(wanted)}</p>", f"<ul>{''.join(lines)}</ul>" if lines else ""]


def _answer(result: CaseResult) -> list[str]:
    if result.errors:
        return [f"<p class='note'>{escape(error)}</p>" for error in result.errors]
    if not result.sentences:
        return [f"<p class='note'>refused: {escape(result.reason)}</p>"]
    lines = []
    for sentence in result.sentences:
        cited = "".join(
            f"<blockquote>{escape(c.quote or c.reason)} <cite>{escape(f'{c.title}, {c.locator}')}</cite></blockquote>"
            for c in sentence.citations
        )
        lines.append(f"<p>{escape(sentence.text)}</p>{cited}")
    return lines


def _score_table(result: CaseResult) -> str:
    rows = []
    for score in result.scores:
        value = "unscored" if score.value is None else f"{score.value:.3f}"
        why = "; ".join([score.reason, *score.evidence] if score.reason else score.evidence)
        rows.append(f"<tr><td>{escape(_words(score.metric))}</td><td>{value}</td><td>{escape(why)}</td></tr>")
    return f"<table>{''.join(rows)}</table>"
