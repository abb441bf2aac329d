"""Answers a question: retrieve, judge relevance, draft, check, stamp."""

from __future__ import annotations

import functools
import operator
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from assistant.check import Pages
from assistant.draft import Drafter, assisting, behind
from assistant.followup import standalone
from assistant.injection import noticed
from assistant.mend import Mended, Unsupported, borne_out, mended
from assistant.missing import could_hold
from assistant.prompts import prompts_hash
from assistant.records import Answer, Draft, Nearest, Recipe, Sentence, Usage
from assistant.relevance import answerable
from index.records import Hit
from ingest.errors import UsageError
from ingest.vault import Vault

MAX_QUESTION = 4000  # characters: about 1,000 tokens, four times what the embedding model reads
PER_PAPER = 5  # passages of one paper: a question about one paper finds its place in 9 of 15 cases, with 3 only in 6
NEAREST = 5  # passages that are shown beside an answer, or instead of one


class Searcher(Protocol):
    """What `index.search.Search` does for a question."""

    def __call__(self, question: str, *, k: int = 8, per_paper: int = 3) -> list[Hit]: ...
    def document_frequency(self, word: str) -> int: ...
    def passage_count(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The passages were found; drafting begins."""

    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the draft, not checked yet: the answer's own sentences take its place at the end."""

    delta: str


@dataclass(frozen=True, slots=True)
class Done:
    """The answer, checked. The last event."""

    answer: Answer


Event = Retrieved | Text | Done


def ask(
    question: str,
    *,
    search: Searcher,
    vault: Vault,
    drafter: Drafter,
    embedding_model: str,
    k: int = 8,
    per_paper: int = PER_PAPER,
    history: Sequence[str] = (),
    unsupported: Unsupported = "rewrite",
) -> Answer:
    """The answer to a question; see `ask_events`."""
    events = ask_events(
        question,
        search=search,
        vault=vault,
        drafter=drafter,
        embedding_model=embedding_model,
        k=k,
        per_paper=per_paper,
        history=history,
        unsupported=unsupported,
    )
    return next(event.answer for event in events if isinstance(event, Done))


def ask_events(
    question: str,
    *,
    search: Searcher,
    vault: Vault,
    drafter: Drafter,
    embedding_model: str,
    k: int = 8,
    per_paper: int = PER_PAPER,
    history: Sequence[str] = (),
    unsupported: Unsupported = "rewrite",
) -> Iterator[Event]:
    """Retrieved, then Text as it is written, then Done; without Text where nothing relevant was found.

    `history` are the questions asked before, oldest first: a follow-up is searched for with what it leaves out.
    `unsupported` says what happens to sentences that their passages do not support; see `mend`. Closing the iterator
    stops the drafter at its next word.

    Raises UsageError for a question that is none, IndexMissing for an empty vault, ModelError where the drafter has no
    second one to fall back on.
    """
    started = time.perf_counter()
    question = asked(question)
    full, took = _standalone(question, history, drafter)
    hits = search(full, k=k, per_paper=per_paper)
    yield Retrieved(tuple(hits))
    fit = answerable(full, hits, document_frequency=search.document_frequency, passage_count=search.passage_count)
    draft = (yield from _drafting(drafter, full, hits)) if fit.relevant else Draft((), {}, drafter.name)
    draft, mend = _checked(draft, drafter, unsupported, lambda one: one.draft(full, hits), functools.cache(vault.pages))
    abstained = not mend.sentences
    gap = (f"this answers in part: {fit.gap}",) if fit.gap and not abstained else ()
    yield Done(
        Answer(
            question=question,
            sentences=mend.sentences,
            abstained=abstained,
            reason=(fit.reason or no_draft(draft, mend.notices)) if abstained else "",
            nearest=nearest(hits, mend.sentences),
            recipe=recipe(vault, embedding_model, draft.author, {"k": k, "per_paper": per_paper}),
            notices=(*gap, *draft.notices, *mend.notices, *noticed(draft.shown.values() if draft.shown else hits)),
            seconds=time.perf_counter() - started,
            usage=_together(took, draft.usage, mend.usage),
            asked_as=full if full != question else "",
            unmatched=fit.missing if abstained else (),
            could_hold=could_hold(full, vault) if abstained else (),
            compared=draft.compared,
        )
    )


def _checked(
    draft: Draft, drafter: Drafter, unsupported: Unsupported, again: Callable[[Drafter], Draft], pages: Pages
) -> tuple[Draft, Mended]:
    """The draft and its sentences checked; those that the second drafter writes `again`, where there is one and no
    passage bears out anything of the first one's."""
    mend = mended(draft, pages, assisting(drafter, draft.author), unsupported)
    second = behind(drafter, draft.author) if unsupported != "keep" and draft.sentences else None
    if second is None or borne_out(mend):
        return draft, mend
    told = f"nothing that {draft.author} wrote is borne out by a passage, so these are the papers' own sentences"
    other = again(second)
    taken = replace(other, notices=(told, *other.notices), usage=_together(draft.usage, mend.usage))
    return taken, mended(other, pages, None, "keep")


def _standalone(question: str, history: Sequence[str], drafter: Drafter) -> tuple[str, Usage | None]:
    """The question as it is searched for: by the language model where there is one, else with the topic's terms."""
    if not history:
        return question, None
    model = assisting(drafter, drafter.name)
    said, usage = model.rephrase(question, history) if model else (None, None)
    return (asked(said) if said else standalone(question, history)[:MAX_QUESTION]), usage


def _together(*parts: Usage | None) -> Usage | None:
    known = [part for part in parts if part]
    return functools.reduce(operator.add, known) if known else None


def recipe(vault: Vault, embedding_model: str, author: str, parameters: Mapping[str, int]) -> Recipe:
    """How this answer was made. `author` is who drafted it in the end, not who was asked first."""
    return Recipe(vault.lock_hash(), embedding_model, author, prompts_hash(), parameters)


def asked(question: str) -> str:
    """The question without white space around it. Raises UsageError where it is empty, or far too long."""
    question = "".join(c for c in question if c.isprintable() or c.isspace()).strip()
    if not any(c.isalnum() for c in question):
        raise UsageError("the question is empty", 'ask something, for example: "What is superposition?"')
    if len(question) > MAX_QUESTION:
        raise UsageError(
            f"the question has {len(question):,} characters, the most is {MAX_QUESTION:,}", "ask it in a few sentences"
        )
    return question


def no_draft(draft: Draft, notices: Sequence[str] = ()) -> str:
    """Why nothing is left of what a drafter was to write from passages."""
    told = (*draft.notices, *notices)
    return told[-1] if told else "no sentence of the passages that were found answers the question"


def nearest(hits: Sequence[Hit], sentences: Sequence[Sentence]) -> tuple[Nearest, ...]:
    """The best passages that no citation of the answer shows."""
    cited = {citation.passage_id for sentence in sentences for citation in sentence.citations}
    return tuple(_nearest(hit) for hit in hits if hit.passage.id not in cited)[:NEAREST]


def _nearest(hit: Hit) -> Nearest:
    return Nearest(
        passage_id=hit.passage.id,
        paper_id=hit.paper.id,
        arxiv_id=None if hit.paper.kind in ("note", "glossary") else hit.paper.arxiv_id,
        title=hit.paper.title,
        section=" > ".join(hit.passage.section),
        locator=hit.passage.locator,
        text=hit.passage.text,
        score=hit.score,
        why=hit.why,
    )


class _StoppedError(Exception):
    """Nobody waits for the draft any more."""


def _drafting(drafter: Drafter, question: str, hits: Sequence[Hit]) -> Generator[Text, None, Draft]:
    """Runs the drafter beside us and hands on its text as it comes; returns the draft, raises what it raised. Where the
    generator is closed, the drafter ends at its next word, and with it the request to the model."""
    told: queue.SimpleQueue[str | Callable[[], Draft]] = queue.SimpleQueue()
    stopped = threading.Event()

    def tell(text: str) -> None:
        if stopped.is_set():
            raise _StoppedError
        told.put(text)

    def work() -> None:
        try:
            draft = drafter.draft(question, hits, on_text=tell)
            told.put(lambda: draft)
        except BaseException as error:
            told.put(functools.partial(_raise, error))

    threading.Thread(target=work, name="drafter", daemon=True).start()
    try:
        while True:
            piece = told.get()
            if not isinstance(piece, str):
                return piece()
            yield Text(piece)
    finally:
        stopped.set()


def _raise(error: BaseException) -> Draft:
    raise error
