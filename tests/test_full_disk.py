"""A full disk, wherever it is met, is one clear line, and the vault is completed once there is room.

The disk is a small one in memory, mounted in a namespace of its own; skipped, saying so, where that is not allowed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_kill import make_vault

from ingest.disk import is_full, said_when_full
from ingest.errors import DiskFull, FetchError

ROOT = Path(__file__).resolve().parent.parent
# Where it fills up with this vault: reading papers, Chroma, the word index, the copy of an index.
KILOBYTES = (180, 300, 560, 900)
SYNC = """
import json, shutil, subprocess, sys
from pathlib import Path
from killed_syncs import contents, sync_whole
fresh, disk, kilobytes = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
results = []
for size in kilobytes:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", disk], check=True)
    vault = shutil.copytree(fresh, disk / "vault")
    try:
        sync_whole(vault)
        said = None
    except Exception as error:
        said = [type(error).__name__, str(error)]
    left = len(list(vault.glob("index/generation-*")))
    subprocess.run(["mount", "-o", "remount,size=20m", disk], check=True)
    sync_whole(vault)
    results.append({"said": said, "generations": left, "sources": len(contents(vault)["sources"])})
    subprocess.run(["umount", "-l", disk], check=True)
print(json.dumps(results))
"""


def can_mount(disk: Path) -> bool:
    if not shutil.which("unshare"):
        return False
    return (
        subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", disk], capture_output=True).returncode == 0
    )


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_full_disk_is_one_line_and_the_next_sync_completes(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if not can_mount(disk):
        pytest.skip("no small disk can be mounted here: unshare -rm is not allowed")
    fresh = make_vault(tmp_path / "fresh")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    program = ["unshare", "-rm", sys.executable, "-c", SYNC, str(fresh), str(disk), *map(str, KILOBYTES)]
    done = subprocess.run(program, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for size, result in zip(KILOBYTES, json.loads(done.stdout), strict=True):
        kind, message = result["said"]
        assert kind == "DiskFull", f"{size} KB: {result}"
        assert message.startswith("the disk is full") and "\n" not in message and "what was done is kept" in message
        assert result["generations"] <= 1 and result["sources"] == 8


ADD = """
mount -t tmpfs -o size=60k tmpfs "$1" && "$2" -m mivault init --empty "$1/vault" >"$1/said" || exit 9
"$2" -m mivault add --vault "$1/vault" "$3" "$4" "$5"
"""


def test_adding_to_a_full_disk_stops_with_one_line(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if not can_mount(disk):
        pytest.skip("no small disk can be mounted here: unshare -rm is not allowed")
    files = []
    for number in range(3):
        files.append(tmp_path / f"long-{number}.md")
        files[-1].write_text(f"# Number {number}\n\n" + "Circuits are subgraphs of a network. " * 1000)
    program = ["unshare", "-rm", "sh", "-c", ADD, "sh", str(disk), sys.executable, *map(str, files)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(program, env=environment, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert done.stderr.count("disk is full") == 1 and "Traceback" not in done.stderr
    assert [line.rpartition(": ")[2] for line in done.stdout.splitlines()] == ["long-0"]


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device"),
        shutil.Error([("a", "b", "[Errno 28] No space left on device: 'a'")]),
        ValueError("An IO error occurred: 'No space left on device (os error 28)'"),
    ],
)
def test_it_is_known_however_a_library_says_it(error: Exception, tmp_path: Path) -> None:
    with pytest.raises(DiskFull), said_when_full(tmp_path):
        try:
            raise error
        except Exception as cause:
            raise FetchError("it cannot be written") from cause


def test_other_errors_stay_what_they_are(tmp_path: Path) -> None:
    error = FetchError("the server does not answer")
    assert not is_full(error)
    with pytest.raises(FetchError), said_when_full(tmp_path):
        raise error
