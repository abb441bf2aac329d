"""Claim: a warm process begins an extractive answer in under .5 s and ends it, checked, in under 2 s, on 40 papers.

    python -m benchmarks.answer_time VAULT [--questions N]

Questions of the eval cases' development half, after three that warm the process. Wall time to the first text and to the
checked answer, CPU time of the process, and, as the peer in the same run, the search alone: what an answer costs beyond
it is the drafting, the evidence and the check.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

from assistant.ask import PER_PAPER, Done, Text, ask_events
from assistant.draft import Drafter
from assistant.drafters import choose as choose_drafter
from evals.choose import Choice, choose
from index.search import Search
from ingest.vault import Vault
from mivault_env import Environment, open_search

WARM = 3


class Took(NamedTuple):
    """Seconds: wall to the first text (None: refused), wall to the whole answer, CPU for it, wall for the search."""

    first: float | None
    whole: float
    cpu: float
    search: float


def timed(question: str, search: Search, drafter: Drafter) -> Took:
    began = time.perf_counter()
    search(question, k=8, per_paper=PER_PAPER)
    searched = time.perf_counter() - began
    began, cpu, first = time.perf_counter(), time.process_time(), None
    events = ask_events(
        question, search=search, vault=search.vault, drafter=drafter, embedding_model=search.embedder.name
    )
    for event in events:
        if isinstance(event, Text) and first is None:
            first = time.perf_counter() - began
        if isinstance(event, Done):
            break
    return Took(first, time.perf_counter() - began, time.process_time() - cpu, searched)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("vault", type=Path)
    options.add_argument("--questions", type=int, default=40)
    given = options.parse_args()
    search = open_search(Vault.open(given.vault), Environment())
    drafter = choose_drafter(search, None)
    chosen = choose(Choice(half="dev", sample=given.questions + WARM))
    took = [timed(case.question, search, drafter) for case in chosen][WARM:]
    _line("first text", [one.first for one in took if one.first is not None])
    _line("checked answer", [one.whole for one in took])
    _line("its CPU time", [one.cpu for one in took])
    _line("search alone", [one.search for one in took])
    print(f"answer / search: {median(one.whole / one.search for one in took):.1f} times the time")


def _line(name: str, seconds: list[float]) -> None:
    ordered = sorted(seconds)
    print(f"{name:16} median {median(ordered):.2f} s, 95th percentile {ordered[int(0.95 * (len(ordered) - 1))]:.2f} s")


if __name__ == "__main__":
    main()
