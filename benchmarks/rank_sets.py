"""Questions with their candidates and the signs of each, for train_rank.py."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.retrieval import Remembering, ndcg, recall, success, vault_of, vault_of_papers
from benchmarks.retrieval_sets import (
    SHARED,
    Document,
    Query,
    interp_citations,
    pdf_citations,
    scifact_claims,
)
from evals.cases import placed
from evals.choose import Choice, choose
from evals.records import base_id
from index.candidates import Asked, candidates
from index.embed import Embedder
from index.filters import Filter
from index.opened import OpenGeneration
from index.rerank import read, sought
from index.signs import signs
from index.state import read_state
from index.tuning import Tuning
from ingest.chunk import sentences
from ingest.vault import Vault, digest

PER_PAPER = 3  # passages of one source among the hits of an eval case, as in a search
ABSTRACTS, ASKED = 3_000, 1_500
FIELDS = {"cs.CL", "cs.LG", "cs.AI"}
Place = tuple[str, int]  # a paper and a page of it


@dataclass(frozen=True, slots=True)
class Ranking:
    """A query with its candidates, best fused first: their papers, the pages they lie on, and their signs by name.

    `cited_at` are the places (from 0) of each thing that is cited, `pages` those that are cited, where they are known.
    """

    query: Query
    papers: Sequence[str]
    pages_of: Sequence[frozenset[Place]]
    signs: Mapping[str, Sequence[float]]
    pages: frozenset[Place] = frozenset()

    @property
    def cited_at(self) -> list[tuple[int, ...]]:
        things = self.pages or self.query.cited
        held = [self.pages_of[n] if self.pages else {self.papers[n]} for n in range(len(self.papers))]
        places = [tuple(n for n, have in enumerate(held) if thing in have) for thing in sorted(things, key=str)]
        return [one for one in places if one]

    def matrix(self, names: Sequence[str]) -> NDArray[np.float64]:
        """(candidates, signs)"""
        return np.array([self.signs[name] for name in names]).T

    def order(self, scores: Sequence[float] | NDArray[np.float64]) -> list[int]:
        """The places, best first."""
        return [int(place) for place in np.argsort(-np.asarray(scores), kind="stable")]

    def found(self, order: Sequence[int]) -> list[str]:
        """Papers, best first."""
        return list(dict.fromkeys(self.papers[place] for place in order))

    def hits(self, order: Sequence[int], k: int) -> list[int]:
        """The first k places of which at most PER_PAPER are of one paper."""
        seen: Counter[str] = Counter()
        kept = []
        for place in order:
            seen[self.papers[place]] += 1
            if seen[self.papers[place]] <= PER_PAPER:
                kept.append(place)
        return kept[:k]


Measure = Callable[[Ranking, Sequence[int]], float]


def of_papers(measure: Callable[..., float], k: int) -> Measure:
    return lambda one, order: measure(one.found(order), one.query.cited, k)


def papers_found(one: Ranking, order: Sequence[int]) -> float:
    return len({one.papers[place] for place in one.hits(order, 5)} & one.query.cited) / len(one.query.cited)


def pages_found(one: Ranking, order: Sequence[int]) -> float:
    """NaN where no page is known."""
    seen = {page for place in one.hits(order, 10) for page in one.pages_of[place]}
    return len(seen & one.pages) / len(one.pages) if one.pages else nan


CITATIONS: Mapping[str, Measure] = {"nDCG@10": of_papers(ndcg, 10), "recall@10": of_papers(recall, 10)}
MEASURES: Mapping[str, Mapping[str, Measure]] = {
    "interp-citations": CITATIONS,
    "PDFs": {"among first 5": of_papers(success, 5)},
    "eval cases": {"recall@5": papers_found, "page recall@10": pages_found},
    "abstracts": CITATIONS,
    "SciFact": CITATIONS,
}


def rankings(folder: Path, embedder: Embedder) -> dict[str, list[Ranking]]:
    """Every set, by the names of MEASURES. `folder` keeps the vaults."""
    embedder = Remembering(embedder)
    documents, queries = interp_citations()
    sets = {"interp-citations": ranked(vault_of(folder / "interp", documents, embedder), embedder, queries)}
    vault = vault_of_papers(folder / "papers", embedder)
    sets["PDFs"] = ranked(vault, embedder, pdf_citations({*arxiv_ids(vault)})[0])
    sets["eval cases"] = ranked(vault, embedder, *tuning_cases(vault))
    documents, queries = abstracts()
    sets["abstracts"] = ranked(vault_of(folder / "abstracts", documents, embedder), embedder, queries)
    documents, queries = scifact_claims()
    sets["SciFact"] = ranked(vault_of(folder / "scifact", documents, embedder), embedder, queries)
    return sets


def ranked(
    vault: Vault,
    embedder: Embedder,
    queries: Sequence[Query],
    pages: Mapping[str, frozenset[Place]] | None = None,
) -> list[Ranking]:
    """Each query as the search would rank its candidates again."""
    state = read_state(vault)
    assert state is not None
    opened = OpenGeneration(vault, state)
    names = {one: paper.arxiv_id or one for one in vault.source_ids() if (paper := vault.paper(one))}
    return [_ranking(opened, embedder, query, names, (pages or {}).get(query.id, frozenset())) for query in queries]


def _ranking(
    opened: OpenGeneration, embedder: Embedder, query: Query, names: Mapping[str, str], pages: frozenset[Place]
) -> Ranking:
    tuning = Tuning()
    words = opened.words.query(query.text, opened.names.expand(query.text))
    asked = Asked(embedder.embed([query.text])[0], query.text, words, Filter(), False, tuning)
    found = candidates(opened, asked, tuning.candidates)
    papers = [base_id(names[one.paper_id]) for one in found]
    records = [opened.record(one.passage_id, one.paper_id) for one in found]
    spans = [record[1].spans if record else () for record in records]
    pages_of = [frozenset((paper, s.page) for s in of) for paper, of in zip(papers, spans, strict=True)]
    told = signs(sought(opened, asked), found, read(opened, found))
    return Ranking(query, papers, pages_of, {**told, "fused": [one.fused.score for one in found]}, pages)


def arxiv_ids(vault: Vault) -> Iterator[str]:
    for one in vault.source_ids():
        paper = vault.paper(one)
        if paper and paper.arxiv_id:
            yield paper.arxiv_id


def tuning_cases(vault: Vault) -> tuple[list[Query], dict[str, frozenset[Place]]]:
    """The eval cases of half "dev" that a paper here answers, and the pages that do, by the id of the case."""
    ids = {base_id(paper.arxiv_id): one for one in vault.source_ids() if (paper := vault.paper(one)) and paper.arxiv_id}
    cases = [case for case in choose(Choice(half="dev")) if case.expected and {*case.expected} <= ids.keys()]
    cases = placed(cases, lambda name: vault.pages(ids[name]) if name in ids else [])
    queries = [Query(case.id, case.asked, frozenset(case.expected)) for case in cases]
    return queries, {case.id: frozenset((e.text_id, e.page) for e in case.evidence) for case in cases}


def abstracts() -> tuple[list[Document], list[Query]]:
    """Abstracts of language and learning without every second sentence, and some of those sentences as queries."""
    documents, queries = [], []
    with gzip.open(SHARED / "arxiv" / "abstracts-cs-2025-2026.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [row for row in map(json.loads, file) if FIELDS & {*row["categories"]}]
    for row in sorted(rows, key=lambda row: digest(row["id"].encode()))[:ABSTRACTS]:
        name = f"a{digest(row['id'].encode())[:12]}"
        parts = [part.strip() for part in sentences(" ".join(row["summary"].split()))]
        documents.append(Document(name, " ".join(row["title"].split()), " ".join(parts[0::2])))
        queries += [Query(name + str(n), part, frozenset((name,))) for n, part in enumerate(parts) if n == 1]
    return documents, [query for query in queries if 40 < len(query.text) < 400][:ASKED]
