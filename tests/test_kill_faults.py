"""kill -9 during syncs whose network fails too: verify leaves nothing, and a sync then completes the vault.

`MIVAULT_KILL_ROUNDS=30 python -m pytest tests/test_kill_faults.py` runs more rounds than the five of the suite.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from killed_syncs import sync_from, verify_whole
from loopback_arxiv import FakePaper, LoopbackArxiv
from pdf_maker import paper_pdf
from test_kill import LIBRARIES

from index.state import read_state
from ingest.manifest import add_entry
from ingest.starter import create
from ingest.vault import Vault

ROUNDS = int(os.environ.get("MIVAULT_KILL_ROUNDS", "5"))
IDS = tuple(f"2303.0000{number}" for number in range(1, 5))


def papers(folder: Path) -> list[FakePaper]:
    made = []
    for number, arxiv_id in enumerate(IDS):
        text = f"Here we look at part {number} of a network, and find {number * 7} heads that name it. " * 40
        path = paper_pdf(folder / f"{number}.pdf", f"On Part {number}", ["Ada Byron"], [("Introduction", text)], [])
        made.append(FakePaper(arxiv_id, f"On Part {number}", ("Ada Byron",), path.read_bytes()))
    return made


def listed(root: Path) -> Path:
    vault = create(root, empty=True)
    for number, arxiv_id in enumerate(IDS):
        add_entry(vault, {"id": f"part-{number}", "arxiv": arxiv_id, "sources": ["arxiv_pdf"]})
    return root


def misbehave(server: LoopbackArxiv, chance: random.Random) -> None:
    """One fault for each of two papers, and one for the look-up now and then."""
    for arxiv_id in chance.sample(IDS, 2):
        path = f"/pdf/{arxiv_id}"
        chance.choice(
            [
                partial(server.fail, path, times=1, status=503),
                partial(server.fail, path, times=1, status=429, retry_after="1"),
                partial(server.cut, path, after=500, times=1),
                partial(server.html, path, times=1),
                partial(server.wrong_length, path, by=9, times=1),
                partial(server.reset, path, times=1),
                partial(server.slow, path, piece=2_000, seconds=0.05, times=1),
            ]
        )()
    if chance.random() < 0.5:
        server.fail("/api/query", times=1, status=503)


@pytest.mark.slow
@pytest.mark.timeout(60 + 60 * ROUNDS)
@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9 on Windows")
def test_killed_under_network_faults_verify_leaves_nothing(tmp_path: Path) -> None:
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([*LIBRARIES, "index.verify"])
    chance, hit = random.Random(20261125), 0
    with LoopbackArxiv(papers(tmp_path)) as server:
        asked = (server.api_url, server.pdf_url(""), tmp_path / "cache")
        began = time.monotonic()
        undisturbed = processes.Process(target=sync_from, args=(listed(tmp_path / "undisturbed"), *asked))
        undisturbed.start()
        undisturbed.join()
        assert undisturbed.exitcode == 0
        lasted = time.monotonic() - began
        for number in range(ROUNDS):
            root = listed(tmp_path / f"round-{number}")
            misbehave(server, chance)
            victim = processes.Process(target=sync_from, args=(root, *asked))
            victim.start()
            victim.join(chance.uniform(0, lasted))
            hit += victim.is_alive()
            victim.kill()
            victim.join()
            assert verify_whole(root).left == (), f"round {number}: after the kill"
            for _ in range(6):  # faults that are left are used up
                if not sync_from(root, *asked).failed:
                    break
            assert verify_whole(root).found == (), f"round {number}: after the sync that completes it"
            state = read_state(Vault.open(root))
            assert state is not None and len(state.sources) == len(IDS)
    assert hit
