"""What a citation's card shows: the quote within its page, and where the local PDF is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from assistant.app.originals import local_pdf
from assistant.export import bibtex_entry, is_work
from assistant.records import Answer, Citation
from ingest.page_boxes import Box
from ingest.vault import Vault

# On either side of a quote: about ten lines of a card. A page without paragraph breaks would fill it otherwise.
CONTEXT = 700


@dataclass(frozen=True, slots=True)
class Card:
    """A numbered citation with its surroundings.

    `before`, `quote` and `after` are the paragraphs of the page around the quote, in order ("…" where cut); `quote` is
    "" where the citation has none, and `before` is then the passage that was cited. `pdf` and `picture` are our own
    routes to the local PDF and to its page's picture, "" where there is none; `boxes` is where the quote stands on it.
    `edition` names arXiv's version that was read, `bibtex` is the work's entry, "" for what is none.
    """

    number: int
    citation: Citation
    before: str = ""
    quote: str = ""
    after: str = ""
    pdf: str = ""
    picture: str = ""
    boxes: tuple[Box, ...] = ()
    edition: str = ""
    bibtex: str = ""


class Quotes(Protocol):
    """Where a quote stands on a page's picture: what `pictures.Pictures` tells."""

    def boxes(self, paper_id: str, page: int, quote: str) -> tuple[Box, ...]: ...


def cards(answer: Answer, vault: Vault, quotes: Quotes | None = None) -> tuple[Card, ...]:
    """One card for every distinct citation of an answer, numbered from 1 in order of appearance; with `quotes` it shows
    the page's picture."""
    distinct = dict.fromkeys(citation for sentence in answer.sentences for citation in sentence.citations)
    return tuple(_card(number, citation, vault, quotes) for number, citation in enumerate(distinct, start=1))


def pictured(shown: Sequence[Card]) -> list[tuple[str, int]]:
    """The pages (paper id, number from 1) whose pictures cards show."""
    return [
        (c.citation.paper_id, c.citation.page) for c in shown if c.picture and c.citation.paper_id and c.citation.page
    ]


def _card(number: int, citation: Citation, vault: Vault, quotes: Quotes | None) -> Card:
    if citation.paper_id is None:
        return Card(number, citation)
    paper, page = vault.paper(citation.paper_id), citation.page
    here = paper is not None and local_pdf(citation.paper_id, vault) is not None
    drawn = bool(here and page and quotes)
    version = f"?v={paper.sha256[:12]}" if paper and paper.sha256 else ""
    before, quote, after = around(citation, vault)
    return Card(
        number,
        citation,
        before,
        quote,
        after,
        pdf=f"/source/{citation.paper_id}{f'#page={page}' if page else ''}" if here else "",
        picture=f"/picture/{citation.paper_id}/{page}{version}" if drawn else "",
        boxes=quotes.boxes(citation.paper_id, page, citation.quote) if quotes and drawn and page else (),
        edition=f"arXiv:{paper.arxiv_id}{paper.arxiv_version or ''}" if paper and paper.arxiv_id else "",
        bibtex=bibtex_entry(citation) if is_work(citation) else "",
    )


def around(citation: Citation, vault: Vault) -> tuple[str, str, str]:
    """What stands before a quote on its page, the quote, and what comes after. The cited passage and two times "" where
    there is no quote; the quote alone where the vault does not have its page any more."""
    assert citation.paper_id is not None
    if not citation.quote:
        return passage_text(citation, vault), "", ""
    for page in vault.pages(citation.paper_id):
        if page.number == citation.page and citation.quote in page.text:
            start = page.text.index(citation.quote)
            return surroundings(page.text, start, start + len(citation.quote))
    return "", citation.quote, ""


def passage_text(citation: Citation, vault: Vault) -> str:
    """The text of the passage that is cited; "" where the vault does not have it any more."""
    passages = vault.passages(citation.paper_id) if citation.paper_id else []
    return next((passage.text for passage in passages if passage.id == citation.passage_id), "")


def surroundings(text: str, start: int, end: int, *, limit: int = CONTEXT) -> tuple[str, str, str]:
    """(before, text[start:end], after): the rest of the paragraphs that the stretch lies in, cut to `limit` characters
    on either side, at a space and with "…"."""
    first = text.rfind("\n\n", 0, start)
    last = text.find("\n\n", end)
    before = text[0 if first < 0 else first + 2 : start]
    after = text[end : len(text) if last < 0 else last]
    if len(before) > limit:
        before = "…" + before[-limit:].partition(" ")[2]
    if len(after) > limit:
        after = after[:limit].rpartition(" ")[0] + "…"
    return before, text[start:end], after
