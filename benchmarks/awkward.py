"""Claim: any file ends well: indexed, indexed in part with the pages named, or refused for a named reason; within 60
seconds and 1 GB, and never silently empty.

`python -m benchmarks.awkward`: each file of ../shared/papers-awkward (and what stands there as a bomb) in a process of
its own, as a sync would parse it: its state, seconds, and the peak memory of all its processes together. Ends with 1
where one breaks the claim.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.process_tree import ROOT, measure, python
from ingest.errors import ParseError
from ingest.jobs import Parsed, ParseJob
from ingest.worker import ParserPool

AWKWARD = ROOT.parent / "shared" / "papers-awkward"
MOST_SECONDS, MOST_MB = 60.0, 1000.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a file ended. `well` where its text, or what is missing of it, or a reason, is told."""

    state: str
    told: str
    well: bool
    seconds: float


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--file", type=Path, help="parse one file in this process, and print what came of it as JSON")
    chosen = options.parse_args()
    if chosen.file:
        ended = parsed(chosen.file)
        print(json.dumps([ended.state, ended.told, ended.well, ended.seconds]))
        return 0
    if not AWKWARD.is_dir():
        print("SKIPPED: ../shared/papers-awkward is not there: nothing to measure on")
        return 0
    return table(sorted(AWKWARD.glob("*.pdf")))


def table(files: list[Path]) -> int:
    worst_seconds = worst_mb = 0.0
    bad = 0
    print(f"{'file':34} {'s':>5} {'MB':>5}  state")
    for path in files:
        run = measure(python("-m", "benchmarks.awkward", "--file", str(path)), env=os.environ, memory=True)
        ended = Ended(*json.loads(run.output.splitlines()[-1]))
        well = ended.well and ended.seconds <= MOST_SECONDS and run.peak_mb <= MOST_MB
        bad += not well
        worst_seconds, worst_mb = max(worst_seconds, ended.seconds), max(worst_mb, run.peak_mb)
        mark = "" if well else "BAD "
        print(
            f"{path.name:34} {ended.seconds:5.1f} {run.peak_mb:5.0f}  {mark}{ended.state}: {ended.told[:150]}",
            flush=True,
        )
    print(f"{len(files) - bad} of {len(files)} end well; worst {worst_seconds:.1f} s, {worst_mb:.0f} MB")
    return 1 if bad else 0


def parsed(path: Path) -> Ended:
    began = time.monotonic()
    with ParserPool(workers=1) as pool:
        [(_, result)] = pool.parse([ParseJob("awkward", path)])
    seconds = time.monotonic() - began
    if isinstance(result, ParseError):
        return Ended("refused", str(result), bool(result.message and result.hint), seconds)
    return told(result, seconds)


def told(result: Parsed, seconds: float) -> Ended:
    """The state of what was parsed: pages without text must be named."""
    letters = sum(len(page.text) for page in result.pages)
    empty = [page.number for page in result.pages if not page.text]
    named = not empty or any("no text on" in warning for warning in result.warnings)
    state = "indexed in part" if empty else "indexed"
    said = (
        f"{len(result.pages)} pages, {letters} characters{'; ' if result.warnings else ''}{'; '.join(result.warnings)}"
    )
    return Ended(state, said, named and letters > 0, seconds)


if __name__ == "__main__":
    sys.exit(main())
