"""What the tests of downloads share: a PDF, the paper it belongs to, and a Fetcher that naps into a list."""

from __future__ import annotations

import random
from pathlib import Path

from loopback_arxiv import FakePaper, LoopbackArxiv

from ingest.fetch import Fetched, Fetcher
from ingest.polite import Gate

PATH = "/pdf/2309.08600"
PDF = b"%PDF-1.7\n" + random.Random(1).randbytes(300_000) + b"\n%%EOF\n"
PAPER = FakePaper("2309.08600", pdf=PDF)
LOOPBACK = frozenset({"127.0.0.1"})


def fetch(
    server: LoopbackArxiv,
    to: Path,
    url: str = "",
    *,
    naps: list[float] | None = None,
    retries: int = 4,
    max_bytes: int = 10_000_000,
    timeout: float = 5.0,
    gate: Gate | None = None,
) -> Fetched:
    fetcher = Fetcher(
        gates={server.host: gate} if gate else {},
        allow_hosts=LOOPBACK,
        max_bytes=max_bytes,
        timeout_seconds=timeout,
        retries=retries,
        sleep=(naps if naps is not None else []).append,
    )
    return fetcher.pdf(url or server.pdf_url("2309.08600"), to)


def ranges(server: LoopbackArxiv) -> list[str | None]:
    """What each request for the paper asked to go on from."""
    return [seen.headers.get("range") for seen in server.hits(PATH)]


def left_behind(folder: Path) -> list[str]:
    """The names of the files in a folder."""
    return sorted(path.name for path in folder.iterdir())
