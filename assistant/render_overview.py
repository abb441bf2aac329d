"""Summaries, comparisons and reviews as Markdown (which a terminal shows as well). What comes from documents or a model
is escaped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from assistant.records import Citation, Comparison, Review, Sentence, Summary
from assistant.render import MARKS, byline, escaped, plain

Safe = Callable[[str], str]
EMPTY = "nothing found"
NOT_TOLD = "no sentence of the paper was found that tells it"


@dataclass
class _Sources:
    """Citations in the order in which they are first shown; one quote has one number."""

    safe: Safe
    shown: list[Citation] = field(default_factory=list)

    def marks(self, sentence: Sentence) -> str:
        numbers = []
        for citation in sentence.citations:
            same = [
                n for n, c in enumerate(self.shown) if (c.passage_id, c.quote) == (citation.passage_id, citation.quote)
            ]
            if not same:
                self.shown.append(citation)
            numbers.append(same[0] + 1 if same else len(self.shown))
        flag = "" if sentence.verdict == "supported" else f" ({sentence.verdict})"
        return "".join(f"{self.safe('[')}{n}{self.safe(']')}" for n in numbers) + flag

    def said(self, sentence: Sentence) -> str:
        return f"{self.safe(sentence.text)} {self.marks(sentence)}".strip()

    def lines(self) -> Iterator[str]:
        for n, c in enumerate(self.shown, start=1):
            where = ", ".join(self.safe(part) for part in (c.locator, c.section) if part)
            who = f" {self.safe(byline(c))}," if byline(c) else ""
            yield f"{n}. {MARKS[c.verdict]} {self.safe(c.title)},{who} {where}: “{self.safe(c.quote)}”"


def summary_text(summary: Summary, *, markdown: bool = False) -> str:
    """The parts with their sources, the glossary's terms, the figures."""
    safe = escaped if markdown else plain
    sources = _Sources(safe)
    who = ", ".join(safe(a) for a in summary.authors[:6]) + (" et al." if len(summary.authors) > 6 else "")
    parts = [f"# {safe(summary.title)}", f"{who}{f' ({summary.year})' if summary.year else ''}".strip()]
    for part in summary.parts:
        parts += ["", f"## {part.name.capitalize()}", ""]
        parts += [f"- {sources.said(s)}" for s in part.sentences] or [EMPTY]
    if summary.terms:
        parts += ["", "## Terms", ""]
        parts += [f"- {safe(t.name)} ({safe(t.id)}): {t.count} times, first {safe(t.locator)}" for t in summary.terms]
    if summary.figures:
        parts += ["", "## Figures", ""]
        parts += [f"- {safe(f.name)} ({safe(f.locator)}): {safe(f.caption)}" for f in summary.figures]
    return _closed(parts, sources, summary.notices)


def comparison_text(comparison: Comparison, *, markdown: bool = False) -> str:
    """In Markdown a table with a column for each paper; in a terminal, which has no room for one, a list per aspect."""
    safe = escaped if markdown else plain
    sources = _Sources(safe)
    titles = [safe(title) for title in comparison.titles.values()]
    parts: list[str] = []
    if markdown:
        parts += [f"| | {' | '.join(titles)} |", "|---" * (len(titles) + 1) + "|"]
    for row in comparison.rows:
        cells = [" ".join(sources.said(s) for s in cell) or NOT_TOLD for cell in row.cells]
        if markdown:
            parts.append(f"| **{safe(row.aspect)}** | {' | '.join(cells)} |")
        else:
            listed = [f"- {title}: {cell}" for title, cell in zip(titles, cells, strict=True)]
            parts += [f"## {safe(row.aspect).capitalize()}", "", *listed, ""]
    return _closed(parts, sources, comparison.notices)


def review_text(review: Review, *, markdown: bool = False) -> str:
    """The outline's headings with their sentences, then the sources."""
    safe = escaped if markdown else plain
    sources = _Sources(safe)
    parts = [f"# {safe(review.topic)}"]
    for part in review.parts:
        parts += ["", f"## {part.name}", ""]
        parts += [" ".join(sources.said(s) for s in part.sentences) or EMPTY]
    return _closed(parts, sources, review.notices)


def _closed(parts: Sequence[str], sources: _Sources, notices: Sequence[str]) -> str:
    listed = list(sources.lines())
    told = [f"note: {sources.safe(notice)}" for notice in notices]
    return (
        "\n".join([*parts, *(["", "## Sources", "", *listed] if listed else []), *([""] if told else []), *told]) + "\n"
    )
