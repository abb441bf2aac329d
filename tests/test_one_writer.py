"""One writer per vault: the second waits and is told for whom; a dead one's lock is free; readers go on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from readable_embedder import ReadableEmbedder
from small_vault import small_vault, write_source

from index.build import build
from index.search import Search
from ingest.errors import VaultBusy
from ingest.vault import Vault

ROOT = Path(__file__).resolve().parent.parent
HOLD = """
import sys, time
from pathlib import Path
from ingest.vault import Vault
sys.argv = ["/somewhere/mivault.py", "sync", "--vault", "here"]
with Vault(Path(sys.stdin.readline().strip())).writing():
    print("held", flush=True)
    time.sleep(float(sys.stdin.readline()))
"""


@contextmanager
def another_writer(vault: Vault, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the vault's lock for `seconds`."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdin and child.stdout
    try:
        child.stdin.write(f"{vault.root}\n{seconds}\n")
        child.stdin.flush()
        assert child.stdout.readline() == "held\n"
        yield child
    finally:
        child.kill()
        child.communicate()


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return small_vault(tmp_path / "vault")


def test_a_second_writer_is_refused_and_told_who_writes(vault: Vault) -> None:
    with another_writer(vault, 60) as child:
        with pytest.raises(VaultBusy) as caught, vault.writing():
            pass
        assert f"mivault sync --vault here (pid {child.pid}, since " in str(caught.value)


def test_a_second_writer_waits_says_so_once_and_goes_on(vault: Vault) -> None:
    said: list[str] = []
    with another_writer(vault, 0.5) as child, vault.writing(wait=30, on_wait=said.append):
        assert child.wait(10) == 0
    assert len(said) == 1 and f"pid {child.pid}" in said[0] and "up to 30 s" in said[0]


def test_waiting_ends_in_time(vault: Vault) -> None:
    began = time.monotonic()
    with another_writer(vault, 60), pytest.raises(VaultBusy, match=r"after 0\.3 s"), vault.writing(wait=0.3):
        pass
    assert 0.3 <= time.monotonic() - began < 30


def test_the_lock_of_a_killed_process_is_taken_over_at_once(vault: Vault) -> None:
    with another_writer(vault, 60) as child:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        assert (vault.root / ".writer.json").exists()  # what it left is no lock
        with vault.writing():
            pass
    assert not (vault.root / ".writer.json").exists()


def test_readers_go_on_beside_a_writer_and_see_its_work(vault: Vault) -> None:
    embedder = ReadableEmbedder()
    build(vault, embedder)
    search = Search(vault, embedder)
    with vault.writing():
        assert search("sparse autoencoders", k=1)[0].paper.id == "sae"
        write_source(vault, "new", "Transcoders", ["Transcoders replace the layers of a network."])
        build(vault, embedder)
        assert search("transcoders", k=1)[0].paper.id == "new"
