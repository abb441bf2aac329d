"""A comparison, and one case of a report, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from evals.compare import Change, ChangedAnswer, Comparison, side_by_side
from evals.records import CaseResult, Report
from evals.report import plain, rendered, table_of
from ingest.errors import UsageError

ANSWERS_SHOWN = 12  # changed answers that are printed; the JSON holds all


def comparison_text(comparison: Comparison, *, answers: int = ANSWERS_SHOWN) -> str:
    """The metrics with their paired differences, then the changed answers, side by side."""
    table = table_of(
        "second minus first, over the cases that both scored",
        ("metric", "first", "second", "difference", "95 % interval", "cases", ""),
        [_cells(change) for change in comparison.changes],
    )
    lines = [*map(plain, comparison.notices), rendered(table)]
    for name, missing in (("first", comparison.only_first), ("second", comparison.only_second)):
        if missing:
            lines.append(plain(f"{len(missing)} cases only in the {name}: {', '.join(missing[:8])}"))
    lines.append(f"{len(comparison.answers)} answers changed")
    for answer in comparison.answers[:answers]:
        lines += _changed(answer)
    return "\n".join(lines)


def _cells(change: Change) -> tuple[str, ...]:
    interval = "-" if change.low is None or change.high is None else f"{change.low:+.3f} to {change.high:+.3f}"
    means = (f"{change.first:.3f}", f"{change.second:.3f}", f"{change.difference:+.3f}")
    return (change.metric.replace("_", " "), *means, interval, str(change.paired), change.verdict)


def _changed(answer: ChangedAnswer) -> list[str]:
    told = ", ".join(f"{metric} {_value(a)} to {_value(b)}" for metric, a, b in answer.scores)
    rows = [(a or "-", b or "-") for a, b in side_by_side(answer)] or [("(refused)", "(refused)")]
    table = table_of("", ("first", "second"), rows, right=0)
    return ["", plain(f"{answer.case_id}: {answer.question}"), *([plain(told)] if told else []), rendered(table)]


def _value(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def case_text(report: Report, case_id: str) -> str:
    """One case of a report: what was asked, expected, found and answered, and each score with what it looked at. Raises
    UsageError where the report has no such case."""
    result = next((r for r in report.results if r.case.id == case_id), None)
    if result is None:
        raise UsageError(f"the report has no case {case_id!r}", f"it has {', '.join(_some(report.results))}")
    return "\n".join(map(plain_indented, (*_asked(result), *_answered(result), *_found(result), *_scores(result))))


def _some(results: Sequence[CaseResult]) -> list[str]:
    return [r.case.id for r in results[:5]] + (["..."] if len(results) > 5 else [])


def _asked(result: CaseResult) -> list[str]:
    case = result.case
    lines = [f"{case.id} ({case.kind}{f', {case.half}' if case.half else ''})", f"question: {case.asked}"]
    lines.append(f"must be refused: {case.why_unanswerable or 'unanswerable'}" if case.must_abstain else "")
    lines += [f"expected: {', '.join(case.expected)}"] if case.expected else []
    lines += [f"evidence: {e.text_id} p. {e.page}, {e.first!r} to {e.last!r}" for e in case.evidence]
    return [*filter(None, lines), *(f"fact: {fact}" for fact in case.facts)]


def _answered(result: CaseResult) -> list[str]:
    lines = [f"refused: {result.reason}"] if result.abstained else []
    for number, sentence in enumerate(result.sentences, 1):
        lines.append(f"answer {number}: {sentence.text}")
        lines += [f"  [{c.key}] {c.title}, {c.locator}: “{c.quote}”" for c in sentence.citations]
    return [*lines, *(f"error: {error}" for error in result.errors)]


def _found(result: CaseResult) -> list[str]:
    return [
        f"hit {h.rank}: {h.arxiv_id or h.paper_id} p. {', '.join(map(str, h.pages))} ({h.score:.3f})"
        for h in result.hits
    ]


def _scores(result: CaseResult) -> list[str]:
    lines = []
    for score in result.scores:
        value = "unscored" if score.value is None else f"{score.value:.3f}"
        lines.append(f"{score.metric}: {value}{f' ({score.reason})' if score.reason else ''}")
        lines += [f"  {line}" for line in score.evidence]
    return lines


def plain_indented(line: str) -> str:
    return " " * (len(line) - len(line.lstrip())) + plain(line)
