"""What a citation's card shows: the quote within its page, and where the local PDF is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from assistant.records import Answer, Citation
from ingest.records import Paper
from ingest.vault import Vault

# On either side of a quote: about ten lines of a card. A page without paragraph breaks would fill it otherwise.
CONTEXT = 700


@dataclass(frozen=True, slots=True)
class Card:
    """A numbered citation with its surroundings.

    `before`, `quote` and `after` are the paragraphs of the page around the quote, in order ("…" where cut); `quote` is
    "" where the citation has none, and `before` is then the passage that was cited. `pdf` is our own route to the local
    PDF, "" where there is none.
    """

    number: int
    citation: Citation
    before: str = ""
    quote: str = ""
    after: str = ""
    pdf: str = ""


def cards(answer: Answer, vault: Vault) -> tuple[Card, ...]:
    """One card for every distinct citation of an answer, numbered from 1 in order of appearance."""
    distinct = dict.fromkeys(citation for sentence in answer.sentences for citation in sentence.citations)
    return tuple(_card(number, citation, vault) for number, citation in enumerate(distinct, start=1))


def local_pdf(paper_id: str, vault: Vault) -> Path | None:
    """The original PDF of a source. None for anything that is not one, or lies outside the source's folder.

    Raises MivaultError for an id that cannot be one.
    """
    folder = vault.source(paper_id).resolve()
    paper = vault.paper(paper_id)
    if paper is None or paper.id != paper_id:
        return None
    path = _original(paper, vault)
    inside = path is not None and path.is_relative_to(folder) and folder.is_relative_to(vault.root / "sources")
    return path if path is not None and inside and _is_pdf(path) else None


def _original(paper: Paper, vault: Vault) -> Path | None:
    path = vault.original(paper)
    return path.resolve() if path else None


def _is_pdf(path: Path) -> bool:
    """By suffix and by content: the standard lets `%PDF-` stand anywhere in the first 1,024 bytes."""
    if path.suffix.lower() != ".pdf":
        return False
    with path.open("rb") as file:
        return b"%PDF-" in file.read(1024)


def _card(number: int, citation: Citation, vault: Vault) -> Card:
    if citation.paper_id is None:
        return Card(number, citation)
    pdf = f"/source/{citation.paper_id}" if local_pdf(citation.paper_id, vault) else ""
    if pdf and citation.page:
        pdf += f"#page={citation.page}"
    before, quote, after = _around(citation, vault)
    return Card(number, citation, before, quote, after, pdf)


def _around(citation: Citation, vault: Vault) -> tuple[str, str, str]:
    assert citation.paper_id is not None
    if not citation.quote:
        return _passage_text(citation, vault), "", ""
    for page in vault.pages(citation.paper_id):
        if page.number == citation.page and citation.quote in page.text:
            start = page.text.index(citation.quote)
            return surroundings(page.text, start, start + len(citation.quote))
    return "", citation.quote, ""


def _passage_text(citation: Citation, vault: Vault) -> str:
    assert citation.paper_id is not None
    passages = vault.passages(citation.paper_id)
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
