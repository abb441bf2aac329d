"""kill -9 at random moments of a sync loses nothing: the next sync ends with the same index as an undisturbed one."""

from __future__ import annotations

import multiprocessing
import random
import shutil
import sys
import time
from pathlib import Path

import pytest
from killed_syncs import contents, sync_whole
from pdf_maker import paper_pdf

from ingest.manifest import add_entry
from ingest.starter import create

ROUNDS = 10
TOPICS = ("circuits", "lenses", "probes", "features", "neurons", "heads")
# Imported once; each round is then forked in milliseconds, so that a kill meets work and not imports.
LIBRARIES = ["killed_syncs", "chromadb", "tantivy", "llama_index.core.node_parser"]


def make_vault(root: Path) -> Path:
    """A vault with six papers of two to four pages, a note and a term: nothing is parsed yet."""
    vault = create(root, empty=True)
    (root / "notes").mkdir()
    (root / "notes" / "circuits.md").write_text("---\ntitle: Circuits\n---\nA note on circuits and what they are.\n")
    (root / "glossary.yaml").write_text("- id: term-probe\n  term: Probe\n  definition: A probe is a classifier.\n")
    (root / "files").mkdir()
    for number, topic in enumerate(TOPICS):
        text = (
            f"Here we look at {topic} of a network. Section {number} finds {number * 7} {topic} and names them. " * 40
        )
        sections = [("Introduction", text), ("Method", text), ("Results", text)]
        paper_pdf(root / "files" / f"{topic}.pdf", f"On {topic}", ["Ada Byron"], sections, ["A. Byron. Notes. 1843."])
        add_entry(vault, {"id": topic, "file": f"files/{topic}.pdf"})
    return root


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9 on Windows")
def test_killed_at_ten_random_moments_then_synced_is_the_same_index(tmp_path: Path) -> None:
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(LIBRARIES)
    fresh = make_vault(tmp_path / "fresh")
    shutil.copytree(fresh, tmp_path / "undisturbed")
    warm_up = processes.Process(target=sync_whole, args=(shutil.copytree(fresh, tmp_path / "warm"),))
    warm_up.start()
    warm_up.join(60)
    began = time.monotonic()
    undisturbed = processes.Process(target=sync_whole, args=(tmp_path / "undisturbed",))
    undisturbed.start()
    undisturbed.join(60)
    lasted = time.monotonic() - began
    assert undisturbed.exitcode == 0
    expected = contents(tmp_path / "undisturbed")
    assert len(expected["sources"]) == len(TOPICS) + 2

    moments, hit = random.Random(20261123), 0
    for number in range(ROUNDS):
        root = shutil.copytree(fresh, tmp_path / f"round-{number}")
        victim = processes.Process(target=sync_whole, args=(root,))
        moment = moments.uniform(0, lasted)
        victim.start()
        victim.join(moment)
        hit += victim.is_alive()
        victim.kill()
        victim.join()
        sync_whole(root)
        assert contents(root) == expected, f"round {number}, killed after {moment:.2f} of {lasted:.2f} s"
    assert hit >= ROUNDS // 2, "too few of the kills met a sync that was still at work"
