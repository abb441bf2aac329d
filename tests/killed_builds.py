"""Builds that are killed at a given step, each in a process of its own, and what is left of them.

Run as a program by test_build.py: `python killed_builds.py FOLDER indexed|empty POINT...`. The process imports the
libraries once and forks for each build. A point is the share (0 to 1) of the function calls of an undisturbed build.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from readable_embedder import ReadableEmbedder
from small_vault import TEXTS, small_vault, write_source

from index.build import build
from index.lexical import WordIndex
from index.state import generation_path, read_state, store_path
from index.store import PassageStore
from ingest.vault import Vault


def contents(vault: Vault) -> dict[str, Any]:
    """All that an index answers from: ids with their vectors, ids of the word index, sources; and how many folders."""
    state = read_state(vault)
    assert state is not None
    folder = generation_path(vault, state)
    store = PassageStore.open(store_path(vault, state))
    ids, vectors = store.vectors()
    store.close()
    return {
        "vectors": dict(sorted(zip(ids, vectors.round(6).tolist(), strict=True))),
        "words": WordIndex.open(folder / "words").ids(),
        "sources": dict(state.sources),
        "generations": len(list(vault.index_path.glob("generation-*"))),
    }


def before(folder: Path, *, indexed: bool) -> Vault:
    """A vault with eight papers, indexed or not."""
    vault = small_vault(folder)
    for number in range(5):
        write_source(vault, f"more{number}", f"Paper {number}", [f"Text {number} {i}." for i in range(4)])
    if indexed:
        build(vault, ReadableEmbedder())
    return vault


def change(vault: Vault) -> None:
    """One paper goes, one is read anew, one is new: less than half, so that the index is copied, not begun anew."""
    shutil.rmtree(vault.source("more1"))
    write_source(vault, "sae", TEXTS["sae"][0], ["Sparse autoencoders were read again.", *TEXTS["sae"][1]])
    write_source(vault, "new", "A New Paper", ["Transcoders replace layers."], references=["Bricken et al., 2023."])


def kill_at(call: int) -> Callable[[FrameType, str, Any], None]:
    """A profiler that ends the process, as `kill -9` does, at the n-th call of a function of this project."""
    left = call
    parts = (f"{os.sep}index{os.sep}", f"ingest{os.sep}vault.py")

    def profiler(frame: FrameType, event: str, argument: Any) -> None:  # noqa: ARG001
        nonlocal left
        if event == "call" and any(part in frame.f_code.co_filename for part in parts):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    profiler.left = lambda: left  # type: ignore[attr-defined]
    return profiler


def counted_build(vault: Vault, call: int) -> int:
    """Build, to be killed at the n-th call; the number of calls where it never came to that."""
    profiler = kill_at(call)
    sys.setprofile(profiler)
    try:
        build(vault, ReadableEmbedder())
    finally:
        sys.setprofile(None)
    return call - int(profiler.left())  # type: ignore[attr-defined]


def completed(vault: Vault) -> dict[str, Any]:
    build(vault, ReadableEmbedder())
    return contents(vault)


def prepared(folder: Path, *, indexed: bool) -> int:
    """A vault that waits for its build, in `folder`; how many calls that build makes."""
    change(before(folder, indexed=indexed))
    trial = Vault(folder.with_name(folder.name + "-trial"))
    shutil.copytree(folder, trial.root)
    return counted_build(trial, sys.maxsize)


def forked(work: Callable[[], Any], answer: Path) -> Any:
    """Do the work in a forked process; what it returned, or the number of the signal that ended it."""
    pid = os.fork()
    if pid == 0:
        answer.write_text(json.dumps(work()))
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return os.WTERMSIG(status)
    assert os.WEXITSTATUS(status) == 0, f"process {pid} failed"
    return json.loads(answer.read_text())


def run(folder: Path, points: list[float], *, indexed: bool) -> list[dict[str, Any]]:
    """What a build killed at each point, then run again, leaves; beside what an undisturbed one leaves."""
    answer, waiting = folder / "answer.json", folder / "waiting"
    calls = forked(partial(prepared, waiting, indexed=indexed), answer)
    clean = forked(partial(contents, Vault(folder / "waiting-trial")), answer)
    results = []
    for number, point in enumerate(points):
        vault = Vault(folder / str(number))
        shutil.copytree(waiting, vault.root)
        died = forked(partial(counted_build, vault, max(1, int(calls * point))), answer)
        again = forked(partial(completed, vault), answer)
        results.append({"point": point, "died": died, "again": again, "clean": clean})
    return results


if __name__ == "__main__":
    import chromadb  # noqa: F401  (once, not in every fork)

    asked = [float(point) for point in sys.argv[3:]]
    print(json.dumps(run(Path(sys.argv[1]), asked, indexed=sys.argv[2] == "indexed")))
