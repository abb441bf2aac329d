"""Limits that a child process sets itself before it opens a hostile file."""

from __future__ import annotations

import contextlib
import signal


def limit_memory(megabytes: int) -> None:
    """Hold this process to `megabytes` of address space, where the platform can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for limit, size in ((resource.RLIMIT_AS, megabytes * 2**20), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(ValueError, OSError):  # macOS refuses RLIMIT_AS; a lower limit may be set already
            resource.setrlimit(limit, (size, size))


def alarm(seconds: float) -> None:
    """End this process after `seconds`, whatever it is doing then; 0 calls that off."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)
