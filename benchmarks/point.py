"""Claim: in a sentence that answers, what is made bold has 2.5 times the token F1 of the whole with people's answer.

    python -m benchmarks.point [--data ../shared/arxiv/abstracts-cs-2025-2026.jsonl.gz] [--fit]

The questions are those that were written over abstracts of arXiv (CC0; benchmarks/reader/questions.txt), each with the
shortest words that answer it, as they stand there. Half of the abstracts (by a hash of their ids) are what `--fit` fits
assistant/point.json on; the other half is held back, and measured: token F1 of the answer with the whole sentence, with
the best stretch, and with what is made bold, which is left out where no stretch is sure (assistant/point.py).

A "Yes" or "No" before the answer was tried on 2,880 such questions over the same abstracts, half of them "no", with the
sentence that shows the answer given, in the words of assistant/claims.py and terms.py: "no" where it denies what the
question does not (with .8 of its words) or says the opposite was right in .85 of 119 held back; "yes" where it has .8
of the words and no denial in .67 of 328. So no answer begins with either. Nor do these signs of a stretch tell which
sentence answers: the right one of an abstract's was found for .891 of 350 questions held back, without them for .889.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from assistant.point import WEIGHTS, _weights, point, worth
from assistant.sentences import split
from assistant.spans import GROUPS, SIGNS, Span, group, spans
from benchmarks.paperqa import overlap
from benchmarks.reader.rows import written

DATA = Path(__file__).resolve().parents[2] / "shared" / "arxiv" / "abstracts-cs-2025-2026.jsonl.gz"
OWN = (
    "length", "length over six words", "one word", "has a number", "begins with a number", "is a number",
    "capitals (share)", "after a means", "begins with a means", "after a cause", "begins with a cause",
    "what is asked for behind", "has an and", "after to", "has a comma", "a number with what it counts",
    "begins with a bound", "after a colon", "in brackets", "a list goes on before", "a list goes on behind",
    "after a preposition", "right after a question word", "right before a question word", "has a finite verb",
    "what is asked for in it", "begins after a boundary", "ends before a boundary", "of the question (share)",
    "after is",
)  # fmt: skip
KINDS = sorted(set(GROUPS.values()))
RIDGE, SHARPNESS, STEPS, RATE = 0.01, 6.0, 200, 0.06
Floats = NDArray[np.float64]


class Asked(NamedTuple):
    """A question, the sentence that answers it, and the words that do."""

    question: str
    sentence: str
    answer: str


def asked(data: Path) -> tuple[list[Asked], list[Asked]]:
    """The half to fit on, and the half held back."""
    texts: dict[str, str] = {}
    with gzip.open(data, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            texts[row["id"]] = " ".join(row["summary"].split())
    halves: tuple[list[Asked], list[Asked]] = ([], [])
    for abstract, items in written().items():
        text, half = texts.get(abstract, ""), hashlib.sha256(abstract.encode()).digest()[0] % 2
        for question, answer in (parts for tag, *parts in items if tag == "Q"):
            sentence = next((text[a:b] for a, b in split(text) if answer.lower() in text[a:b].lower()), "")
            if sentence:
                halves[half].append(Asked(question, sentence, answer))
    return halves


def rows(found: Sequence[Span], of: str) -> Floats:
    """The signs of each stretch, then those of OWN once more for the group that the question is of."""
    signs = np.array([span.signs for span in found])
    own = signs[:, [SIGNS.index(name) for name in OWN]]
    return np.concatenate([signs, *(own * (of == kind) for kind in KINDS)], axis=1)


def fit(half: Sequence[Asked]) -> dict[str, dict[str, float]]:
    """A softmax over the stretches of a sentence, towards those that share most with the answer; by Adam."""
    made = [(rows(found, group(a.question)), found, a) for a in half if (found := list(spans(a.question, a.sentence)))]
    x = np.concatenate([signs for signs, _, _ in made])
    counts = [len(found) for _, found, _ in made]
    starts, of = np.cumsum([0, *counts[:-1]]), np.repeat(np.arange(len(counts)), counts)
    shared = [overlap(a.sentence[s.start : s.end], [a.answer])[0] for _, found, a in made for s in found]
    wanted = np.exp(SHARPNESS * np.array(shared))
    wanted /= np.add.reduceat(wanted, starts)[of]
    scales = x.std(0)
    scales[scales < 0.02] = 1.0
    x = (x / scales).astype(np.float32)
    weights, mean, square = (np.zeros(x.shape[1]) for _ in range(3))
    for step in range(1, STEPS + 1):
        values = x @ weights.astype(np.float32)
        likely = np.exp(values - np.maximum.reduceat(values, starts)[of])
        likely /= np.add.reduceat(likely, starts)[of]
        slope = RIDGE * weights + x.T @ (likely - wanted).astype(np.float32) / len(counts)
        mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
        weights = weights - RATE * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return _named(weights / scales)


def _named(weights: Floats) -> dict[str, dict[str, float]]:
    plain = [round(float(w), 3) for w in weights]
    named = {"all": dict(zip(SIGNS, plain, strict=False))}
    for n, kind in enumerate(KINDS):
        begin = len(SIGNS) + n * len(OWN)
        named[kind] = dict(zip(OWN, plain[begin : begin + len(OWN)], strict=True))
    return named


def best(one: Asked) -> str:
    """The likeliest stretch, however sure."""
    weights = _weights(group(one.question))
    found = max(spans(one.question, one.sentence), key=lambda span: worth(span, weights), default=None)
    return one.sentence[found.start : found.end] if found else one.sentence


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=DATA)
    options.add_argument("--fit", action="store_true")
    given = options.parse_args()
    if not given.data.is_file():
        print(f"skipped: {given.data} is not there")
        return
    fitting, held = asked(given.data)
    print(f"{len(fitting)} questions to fit on, {len(held)} held back")
    if given.fit:
        WEIGHTS.write_text(json.dumps(fit(fitting), indent=1) + "\n", encoding="utf-8")
    scores: dict[str, list[float]] = defaultdict(list)
    for one in held:
        scores["the whole sentence"].append(overlap(one.sentence, [one.answer])[0])
        scores["the best stretch"].append(overlap(best(one), [one.answer])[0])
        if bold := point(one.question, one.sentence):
            scores["what is made bold"].append(overlap(one.sentence[bold[0] : bold[1]], [one.answer])[0])
    for name, found in scores.items():
        touched = np.mean([value > 0 for value in found])
        print(f"{name:20} F1 {np.mean(found):.3f}, touches the answer in {touched:.2f} of {len(found)}")


if __name__ == "__main__":
    main()
