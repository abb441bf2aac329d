"""Claim: each of six deliberately broken assistants is caught by the metric made for it.

`python -m benchmarks.broken_assistants --vault DIR [--set NAME]` measures the sound assistant and its six broken twins
over a vault and prints, for each, its metric beside the sound one's value and interval: caught means outside it. The
same twins over a small vault are tests (tests/test_broken_assistants.py).
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from assistant.check import check
from assistant.extract import ExtractiveDrafter
from assistant.records import Answer, Citation, Draft, DraftSentence, Sentence
from assistant.sentences import split
from evals.quotes import Pages
from evals.records import ALL, Case, Report, Summary
from evals.run import run
from index.records import Hit
from ingest.records import Paper

Ask = Callable[[str], Answer]
AUXILIARY = re.compile(r"\b(is|are|was|were|can|could|has|have|had|does|do|did|will|would|should|may|might)\b")


@dataclass(frozen=True)
class Sound:
    """An assistant that works: how it is asked, what it searches with, and the pages behind it."""

    ask: Ask
    search: Any
    pages: Pages


@dataclass(frozen=True)
class Twin:
    """A broken twin: what is wrong, the metric that must see it, and the assistant."""

    name: str
    metric: str
    make: Callable[[Sound], Sound]


def shuffled_citations(sound: Sound) -> Sound:
    """Every sentence shows the citations of another: the one before it, the first those of the answer before."""
    last: list[tuple[Citation, ...]] = []

    def ask(question: str) -> Answer:
        answer = sound.ask(question)
        own = [s.citations for s in answer.sentences]
        given = [*(last or own[-1:]), *own][: len(own)]
        last[:] = own[-1:] or last
        return _with(answer, [replace(s, citations=c) for s, c in zip(answer.sentences, given, strict=True)])

    return replace(sound, ask=ask)


def wrong_page(sound: Sound) -> Sound:
    """Every citation names another page of its source (the next; the one before on the last)."""

    def moved(citation: Citation) -> Citation:
        if citation.page is None or citation.paper_id is None:
            return citation
        count = len(sound.pages(citation.paper_id))
        return replace(citation, page=citation.page + 1 if citation.page < count else max(citation.page - 1, 1))

    def ask(question: str) -> Answer:
        answer = sound.ask(question)
        return _with(answer, [replace(s, citations=tuple(map(moved, s.citations))) for s in answer.sentences])

    return replace(sound, ask=ask)


def half_negated(sound: Sound) -> Sound:
    """Every second sentence over all answers says the opposite."""
    count = [0]

    def turned(sentence: Sentence) -> Sentence:
        count[0] += 1
        return replace(sentence, text=negated(sentence.text)) if count[0] % 2 else sentence

    def ask(question: str) -> Answer:
        answer = sound.ask(question)
        return _with(answer, [turned(s) for s in answer.sentences])

    return replace(sound, ask=ask)


def always_answers(sound: Sound) -> Sound:
    """Where the sound one refuses, this one gives the first sentence of the best passage."""

    def ask(question: str) -> Answer:
        answer = sound.ask(question)
        hits = sound.search(question, k=3)
        return answer if answer.sentences or not hits else _with(answer, _first_sentence(hits[0], sound.pages))

    return replace(sound, ask=ask)


def always_refuses(sound: Sound) -> Sound:
    return replace(sound, ask=lambda question: _with(sound.ask(question), []))


def retrieval_off(sound: Sound) -> Sound:
    """Whatever is asked, the passages of one question that has nothing to do with it come back."""

    def search(_question: str, *, k: int = 8, **_more: Any) -> list[Hit]:
        return list(sound.search("page", k=k))

    return replace(sound, search=search)


TWINS = (
    Twin("shuffled citations", "citation_recall", shuffled_citations),
    Twin("wrong page", "quote_validity", wrong_page),
    Twin("half the sentences negated", "faithfulness", half_negated),
    Twin("always answers", "abstention_recall", always_answers),
    Twin("always refuses", "answered", always_refuses),
    Twin("retrieval off", "page_recall@10", retrieval_off),
)


def negated(text: str) -> str:
    """The sentence with a "not" after its first auxiliary; without one, it is not the case that it holds."""
    turned = AUXILIARY.sub(r"\1 not", text, count=1)
    return turned if turned != text else f"It is not the case that {text}"


def _first_sentence(hit: Hit, pages: Pages) -> Sequence[Sentence]:
    start, end = split(hit.passage.text)[0]
    text = hit.passage.text[start:end]
    return check(Draft((DraftSentence(text, ("p1",), {"p1": text}),), {"p1": hit}, "always answers"), pages)


def _with(answer: Answer, sentences: Sequence[Sentence]) -> Answer:
    return replace(answer, sentences=tuple(sentences), abstained=not sentences)


def measured(assistant: Sound, cases: Sequence[Case], papers: Sequence[Paper]) -> Report:
    return run(cases, ask=assistant.ask, search=assistant.search, pages=assistant.pages, papers=papers)


def row(report: Report, metric: str) -> Summary:
    return next(s for s in report.summary if (s.group, s.metric) == (ALL, metric))


def caught(sound: Summary, broken: Summary) -> bool:
    """Whether the broken one's mean lies outside the sound one's interval, on the worse side."""
    return broken.value is not None and sound.low is not None and broken.value < sound.low


def line(twin: Twin, sound: Summary, broken: Summary) -> str:
    interval = f"{sound.low:.3f} to {sound.high:.3f}" if sound.low is not None and sound.high is not None else "-"
    verdict = "caught" if caught(sound, broken) else "NOT CAUGHT"
    value, other = (f"{s.value:.3f}" if s.value is not None else "-" for s in (sound, broken))
    return f"{twin.name:28} {twin.metric:20} {value:>6} ({interval})  {other:>6}  {verdict}"


def main() -> None:
    from assistant.ask import PER_PAPER, ask
    from evals.cases import held_papers
    from evals.choose import Choice, choose
    from ingest.vault import Vault
    from mivault_env import Environment, open_search, quiet_libraries

    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--vault", type=Path, required=True)
    options.add_argument("--set", action="append", default=[], dest="sets")
    options.add_argument("--sample", type=int, default=None)
    given = options.parse_args()
    quiet_libraries()
    vault, cases = Vault.open(given.vault), choose(Choice(tuple(given.sets), sample=given.sample))
    search = open_search(vault, Environment())
    drafter = ExtractiveDrafter(document_frequency=search.document_frequency, passage_count=search.passage_count)
    answering = partial(ask, search=search, vault=vault, drafter=drafter, embedding_model=search.embedder.name)
    answers: dict[str, Answer] = {}

    def remembered(question: str) -> Answer:
        if question not in answers:
            answers[question] = answering(question)
        return answers[question]

    sound = Sound(remembered, partial(search, per_paper=PER_PAPER), vault.pages)
    papers = held_papers(vault)
    reference = measured(sound, cases, papers)
    print(f"{len(cases)} cases over {len(papers)} texts: metric, sound (interval), broken")
    missed = 0
    for twin in TWINS:
        one, other = row(reference, twin.metric), row(measured(twin.make(sound), cases, papers), twin.metric)
        missed += not caught(one, other)
        print(line(twin, one, other), flush=True)
    sys.exit(int(missed > 0))


if __name__ == "__main__":
    main()
