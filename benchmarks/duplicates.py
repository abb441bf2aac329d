"""How alike are different papers, and a paper and itself with some of its words changed: what ALIKE stands on.

python -m benchmarks.duplicates VAULT
"""

from __future__ import annotations

import itertools
import random
import sys
from pathlib import Path

from ingest.duplicates import ALIKE, WORD, likeness, sketched
from ingest.vault import Vault

CHANGED = 0.03  # of the words


def changed(text: str, share: float, seed: int) -> str:
    """The text's words, a share of them replaced by others of it."""
    choice, words = random.Random(seed), WORD.findall(text)
    return " ".join(choice.choice(words) if choice.random() < share else word for word in words)


def main(root: str) -> None:
    """Print the most alike pair of different papers beside the least alike of a paper and its changed self."""
    vault = Vault.open(Path(root))
    texts = {one: "\n".join(p.text for p in vault.passages(one) if p.kind == "text") for one in vault.source_ids()}
    sketches = {one: made for one, text in texts.items() if (made := sketched(text))}
    pairs = ((likeness(sketches[a], sketches[b]), a, b) for a, b in itertools.combinations(sketches, 2))
    most = max(pairs, default=(0.0, "", ""))
    least = min((likeness(made, sketched(changed(texts[one], CHANGED, 1))), one) for one, made in sketches.items())
    print(f"{len(sketches)} texts: the most alike pair {most[0]:.3f} ({most[1]}, {most[2]}); the least alike to itself")
    print(f"with {CHANGED:.0%} of its words changed {least[0]:.3f} ({least[1]}); taken for the same from {ALIKE}.")


if __name__ == "__main__":
    main(sys.argv[1])
