"""Claim: signs of evidence tell questions that what was found answers from those it does not, better than likeness.

    python -m benchmarks.abstention [VAULT] [--half dev|test] [--data FOLDER] [--fit] [--removed]

ClapNQ: questions with a passage that answers, or one of the same article that does not. Half (by id) fits the weights
of assistant/evidence.py together with the development half of the eval cases; the other half gives the figures. Beside
it: the share of the question's words in the passage, and the cosine of question and passage. With a VAULT, the same of
its eval cases (answerable, or a near miss to be refused), and which share of each is kept at which threshold. AUC with
a 95 % bootstrap interval, and what is refused of each kind of case. `--fit` fits again and prints the weights;
development cases are then judged by weights fitted without them, in six parts. `--removed` asks the answerable cases
once more of what is left when the passages of the pages that answer them are taken away.

What it reaches (November 2026): on the frozen half .91 are answered and 11 of 31 refused, AUC .635: 4 of 9 absent
facts, 4 of 9 facts of another paper, 3 of 13 false premises; nearly the same where .90 are answered (4, 4 and 4). On
the development half, on which they were fitted, the same weights refuse 13 of 15, 6 of 7 and 1 of 9: the signs are of
how those questions were written. `--removed` shows what they cannot see: of 192 questions whose answering pages are
taken away 25 are refused, and as they are 13 (AUC .56). What is left is as near, in words, names and numbers, as what
answers. Names that nothing has, and numbers that stand nowhere beside them, can be refused; a false premise, or a fact
that is only not there, cannot without reading.

Tried on the development half, each left out of the fit, and dropped (AUC on real cases, on removed pages):
the signs alone .848, .509; fitted on removed pages as well .820 to .850, up to .60; with how near MiniLM's layers bring
each token of the question .76 to .79 fitted on both, against .78 without; the support of the question, put as a
statement, by its best sentences .84. What seemed to gain came from the questions' form: their length alone tells near
misses (AUC .86), and the support of a question without the clause in front of it (.87 to .88) gains nothing with it.
A reader trained for it (benchmarks/train_reader.py): on the frozen half .635 to .711, refused as many; the same model
tells them as well with nothing to read (.73, by contradiction .81), and on removed pages as little (.56).
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant import evidence
from assistant.candidates import rarity
from assistant.claims import content_words, stem, stems
from assistant.followup import standalone
from assistant.relevance import nothing_near, relevance, weights_of
from benchmarks.support import Fit, Floats, auc, interval
from benchmarks.support import fit as fitted
from evals.choose import Choice, choose
from evals.records import Case, Half, base_id
from index.embed import load_embedder
from index.records import Hit
from index.search import Search
from ingest.records import Paper, Passage
from ingest.vault import Vault
from mivault_env import Environment, open_search

DATA = Path(__file__).resolve().parents[2] / "shared" / "benchmarks" / "clapnq"
PARTS = 6
HITS, PER_PAPER = 8, 5  # as the assistant asks
# What our cases and ClapNQ count in a fit. Counting alike they refuse .02 to .04 fewer of our near misses; with less of
# ClapNQ, sharing words with the question comes to speak against a passage, which is how our cases are written.
COUNTS = (300, 100)
Truths = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Row:
    """A question with what was found: whether that answers it, the signs, its words' share and its cosine."""

    answers: bool
    signs: tuple[float, ...]
    words: float
    cosine: float
    part: int  # 0 fits, others are held back (ClapNQ); the part it is left out with (cases)
    hard: bool = False  # refused before any sign is weighed: nothing found, a name that nothing has, nothing near
    kind: str = ""  # why nothing answers it


