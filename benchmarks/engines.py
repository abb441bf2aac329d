"""Claim: every engine that embeds here gives float32's vectors: cosine .999 at least, nDCG@10 within .002.

`python -m benchmarks.engines [--documents 2000] [--queries 800]`: documents and queries of ../shared/benchmarks
(interp-citations whole, SciFact up to the numbers asked for, cited abstracts first), embedded in each engine that runs
on this CPU; nDCG@10 is of the vectors alone.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.retrieval import ndcg
from benchmarks.retrieval_sets import Document, Query, interp_citations, scifact_claims
from index.embed import Model, Vectors, run_batches
from index.int16_model import Int16Model, has_bytes, runs_here
from index.model_folder import find_model
from index.openvino_model import OpenVinoModel, has_bf16


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--documents", type=int, default=2_000)
    options.add_argument("--queries", type=int, default=800)
    chosen = options.parse_args()
    sets = chosen_sets(chosen.documents, chosen.queries)
    folder = find_model()
    engines: dict[str, Callable[[], Model]] = {"float32": lambda: OpenVinoModel(folder)}
    if runs_here():
        engines["int16"] = lambda: Int16Model(folder)
    if runs_here() and has_bytes():
        engines["int8"] = lambda: Int16Model(folder, small=True)
    if has_bf16():
        engines["bfloat16"] = lambda: OpenVinoModel(folder, precision="bf16")
    exact: list[tuple[Vectors, Vectors]] = []
    for name, load in engines.items():
        began, model = time.perf_counter(), load()
        made = [(embedded(model, texts(documents)), embedded(model, said(queries))) for documents, queries in sets]
        exact = exact or made
        print(f"{name:9} {time.perf_counter() - began:6.1f} s  {compared(sets, made, exact)}", flush=True)


def chosen_sets(documents: int, queries: int) -> list[tuple[list[Document], list[Query]]]:
    """interp-citations, and so much of SciFact that both together are as many as asked for."""
    interp, scifact = interp_citations(), scifact_claims()
    claims = scifact[1][: max(0, queries - len(interp[1]))]
    cited = frozenset().union(*(one.cited for one in claims)) if claims else frozenset()
    first = sorted(scifact[0], key=lambda one: one.id not in cited)
    return [interp, (first[: max(0, documents - len(interp[0]))], claims)]


def texts(documents: Sequence[Document]) -> list[str]:
    return [f"{one.title}\n{one.text}" for one in documents]


def said(queries: Sequence[Query]) -> list[str]:
    return [one.text for one in queries]


def embedded(model: Model, passages: Sequence[str]) -> Vectors:
    rows: dict[int, Vectors] = {}
    for numbers, vectors in run_batches(model, passages):
        rows |= dict(zip(numbers, vectors, strict=True))
    return np.stack([rows[number] for number in range(len(passages))])


def compared(
    sets: Sequence[tuple[list[Document], list[Query]]],
    made: Sequence[tuple[Vectors, Vectors]],
    exact: Sequence[tuple[Vectors, Vectors]],
) -> str:
    """The least cosine to float32's vectors, and nDCG@10 of each set with its difference."""
    pairs = [
        (ours, theirs) for one, other in zip(made, exact, strict=True) for ours, theirs in zip(one, other, strict=True)
    ]
    least = min(float((ours * theirs).sum(axis=1).min()) for ours, theirs in pairs)
    shown = [f"{sum(len(ours) for ours, _ in pairs):,} vectors, least cosine {least:.6f}"]
    for (documents, queries), one, other in zip(sets, made, exact, strict=True):
        ours, theirs = quality(documents, queries, *one), quality(documents, queries, *other)
        shown.append(f"nDCG@10 {ours:.4f} ({ours - theirs:+.4f}; {len(queries)} queries, {len(documents)} documents)")
    return "; ".join(shown)


def quality(documents: Sequence[Document], queries: Sequence[Query], vectors: Vectors, asked: Vectors) -> float:
    """nDCG@10 of the vectors alone."""
    best = np.argsort(-(asked @ vectors.T), axis=1, kind="stable")[:, :10]
    found = ([documents[place].id for place in row] for row in best.tolist())
    return float(np.mean([ndcg(ids, query.cited) for ids, query in zip(found, queries, strict=True)]))


if __name__ == "__main__":
    main()
