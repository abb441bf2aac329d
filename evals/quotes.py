"""Does a shown quote stand on the page it names? Looked up again in the stored pages: no verdict is believed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from assistant.locate import MIN_KEY, key
from assistant.records import Citation
from evals.records import Score
from ingest.errors import MivaultError
from ingest.records import Page

Pages = Callable[[str], Sequence[Page]]

SHOWN_AS_VALID = frozenset({"supported", "partly"})


def quote_validity(citations: Sequence[Citation], pages: Pages) -> Score | None:
    """The share of displayed quotes that stand letter by letter on the stored page they name. None without quotes."""
    quoted = [citation for citation in citations if citation.quote]
    if not quoted:
        return None
    faults = [quote_fault(citation, pages) for citation in quoted]
    lines = tuple(f"{_line(c)}: {fault or 'found'}" for c, fault in zip(quoted, faults, strict=True))
    return Score("quote_validity", faults.count("") / len(quoted), weight=len(quoted), evidence=lines)


def quote_fault(citation: Citation, pages: Pages) -> str:
    """Why a quote does not stand on the page it names; "" where it does."""
    page = stored_page(citation, pages)
    if page is None:
        return "there is no such page"
    if len(key(citation.quote)) < MIN_KEY:
        return "too short to prove anything"
    return "" if citation.quote in page.text else "the quote is not on that page"


def citations_naming_nothing(citations: Sequence[Citation], pages: Pages) -> Score | None:
    """The share of citations that name no passage, paper or page there is, or quote nothing, and are shown as valid all
    the same. It must be 0. None without citations."""
    if not citations:
        return None
    wrong = [c for c in citations if c.verdict in SHOWN_AS_VALID and names_nothing(c, pages)]
    lines = tuple(f"{_line(c)}: shown as {c.verdict}" for c in wrong)
    return Score("citations_naming_nothing", len(wrong) / len(citations), weight=len(citations), evidence=lines)


def names_nothing(citation: Citation, pages: Pages) -> bool:
    return not citation.passage_id or not citation.quote.strip() or stored_page(citation, pages) is None


def stored_page(citation: Citation, pages: Pages) -> Page | None:
    """The stored page a citation names, None where there is none."""
    if citation.paper_id is None or citation.page is None:
        return None
    try:
        stored = pages(citation.paper_id)
    except MivaultError:  # an invented id may not even be one: vault.source refuses "../x"
        return None
    return next((page for page in stored if page.number == citation.page), None)


def _line(citation: Citation) -> str:
    return f"[{citation.key}] {citation.paper_id} p. {citation.page}"
