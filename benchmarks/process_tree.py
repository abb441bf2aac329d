"""Runs a command and measures it whole: wall clock and CPU seconds, or the peak memory of it and all its children.

Never both in one run: adding up the memory of a process of 1 GB twenty times a second cost 16 CPU seconds and slowed
that process from 71 to 87 s on two cores, and a small one hardly at all.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EVERY_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Measured:
    """`cpu_seconds` are those of the process and its children: what else runs on the machine changes them little.

    `peak_mb` sums the proportional set sizes of the process tree (memory shared by two counts half in each); 0.0 where
    memory was not watched.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float
    output: str


def measure(command: Sequence[str], *, env: Mapping[str, str], memory: bool = False) -> Measured:
    """Run from the project's root; with `memory` for its memory, and then not for its seconds. Raises RuntimeError with
    its stderr where the command fails."""
    began, cpu_before = time.perf_counter(), _children_cpu()
    process = subprocess.Popen(
        command, cwd=ROOT, env=dict(env), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    peak = [0.0]
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(process.pid, peak, done))
    if memory:
        watcher.start()
    output, errors = process.communicate()
    seconds = time.perf_counter() - began
    done.set()
    if memory:
        watcher.join()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{errors[-3000:]}")
    return Measured(seconds, _children_cpu() - cpu_before, peak[0], output)


def python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _watch(pid: int, peak: list[float], done: threading.Event) -> None:
    while not done.wait(EVERY_SECONDS):
        peak[0] = max(peak[0], sum(map(_megabytes, _tree(pid))))


def _tree(pid: int) -> list[int]:
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                waiting += map(int, children.read_text().split())
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended while it was looked at
    return found


def _megabytes(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
