"""Claim: each part of the search earns its place on sentences and claims whose sources people named.

`python -m benchmarks.retrieval [interp scifact papers] [--cache DIR]` builds a vault of each set's documents with the
project's own chunks, vectors and word index, asks it every sentence, and prints nDCG@10 and recall@10 (for papers: the
cited paper among the first five) of BM25 alone, MiniLM alone, both fused and not ranked again, what ships, and what
ships with one part changed; then how long a search takes. `--cache` keeps the vaults for a second run.

Intervals are 95 % percentile bootstraps over what the sentences cite (sentences that cite the same paper go together);
differences are paired. The weights of index/rerank.py were trained on half of the sentences, on no claim:
benchmarks/train_rank.py has what they gain on the other half. Nothing else was trained. The numbers of index/tuning.py
were chosen without ranking again, by looking at all sentences of interp and papers and every second claim of SciFact,
so the last row says what choosing costs: for each half of a set the row that is best on the other half. Unjudged
documents count as not relevant: compare rows.

Tried on the interp sentences and left out, for want of a gain that 230 sentences can tell (nDCG@10 beside .419 to .427,
documents in one piece): vectors of titles alone (-.016 to -.001), z-scores of both legs (-.002 to +.004), min-max (-.05
to -.02), BM25 with k1 .9 and b .4 (-.007 to +.006), Rocchio on vectors (+.001 to +.003), RM3 (-.004 to -.002), and the
best 25 ranked again by MiniLM's token vectors, untrained, each token of the question by its best match (-.005; with
rare tokens counting more +.004 [-.005, +.013]).
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import log2
from pathlib import Path

from benchmarks.retrieval_sets import (
    REVIEW,
    SHARED,
    Document,
    Query,
    interp_citations,
    pdf_citations,
    scifact_claims,
)
from evals.statistics import Point, cluster_bootstrap, mean
from index.build import build
from index.embed import Embedder, Vectors, load_embedder
from index.filters import Filter
from index.search import Search
from index.tuning import Tuning
from ingest.chunk import chunk
from ingest.records import Page, Paper
from ingest.vault import Vault

GLOSSARY = Path(__file__).resolve().parent.parent / "ingest" / "starter" / "glossary.yaml"
SHIPS = Tuning()
FUSED = replace(SHIPS, rerank=False)
Measure = Callable[[list[str], frozenset[str]], float]
VARIANTS = {
    "BM25 alone, fields alike": replace(FUSED, meaning=0.0, head=1.0, authors=0.0, first_author=0.0, added=0.0),
    "MiniLM alone": replace(FUSED, meaning=1.0, added=0.0),
    "before: .7 meaning, no authors": replace(FUSED, meaning=0.7, head=1.0, authors=0.0, first_author=0.0, added=0.0),
    "not ranked again": FUSED,
    "the same, title and section .5": replace(FUSED, head=0.5),
    "ships": SHIPS,
    "without authors": replace(SHIPS, authors=0.0, first_author=0.0),
    "without first author": replace(SHIPS, first_author=0.0),
    "without other names": replace(SHIPS, added=0.0),
    "other names count in full": replace(SHIPS, added=1.0),
    "title and section 0": replace(SHIPS, head=0.0),
    "title and section .5": replace(SHIPS, head=0.5),
    "title and section 1.5": replace(SHIPS, head=1.5),
    "meaning .5": replace(SHIPS, meaning=0.5),
    "meaning .8": replace(SHIPS, meaning=0.8),
}


class Remembering:
    """An embedder that embeds a question once, however many variants ask it."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.name, self.dimension, self.max_tokens = embedder.name, embedder.dimension, embedder.max_tokens
        self.count_tokens = embedder.count_tokens
        self._known: dict[str, Vectors] = {}

    def embed(self, texts: Sequence[str], *, on_done: Callable[[int], None] | None = None) -> Vectors:
        if len(texts) != 1:
            return self._embedder.embed(texts, on_done=on_done)
        if texts[0] not in self._known:
            self._known[texts[0]] = self._embedder.embed(texts)
        return self._known[texts[0]]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sets", nargs="*", default=["interp", "scifact", "papers"])
    parser.add_argument("--cache", type=Path, help="keep the vaults here")
    parser.add_argument("--variants", nargs="*", default=list(VARIANTS), help="only these rows")
    chosen = parser.parse_args()
    if not (SHARED / "benchmarks").is_dir():
        print("SKIPPED: ../shared/benchmarks is not there, so nothing was retrieved")
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = chosen.cache or Path(name)
        embedder = Remembering(load_embedder(cache=folder))
        for one in chosen.sets:
            {"interp": interp, "scifact": scifact, "papers": papers}[one](folder, embedder, chosen.variants)
    return 0


