"""Claim: our embedder makes the vectors that sentence-transformers makes, faster, and is ready sooner with less memory.

`python -m benchmarks.embedding`: the same passages through both, in processes of their own, taking turns: `--runs`
times for time, once for memory. Passages are of ../shared/papers, or made
up where that is missing.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.process_tree import ROOT, Measured, measure, python

PAPERS = ROOT.parent / "shared" / "papers"
Embed = Callable[[list[str]], Any]
WORDS = 140  # about 200 tokens of such papers


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--passages", type=int, default=200)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--side", choices=["mivault", "stock"], help="measure this side in this process")
    options.add_argument("--folder", type=Path)
    chosen = options.parse_args()
    if chosen.side:
        print(json.dumps(embed(chosen.side, chosen.folder)))
    else:
        compare(chosen.passages, chosen.runs)


def compare(count: int, runs: int) -> None:
    """Both sides on the same passages; prints the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "texts.json").write_text(json.dumps(passages(count)))
        results: dict[str, list[tuple[Measured, dict[str, float]]]] = {"mivault": [], "stock": []}
        for number in range(runs + 1):
            for side, done in results.items():
                program = python("-m", "benchmarks.embedding", "--side", side, "--folder", name)
                whole = measure(program, env={**os.environ, "HF_HUB_OFFLINE": "1"}, memory=number == runs)
                done.append((whole, json.loads(whole.output.splitlines()[-1])))
        vectors, others = (np.load(folder / f"{side}.npy") for side in results)
    for side, done in results.items():
        speeds = " ".join(f"{one['passages_per_second']:.1f}" for _, one in done[:-1])
        cpu = " ".join(f"{1000 * one['cpu'] / count:.0f}" for _, one in done[:-1])
        first = min(one["first_vector_seconds"] for _, one in done[:-1])
        print(
            f"{side:8} {speeds} passages/s, {cpu} CPU ms each, first vector {first:.2f} s, {done[-1][0].peak_mb:.0f} MB"
        )
    speed = [median(one["passages_per_second"] for _, one in done[:-1]) for done in results.values()]
    cpu_each = [median(one["cpu"] for _, one in done[:-1]) for done in results.values()]
    print(f"mivault / SentenceTransformer.encode (fp32, {count} passages), medians: ", end="")
    print(f"{speed[0] / speed[1]:.2f} times the passages/s, {cpu_each[0] / cpu_each[1]:.2f} times the CPU time")
    print(f"cosine of the vectors: least {(vectors * others).sum(axis=1).min():.6f}")


def embed(side: str, folder: Path) -> dict[str, float]:
    """One side in this process: seconds to the first vector, then passages a second. Writes its vectors."""
    texts = json.loads((folder / "texts.json").read_text())
    began = time.perf_counter()
    run = ours(folder) if side == "mivault" else stock()
    run(texts[:1])
    first = time.perf_counter() - began
    began, cpu_began = time.perf_counter(), time.process_time()
    vectors = run(texts)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu_began
    np.save(folder / f"{side}.npy", vectors)
    return {"first_vector_seconds": first, "passages_per_second": len(texts) / seconds, "cpu": cpu}


def ours(cache: Path) -> Embed:
    from index.embed import load_embedder

    return load_embedder(cache=cache).embed


def stock() -> Embed:
    from sentence_transformers import SentenceTransformer

    from index.model_folder import find_model

    model = SentenceTransformer(str(find_model().path), device="cpu", local_files_only=True)
    return partial(model.encode, normalize_embeddings=True, show_progress_bar=False)


def passages(count: int) -> list[str]:
    """Stretches of WORDS words, of the shared papers or made up."""
    words = _paper_words(count * WORDS) or [f"word{number % 997}" for number in range(count * WORDS)]
    return [" ".join(words[start : start + WORDS]) for start in range(0, count * WORDS, WORDS)]


def _paper_words(enough: int) -> list[str]:
    import pypdfium2

    words: list[str] = []
    for path in sorted(PAPERS.glob("*.pdf")):
        for page in pypdfium2.PdfDocument(path):
            words += page.get_textpage().get_text_range().split()
        if len(words) >= enough:
            return words
    print("../shared/papers is not there: the passages are made up")
    return []


if __name__ == "__main__":
    main()
