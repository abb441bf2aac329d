"""Claim: a search inside a running process takes 30 ms at 5,000 passages, 40 at 75,000, 100 at a million (medians).

`python -m benchmarks.latency VAULT [--questions 100] [--make N]`: a vault that is indexed (benchmarks.scale makes large
ones; --make makes one of N passages, without Chroma), asked with stretches of its own passages, with filters too.
Embedding the question is part of it; with the vectors of benchmarks/large_vault.py, the packaged model's time
stands beside it. Last: what share of the first ten of a plain float32 search is found.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.large_vault import WordVectors, answering_vault
from index.embed import load_embedder
from index.filters import Filter
from index.search import Search
from index.state import generation_path, read_state, store_path
from index.store import PassageStore
from index.table import VectorTable
from ingest.vault import Vault


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("vault", type=Path)
    options.add_argument("--questions", type=int, default=100)
    options.add_argument("--make", type=int, default=0)
    chosen = options.parse_args()
    vault = answering_vault(chosen.vault, chosen.make) if chosen.make else Vault(chosen.vault)
    state = read_state(vault)
    if state is None:
        raise SystemExit(f"{chosen.vault} has no index: python -m benchmarks.scale --folder {chosen.vault}")
    embedder: Any = WordVectors() if state.model == "words" else load_embedder(None)
    asked = questions(vault, chosen.questions)
    search = Search(vault, embedder)
    began = time.perf_counter()
    search(asked[0])
    print(f"{search.passage_count():,} passages; first question {time.perf_counter() - began:.2f} s")
    source = vault.source_ids()[0]
    show("any", asked, search)
    show("one year", asked, lambda one: search(one, where=Filter(first_year=2003, last_year=2003)))
    show("one source", asked, lambda one: search(one, where=Filter(papers=(source,))))
    if state.model == "words":
        show("packaged model's embedding alone", asked, lambda one: load(one))
    table = VectorTable(generation_path(vault, state) / "table")
    print(f"recall@10 against a plain float32 search: of the table {recall(table, table, embedder, asked):.3f}", end="")
    if store_path(vault, state).is_dir():
        print(
            f", of Chroma's graph {recall(PassageStore.open(store_path(vault, state)), table, embedder, asked):.3f}",
            end="",
        )
    print()


_models: list[Any] = []


def load(text: str) -> None:
    if not _models:
        _models.append(load_embedder(None))
    _models[0].embed([text])


def questions(vault: Vault, count: int) -> list[str]:
    """Stretches of twelve words of passages taken at random."""
    chance = random.Random(0)
    sources = [one for one in vault.source_ids() if (vault.source(one) / "passages.jsonl").is_file()]
    names = [chance.choice(sources) for _ in range(count)]
    texts = [chance.choice(vault.passages(name)).text.split() for name in names]
    return [" ".join(words[len(words) // 2 : len(words) // 2 + 12]) or "none" for words in texts]


def show(name: str, asked: Sequence[str], search: Callable[[str], Any]) -> None:
    """Median and 95th percentile of the times of all questions, in milliseconds."""
    for one in asked[:3]:
        search(one)
    times = []
    for one in asked:
        began = time.perf_counter()
        search(one)
        times.append(1000 * (time.perf_counter() - began))
    print(f"{name:34} p50 {np.percentile(times, 50):6.1f} ms   p95 {np.percentile(times, 95):6.1f} ms", flush=True)


def recall(store: VectorTable | PassageStore, table: VectorTable, embedder: Any, asked: Sequence[str]) -> float:
    """What share of the ten nearest of a plain search a store finds."""
    shares = []
    for one in asked[:50]:
        vector = embedder.embed([one])[0]
        scores = np.concatenate([(piece.vectors @ vector)[piece.alive()] for piece in table.pieces])
        names = np.concatenate([piece.ids[piece.alive()] for piece in table.pieces])
        best = {name.decode() for name in names[scores >= np.sort(scores)[-10] - 1e-6].tolist()}
        shares.append(len([hit for hit in store.nearest(vector, 10) if hit.passage_id in best]) / 10)
    return float(np.mean(shares))


if __name__ == "__main__":
    main()
