"""The nouns that the assistant makes: Draft, then Citation and Answer, with the Recipe stamped on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeVar

from index.records import Hit

Verdict = Literal["supported", "partly", "unsupported", "uncited", "unknown marker"]
# Of an answer: what comes to the point; what is said of both things compared, of either; what adds to it; what was only
# found beside it. "": it has no parts.
Part = Literal["", "lead", "both", "one", "other", "more", "aside"]
Stretch = tuple[int, int]  # characters of a sentence's text, from and to


@dataclass(frozen=True, slots=True)
class DraftSentence:
    """A sentence as drafted: `keys` are the markers it carries, shown or invented; `quotes` the exact stretch of the
    passage it was taken from, by key, where the drafter knows it (the extractive one does)."""

    text: str
    keys: tuple[str, ...] = ()
    quotes: Mapping[str, str] = field(default_factory=dict)
    part: Part = ""
    point: Stretch | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What a language model read and wrote: in characters, and in tokens where the server said (None: it did not).

    `cost` is in `currency`, None where the user named no price or the server no tokens; `requests` counts calls.
    """

    read: int
    written: int
    tokens_read: int | None = None
    tokens_written: int | None = None
    requests: int = 1
    cost: float | None = None
    currency: str = ""

    @property
    def tokens(self) -> float:
        """As the server counted them; else about so many: 4 characters each, which is what English comes to."""
        if self.tokens_read is not None and self.tokens_written is not None:
            return self.tokens_read + self.tokens_written
        return (self.read + self.written) / 4

    def __add__(self, other: Usage) -> Usage:
        """Both together; what one of them does not know, the sum does not."""
        return Usage(
            self.read + other.read,
            self.written + other.written,
            _sum(self.tokens_read, other.tokens_read),
            _sum(self.tokens_written, other.tokens_written),
            self.requests + other.requests,
            _sum(self.cost, other.cost),
            self.currency or other.currency,
        )


Number = TypeVar("Number", int, float)


def _sum(a: Number | None, b: Number | None) -> Number | None:
    return None if a is None or b is None else a + b


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer before it is checked. `shown` are the hits the drafter saw, by key ("p1", "p2", ...)."""

    sentences: tuple[DraftSentence, ...]
    shown: Mapping[str, Hit]
    author: str
    notices: tuple[str, ...] = ()
    usage: Usage | None = None
    compared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Citation:
    """A checked citation. `quote` is a stretch of the stored page, letter by letter, "" where none was found there;
    `page` is the physical page (from 1), None where the key names nothing; `kind` tells paper from note or glossary;
    `reported_from` names the works that the quote itself reports, "" where it speaks for its own paper;
    `warning` says that the paper was withdrawn, or why the stored text may not be what the page shows; `support` (0 to
    1) is `assistant.support` over the whole passage, 1 for a sentence that stands in it word for word."""

    key: str
    passage_id: str | None
    paper_id: str | None
    arxiv_id: str | None
    title: str
    locator: str
    page: int | None
    quote: str
    verdict: Verdict
    reason: str
    kind: str = "paper"
    authors: tuple[str, ...] = ()
    year: int | None = None
    section: str = ""
    url: str | None = None
    reported_from: str = ""
    warning: str = ""
    support: float = 0.0


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an answer, with every citation it carries and the verdict over all of them. `part` is where it
    stands in the answer, `point` the stretch of its text that answers by itself, None where none is known to."""

    text: str
    citations: tuple[Citation, ...]
    verdict: Verdict
    reason: str = ""
    part: Part = ""
    point: Stretch | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """How an answer was made: enough to say whether two answers can be compared."""

    vault_lock: str
    embedding_model: str
    chat_model: str
    prompts: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Nearest:
    """A passage that was retrieved: shown beside an answer, or instead of one."""

    passage_id: str
    paper_id: str
    arxiv_id: str | None
    title: str
    section: str
    locator: str
    text: str
    score: float
    why: str


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry of vault.yaml that is listed but whose text the vault lacks; `words` of the question are in its title,
    authors or section."""

    id: str
    title: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What people, programs and evals see. `notices` are lines about how it came to be (a model that failed...).

    `asked_as` is the question that was searched for, where a follow-up was made to stand alone, else "". Of an answer
    that abstains, `unmatched` are the question's words that no passage found has, `could_hold` entries to download.
    `compared` names the two things that a question compares, in the order of the parts "one" and "other".
    """

    question: str
    sentences: tuple[Sentence, ...]
    abstained: bool
    reason: str
    nearest: tuple[Nearest, ...]
    recipe: Recipe
    notices: tuple[str, ...] = ()
    seconds: float = 0.0
    usage: Usage | None = None
    asked_as: str = ""
    unmatched: tuple[str, ...] = ()
    could_hold: tuple[Listed, ...] = ()
    compared: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The documented shape of `ask --json`."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Term:
    """A glossary term that a paper uses: `id` is the glossary's, `count` how often, `locator` where first."""

    id: str
    name: str
    count: int
    locator: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure or table by its caption's first sentence, and where it is."""

    name: str
    caption: str
    locator: str


@dataclass(frozen=True, slots=True)
class SummaryPart:
    """The lines of one aspect ("question", "method", "findings", "limits"), each checked like an answer's."""

    name: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a paper says, from the whole of it. `author` is who wrote it: "extractive", or a model."""

    paper_id: str
    title: str
    authors: tuple[str, ...]
    year: int | None
    arxiv_id: str | None
    parts: tuple[SummaryPart, ...]
    terms: tuple[Term, ...]
    figures: tuple[Figure, ...]
    author: str
    notices: tuple[str, ...] = ()
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A table: a row for each aspect, a cell for each paper; a cell without sentences is one that the paper does not
    fill. `titles` are the papers' by id, in order."""

    titles: Mapping[str, str]
    rows: tuple[ComparedRow, ...]
    author: str
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ComparedRow:
    aspect: str
    cells: tuple[tuple[Sentence, ...], ...]


@dataclass(frozen=True, slots=True)
class Review:
    """A short survey over the vault: `parts` are its outline, `papers` the titles that it draws on by id."""

    topic: str
    parts: tuple[SummaryPart, ...]
    papers: Mapping[str, str]
    author: str
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A passage as programs get it: where it stands and what it says. `score` (0 to 1, within one search) and `why` are
    there where a search found it; `warning` says why its text may not be what the page shows."""

    passage_id: str
    paper_id: str
    kind: str
    title: str
    authors: tuple[str, ...]
    year: int | None
    arxiv_id: str | None
    section: str
    locator: str
    text: str
    url: str | None
    warning: str = ""
    score: float | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class QuotePlace:
    """A page on which a quote stands: `page` counts from 1, `quote` is as it is written there."""

    paper_id: str
    title: str
    page: int
    locator: str
    quote: str
    url: str | None


@dataclass(frozen=True, slots=True)
class QuotePlaces:
    """Everywhere that a quote was found; `looked_in` are the papers whose pages were read."""

    found: bool
    places: tuple[QuotePlace, ...]
    looked_in: tuple[str, ...]
