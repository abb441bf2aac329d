"""One writer per vault: two would destroy a Chroma store without an error. The door of `filelock`.

The lock (`.writing`) is the operating system's, so that a process that dies, however it dies, gives it back. Who
holds it stands beside it in `.writer.json`, for the message to whoever waits; nobody decides anything by that file.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import VaultBusy

if TYPE_CHECKING:
    from filelock import FileLock

# A command is shown to its own user, on one line.
COMMAND_CHARACTERS = 80


@contextlib.contextmanager
def one_writer(root: Path, *, wait: float = 0.0, on_wait: Callable[[str], None] | None = None) -> Iterator[None]:
    """Hold the writing lock of the vault at `root`.

    Where another process holds it: `on_wait` is told once who, and it is waited for at most `wait` seconds. Raises
    VaultBusy, naming that process, where the lock is not free by then.
    """
    from filelock import FileLock

    root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(root / ".writing")
    _acquire(lock, root, wait, on_wait)
    holder = root / ".writer.json"
    try:
        _sign(holder)
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _acquire(lock: FileLock, root: Path, wait: float, on_wait: Callable[[str], None] | None) -> None:
    from filelock import Timeout

    with contextlib.suppress(Timeout):
        lock.acquire(timeout=0)
        return
    if wait > 0 and on_wait:
        on_wait(f"{_holder(root)} is writing to {root}: waiting up to {wait:g} s for it (Ctrl-C stops waiting)")
    try:
        lock.acquire(timeout=max(wait, 0.0), poll_interval=0.1)
    except Timeout as error:
        waited = f" after {wait:g} s" if wait > 0 else ""
        raise VaultBusy(
            f"{_holder(root)} is writing to {root}{waited}", "wait until it is done, or stop it, then try again"
        ) from error


def _sign(holder: Path) -> None:
    """Write who holds the lock. A disk without room for that is the writer's to notice, at what it has to write."""
    name = Path(sys.argv[0]).name.removesuffix(".py") or "python"
    command = " ".join([name, *sys.argv[1:]])
    shown = "".join(c if c.isprintable() else "?" for c in command)[:COMMAND_CHARACTERS]
    with contextlib.suppress(OSError):
        row = {"pid": os.getpid(), "command": shown, "since": time.strftime("%H:%M:%S")}
        holder.write_text(json.dumps(row), encoding="utf-8")


def other_writer(root: Path) -> str:
    """The other process that writes to the vault at `root` now, as far as it can be told; "" where there is none."""
    said = _holder(root)
    pid = re.search(r"\(pid (\d+),", said)
    return said if pid and int(pid[1]) != os.getpid() and _lives(int(pid[1])) else ""


def _lives(pid: int) -> bool:
    """Whether there is such a process: one that was killed leaves its name behind. Asked for on POSIX only."""
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _holder(root: Path) -> str:
    """Who holds the lock, as far as it can be told: "mivault sync (pid 123, since 14:03:22)"."""
    try:
        data = json.loads((root / ".writer.json").read_bytes())
    except (OSError, ValueError):  # it has just begun, or has just ended
        return "another process"
    if not isinstance(data, dict) or not {"pid", "command", "since"} <= data.keys():
        return "another process"
    return f"{data['command']} (pid {data['pid']}, since {data['since']})"
