"""What a sync works with, opened together and closed together: two doors to the network, the parser's processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ingest.fetch import Fetcher
from ingest.lookup import Lookup
from ingest.polite import Gate, SharedGate
from ingest.sites import API_URL, PDF_URL, Sites, html_beside
from ingest.worker import ParserPool

# https://info.arxiv.org/help/api/tou.html: one request every three seconds, one connection at a time.
ARXIV_SECONDS = 3.0
OTHERS_SECONDS = 1.0  # sites that name no figure: as often as a person would click


@dataclass(frozen=True, slots=True)
class Tools:
    """`count_tokens` is the embedder's; `sites` are the addresses that the doors ask."""

    lookup: Lookup
    fetcher: Fetcher
    pool: ParserPool
    count_tokens: Callable[[str], int]
    sites: Sites


@contextmanager
def open_tools(
    count_tokens: Callable[[str], int],
    *,
    api_url: str = API_URL,
    pdf_url: str = PDF_URL,
    sites: Sites | None = None,
    contact: str = "",
    allow_hosts: frozenset[str] = frozenset(),
    arxiv_seconds: float = ARXIV_SECONDS,
    cache: Path | None = None,
    workers: int | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Tools]:
    """The tools of one run. Look-ups and downloads from arXiv pass through one gate; `sites` (or, for arXiv alone,
    `api_url` and `pdf_url`) can name mirrors; `contact` goes into the User-Agent; `allow_hosts` are private hosts that
    may be fetched from; through `cache`, a folder of the user's, all processes keep to one gate."""
    sites = sites or Sites(arxiv_api=api_url, arxiv_pdf=pdf_url, arxiv_html=html_beside(pdf_url))
    gate = SharedGate(arxiv_seconds, cache / "arxiv-last-asked") if cache else Gate(arxiv_seconds)
    gates = {"lesswrong.com": Gate(OTHERS_SECONDS), "youtube.com": Gate(OTHERS_SECONDS)}
    gates |= dict.fromkeys(sites.hosts(), gate)
    fetcher = Fetcher(gates=gates, allow_hosts=allow_hosts, contact=contact, sleep=sleep)
    lookup = Lookup(gate, url=sites.arxiv_api, contact=contact, sleep=sleep)
    with ParserPool(workers=workers) as pool:
        yield Tools(lookup, fetcher, pool, count_tokens, sites)
