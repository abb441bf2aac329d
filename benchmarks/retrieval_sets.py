"""Sentences and claims with the papers they cite, as ../shared/benchmarks has them; used by retrieval.py."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ingest.vault import digest

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"
REVIEW = "2404.14082"  # the sentences of interp-citations are from this paper
INTERP, SCIFACT = (SHARED / "benchmarks" / name for name in ("interp-citations", "scifact"))


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
    def half(self) -> int:
        """0 or 1, by a hash of the id."""
        return int(digest(self.id.encode())[0], 16) % 2


def interp_citations() -> tuple[list[Document], list[Query]]:
    """Papers that a review cites, and its sentences with what they cite."""
    rows = json.loads((INTERP / "corpus.json").read_bytes())
    documents = [Document(safe(r["key"]), r["title"], r["abstract"] or "", names(r["authors"]), year(r)) for r in rows]
    queries = [Query(q["id"], q["text"], frozenset(map(safe, q["cited"]))) for q in lines(INTERP / "queries.jsonl")]
    return documents, queries


def scifact_claims() -> tuple[list[Document], list[Query]]:
    """All abstracts, and the claims of claims_train with what they cite."""
    csv.field_size_limit(10**8)
    with (SCIFACT / "corpus.csv").open(newline="", encoding="utf-8") as file:
        documents = [Document(r["doc_id"], r["title"], listed(r["abstract"])) for r in csv.DictReader(file)]
    claims: dict[str, Query] = {}
    with (SCIFACT / "claims_train.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):  # a row for each evidence document
            cited = frozenset(re.findall(r"\d+", row["cited_doc_ids"]))
            before = claims.get(row["id"], Query(row["id"], row["claim"], frozenset()))
            claims[row["id"]] = replace(before, cited=before.cited | cited)
    return documents, list(claims.values())


def pdf_citations(here: Collection[str]) -> tuple[list[Query], int]:
    """The sentences that cite one of the arXiv ids that are here, and how many cite none of them."""
    rows = lines(INTERP / "queries-with-pdf.jsonl")
    cited = [frozenset(Path(pdf).stem for pdf in row["pdfs"]) & {*here} for row in rows]
    queries = [Query(row["id"], row["text"], papers) for row, papers in zip(rows, cited, strict=True) if papers]
    return queries, len(rows) - len(queries)


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
