"""What a sync works with, opened together and closed together: two doors to the network, the parser's processes."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ingest.fetch import Fetcher
from ingest.lookup import Lookup
from ingest.polite import Gate
from ingest.worker import ParserPool

API_URL = "https://export.arxiv.org/api/query"
PDF_URL = "https://arxiv.org/pdf/"
# https://info.arxiv.org/help/api/tou.html: one request every three seconds, one connection at a time.
ARXIV_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Tools:
    """`count_tokens` is the embedder's; `pdf_url` is put before an arXiv id with its version."""

    lookup: Lookup
    fetcher: Fetcher
    pool: ParserPool
    count_tokens: Callable[[str], int]
    pdf_url: str = PDF_URL


@contextmanager
def open_tools(
    count_tokens: Callable[[str], int],
    *,
    api_url: str = API_URL,
    pdf_url: str = PDF_URL,
    contact: str = "",
    allow_hosts: frozenset[str] = frozenset(),
    arxiv_seconds: float = ARXIV_SECONDS,
) -> Iterator[Tools]:
    """The tools of one run. Look-ups and downloads from arXiv pass through one gate; `contact` goes into the
    User-Agent; `allow_hosts` are private hosts that may be fetched from."""
    gate = Gate(arxiv_seconds)
    hosts = {"arxiv.org", "export.arxiv.org", "www.arxiv.org"}
    hosts |= {urllib.parse.urlsplit(url).hostname or "" for url in (api_url, pdf_url)}
    fetcher = Fetcher(gates=dict.fromkeys(hosts, gate), allow_hosts=allow_hosts, contact=contact)
    with ParserPool() as pool:
        yield Tools(Lookup(gate, url=api_url, contact=contact), fetcher, pool, count_tokens, pdf_url)
