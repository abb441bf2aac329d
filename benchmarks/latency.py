"""Claim: a search inside a running process takes 30 ms at 5,000 passages, 40 at 75,000, 100 at a million (medians).

`python -m benchmarks.latency VAULT [--questions 100]`: a vault that is indexed (benchmarks.scale makes large ones),
asked with stretches of its own passages, with filters too. Embedding the question is part of it; where the vectors are
those of benchmarks/large_vault.py, the packaged model's time stands beside it. Last: what share of the first ten of a
plain float32 search the table finds.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.large_vault import WordVectors
from index.embed import load_embedder
from index.filters import Filter
from index.search import Search
from index.state import generation_path, read_state
from index.table import VectorTable
from ingest.vault import Vault


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("vault", type=Path)
    options.add_argument("--questions", type=int, default=100)
    chosen = options.parse_args()
    vault = Vault(chosen.vault)
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
    print(f"recall@10 of the exact search against float32: {recall(vault, embedder, asked):.3f}")


_models: list[Any] = []


def load(text: str) -> None:
    if not _models:
        _models.append(load_embedder(None))
    _models[0].embed([text])


def questions(vault: Vault, count: int) -> list[str]:
    """Stretches of twelve words of passages taken at random."""
    chance = random.Random(0)
    names = [chance.choice(vault.source_ids()) for _ in range(count)]
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


def recall(vault: Vault, embedder: Any, asked: Sequence[str]) -> float:
    """What share of the ten nearest of a plain search the table finds."""
    state = read_state(vault)
    assert state is not None
    table = VectorTable(generation_path(vault, state) / "table")
    shares = []
    for one in asked[:30]:
        vector = embedder.embed([one])[0]
        scores = np.concatenate([piece.vectors @ vector for piece in table.pieces])
        names = np.concatenate([piece.ids for piece in table.pieces])
        least = np.sort(scores)[-10]
        best = {name.decode() for name in names[scores >= least - 1e-6].tolist()}
        shares.append(len([hit for hit in table.nearest(vector, 10) if hit.passage_id in best]) / 10)
    return float(np.mean(shares))


if __name__ == "__main__":
    main()
