"""What one reader found in 60 sentences of extractive answers to the frozen half of the eval cases.

    python -m benchmarks.read_sentences

`evals/calibration/read-sentences.jsonl` names each by case and place in the answer, no text: 60 drawn (seed 28) from
all sentences of the answers given at the end of November 2026, each read beside its quote.
Citation recall: the share that its citations support; precision: the share of citations that support (one per sentence
here). Beside them: whether the sentence is to the point of the question, and whether it can be understood by itself.
Wilson's 95 % intervals. One reader, the answers' author: no agreement is known.
An earlier 60 (seed 6) had .32 to the point, by a milder reading: of its 14 first sentences, 11 were called so, of
which today's answers begin with most, and 3 would not be called so today.
"""

from __future__ import annotations

import json
from pathlib import Path

from evals.statistics import wilson

READ = Path(__file__).resolve().parents[1] / "evals" / "calibration" / "read-sentences.jsonl"
MARKS = {
    "supported": "citation recall",
    "citation_right": "citation precision",
    "to_the_point": "to the point",
    "stands_alone": "stands alone",
}


def shares() -> dict[str, tuple[float, int]]:
    """Per mark its share and the number of sentences read."""
    rows = [json.loads(line) for line in READ.read_text(encoding="utf-8").splitlines()]
    return {mark: (sum(row[mark] for row in rows) / len(rows), len(rows)) for mark in MARKS}


def main() -> None:
    for mark, (share, count) in shares().items():
        found = wilson(share, count)
        print(f"{MARKS[mark]:20} {share:.3f} ({found.low:.3f} to {found.high:.3f}) of {count}")


if __name__ == "__main__":
    main()
