"""Claim: the extractive answer states 1.2 times as many of the facts asked for as sentences taken by likeness alone.

    python -m benchmarks.chooser VAULT [--half dev|test] [--fit]

Asks the eval cases of one half (dev) that have facts, searches once for each, and prints the share of the facts stated
(evals/facts.py) by the drafter as it ships, and by as many sentences taken by their cosine to the question alone.
`--fit` fits the weights of assistant/weigh.py again on the development half and prints them, with the share of facts
stated where each paper's cases are left out of the fit in turn (five parts).

What was tried and chose no better, on the development half with each paper's cases left out of the fit (these eight
signs: .400 of the facts, .232 of the answers begin with one): the cosine of question and sentence (.404, .242); the
likeness of MiniLM's vectors token by token, weighed by how rare the question's words are (.402, .247); five such signs
and the cosine together (.403, .253; .379 by boosted trees); 12, 16 or 24 passages instead of eight with the weights
fitted anew (.376, .378, .376), though their best sentences have up to .505 of the facts against .454.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import assistant.weigh as weigh
from assistant.candidates import Candidate, candidates
from assistant.extract import ExtractiveDrafter, keyed
from assistant.followup import standalone
from assistant.questions import kind_of, subject
from evals.choose import Choice, choose
from evals.facts import covers, match_share
from evals.records import Case
from index.records import Hit
from ingest.vault import Vault
from mivault_env import Environment, open_search

PENALTY = 30.0  # the ridge, on weights in standard units; 3 to 300 state the same share of facts within .01
PARTS = 5
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Asked:
    """A case with its question as it is searched for and what was found; `aims` is what the regression is to tell of
    each candidate."""

    case: Case
    question: str
    hits: Sequence[Hit]
    found: list[Candidate]
    aims: list[float]


Embed = Callable[[Sequence[str]], NDArray[np.float32]]


class Bench:
    """A vault, its search, and the drafter over it."""

    def __init__(self, vault: Path) -> None:
        self.search = open_search(Vault.open(vault), Environment())
        self.remembered: dict[str, NDArray[np.float32]] = {}

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors; each text is embedded once, however often it is asked for."""
        new = [t for t in dict.fromkeys(texts) if t not in self.remembered]
        if new:
            self.remembered |= dict(zip(new, self.search.embedder.embed(new), strict=True))
        return np.stack([self.remembered[t] for t in texts])

    def drafter(self, weighing: weigh.Weighing = weigh.FITTED) -> ExtractiveDrafter:
        return ExtractiveDrafter(
            document_frequency=self.search.document_frequency,
            passage_count=self.search.passage_count,
            weighing=weighing,
        )

    def asked(self, case: Case) -> Asked:
        question = standalone(case.question, case.history) if case.history else case.question
        hits = self.search(question, k=8, per_paper=5)
        weights = self.drafter()._weights(question, hits)
        shown = keyed(hits)
        found = list(candidates(kind_of(question), subject(question), shown, weights))
        return Asked(case, question, hits, found, [aim(c, case.facts, shown[c.key].paper.title) for c in found])


def aim(candidate: Candidate, facts: Sequence[str], title: str) -> float:
    """1 where the sentence states a fact; else .6 of the share of its words from a fifth on."""
    matches = [match_share([candidate.text], fact, title) for fact in facts]
    return max(1.0 if covered else 0.6 * max(share - 0.2, 0.0) for share, covered in matches)


def stated(case: Case, texts: Sequence[str], hits: Sequence[Hit]) -> float:
    """The share of a case's facts that sentences state."""
    titles = " ".join(dict.fromkeys(hit.paper.title for hit in hits))
    return float(np.mean([covers(texts, fact, titles).covered for fact in case.facts]))


def drafted(one: Asked, drafter: ExtractiveDrafter) -> tuple[float, int]:
    """The share of facts stated, and the number of words."""
    draft = drafter.draft(one.question, one.hits)
    texts = [sentence.text for sentence in draft.sentences]
    cited = [draft.shown[key] for sentence in draft.sentences for key in sentence.keys]
    return stated(one.case, texts, cited), sum(len(text.split()) for text in texts)


def by_likeness(one: Asked, number: int, bench: Bench) -> float:
    """The share of facts that the `number` sentences nearest to the question state."""
    shown = keyed(one.hits)
    question, *vectors = bench.embed([one.question, *(c.text for c in one.found)])
    places = sorted(range(len(one.found)), key=lambda n: -float(vectors[n] @ question))[:number]
    nearest = [one.found[n] for n in places]
    nearest.sort(key=lambda c: (c.rank, c.at))
    return stated(one.case, [c.text for c in nearest], [shown[c.key] for c in nearest])


def fit(rows: Sequence[Asked]) -> weigh.Weighing:
    """Ridge regression of the aims on the signs."""
    x = np.array([weigh.signs(c) for row in rows for c in row.found])
    y = np.array([value for row in rows for value in row.aims])
    centres, scales = x.mean(0), x.std(0) + 1e-9
    z = (x - centres) / scales
    weights = np.linalg.solve(z.T @ z + PENALTY * np.eye(z.shape[1]), z.T @ (y - y.mean()))
    plain = [tuple(map(float, values)) for values in (centres, scales, weights)]
    return weigh.Weighing(plain[0], plain[1], plain[2], float(y.mean()))


def left_out(rows: Sequence[Asked], bench: Bench) -> list[tuple[float, int]]:
    """What is stated in each case by weights that were fitted without any case of its paper."""
    papers = sorted({row.case.cluster for row in rows})
    found = []
    for part in range(PARTS):
        held = {paper for n, paper in enumerate(papers) if n % PARTS == part}
        drafter = bench.drafter(fit([row for row in rows if row.case.cluster not in held]))
        found += [drafted(row, drafter) for row in rows if row.case.cluster in held]
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("vault", type=Path)
    options.add_argument("--half", choices=("dev", "test"), default="dev")
    options.add_argument("--fit", action="store_true")
    given = options.parse_args()
    bench = Bench(given.vault)
    rows = [bench.asked(case) for case in choose(Choice(half="dev" if given.fit else given.half)) if case.facts]
    if given.fit:
        _print(fit(rows))
        _line("left out of the fit", left_out(rows, bench))
        return
    drafter = bench.drafter()
    shipped = [drafted(row, drafter) for row in rows]
    _line("as it ships", shipped)
    likeness = float(np.mean([by_likeness(row, drafter.sentences, bench) for row in rows]))
    print(f"by likeness alone, {drafter.sentences} sentences: {likeness:.3f} of the facts")
    print(f"ratio: {np.mean([share for share, _ in shipped]) / likeness:.2f}")


def _line(name: str, found: Sequence[tuple[float, int]]) -> None:
    share, words = np.mean(found, axis=0)
    print(f"{name}: {share:.3f} of the facts in {len(found)} cases, {words:.0f} words an answer")


def _print(found: weigh.Weighing) -> None:
    for name in ("centres", "scales", "weights"):
        print(f"    {name}=({', '.join(f'{value:.4f}' for value in getattr(found, name))}),")
    print(f"    bias={found.bias:.4f},")
    for sign, value in sorted(zip(weigh.SIGNS, found.weights, strict=True), key=lambda one: -abs(one[1])):
        print(f"        {value:+.4f}  {sign}")


if __name__ == "__main__":
    main()
