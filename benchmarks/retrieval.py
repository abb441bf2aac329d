"""Claim: each part of the search earns its place on sentences and claims whose sources people named.

`python -m benchmarks.retrieval [interp scifact papers] [--cache DIR]` builds a vault of each set's documents with the
project's own chunks, vectors and word index, asks it every sentence, and prints nDCG@10 and recall@10 (for papers:
the cited paper among the first five) of BM25 alone, MiniLM alone, what ships, and what ships less or more one part.
`--cache` keeps the vaults, so that a second run takes a minute.

Intervals are 95 % percentile bootstraps over what the sentences cite (sentences that cite the same paper go together);
differences are paired. Values in index/tuning.py were chosen on the "tuned" half of each set; "held back" is the other.
Nothing was trained on either set. Unjudged documents count as not relevant: compare rows, do not read them alone.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import log2
from pathlib import Path
from typing import Any

from evals.statistics import Point, cluster_bootstrap, mean
from index.build import build
from index.embed import Embedder, Vectors, load_embedder
from index.search import Search
from index.tuning import Tuning
from ingest.chunk import chunk
from ingest.records import Page, Paper
from ingest.vault import Vault, digest

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"
GLOSSARY = Path(__file__).resolve().parent.parent / "ingest" / "starter" / "glossary.yaml"
REVIEW = "2404.14082"  # the sentences of interp-citations are from this paper
SHIPS = Tuning()
VARIANTS = {
    "BM25 alone, one field's weight": replace(SHIPS, meaning=0.0, head=1.0, authors=0.0, first_author=0.0, added=0.0),
    "MiniLM alone": replace(SHIPS, meaning=1.0, added=0.0),
    "before: .7 meaning, no authors": replace(SHIPS, meaning=0.7, head=1.0, authors=0.0, first_author=0.0, added=0.0),
    "ships": SHIPS,
    "without authors": replace(SHIPS, authors=0.0, first_author=0.0),
    "without first author": replace(SHIPS, first_author=0.0),
    "without other names": replace(SHIPS, added=0.0),
    "other names count in full": replace(SHIPS, added=1.0),
    "title and section 0": replace(SHIPS, head=0.0),
    "title and section 1.0": replace(SHIPS, head=1.0),
    "title and section 2.0": replace(SHIPS, head=2.0),
    "meaning .4": replace(SHIPS, meaning=0.4),
    "meaning .6": replace(SHIPS, meaning=0.6),
    "meaning .7": replace(SHIPS, meaning=0.7),
}


@dataclass(frozen=True, slots=True)
class Document:
    """What a set has of a paper."""

    id: str
    title: str
    text: str
    authors: tuple[str, ...] = ()
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """A sentence and the ids of the documents it cites."""

    id: str
    text: str
    cited: frozenset[str]

    @property
    def tuned(self) -> bool:
        """Whether the sentence is in the half that values were chosen on."""
        return int(digest(self.id.encode())[0], 16) % 2 == 0


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
    place = SHARED / "benchmarks" / "interp-citations"
    rows = json.loads((place / "corpus.json").read_bytes())
    documents = [Document(safe(r["key"]), r["title"], r["abstract"] or "", names(r["authors"]), year(r)) for r in rows]
    queries = [Query(q["id"], q["text"], frozenset(map(safe, q["cited"]))) for q in lines(place / "queries.jsonl")]
    vault = vault_of(folder / "interp", documents, embedder)
    table(f"interp-citations: {len(queries)} sentences, {len(rows)} papers", vault, embedder, queries, variants)


def scifact(folder: Path, embedder: Embedder, variants: Sequence[str]) -> None:
    place = SHARED / "benchmarks" / "scifact"
    csv.field_size_limit(10**8)
    with (place / "corpus.csv").open(newline="", encoding="utf-8") as file:
        documents = [Document(r["doc_id"], r["title"], listed(r["abstract"])) for r in csv.DictReader(file)]
    claims: dict[str, Query] = {}
    with (place / "claims_train.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):  # a row for each evidence document
            cited = frozenset(re.findall(r"\d+", row["cited_doc_ids"]))
            before = claims.get(row["id"], Query(row["id"], row["claim"], frozenset()))
            claims[row["id"]] = replace(before, cited=before.cited | cited)
    vault = vault_of(folder / "scifact", documents, embedder)
    title = f"SciFact, claims_train: {len(claims)} claims, {len(documents)} abstracts"
    table(title, vault, embedder, list(claims.values()), variants)


def papers(folder: Path, embedder: Embedder, variants: Sequence[str]) -> None:
    """The sentences that cite one of the PDFs, on all passages of the PDFs."""
    vault = vault_of_papers(folder / "papers", embedder)
    here = {paper.arxiv_id for one in vault.source_ids() if (paper := vault.paper(one)) and paper.arxiv_id}
    rows = lines(SHARED / "benchmarks" / "interp-citations" / "queries-with-pdf.jsonl")
    known = {row["id"]: frozenset(Path(pdf).stem for pdf in row["pdfs"]) & here for row in rows}
    queries = [Query(row["id"], row["text"], known[row["id"]]) for row in rows if known[row["id"]]]
    title = f"{len(queries)} sentences that cite one of {len(here)} PDFs ({len(rows) - len(queries)} cite no PDF here)"
    table(title, vault, embedder, queries, variants, first=5)


def table(
    title: str, vault: Vault, embedder: Embedder, queries: Sequence[Query], variants: Sequence[str], *, first: int = 0
) -> None:
    """A row per variant: scores of all, of the held-back half, and the paired difference to what ships."""
    names = [f"among first {first}"] if first else ["nDCG@10", "recall@10"]
    measures: list[Callable[[list[str], frozenset[str]], float]] = [ndcg, recall]
    if first:
        measures = [partial(success, k=first)]
    print(f"\n{title}\n{'':32}{'':4}" + "".join(f"{n:>22}{'held back':>22}{'to what ships':>24}" for n in names))
    base = [[measure(found, q.cited) for q, found in ranked(vault, embedder, queries, SHIPS)] for measure in measures]
    for name in variants:
        began = time.perf_counter()
        pairs = ranked(vault, embedder, queries, VARIANTS[name])
        each = (time.perf_counter() - began) / len(queries)
        cells = ""
        for measure, shipped in zip(measures, base, strict=True):
            values = [measure(found, query.cited) for query, found in pairs]
            held = [number for number, query in enumerate(queries) if not query.tuned]
            gained = [v - s for v, s in zip(values, shipped, strict=True)]
            cells += f"{told(queries, values):>22}"
            cells += f"{told([queries[n] for n in held], [values[n] for n in held]):>22}"
            cells += f"{'' if VARIANTS[name] == SHIPS else told(queries, gained, sign='+'):>24}"
        print(f"{name:32}{each * 1000:3.0f}ms{cells}", flush=True)


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


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def listed(printed: str) -> str:
    """The sentences of a list that was printed as text, in one."""
    pairs = re.findall(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)\"""", printed)
    return " ".join(one or other for one, other in pairs)


def names(bibtex: str | None) -> tuple[str, ...]:
    """ "Nanda, Neel and Olah, Chris" as names, without TeX's braces and accents."""
    bare = re.sub(r"[{}\\\"'^~`]", "", bibtex or "")
    parts = (name.split(",", 1) for name in re.split(r"\s+and\s+", bare) if name.strip())
    return tuple(" ".join(part.strip() for part in reversed(one)) for one in parts)


def safe(key: str) -> str:
    """A key of the set as an id of a vault."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", key).lstrip("._-")


def year(row: dict[str, str]) -> int | None:
    return int(row["year"]) if str(row.get("year") or "").isdigit() else None


if __name__ == "__main__":
    sys.exit(main())
