"""Whether a follow-up finds its paper: the eval cases of that kind, asked bare and with their topic carried over.

python -m benchmarks.followups VAULT
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from assistant.followup import standalone
from ingest.vault import Vault
from mivault_env import Environment, open_search

CASES = Path(__file__).resolve().parents[1] / "evals" / "cases"
FIRST = 5


def main(folder: str) -> None:
    """Prints the share of cases with an expected paper among the first five hits, by half."""
    search = open_search(Vault.open(Path(folder)), Environment())
    held = {paper.arxiv_id for i in search.vault.source_ids() if (paper := search.vault.paper(i))}
    lines = [json.loads(line) for file in sorted(CASES.glob("*.jsonl")) for line in file.read_text().splitlines()]
    cases = [c for c in lines if c.get("kind") == "follow-up" and set(c["expected_papers"]) & held]
    for half in ("dev", "test"):
        chosen = [c for c in cases if c["half"] == half]
        for name, questions in (
            ("bare", [c["question"] for c in chosen]),
            ("with its topic", [standalone(c["question"], c["history"]) for c in chosen]),
        ):
            found = [
                bool({h.paper.arxiv_id for h in search(q, k=FIRST)} & set(c["expected_papers"]))
                for q, c in zip(questions, chosen, strict=True)
            ]
            print(f"{half}, {name}: {sum(found)} of {len(found)}")


if __name__ == "__main__":
    main(sys.argv[1])
