"""A vault of as many passages as wanted, made of the abstracts of ../shared/arxiv, and vectors that cost no model.

A passage is an abstract; past the last of them, the words of two abstracts in turn, so that no two are the same. Its
vector is a weighted sum of one random vector for each of its words: texts that share rare words are near each other.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.process_tree import ROOT
from ingest.records import Page, Paper, Passage, Span
from ingest.vault import Vault, digest

ABSTRACTS = ROOT.parent / "shared" / "arxiv" / "abstracts-cs-2025-2026.jsonl.gz"
PER_SOURCE = 100
DIMENSION = 384
WORD = re.compile(r"[a-z][a-z-]{2,}")


def abstracts(count: int) -> Iterator[tuple[str, str]]:
    """Titles and texts, `count` of them."""
    kept: list[tuple[str, str]] = []
    with gzip.open(ABSTRACTS, "rt", encoding="utf-8") as file:
        for row in map(json.loads, islice(file, count)):
            kept.append((str(row["title"]), " ".join(str(row["summary"]).split())))
            yield kept[-1]
    for number in range(len(kept), count):
        (title, one), (_, other) = kept[number % len(kept)], kept[(number * 7919) % len(kept)]
        words, others = one.split(), other.split()
        turn = number // len(kept)
        yield title, " ".join([*words[turn::2], *others[turn % 5 :: 3]])


def large_vault(root: Path, count: int) -> Vault:
    """The vault, with its sources written: PER_SOURCE passages in each, with title, authors and year."""
    vault, rows = Vault(root), abstracts(count)
    for number in range(0, count, PER_SOURCE):
        write(vault, f"source-{number // PER_SOURCE:06d}", list(islice(rows, PER_SOURCE)), number)
    return vault


def write(
    vault: Vault, source_id: str, rows: Sequence[tuple[str, str]], number: int = 0, *, pages: bool = True
) -> list[Passage]:
    """One source of these titles and texts; its passages."""
    year, author = 2000 + number // PER_SOURCE % 25, f"Ada Number{number // PER_SOURCE % 997}"
    vault.write_paper(
        Paper(id=source_id, kind="paper", title=rows[0][0], pages=len(rows), year=year, authors=(author,))
    )
    passages = [_passage(source_id, i, title, text) for i, (title, text) in enumerate(rows)]
    if pages:
        vault.write_pages(source_id, [Page(source_id, i + 1, f"p. {i + 1}", text) for i, (_, text) in enumerate(rows)])
    vault.write_passages(source_id, passages)
    return passages


def _passage(source_id: str, order: int, title: str, text: str) -> Passage:
    return Passage(
        id=digest(f"{source_id} {order} {text}".encode())[:16],
        paper_id=source_id,
        order=order,
        section=(title,),
        first_locator=f"p. {order + 1}",
        last_locator=f"p. {order + 1}",
        text=text,
        spans=(Span(order + 1, 0, len(text)),),
        kind="text",
    )


def answering_vault(root: Path, count: int) -> Vault:
    """A large vault whose index has all that answers, and no Chroma, which takes an hour for a million passages."""
    from index.lexical import WordIndex
    from index.state import IndexState, marked_files, new_generation, write_abbreviations, write_state
    from index.table_writer import TableWriter

    vault, rows, vectors = Vault(root), abstracts(count), mixed_vectors(count)
    number, folder = new_generation(vault)
    words, table = WordIndex.create(folder / "words"), TableWriter(folder / "table")
    with words.writing() as writer:
        for start in range(0, count, PER_SOURCE):
            source_id, texts = f"source-{start // PER_SOURCE:06d}", list(islice(rows, PER_SOURCE))
            passages = write(vault, source_id, texts, start, pages=False)
            paper = vault.paper(source_id)
            writer.add([(paper, passage) for passage in passages if paper])
            table.add([one.id for one in passages], [source_id] * len(passages), next(vectors))
    table.finish()
    write_abbreviations(folder, {})
    made = marked_files(vault, folder, "chroma-none", None)
    state = IndexState("words", DIMENSION, number, folder.name, "chroma-none", count, {}, made.files, made.marks)
    write_state(vault, state)
    return vault


def mixed_vectors(count: int) -> Iterator[NDArray[np.float32]]:
    """The vectors of `abstracts`, PER_SOURCE at a time; those of two abstracts mixed where their words are."""
    texts = [text for _, text in abstracts(min(count, 74_728))]
    made, random = WordVectors().embed(texts), np.random.default_rng(1)
    for start in range(0, count, PER_SOURCE):
        at = np.arange(start, min(start + PER_SOURCE, count))
        vectors = made[at % len(made)]
        again = at >= len(made)
        vectors[again] = 0.8 * vectors[again] + 0.6 * made[at[again] * 7919 % len(made)]
        vectors[again] += random.standard_normal((int(again.sum()), DIMENSION)).astype(np.float32) * 0.01
        yield vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class WordVectors:
    """An embedder: sums of random vectors of words, rarer words weighing more; some 20,000 texts a second."""

    name, dimension, max_tokens = "words", DIMENSION, 256

    def __init__(self) -> None:
        random = np.random.default_rng(0)
        self._table = random.standard_normal((2**15, DIMENSION)).astype(np.float32)
        counts = Counter(self._bucket(word) for _, text in abstracts(3_000) for word in WORD.findall(text.lower()))
        self._weights = np.array([1 / (20 + counts[one]) for one in range(2**15)], dtype=np.float32)

    def embed(self, texts: Sequence[str], *, on_done: Callable[[int], None] | None = None) -> NDArray[np.float32]:
        vectors = np.empty((len(texts), DIMENSION), dtype=np.float32)
        for row, text in enumerate(texts):
            words = [self._bucket(word) for word in WORD.findall(text.lower())] or [0]
            vector = self._weights[words] @ self._table[words]
            vectors[row] = vector / (np.linalg.norm(vector) or 1)
            if on_done:
                on_done(row + 1)
        return vectors

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    @staticmethod
    def _bucket(word: str) -> int:
        return int.from_bytes(word.encode()[:9], "little") * 2654435761 % 2**61 % 2**15
