"""Over several papers: a comparison as a table, and a short review of a topic; every sentence cited and checked."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence

from assistant.ask import asked
from assistant.aspects import ASPECTS, Aspect
from assistant.check import check
from assistant.claims import numbers, stems
from assistant.draft import Drafter
from assistant.injection import noticed
from assistant.records import ComparedRow, Comparison, Review, Sentence, Summary, SummaryPart
from assistant.relevance import relevance
from index.records import Hit
from ingest.errors import UsageError
from ingest.vault import Vault

Find = Callable[[str], Sequence[Hit]]  # the best passages for a question
CELL = 2  # sentences in a cell of a table
PART = 4  # sentences under a heading of a review
OPENING = re.compile(r"^\W*(?:abstract|\W*1?\.?\s*introduction)", re.IGNORECASE)
ALIKE = 0.6  # share of words from which a sentence has been said already

OUTLINE: tuple[tuple[str, str], ...] = (
    ("What it is", "What is {}?"),
    ("How it is studied", "Which methods are used to study or measure {}, and how do they work?"),
    ("What has been found", "What results and findings are reported about {}?"),
    ("Limits and open questions", "What are the limitations and open problems of {}?"),
)


def compare_summaries(summaries: Sequence[Summary]) -> Comparison:
    """The papers beside each other by what their summaries say: question, method, findings, limits."""
    names = [part.name for part in summaries[0].parts]
    rows = tuple(ComparedRow(name, tuple(_cell(summary, name) for summary in summaries)) for name in names)
    notices = tuple(dict.fromkeys(n for s in summaries for n in s.notices))
    return Comparison({s.paper_id: s.title for s in summaries}, rows, summaries[0].author, notices)


def compare_aspect(
    aspect: str, titles: Mapping[str, str], find: Mapping[str, Find], drafter: Drafter, vault: Vault
) -> Comparison:
    """One row: what each paper says of the aspect. `find` searches one paper, by its id."""
    question, pages = asked(aspect), functools.cache(vault.pages)
    cells, notices, author = [], list[str](), drafter.name
    for paper_id in titles:
        draft = drafter.draft(question, find[paper_id](question))
        notices += [*draft.notices, *noticed(draft.shown.values())]
        author = draft.author
        cells.append(check(draft, pages)[:CELL])
    return Comparison(titles, (ComparedRow(question, tuple(cells)),), author, tuple(dict.fromkeys(notices)))


def review(
    topic: str,
    *,
    find: Find,
    drafter: Drafter,
    vault: Vault,
    document_frequency: Callable[[str], int],
    passage_count: Callable[[], int],
) -> Review:
    """A survey under four headings; a heading without relevant passages stays empty, nothing is said twice.

    Raises UsageError where the vault has nothing on the topic."""
    topic, pages = asked(topic).rstrip(" ?."), functools.cache(vault.pages)
    first = find(topic)
    fit = relevance(topic, first, document_frequency=document_frequency, passage_count=passage_count)
    if not fit.relevant:
        raise UsageError(f"the vault has nothing on {topic!r}: {fit.reason}", "try other words, or add papers on it")
    said, parts, notices, author = list[Sentence](), list[SummaryPart](), list[str](), drafter.name
    for heading, question in OUTLINE:
        draft = drafter.draft(question.format(topic), find(question.format(topic)))
        fresh = [s for s in check(draft, pages) if not any(_alike(s, other) for other in said)][:PART]
        said += fresh
        notices += [*draft.notices, *noticed(draft.shown.values())]
        author = draft.author
        parts.append(SummaryPart(heading, tuple(fresh)))
    papers = {c.paper_id: c.title for s in said for c in s.citations if c.paper_id}
    return Review(topic, tuple(parts), papers, author, tuple(dict.fromkeys(notices)))


def _cell(summary: Summary, name: str) -> tuple[Sentence, ...]:
    """The sentences of a part that tell most of it, in the paper's order."""
    part = next(part for part in summary.parts if part.name == name)
    aspect = next(aspect for aspect in ASPECTS if aspect.name == name)
    most = sorted(part.sentences, key=functools.partial(_telling, aspect), reverse=True)[:CELL]
    return tuple(sentence for sentence in part.sentences if sentence in most)


def _telling(aspect: Aspect, sentence: Sentence) -> float:
    """How much a sentence tells of an aspect: supported, under a heading that fits (the abstract's most), findings
    with numbers."""
    section = sentence.citations[0].section if sentence.citations else ""
    measured = aspect.name == "findings" and bool(numbers(sentence.text))
    places = aspect.fits(section) + 2 * bool(OPENING.search(section)) * (aspect.name != "limits")
    return 4 * (sentence.verdict == "supported") + places + measured + min(aspect.cues(sentence.text, section), 2) / 2


def _alike(a: Sentence, b: Sentence) -> bool:
    one, other = stems(a.text), stems(b.text)
    return len(one & other) / (len(one | other) or 1) > ALIKE
