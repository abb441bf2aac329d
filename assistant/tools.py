"""What programs ask of a vault: one typed function for each thing, whoever carries the call (page, API, MCP).

Each raises MivaultError, one line and what to do, for what its caller can mend.
"""

from __future__ import annotations

import functools
from typing import Protocol

from assistant.ask import PER_PAPER, Searcher, asked
from assistant.ask import ask as ask_question
from assistant.check import RANKING, check
from assistant.draft import Drafter
from assistant.locate import MIN_KEY, key, locate
from assistant.paper_text import from_vault, glossary_of
from assistant.records import (
    Answer,
    Draft,
    DraftSentence,
    FoundPassage,
    QuotePlace,
    QuotePlaces,
    Sentence,
    Summary,
)
from assistant.speaking import Speaker
from assistant.summarize import summarize
from index.embed import Embedder
from index.filters import Filter, filter_of
from index.records import Hit
from ingest.errors import UsageError
from ingest.links import page_link
from ingest.records import Paper, Passage
from ingest.vault import Vault

MOST_HITS = 50
EVIDENCE = 5  # passages that a checked claim is shown with
LOOKED_THROUGH = 12  # passages whose papers are searched for a quote, or that a claim is held against


class VaultSearch(Searcher, Protocol):
    """A search that can be narrowed, over the vault it searches."""

    @property
    def embedder(self) -> Embedder: ...
    def within(self, where: Filter) -> Searcher: ...


class Tools:
    """The functions over one vault. `drafter` answers; `extractive` is the one without a language model; `model` writes
    summaries, None for the paper's own sentences."""

    def __init__(
        self, vault: Vault, search: VaultSearch, drafter: Drafter, extractive: Drafter, model: Speaker | None = None
    ) -> None:
        self._vault, self._search, self._drafter = vault, search, drafter
        self._extractive, self._model = extractive, model

    def search_vault(
        self,
        question: str,
        k: int = 8,
        papers: list[str] | None = None,
        years: str = "",
        sections: list[str] | None = None,
        kinds: list[str] | None = None,
    ) -> list[FoundPassage]:
        """The k passages of the vault (1 to 50) nearest to a question, best first.

        Only of these papers (ids or arXiv ids), years ("2022", "2022-2024", "2022-"), section headings and kinds
        ("paper", "note", "glossary"), where any are given.
        """
        if not 1 <= k <= MOST_HITS:
            raise UsageError(f"k is {k}", f"ask for 1 to {MOST_HITS} passages")
        found = self._narrowed(filter_of(papers or (), (), years, sections or (), kinds or ()))
        return [_of_hit(hit) for hit in found(asked(question), k=k, per_paper=k)]

    def ask_vault(
        self,
        question: str,
        papers: list[str] | None = None,
        years: str = "",
        sections: list[str] | None = None,
        kinds: list[str] | None = None,
        history: list[str] | None = None,
        use_model: bool = True,
    ) -> Answer:
        """An answer whose every sentence carries checked citations (quote, page, verdict), or an abstention and why.

        `history` are the questions asked before, oldest first. Without `use_model` the answer is put together from the
        papers' own sentences, also where a language model is configured. The filters are those of search_vault.
        """
        return ask_question(
            question,
            search=self._narrowed(filter_of(papers or (), (), years, sections or (), kinds or ())),
            vault=self._vault,
            drafter=self._drafter if use_model else self._extractive,
            embedding_model=self._search.embedder.name,
            history=history or (),
        )

    def get_passage(self, passage_id: str) -> FoundPassage:
        """A passage by its id, as search and citations name it."""
        for source in self._vault.source_ids():
            rows = self._vault.passages_path(source)
            if not rows.is_file() or passage_id.encode() not in rows.read_bytes():
                continue
            paper = self._vault.paper(source)
            passage = next((p for p in self._vault.passages(source) if p.id == passage_id), None)
            if paper and passage:
                return _found(paper, passage)
        raise UsageError(f"there is no passage {passage_id!r}", "passage ids come from search_vault and from citations")

    def locate_quote(self, quote: str, paper: str = "") -> QuotePlaces:
        """Where a quote stands letter by letter (but for hyphens, ligatures, white space and case): in one paper (id or
        arXiv id), or in those that a search for its words finds."""
        if len(key(quote)) < MIN_KEY:
            raise UsageError(f"a quote of under {MIN_KEY} letters proves nothing", "give a longer stretch")
        texts = [from_vault(self._vault, name) for name in ([paper] if paper else self._papers_with(quote))]
        places = tuple(
            QuotePlace(text.paper.id, text.paper.title, page.number, page.locator, page.text[at[0] : at[1]],
                       page_link(text.paper, page.number, page.link))
            for text in texts for page in text.pages if (at := locate(quote, page.text))
        )  # fmt: skip
        return QuotePlaces(bool(places), places, tuple(text.paper.id for text in texts))

    def check_claim(self, claim: str, paper: str = "") -> Sentence:
        """Whether the vault's nearest passages, or one paper's, say a claim: the verdict, why, and the evidence, the
        best first. The check looks at words, numbers, negations and directions; no model judges."""
        claim = asked(claim)
        hits = self._narrowed(filter_of([paper] if paper else ()))(claim, k=LOOKED_THROUGH, per_paper=PER_PAPER)
        shown = {f"p{number}": hit for number, hit in enumerate(hits, start=1)}
        draft = Draft((DraftSentence(claim, tuple(shown)),), shown, "claim")
        (sentence,) = check(draft, functools.cache(self._vault.pages))
        best = sorted(sentence.citations, key=lambda c: (RANKING.index(c.verdict), -c.support))[:EVIDENCE]
        return Sentence(claim, tuple(best), sentence.verdict, sentence.reason)

    def summarize_paper(self, paper: str) -> Summary:
        """What a paper of the vault (id or arXiv id) asks, does, finds and leaves open, each line with its page; its
        glossary terms and figures."""
        text = from_vault(self._vault, paper)
        return summarize(text.paper, text.pages, text.passages, glossary=glossary_of(self._vault), model=self._model)

    def _narrowed(self, where: Filter) -> Searcher:
        return self._search.within(where) if where else self._search

    def _papers_with(self, words: str) -> list[str]:
        hits = self._search(words, k=LOOKED_THROUGH, per_paper=1)
        return list(dict.fromkeys(hit.paper.id for hit in hits))


def _of_hit(hit: Hit) -> FoundPassage:
    return _found(hit.paper, hit.passage, score=round(hit.score, 6), why=hit.why)


def _found(paper: Paper, passage: Passage, *, score: float | None = None, why: str = "") -> FoundPassage:
    first = passage.spans[0].page if passage.spans else None
    return FoundPassage(
        passage_id=passage.id,
        paper_id=paper.id,
        kind=paper.kind,
        title=paper.title,
        authors=paper.authors,
        year=paper.year,
        arxiv_id=None if paper.kind in ("note", "glossary") else paper.arxiv_id,
        section=" > ".join(passage.section),
        locator=passage.locator,
        text=passage.text,
        url=page_link(paper, first, passage.link),
        warning=passage.warning,
        score=score,
        why=why,
    )
