"""Claim: over one paper, the extractive answer has more of people's answers than as many sentences by likeness alone.

    python -m benchmarks.paperqa [--data ../shared/benchmarks/paper-qa-23/papers_a.jsonl] [--vault FOLDER]

12 papers with questions and answers that people gave (from QASPER). Each paper is a source of a vault made for this
(kept in FOLDER where one is named); each question is searched for in its paper and answered. Token F1 is SQuAD's, as
QASPER uses it (lower case, no punctuation, no articles; the best of the answers that people gave to one question), with
a 95 % bootstrap interval over papers. People's answers have 12 words on average (median 8): no whole answer in
sentences can come near 1, so the first sentence is shown by itself too. Recall: the share of the human answer's words.

What could be reached over the eight passages found, knowing the answers (88 questions): .343 by the best sentence,
.372 by the best clause, .560 by the best stretch of words of that sentence; of our own first sentence .172. Not knowing
them: no sign or regression on fourteen of them (papers left out in turn, 11th and 12th paper repeat others) chose one
sentence of over .124. 18 of the 88 want "Yes" or "No", which no sentence of a paper says.

Of the lead (papers 1 to 6, nothing chosen on 7 to 12): F1 .090 and .088, its first sentence .080 and .079, what is bold
in it .076 and .068: where the sentence does not answer, which is most often, no stretch of it does.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from assistant.extract import ExtractiveDrafter
from assistant.sentences import split
from assistant.shape import reading
from evals.external import Document
from evals.external_vault import write_document
from index.filters import Filter
from index.reader import best_answers
from index.search import Search
from ingest.vault import Vault
from mivault_env import Environment, open_embedder

DATA = Path(__file__).resolve().parents[2] / "shared" / "benchmarks" / "paper-qa-23" / "papers_a.jsonl"
RESAMPLES, SEED = 1000, 0
SIDES = (
    "whole answer", "its lead", "its lead's first sentence", "what is bold there", "as many sentences by likeness",
    "the likest sentence",
)  # fmt: skip
HALVES = {"papers 1 to 6": range(1, 7), "papers 7 to 12": range(7, 13), "all": range(1, 13)}


class Asked(NamedTuple):
    """A question to one paper, and the answers that people gave."""

    paper: str
    question: str
    answers: tuple[str, ...]


def papers(data: Path) -> tuple[list[Document], list[Asked]]:
    """The papers by section, and their questions."""
    documents, asked = [], []
    for number, line in enumerate(data.read_text(encoding="utf-8").splitlines(), 1):
        row, name = json.loads(line), f"paper-{number:02}"
        sections = tuple(part for part in re.split(r"\n{2,}", row["input"]) if part.strip())
        documents.append(Document(name, name, sections))
        for question in dict.fromkeys(row["instructions"]):
            pairs = zip(row["instructions"], row["outputs"], strict=True)
            asked.append(Asked(name, question, tuple(a for q, a in pairs if q == question)))
    return documents, asked


def built(folder: Path, documents: Sequence[Document]) -> Search:
    """The vault of these papers, made where it is not there yet."""
    from index.build import build

    folder.mkdir(parents=True, exist_ok=True)
    vault = Vault(folder)
    if not vault.manifest_path.is_file():
        vault.manifest_path.write_text("name: papers\n", encoding="utf-8")
    vault = Vault.open(folder)
    embedder = open_embedder(vault, Environment())
    with vault.writing():
        for document in documents:
            if vault.paper(document.id) is None:
                write_document(vault, document, embedder)
        build(vault, embedder)
    return Search(vault, embedder)


def tokens(text: str) -> list[str]:
    kept = re.sub(r"[^\w\s]", "", text.lower())
    return [word for word in kept.split() if word not in ("a", "an", "the")]


def overlap(said: str, answers: Sequence[str]) -> tuple[float, float]:
    """F1 and recall of tokens, of the answer that is best by F1."""
    found = [_overlap(tokens(said), tokens(answer)) for answer in answers]
    return max(found)


def _overlap(said: Sequence[str], wanted: Sequence[str]) -> tuple[float, float]:
    same = sum((Counter(said) & Counter(wanted)).values())
    return (2 * same / (len(said) + len(wanted)), same / len(wanted)) if same else (0.0, 0.0)


def answers(one: Asked, search: Search) -> tuple[str, ...]:
    """What each of SIDES says; where nothing is bold, the lead's first sentence."""
    hits = search.within(Filter(papers=(one.paper,)))(one.question, k=8, per_paper=8)
    drafter = ExtractiveDrafter(
        document_frequency=search.document_frequency,
        passage_count=search.passage_count,
        chooser=best_answers,
    )
    sentences = drafter.draft(one.question, hits).sentences
    said, lead = [s.text for s in sentences], [s.text for s in sentences if s.part == "lead"]
    bold = " ".join(s.text[s.point[0] : s.point[1]] for s in sentences[:1] if s.point) or "".join(lead[:1])
    texts = [reading(h.passage.text[a:b]) for h in hits for a, b in split(h.passage.text)]
    vectors = search.embedder.embed([one.question, *texts])
    order = np.argsort(-(vectors[1:] @ vectors[0]), kind="stable")
    likest = list(dict.fromkeys(texts[n] for n in order))
    told = (" ".join(said), " ".join(lead), "".join(lead[:1]), bold)
    return (*told, " ".join(likest[: len(said)]), "".join(likest[:1]))


def interval(values: Sequence[float], clusters: Sequence[str]) -> tuple[float, float]:
    """95 %, by drawing papers again."""
    chance, names = np.random.default_rng(SEED), sorted(set(clusters))
    groups = {name: [v for v, c in zip(values, clusters, strict=True) if c == name] for name in names}
    drawn = [
        float(np.mean([v for n in chance.integers(0, len(names), len(names)) for v in groups[names[n]]]))
        for _ in range(RESAMPLES)
    ]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=DATA)
    options.add_argument("--vault", type=Path)
    given = options.parse_args()
    if not given.data.is_file():
        print(f"skipped: {given.data} is not there")
        return
    documents, asked = papers(given.data)
    with tempfile.TemporaryDirectory() as folder:
        search = built(given.vault or Path(folder), documents)
        said = [answers(one, search) for one in asked]
        search.close()
    print(f"{len(asked)} questions to {len(documents)} papers")
    for half, numbers in HALVES.items():
        kept = [n for n, one in enumerate(asked) if int(one.paper.removeprefix("paper-")) in numbers]
        print(f"{half} ({len(kept)} questions)")
        _print([asked[n] for n in kept], [said[n] for n in kept])


def _print(asked: Sequence[Asked], said: Sequence[tuple[str, ...]]) -> None:
    for place, side in enumerate(SIDES):
        found = [overlap(row[place], one.answers) for row, one in zip(said, asked, strict=True)]
        f1, recall = np.mean(found, axis=0)
        low, high = interval([f for f, _ in found], [one.paper for one in asked])
        words = np.mean([len(row[place].split()) for row in said])
        print(f"  {side:30} F1 {f1:.3f} ({low:.3f} to {high:.3f}), recall {recall:.3f}, {words:.0f} words")


if __name__ == "__main__":
    main()
