"""A small vault with two papers, a note and a glossary term, and an honest little search over it: shared words and the
cosine of the readable embedder."""

from __future__ import annotations

import hashlib
from pathlib import Path

from readable_embedder import ReadableEmbedder

from assistant.claims import stem, stems
from index.errors import IndexMissing
from index.records import Hit
from ingest.records import Page, Paper, Passage, Span
from ingest.vault import Vault

SAE = Paper("sae", "paper", "Sparse Autoencoders Find Features", ("A. Doe", "B. Roe"), 2023, "2309.08600", "v3")
IOI = Paper("ioi", "paper", "A Circuit in the Wild", ("K. Wang",), 2022, "2211.00593", "v1")
NOTE = Paper("note-ioi", "note", "Note on: A Circuit in the Wild", ("mivault",), arxiv_id="2211.00593")
TERM = Paper("term-superposition", "glossary", "Glossary: Superposition", ("mivault",))

SAE_PAGES = (
    "Introduction\n\nSuperposition is the representation of more features than a layer has dimensions. This makes "
    "neurons polysemantic.2 What is a feature?\n\nFigure 1: An overview of the method and of its three parts.\n\nA "
    "sparse autoencoder is trained to reconstruct the activations of a layer with few active latents [12, 13]. We find "
    "that 7% of the 16 million latents are dead. It does not recover every feature of the model, and the training of a",
    "sparse autoencoder costs much compute, which we measure in Section 4.\n\n0.31 0.42 0.55 SAE 12 TopK 0.9\n\n"
    "Dead latents appear because some encoder directions never activate.",
)
IOI_PAGES = (
    "The circuit for indirect object identification in GPT-2 small has 26 attention heads in seven classes. Name mover "
    "heads copy the repeated name. They are not found in every model.",
)


def page(paper: Paper, number: int, text: str) -> Page:
    locator = paper.kind if paper.kind in ("note", "glossary") else f"p. {number}"
    return Page(paper.id, number, locator, text)


def passage(pages: list[Page], spans: list[Span], order: int, section: tuple[str, ...] = ("Introduction",)) -> Passage:
    numbered = {p.number: p for p in pages}
    text = "\n".join(numbered[s.page].text[s.start : s.end] for s in spans)
    name = hashlib.sha256(f"{pages[0].paper_id}{spans}{text}".encode()).hexdigest()[:16]
    first, last = numbered[spans[0].page].locator, numbered[spans[-1].page].locator
    return Passage(name, pages[0].paper_id, order, section, first, last, text, tuple(spans))


def write(vault: Vault, paper: Paper, texts: tuple[str, ...], *, joined: bool = False) -> None:
    """A paper with a page per text and a passage per page; `joined`: one passage over all pages."""
    pages = [page(paper, n, text) for n, text in enumerate(texts, start=1)]
    spans = [[Span(p.number, 0, len(p.text))] for p in pages]
    groups = [[s[0] for s in spans]] if joined else spans
    vault.write_paper(paper)
    vault.write_pages(paper.id, pages)
    vault.write_passages(paper.id, [passage(pages, group, n) for n, group in enumerate(groups)])


def answering_vault(root: Path) -> Vault:
    root.mkdir(exist_ok=True)
    (root / "vault.yaml").write_text("name: small\n")
    (root / "vault.lock").write_text("{}")
    vault = Vault.open(root)
    write(vault, SAE, SAE_PAGES, joined=True)
    write(vault, IOI, IOI_PAGES)
    write(vault, NOTE, ("Wang et al. find 26 attention heads in 7 classes in the circuit (p. 1).",))
    write(vault, TERM, ("Superposition is the representation of more features than a layer has dimensions, packed.",))
    return vault


class SmallSearch:
    """Ranks every passage of a vault by cosine and by the share of the question's words it has."""

    def __init__(self, vault: Vault) -> None:
        self.embedder = ReadableEmbedder()
        self.rows = [(p, vault.paper(i)) for i in vault.source_ids() for p in vault.passages(i)]
        self.words = [stems(p.text) for p, _ in self.rows]

    def __call__(self, question: str, *, k: int = 8, per_paper: int = 3) -> list[Hit]:
        if not self.rows:
            raise IndexMissing("nothing has been indexed in this vault yet", "mivault sync")
        vectors = self.embedder.embed([question, *(p.text for p, _ in self.rows)])
        cosines = vectors[1:] @ vectors[0]
        hits = [
            Hit(p, paper, score=float(c), similarity=float(c), why="shared words")
            for (p, paper), c in zip(self.rows, cosines, strict=True)
            if paper is not None
        ]
        ranked = sorted(hits, key=lambda h: -h.score)
        earlier = [sum(h.paper.id == hit.paper.id for h in ranked[:n]) for n, hit in enumerate(ranked)]
        return [hit for hit, before in zip(ranked, earlier, strict=True) if before < per_paper][:k]

    def document_frequency(self, word: str) -> int:
        return sum(stem(word) in found for found in self.words)

    def passage_count(self) -> int:
        return len(self.rows)
