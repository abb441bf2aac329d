"""Vaults of a few passages, written straight as records: what tests of the index and of what lies above start from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ingest.records import Page, Paper, PaperKind, Passage, PassageKind, Span
from ingest.vault import Vault, digest

TEXTS = {
    "sae": (
        "Sparse Autoencoders Find Interpretable Features",
        [
            "Sparse autoencoders learn a dictionary of features from activations.",
            "The features are sparse and readable.",
        ],
    ),
    "ioi": (
        "Indirect Object Identification in GPT-2",
        ["Name mover heads copy the indirect object in GPT-2.", "The circuit has 26 attention heads."],
    ),
    "toy": (
        "Toy Models of Superposition",
        ["Superposition lets a network store more features than it has neurons.", "Sparsity decides how many."],
    ),
}


def small_vault(root: Path) -> Vault:
    """A vault with three papers of two passages each."""
    vault = Vault(root)
    for source_id, (title, texts) in TEXTS.items():
        write_source(vault, source_id, title, texts)
    return vault


def write_source(
    vault: Vault,
    source_id: str,
    title: str,
    texts: Sequence[str],
    *,
    references: Sequence[str] = (),
    kind: PaperKind = "paper",
) -> list[Passage]:
    """A source with a page for each text, bibliography last; returns its passages."""
    pairs: list[tuple[PassageKind, str]] = [("text", text) for text in texts]
    pairs += [("references", text) for text in references]
    passages = [_passage(source_id, number, text, part) for number, (part, text) in enumerate(pairs)]
    vault.write_paper(Paper(id=source_id, kind=kind, title=title, pages=len(pairs), arxiv_id="2309.00001"))
    vault.write_pages(source_id, [_page(source_id, number, text) for number, (_, text) in enumerate(pairs)])
    vault.write_passages(source_id, passages)
    return passages


def _page(source_id: str, number: int, text: str) -> Page:
    return Page(paper_id=source_id, number=number + 1, locator=f"p. {number + 1}", text=text)


def _passage(source_id: str, number: int, text: str, kind: PassageKind) -> Passage:
    locator = f"p. {number + 1}"
    return Passage(
        id=digest(f"{source_id} {number} {text}".encode())[:16],
        paper_id=source_id,
        order=number,
        section=("References",) if kind == "references" else ("1 Introduction",),
        first_locator=locator,
        last_locator=locator,
        text=text,
        spans=(Span(number + 1, 0, len(text)),),
        kind=kind,
    )