def interp(folder: Path, embedder: Embedder, variants: Sequence[str]) -> None:
    documents, queries = interp_citations()
    vault = vault_of(folder / "interp", documents, embedder)
    table(f"interp-citations: {len(queries)} sentences, {len(documents)} papers", vault, embedder, queries, variants)


def scifact(folder: Path, embedder: Embedder, variants: Sequence[str]) -> None:
    documents, queries = scifact_claims()
    vault = vault_of(folder / "scifact", documents, embedder)
    title = f"SciFact, claims_train: {len(queries)} claims, {len(documents)} abstracts"
    table(title, vault, embedder, queries, variants)


def papers(folder: Path, embedder: Embedder, variants: Sequence[str]) -> None:
    """The sentences that cite one of the PDFs, on all passages of the PDFs."""
    vault = vault_of_papers(folder / "papers", embedder)
    here = {paper.arxiv_id for one in vault.source_ids() if (paper := vault.paper(one)) and paper.arxiv_id}
    queries, left_out = pdf_citations(here)
    title = f"{len(queries)} sentences that cite one of {len(here)} PDFs ({left_out} cite no PDF here)"
    table(title, vault, embedder, queries, variants, first=5)


def table(
    title: str, vault: Vault, embedder: Embedder, queries: Sequence[Query], variants: Sequence[str], *, first: int = 0
) -> None:
    """A row per variant: its scores, and the paired difference to what ships; the row of choosing; the time."""
    names = [f"among first {first}"] if first else ["nDCG@10", "recall@10"]
    measures: list[Measure] = [partial(success, k=first)] if first else [ndcg, recall]
    print(f"\n{title}\n{'':32}" + "".join(f"{n:>22}{'to what ships':>24}" for n in names))
    values = {}
    for name in dict.fromkeys(["ships", *variants]):
        pairs = ranked(vault, embedder, queries, VARIANTS[name])
        values[name] = [[measure(found, query.cited) for query, found in pairs] for measure in measures]
    values["chosen on the other half"] = chosen(queries, values)
    for name in [*variants, "chosen on the other half"]:
        print(f"{name:32}" + "".join(cell(queries, *pair) for pair in zip(values[name], values["ships"], strict=True)))
    print(pace(vault, queries), flush=True)


def chosen(queries: Sequence[Query], values: Mapping[str, Sequence[Sequence[float]]]) -> list[list[float]]:
    """The scores of each query under the variant that is best, by the first measure, on the half it is not in."""

    def elsewhere(half: int, name: str) -> float:
        return sum(v for q, v in zip(queries, values[name][0], strict=True) if q.half != half)

    best = {half: max(values, key=partial(elsewhere, half)) for half in (0, 1)}
    measures = range(len(values["ships"]))
    return [[values[best[q.half]][m][number] for number, q in enumerate(queries)] for m in measures]


def cell(queries: Sequence[Query], scores: Sequence[float], shipped: Sequence[float]) -> str:
    gained = [one - other for one, other in zip(scores, shipped, strict=True)]
    return f"{told(queries, scores):>22}{told(queries, gained, sign='+') if any(gained) else '':>24}"


