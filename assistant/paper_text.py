"""The text of one paper to summarise: of the vault by its id or arXiv id, or of a PDF that is in no vault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from index.glossary import glossary_names
from ingest.chunk import chunk
from ingest.errors import ParseError, UsageError
from ingest.jobs import ParseJob
from ingest.records import Page, Paper, Passage
from ingest.vault import Vault
from ingest.worker import ParserPool


@dataclass(frozen=True, slots=True)
class PaperText:
    """A paper with its pages and passages."""

    paper: Paper
    pages: tuple[Page, ...]
    passages: tuple[Passage, ...]


def from_vault(vault: Vault, name: str) -> PaperText:
    """By id, or arXiv id without version. Raises UsageError where the vault has no text of it."""
    for source in vault.source_ids():
        paper = vault.paper(source)
        if paper and name in (paper.id, paper.arxiv_id if paper.kind == "paper" else None):
            pages, passages = vault.pages(source), vault.passages(source)
            if passages:
                return PaperText(paper, tuple(pages), tuple(passages))
    raise UsageError(
        f"the vault has no text of {name!r}", "mivault status lists what it has; a PDF is named by its path"
    )


def from_pdf(path: Path, count_tokens: Callable[[str], int]) -> PaperText:
    """Read as it is, kept nowhere. Raises ParseError where the PDF cannot be read."""
    with ParserPool(workers=1) as pool:
        _, parsed = next(iter(pool.parse([ParseJob("pdf", path)])))
    if isinstance(parsed, ParseError):
        raise parsed
    who = parsed.identity
    paper = Paper("pdf", "paper", who.title or path.name, who.authors, who.year, who.arxiv_id)
    return PaperText(paper, parsed.pages, tuple(chunk(parsed.pages, count_tokens)))


def glossary_of(vault: Vault) -> dict[str, tuple[str, ...]]:
    """The names of each glossary term that the vault holds, by its source's id."""
    names = {group[0].casefold(): group for group in glossary_names(vault.root / "glossary.yaml")}
    found: dict[str, tuple[str, ...]] = {}
    for source in vault.source_ids():
        paper = vault.paper(source)
        if paper and paper.kind == "glossary":
            term = paper.title.removeprefix("Glossary: ")
            found[source] = names.get(term.casefold(), (term,))
    return found
