"""Sets that others made: BEIR folders, SciFact's two tables, QASPER's JSON. Read as documents and cases over them.

A document is a source of a vault of its own, a case expects it by its id (see `external_vault`). QASPER's evidence
paragraphs are the pages of its papers, so that finding the page is finding the paragraph.
"""

from __future__ import annotations

import ast
import csv
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.locate import key
from evals.cases import ANCHOR_WORDS
from evals.records import Case, Evidence
from ingest.errors import UsageError


@dataclass(frozen=True, slots=True)
class Document:
    """A text to be searched: `pages` are its parts in order (an abstract is one)."""

    id: str
    title: str
    pages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExternalSet:
    """Documents, and cases that expect some of them."""

    name: str
    documents: tuple[Document, ...]
    cases: tuple[Case, ...]


def reader_of(path: Path) -> Callable[[Path], ExternalSet] | None:
    """What reads this path, None where it is no set of a known form."""
    if (path / "corpus.jsonl").is_file() and (path / "queries.jsonl").is_file():
        return beir
    if (path / "corpus.csv").is_file() and list(path.glob("claims*.csv")):
        return scifact
    return qasper if path.suffix == ".json" and path.is_file() else None


def read_external(path: Path) -> ExternalSet:
    """The set at a path. Raises UsageError where it is none, or damaged."""
    reader = reader_of(path)
    if reader is None:
        raise UsageError(f"{path} is no BEIR folder, SciFact folder or QASPER file", "see docs/evals.md")
    try:
        return reader(path)
    except (KeyError, TypeError, ValueError, SyntaxError, AttributeError) as error:
        raise UsageError(f"{path.name} cannot be read as such a set: {error}", "is it complete?") from error


def beir(folder: Path) -> ExternalSet:
    """corpus.jsonl (_id, title, text), queries.jsonl (_id, text), qrels/*.tsv (query, document, grade above 0 counts;
    the test split where there is one)."""
    documents = [
        Document(safe(row["_id"]), row.get("title") or str(row["_id"]), (row["text"],))
        for row in _jsonl(folder / "corpus.jsonl")
    ]
    relevant: dict[str, list[str]] = {}
    tables = sorted((folder / "qrels").glob("*.tsv"), key=lambda path: (path.stem != "test", path.name))
    for query, document, grade in _table(tables[0]) if tables else ():
        if float(grade) > 0:
            relevant.setdefault(query, []).append(safe(document))
    queries = {str(row["_id"]): row["text"] for row in _jsonl(folder / "queries.jsonl")}
    cases = [_case(f"q-{safe(q)}", queries[q], expected) for q, expected in relevant.items() if q in queries]
    return ExternalSet(folder.name, tuple(documents), tuple(cases))


def scifact(folder: Path) -> ExternalSet:
    """corpus.csv (doc_id, title, abstract: a printed list) and claims*.csv (id, claim, cited_doc_ids)."""
    documents = [
        Document(safe(row["doc_id"]), row["title"], (_printed_list(row["abstract"]),))
        for row in _csv(folder / "corpus.csv")
    ]
    known, claims = {document.id for document in documents}, {}
    for row in _csv(sorted(folder.glob("claims*.csv"))[0]):
        cited = [safe(number) for number in re.findall(r"\d+", row["cited_doc_ids"])]
        claims[row["id"]] = (row["claim"], [one for one in cited if one in known])
    cases = [_case(f"claim-{number}", text, cited) for number, (text, cited) in claims.items() if cited]
    return ExternalSet(folder.name, tuple(documents), tuple(cases))


def qasper(path: Path) -> ExternalSet:
    """{paper id: {title, abstract, full_text: [{section_name, paragraphs}], qas: [{question_id, question, answers}]}}.

    A question that every annotator calls unanswerable must be refused; yes and no are no facts that can be found.
    """
    documents, cases = [], []
    for paper_id, paper in json.loads(path.read_text(encoding="utf-8")).items():
        parts = [paper.get("abstract") or "", *(p for part in paper["full_text"] for p in part["paragraphs"])]
        pages = tuple(" ".join(part.split()) for part in parts if part.strip())
        document = Document(safe(paper_id), paper["title"], pages)
        documents.append(document)
        cases += [_qasper_case(question, document) for question in paper["qas"]]
    return ExternalSet(path.stem, tuple(documents), tuple(cases))


def _qasper_case(question: Mapping[str, Any], document: Document) -> Case:
    answers = [row["answer"] for row in question["answers"]]
    name, answered = f"q-{safe(question['question_id'])}", [a for a in answers if not a.get("unanswerable")]
    if not answered:
        return Case(name, "unanswerable", _line(question["question"]), must_abstain=True)
    first = answered[0]
    facts = [_line(text) for text in [*first.get("extractive_spans", ()), first.get("free_form_answer") or ""]]
    texts = dict.fromkeys(_line(text) for answer in answered for text in answer.get("evidence", ()))
    places = {text: number for number, text in enumerate(document.pages, 1)}
    evidence = [_evidence(document.id, places[text], text) for text in texts if text in places]
    return _case(name, question["question"], [document.id], facts, [item for item in evidence if item])


def _case(
    name: str, question: str, expected: Iterable[str], facts: Iterable[str] = (), evidence: Iterable[Evidence] = ()
) -> Case:
    return Case(
        name,
        "method",
        _line(question),
        evidence=tuple(evidence),
        facts=tuple(fact for fact in facts if fact),
        expected_sources=tuple(dict.fromkeys(expected)),
    )


def _evidence(source: str, page: int, text: str) -> Evidence | None:
    """Evidence that is a whole page, None where it has no word to point at."""
    words = [word for word in text.split() if key(word)]
    if not words:
        return None
    sha256 = hashlib.sha256(key(text).encode()).hexdigest()
    return Evidence("", page, " ".join(words[:ANCHOR_WORDS]), " ".join(words[-ANCHOR_WORDS:]), sha256, source)


def safe(name: object) -> str:
    """An id that a folder can be called by; one that had to be changed gets a piece of its hash, to stay its own."""
    text = re.sub(r"[^A-Za-z0-9_-]", "-", str(name))
    mark = "" if text == str(name) and len(text) <= 100 else f"-{hashlib.sha256(str(name).encode()).hexdigest()[:8]}"
    return f"d{text[:100]}{mark}"


def _printed_list(text: str) -> str:
    """A list of texts as numpy prints it, an item a line without commas, joined."""
    return " ".join(ast.literal_eval(re.sub(r"(?<=['\"])\n\s*(?=['\"])", ", ", text)))


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _jsonl(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


def _csv(path: Path) -> list[dict[str, str]]:
    csv.field_size_limit(1 << 24)
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _table(path: Path) -> Iterator[Sequence[str]]:
    """The rows of a qrels table: three columns, or trec's four; a heading is none."""
    for line in path.read_text(encoding="utf-8").splitlines():
        cells = line.split("\t")
        row = (cells[0], cells[-2], cells[-1]) if len(cells) >= 3 else ()
        if row and re.fullmatch(r"-?\d+(\.\d+)?", row[2]):
            yield row