def pace(vault: Vault, queries: Sequence[Query]) -> str:
    """How long a search takes in a running process, with embedding its question; and where a filter narrows it."""
    search = Search(vault, load_embedder())
    for query in queries[:20]:
        search(query.text)
    texts = [query.text for query in queries[20:320]] or [query.text for query in queries]
    parts = []
    for name, where in (("", Filter()), (", papers since 2021", Filter(first_year=2021)), (", one", one_paper(vault))):
        taken = sorted(seconds(search, text, where) for text in texts)
        middle, slow = taken[len(taken) // 2], taken[int(len(taken) * 0.95)]
        parts.append(f"{1000 * middle:.0f} and {1000 * slow:.0f} ms{name}")
    search.close()
    return f"a search, p50 and p95: {'; '.join(parts)}"


def one_paper(vault: Vault) -> Filter:
    return Filter(papers=tuple(vault.source_ids()[:1]))


def seconds(search: Search, text: str, where: Filter) -> float:
    began = time.perf_counter()
    search(text, where=where)
    return time.perf_counter() - began


def ranked(vault: Vault, embedder: Embedder, queries: Sequence[Query], tuning: Tuning) -> list[tuple[Query, list[str]]]:
    """Each query with the documents found for it, best first: their arXiv ids where they have one."""
    search = Search(vault, embedder, tuning=tuning)
    pairs = []
    for query in queries:
        hits = search(query.text, k=10, per_paper=1)
        pairs.append((query, [hit.paper.arxiv_id or hit.paper.id for hit in hits]))
    search.close()
    return pairs


def ndcg(found: Sequence[str], cited: frozenset[str], k: int = 10) -> float:
    """Järvelin and Kekäläinen's nDCG at k (2002) with gains of 0 and 1."""
    gained = sum(1 / log2(place + 1) for place, one in enumerate(found[:k], start=1) if one in cited)
    return gained / sum(1 / log2(place + 1) for place in range(1, min(k, len(cited)) + 1))


def recall(found: Sequence[str], cited: frozenset[str], k: int = 10) -> float:
    return len(cited & {*found[:k]}) / len(cited)


def success(found: Sequence[str], cited: frozenset[str], k: int) -> float:
    return float(not cited.isdisjoint(found[:k]))


def told(queries: Sequence[Query], values: Sequence[float], sign: str = "") -> str:
    """ "0.431 [0.380, 0.482]" """
    points = [Point(value, 1.0, min(query.cited)) for query, value in zip(queries, values, strict=True)]
    interval = cluster_bootstrap(points, seed=1)
    ends = f" [{interval.low:{sign}.3f}, {interval.high:{sign}.3f}]" if interval else ""
    return f"{mean(points) or 0.0:{sign}.3f}{ends}"


def vault_of(root: Path, documents: Iterable[Document], embedder: Embedder) -> Vault:
    """A vault with a source for each document, built; what `root` holds already is not made again."""
    vault = Vault(root)
    known = {*vault.source_ids()}
    for one in documents:
        if one.id in known:
            continue
        text = one.text or one.title
        page = Page(paper_id=one.id, number=1, locator="abstract", text=text)
        vault.write_pages(one.id, [page])
        vault.write_passages(one.id, chunk([page], embedder.count_tokens))
        vault.write_paper(Paper(one.id, "paper", one.title, one.authors, one.year, pages=1))
    shutil.copy(GLOSSARY, root / "glossary.yaml")
    return built(vault, embedder)


def vault_of_papers(root: Path, embedder: Embedder) -> Vault:
    """A vault with the PDFs of ../shared/papers but for the one that the sentences are from."""
    from index.refresh import refresh
    from ingest.add import add
    from ingest.first_page import first_pages
    from ingest.starter import create
    from ingest.tools import open_tools

    vault = Vault(root)
    if not vault.index_path.is_dir():
        vault = create(root, empty=True)
        with vault.writing(), first_pages() as identify:
            for path in sorted((SHARED / "papers").glob("*.pdf")):
                if not path.name.startswith(REVIEW):
                    list(add(vault, str(path), identify))
        with open_tools(embedder.count_tokens) as tools:
            refresh(vault, tools, embedder, download=False)
        shutil.copy(GLOSSARY, root / "glossary.yaml")  # its names are used, its terms are not among what is searched
    return built(vault, embedder)


def built(vault: Vault, embedder: Embedder) -> Vault:
    with vault.writing():
        report = build(vault, embedder)
    done = f"{report.embedded} sources embedded in {report.seconds:.0f} s"
    print(f"{vault.root.name}: {report.passages} passages, {done}")
    return vault


if __name__ == "__main__":
    sys.exit(main())
