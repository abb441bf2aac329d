"""Small things to measure: three papers of a page or two, hits, answers, and an assistant that really answers from
them by shared words. Its broken twins are in test_eval_run.py."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from readable_embedder import ReadableEmbedder, stems

from assistant.locate import key
from assistant.records import Answer, Citation, Recipe, Sentence, Verdict
from evals.records import Case, Evidence, HitSeen, Kind
from index.records import Hit
from ingest.records import Page, Paper, PaperKind, Passage, Span

RECIPE = Recipe("lock12", "readable", "extractive", "none", {"k": 5})

TEXTS = {
    "toy": (
        "Superposition lets a toy model store sparse features. It packs them almost orthogonally.",
        "Interference between packed features is removed by a ReLU. Dense features do not superpose.",
    ),
    "grok": (
        "Modular addition is learned by trigonometric identities. Grokking follows a cleanup phase.",
        "Weight decay drives the cleanup phase. Memorising circuits decay first.",
    ),
    "refuse": ("Refusal is mediated by a single direction. Ablating that direction stops refusals.",),
}
ARXIV = {"toy": "2209.10652", "grok": "2301.05217", "refuse": "2406.11717"}


def page(paper_id: str, number: int, text: str) -> Page:
    return Page(paper_id, number, f"p. {number}", text)


PAGES: Mapping[str, tuple[Page, ...]] = {
    name: tuple(page(name, number, text) for number, text in enumerate(texts, 1)) for name, texts in TEXTS.items()
}
PAPERS = tuple(Paper(name, "paper", name.title(), arxiv_id=ARXIV[name], pages=len(PAGES[name])) for name in TEXTS)


def pages(paper_id: str) -> Sequence[Page]:
    return PAGES.get(paper_id, ())


def evidence(name: str, number: int, stretch: str) -> Evidence:
    """Evidence for a stretch of a page of TEXTS, pointing at it by its first and last two words."""
    assert stretch in TEXTS[name][number - 1]
    words = stretch.split()
    sha256 = hashlib.sha256(key(stretch).encode()).hexdigest()
    return Evidence(ARXIV[name], number, " ".join(words[:2]), " ".join(words[-2:]), sha256)


def case(
    id: str,
    *expected: str,
    kind: Kind = "method",
    question: str = "q?",
    of: Sequence[Evidence] = (),
    facts: Sequence[str] = (),
) -> Case:
    """A case that expects papers by arXiv id; without any it must be refused."""
    return Case(id, kind if expected else "unanswerable", question, expected, tuple(of), tuple(facts), not expected)


CASES = (
    case(
        *("pack", ARXIV["toy"]),
        kind="definition",
        question="How does superposition store sparse features?",
        of=[evidence("toy", 1, "Superposition lets a toy model store sparse features.")],
        facts=["Sparse features are stored by superposition"],
    ),
    case(
        *("clean", ARXIV["grok"]),
        kind="cause",
        question="What drives the cleanup phase?",
        of=[evidence("grok", 2, "Weight decay drives the cleanup phase.")],
        facts=["Weight decay"],
    ),
    case(
        *("refuse", ARXIV["refuse"]),
        question="By how many directions is refusal mediated?",
        of=[evidence("refuse", 1, "Refusal is mediated by a single direction.")],
        facts=["A single direction"],
    ),
    case("mamba", question="Which perplexity does Mamba reach?"),
    case("price", question="Who paid for the espresso?"),
)


def hit(paper_id: str, *numbers: int, arxiv_id: str | None = "", kind: str = "paper", score: float = 1.0) -> Hit:
    """A passage that is the whole of one or two pages."""
    assert kind in get_args(PaperKind)
    chosen = [p for p in pages(paper_id) if p.number in numbers]
    passage = Passage(
        id=f"{paper_id}-{'-'.join(map(str, numbers))}",
        paper_id=paper_id,
        order=0,
        section=(),
        first_locator=f"p. {numbers[0]}",
        last_locator=f"p. {numbers[-1]}",
        text="\n".join(p.text for p in chosen),
        spans=tuple(Span(p.number, 0, len(p.text)) for p in chosen) or tuple(Span(n, 0, 1) for n in numbers),
    )
    found = ARXIV.get(paper_id) if arxiv_id == "" else arxiv_id
    return Hit(passage, Paper(paper_id, kind, paper_id, arxiv_id=found), score)  # type: ignore[arg-type]


def seen_hit(rank: int, arxiv_id: str | None, *numbers: int, kind: str = "paper", paper_id: str = "") -> HitSeen:
    own = "" if kind == "paper" else f"{kind}-"
    return HitSeen(rank, f"x{rank}", paper_id or f"{own}{arxiv_id}", arxiv_id, kind, numbers or (1,), 1.0)


def citation(
    paper_id: str | None,
    number: int | None,
    quote: str,
    verdict: Verdict = "supported",
    *,
    passage_id: str | None = "x",
) -> Citation:
    return Citation("p1", passage_id, paper_id, None, "", "", number, quote, verdict, "")


def answer(
    *sentences: tuple[Verdict, Sequence[Citation]],
    abstained: bool = False,
    question: str = "q?",
    texts: Sequence[str] = (),
) -> Answer:
    """An answer with a sentence per verdict; `texts` are what they say."""
    said = [*texts, *(f"Sentence {n}." for n in range(len(texts) + 1, len(sentences) + 1))]
    made = tuple(Sentence(text, tuple(cited), v) for text, (v, cited) in zip(said, sentences, strict=True))
    return Answer(question, made, abstained, "nothing was found" if abstained else "", (), RECIPE)


@dataclass(frozen=True)
class WordAssistant:
    """Finds pages by the share of the question's words they have, answers with the best page's best sentence, and
    refuses where under half of the words are there."""

    threshold: float = 0.5

    def search(self, question: str, *, k: int) -> list[Hit]:
        wanted = set(stems(question))
        everything = [p for stored in PAGES.values() for p in stored]
        shares = {p: len(wanted & set(stems(p.text))) / len(wanted) for p in everything}
        best = sorted(everything, key=lambda p: (-shares[p], p.paper_id, p.number))
        return [hit(p.paper_id, p.number, score=shares[p]) for p in best[:k]]

    def ask(self, question: str) -> Answer:
        best = self.search(question, k=1)[0]
        if best.score < self.threshold:
            return answer(abstained=True, question=question)
        wanted = set(stems(question))
        quotes = [s.rstrip(".") + "." for s in best.passage.text.split(". ")]
        quote = max(quotes, key=lambda s: len(wanted & set(stems(s))))
        cited = citation(best.paper.id, best.passage.spans[0].page, quote, passage_id=best.passage.id)
        return answer(("supported", [cited]), question=question, texts=[quote])


class WordSearch:
    """WordAssistant's search with all that `index.search.Search` is asked for."""

    embedder = ReadableEmbedder()

    def __call__(self, question: str, *, k: int = 8, per_paper: int = 3) -> list[Hit]:  # noqa: ARG002 (one passage a paper here)
        return WordAssistant().search(question, k=k)

    def document_frequency(self, word: str) -> int:
        return sum(bool(set(stems(word)) & set(stems(p.text))) for stored in PAGES.values() for p in stored)

    def passage_count(self) -> int:
        return sum(map(len, PAGES.values()))


def write_cases(path: Path, rows: Sequence[Mapping[str, Any] | str]) -> Path:
    """A case file; a text is written as it is."""
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
