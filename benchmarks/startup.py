"""Claim: the command line answers at once. `mivault --help` against an empty Python, whole processes, in turn.

`python -m benchmarks.startup [--runs N]` prints the median of each, and of their difference.
"""

from __future__ import annotations

import argparse
import os
from statistics import median

from benchmarks.process_tree import measure, python


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--runs", type=int, default=9)
    runs = options.parse_args().runs
    ours, empty = [], []
    for _ in range(runs):
        ours.append(measure(python("mivault.py", "--help"), env=os.environ).seconds)
        empty.append(measure(python("-c", "pass"), env=os.environ).seconds)
    more = median(one - other for one, other in zip(ours, empty, strict=True))
    print(f"mivault --help {median(ours):.2f} s, an empty Python {median(empty):.2f} s, {more:.2f} s more")


if __name__ == "__main__":
    main()
