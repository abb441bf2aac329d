"""`mivault chat` as a process of its own, for the benchmarks that ask it over HTTP."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.process_tree import ROOT

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Served:
    """A page that runs: its address, its process, and when (`time.perf_counter`) it was started."""

    url: str
    process: subprocess.Popen[str]
    began: float

    def cpu_seconds(self) -> float:
        """What the process has used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mb(self) -> float:
        """What it holds now, what it shares with others in full: a share of that would change as other programs, which
        have the same libraries open, come and go."""
        found = re.search(r"^Rss:\s+(\d+) kB", Path(f"/proc/{self.process.pid}/smaps_rollup").read_text(), re.MULTILINE)
        return int(found[1]) / 1024 if found else 0.0


@contextmanager
def started(vault: Path, port: int, *options: str) -> Iterator[Served]:
    """The command just started, nothing waited for. No sync, no browser."""
    command = [sys.executable, "-m", "mivault", "chat", "--vault", str(vault), "--port", str(port), "--no-sync"]
    began = time.perf_counter()
    process = subprocess.Popen([*command, "--no-browser", *options], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield Served(f"http://127.0.0.1:{port}/", process, began)
    finally:
        process.terminate()
        process.wait(10)


def until_ready(served: Served) -> None:
    """Wait until it says that the page is there. Raises RuntimeError where it ended instead."""
    assert served.process.stdout is not None
    for line in served.process.stdout:
        if "mivault is at" in line:
            return
    raise RuntimeError(f"mivault chat ended with {served.process.wait()}")


def free_port() -> int:
    from assistant.app.launch import listen

    with listen("127.0.0.1", 0) as listening:
        return int(listening.getsockname()[1])


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