def clapnq(data: Path) -> list[Row]:
    """ClapNQ's rows; a word's rarity is counted over its passages."""
    lines = [
        (json.loads(line), name == "answerable")
        for name in ("answerable", "unanswerable")
        for line in (data / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    texts = [f"{row['passages'][0]['title']}\n{row['passages'][0]['text']}" for row, _ in lines]
    frequency = Counter(word for text in texts for word in stems(text))
    embedder = load_embedder()
    vectors = embedder.embed([*(row["input"] for row, _ in lines), *texts])
    cosines = np.sum(vectors[: len(lines)] * vectors[len(lines) :], axis=1)
    return [
        _clapnq_row(row, answers, float(cosine), frequency, len(lines))
        for (row, answers), cosine in zip(lines, cosines, strict=True)
    ]


def _clapnq_row(row: dict[str, Any], answers: bool, cosine: float, frequency: Counter[str], total: int) -> Row:
    question, name = row["input"], row["id"]
    title, text = row["passages"][0]["title"], row["passages"][0]["text"]
    passage = Passage(name, name, 0, (), "p. 1", "p. 1", text, ())
    hit = Hit(passage, Paper(name, "paper", title), 1.0, similarity=cosine)
    weights = {stem(w): rarity(frequency[stem(w)], total) / rarity(0, total) for w in content_words(question)}
    asked = stems(question)
    words = len(asked & stems(text)) / len(asked) if asked else 0.0
    return Row(answers, evidence.signs(question, [hit], weights), words, cosine, int(name) % 2)


def cases(search: Search, half: Half) -> list[Row]:
    """The eval cases of a half, each searched for as the assistant does."""
    return [
        _case_row(search, case, _asked(case), search(_asked(case), k=HITS, per_paper=PER_PAPER), number % PARTS)
        for number, case in enumerate(choose(Choice(half=half)))
    ]


def removed(search: Search, half: Half) -> list[Row]:
    """The answerable cases of a half that papers answer, each twice, from the same longer list of hits: as it is, and
    without the passages of the pages that answer it."""
    rows = []
    for case in choose(Choice(half=half)):
        pages = {(evidence.text_id, evidence.page) for evidence in case.evidence if not evidence.source}
        if case.must_abstain or not pages:
            continue
        found = search(_asked(case), k=4 * HITS, per_paper=2 * HITS)
        left = [hit for hit in found if not pages & {(_number(hit), span.page) for span in hit.passage.spans}]
        whole = _case_row(search, case, _asked(case), _thinned(found), 0)
        rows += [
            whole,
            replace(_case_row(search, case, _asked(case), _thinned(left), 0), answers=False, kind="removed"),
        ]
    return rows


def _asked(case: Case) -> str:
    return standalone(case.question, case.history) if case.history else case.question


def _number(hit: Hit) -> str:
    return base_id(hit.paper.arxiv_id or "")


def _thinned(hits: Sequence[Hit]) -> list[Hit]:
    """The first HITS, PER_PAPER of a paper at most."""
    seen: Counter[str] = Counter()
    kept = []
    for hit in hits:
        seen[hit.paper.id] += 1
        if seen[hit.paper.id] <= PER_PAPER:
            kept.append(hit)
    return kept[:HITS]


def _case_row(search: Search, case: Case, question: str, hits: Sequence[Hit], part: int) -> Row:
    frequency, count = search.document_frequency, search.passage_count
    fit = relevance(question, hits, document_frequency=frequency, passage_count=count)
    weights = weights_of(question, document_frequency=frequency, passage_count=count)
    signs = evidence.signs(question, hits, weights)
    kind = (case.why_unanswerable or "other") if case.must_abstain else ""
    hard = nothing_near(hits, fit)
    return Row(not case.must_abstain, signs, fit.coverage, fit.similarity or 0.0, part, hard, kind)


def matrix(rows: Sequence[Row]) -> tuple[Floats, Truths]:
    return np.array([row.signs for row in rows]), np.array([row.answers for row in rows])


def fit(ours: Sequence[Row], other: Sequence[Row]) -> Fit:
    """In each set those that answer and those that do not count alike; COUNTS says what the sets count."""
    pairs = [matrix(rows) for rows in (ours, other)]
    weight = [
        np.where(y, 0.5 / y.mean(), 0.5 / (1 - y.mean())) * count / len(y)
        for (_, y), count in zip(pairs, COUNTS, strict=True)
    ]
    return fitted(np.vstack([x for x, _ in pairs]), np.concatenate([y for _, y in pairs]), np.concatenate(weight))


def left_out(rows: Sequence[Row], other: Sequence[Row]) -> Floats:
    """The odds of each row by weights that were fitted without its part."""
    found = np.zeros(len(rows))
    for part in range(PARTS):
        here = np.array([row.part == part for row in rows])
        weights = fit([row for row in rows if row.part != part], other)
        found[here] = weights.scores(matrix(rows)[0])[here]
    return found


def report(name: str, rows: Sequence[Row], odds: Floats) -> None:
    """AUC of the odds, of the words' share and of the cosine."""
    truth, alone = matrix(rows)[1], np.arange(len(rows))
    print(f"{name}: {int(truth.sum())} answer, {int((~truth).sum())} do not")
    for label, scores in (
        ("signs of evidence", odds),
        ("share of the question's words", np.array([row.words for row in rows])),
        ("cosine of the best passage", np.array([row.cosine for row in rows])),
    ):
        low, high = interval(scores, truth, alone)
        print(f"  {label:32} AUC {auc(scores, truth):.3f} ({low:.3f} to {high:.3f})")


def curve(rows: Sequence[Row], odds: Floats) -> None:
    """What is kept and what is refused, by threshold; the shipped one is marked."""
    truth, hard = matrix(rows)[1], np.array([row.hard for row in rows])
    before = hard[~truth].mean()
    print(f"  without the signs: {1 - hard[truth].mean():.3f} answered, {before:.3f} refused")
    points = sorted({*np.quantile(odds[truth], [0.02, 0.05, 0.1, 0.15, 0.2, 0.3]), evidence.ENOUGH})
    for threshold in points:
        kept = (odds >= threshold) & ~hard
        mark = "  <- shipped" if threshold == evidence.ENOUGH else ""
        answered, refused = kept[truth].mean(), (~kept)[~truth].mean()
        print(f"  odds from {threshold:+.2f}: {answered:.3f} answered, {refused:.3f} refused{mark}")
    at = float(np.quantile(np.where(hard, -np.inf, odds)[truth], 0.1))
    for kind in sorted({row.kind for row in rows if row.kind}):
        here = np.array([row.kind == kind for row in rows])
        told = [int((here & (hard | (odds < threshold))).sum()) for threshold in (evidence.ENOUGH, at)]
        print(f"  {kind:14} {told[0]} of {int(here.sum())} refused; {told[1]} where .90 are answered")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("vault", type=Path, nargs="?")
    options.add_argument("--half", choices=("dev", "test"), default="dev")
    options.add_argument("--data", type=Path, default=DATA)
    options.add_argument("--fit", action="store_true")
    options.add_argument("--removed", action="store_true")
    given = options.parse_args()
    if not given.data.is_dir():
        print(f"skipped: {given.data} is not there")
        return
    people = clapnq(given.data)
    fitting, held = [row for row in people if row.part == 0], [row for row in people if row.part]
    search = open_search(Vault.open(given.vault), Environment()) if given.vault else None
    ours = cases(search, "dev" if given.fit else given.half) if search else []
    shipped = Fit(np.array(evidence.CENTRES), np.array(evidence.SCALES), np.array(evidence.WEIGHTS), evidence.BIAS)
    used = fit(ours, fitting) if given.fit and ours else shipped
    if given.fit:
        _print(used)
    report("ClapNQ, held-back half", held, used.scores(matrix(held)[0]))
    if ours:
        odds = left_out(ours, fitting) if given.fit else used.scores(matrix(ours)[0])
        report(f"eval cases, {'dev, each left out of the fit' if given.fit else given.half}", ours, odds)
        curve(ours, odds)
    if search and given.removed:
        twice = removed(search, given.half)
        report("the same questions with and without the pages that answer", twice, used.scores(matrix(twice)[0]))
        curve(twice, used.scores(matrix(twice)[0]))


def _print(found: Fit) -> None:
    for name, values in (("CENTRES", found.centres), ("SCALES", found.scales), ("WEIGHTS", found.weights)):
        print(f"{name} = ({', '.join(f'{value:.3f}' for value in values)})")
    print(f"BIAS = {found.bias:.3f}")
    for sign, value in sorted(zip(evidence.SIGNS, found.weights, strict=True), key=lambda one: -abs(one[1])):
        print(f"    {value:+.2f}  {sign}")


if __name__ == "__main__":
    main()
