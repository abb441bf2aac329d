"""A small arXiv on 127.0.0.1 for tests: a real HTTP server that speaks the Atom API, serves PDFs, and misbehaves.

    with LoopbackArxiv([FakePaper("2309.08600", "Sparse autoencoders", ("Ada One",), pdf=b"%PDF-...")]) as server:
        server.api_url, server.pdf_url("2309.08600"), server.host          # hand these to Lookup and Fetcher
        server.fail("/pdf/2309.08600", times=2, status=503, retry_after="1")
        server.requests, server.hits("/api/query"), server.gaps()          # what was asked, with headers and times

The API answers as arXiv's did in 2026: unknown ids are left out of the feed, one malformed id spoils the request with
an HTTP 400 and an Atom error entry, entry ids are http and links https. PDFs have an ETag and can be resumed. The path
of a PDF means the paper: "/pdf/2309.08600", "/pdf/2309.08600v1", "/pdf/2309.08600.pdf" are one for faults and hits.
"""

from __future__ import annotations

import itertools
import re
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from xml.sax.saxutils import escape

from loopback_http import Fault, Handler, Seen, Server

WELL_FORMED = re.compile(r"(\d{4}\.\d{4,5}|[a-z-]+(\.[A-Z]{2})?/\d{7})(v\d+)?")
FOREVER = 10**9
FEED = """<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom"
 xmlns="http://www.w3.org/2005/Atom">
  <id>https://arxiv.org/api/loopback</id>
  <title>arXiv Query</title>
  <updated>2026-04-12T22:09:26Z</updated>
  <opensearch:itemsPerPage>{per_page}</opensearch:itemsPerPage>
  <opensearch:totalResults>{total}</opensearch:totalResults>
  <opensearch:startIndex>{start}</opensearch:startIndex>
{entries}</feed>
"""


@dataclass(frozen=True)
class FakePaper:
    """What the server knows of a paper; `version` is its newest, and v1 to that one can be asked for.

    `html` is its page on arXiv, empty where arXiv has made none; `link` False leaves the PDF link out of the feed, as
    arXiv does for some papers.
    """

    id: str
    title: str = "A paper"
    authors: tuple[str, ...] | list[str] = ("Ada Example",)
    pdf: bytes = b""
    version: str = "v1"
    year: int = 2023
    summary: str = "An abstract."
    link: bool = True
    html: bytes = b""
    comment: str = ""


def plain(path: str) -> str:
    """A path without what does not name the paper: version and ".pdf"."""
    return re.sub(r"(v\d+)?(\.pdf)?$", "", path) if path.startswith(("/pdf/", "/html/")) else path


class LoopbackArxiv:
    """The server; a context manager. `ranges` False makes it ignore Range; `etags` False sends no validator;
    `malformed` are ids that spoil a request though they look well."""

    def __init__(
        self,
        papers: Iterable[FakePaper] = (),
        *,
        ranges: bool = True,
        etags: bool = True,
        malformed: Iterable[str] = (),
    ) -> None:
        self.papers = {paper.id: paper for paper in papers}
        self.pages: dict[str, tuple[bytes, dict[str, str]]] = {}
        self.ranges, self.etags, self.malformed = ranges, etags, frozenset(malformed)
        self.requests: list[Seen] = []
        self.closing = threading.Event()
        self._faults: dict[str, deque[tuple[Fault, int]]] = {}
        self._lock = threading.Lock()
        self._http = Server(("127.0.0.1", 0), Handler)
        self._http.site = self
        self.host, self.port = "127.0.0.1", self._http.server_address[1]
        self.base_url = f"http://{self.host}:{self.port}"
        self.api_url = f"{self.base_url}/api/query"

    def __enter__(self) -> LoopbackArxiv:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()

    # --- what it serves ----------------------------------------------------------------------------------------------

    def add(self, paper: FakePaper) -> None:
        """Add a paper, or replace the one with its id (a new version, say)."""
        self.papers[paper.id] = paper

    def page(self, path: str, body: bytes, content_type: str = "application/pdf", **headers: str) -> str:
        """Serve `body` at any other path; returns its URL. Further headers: `content_encoding="gzip"`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = (body, {"Content-Type": content_type, **named})
        return self.base_url + path

    def pdf_url(self, paper_id: str) -> str:
        return f"{self.base_url}/pdf/{paper_id}"

    # --- how it misbehaves: the next `times` requests to the path, faults of one path in the order they were given ---

    def fail(
        self, path: str, *, times: int = FOREVER, status: int = 503, retry_after: str | None = None, text: str = ""
    ) -> None:
        """Answer with a status; `retry_after` is sent as it is (seconds or an HTTP date)."""
        headers = {} if retry_after is None else {"Retry-After": retry_after}
        self._inject(path, Fault("status", status=status, headers=headers, text=text), times)

    def cut(self, path: str, *, after: int, times: int = FOREVER) -> None:
        """Promise the whole body, send `after` bytes of it, close the connection."""
        self._inject(path, Fault("cut", at=after), times)

    def wrong_length(self, path: str, *, by: int, times: int = FOREVER) -> None:
        """Send the whole body with a Content-Length that is off `by` bytes."""
        self._inject(path, Fault("length", at=by), times)

    def html(self, path: str, *, title: str = "Just a moment", times: int = FOREVER) -> None:
        """Answer 200 with a web page."""
        self._inject(path, Fault("html", text=title), times)

    def redirect(self, path: str, to: str, *, status: int = 302, times: int = FOREVER) -> None:
        self._inject(path, Fault("redirect", status=status, headers={"Location": to}), times)

    def reset(self, path: str, *, times: int = FOREVER) -> None:
        """Reset the connection instead of answering."""
        self._inject(path, Fault("reset"), times)

    def silence(self, path: str, *, seconds: float = 60.0, times: int = FOREVER) -> None:
        """Say nothing for `seconds` (or until the server closes), then hang up."""
        self._inject(path, Fault("silence", seconds=seconds), times)

    def slow(self, path: str, *, piece: int, seconds: float, times: int = FOREVER) -> None:
        """Send the body in pieces of `piece` bytes, `seconds` between them."""
        self._inject(path, Fault("slow", at=piece, seconds=seconds), times)

    def unsized(self, path: str, *, copies: int = 1, times: int = FOREVER) -> None:
        """Send the body, `copies` times over, without saying how long it is."""
        self._inject(path, Fault("unsized", at=copies), times)

    def feed(self, text: str, *, times: int = FOREVER) -> None:
        """Answer the API with this text, whatever was asked."""
        self._inject("/api/query", Fault("feed", text=text), times)

    def mend(self) -> None:
        """No more faults."""
        with self._lock:
            self._faults.clear()

    # --- what was asked of it ----------------------------------------------------------------------------------------

    def hits(self, path: str) -> list[Seen]:
        """The requests to a path, oldest first."""
        return [seen for seen in self.requests if plain(seen.path) == plain(path)]

    def gaps(self) -> list[float]:
        """Seconds between each request and the next, over all paths."""
        times = [seen.time for seen in self.requests]
        return [after - before for before, after in itertools.pairwise(times)]

    # --- for the handler ---------------------------------------------------------------------------------------------

    def _inject(self, path: str, fault: Fault, times: int) -> None:
        with self._lock:
            self._faults.setdefault(plain(path), deque()).append((fault, times))

    def next_fault(self, path: str) -> Fault | None:
        """The fault for this request, used up; None where it is to be answered well."""
        with self._lock:
            faults = self._faults.get(plain(path))
            if not faults:
                return None
            fault, times = faults.popleft()
            if times > 1:
                faults.appendleft((fault, times - 1))
            return fault

    def body_of_feed(self, ids: Iterable[str]) -> str:
        """What the API answers for these ids, to be spoilt and handed to `feed`."""
        return self._feed({"id_list": ",".join(ids), "max_results": "100"})[1].decode()

    def body(self, seen: Seen) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers of a good answer."""
        if seen.path == "/api/query":
            return self._feed(seen.query)
        if seen.path in self.pages:
            return (200, *self.pages[seen.path])
        kind, _, name = plain(seen.path).removeprefix("/").partition("/")
        paper = self.papers.get(name)
        if paper and kind == "pdf":
            return 200, paper.pdf, {"Content-Type": "application/pdf"}
        if paper and kind == "html" and paper.html:
            return 200, paper.html, {"Content-Type": "text/html; charset=utf-8"}
        return 404, b"<html><title>Not found</title></html>", {"Content-Type": "text/html"}

    def _feed(self, query: Mapping[str, str]) -> tuple[int, bytes, dict[str, str]]:
        asked = [name for name in query.get("id_list", "").split(",") if name]
        malformed = [name for name in asked if not WELL_FORMED.fullmatch(name) or name in self.malformed]
        if malformed:
            text = FEED.format(per_page=1, total=1, start=0, entries=_error_entry(malformed[0]))
            return 400, text.encode(), {"Content-Type": "application/atom+xml"}
        start, per_page = int(query.get("start", "0")), int(query.get("max_results", "10"))
        entries = [entry for name in asked if (entry := self._entry(name))]
        shown = "".join(entries[start : start + per_page])
        text = FEED.format(per_page=per_page, total=len(entries), start=start, entries=shown)
        return 200, text.encode(), {"Content-Type": "application/atom+xml; charset=utf-8"}

    def _entry(self, name: str) -> str:
        bare, _, number = name.partition("v") if re.search(r"v\d+$", name) else (name, "", "")
        paper = self.papers.get(bare)
        if paper is None or int(number or 1) > int(paper.version.removeprefix("v")):
            return ""
        version = f"v{number}" if number else paper.version
        link = f'<link href="{self.base_url}/pdf/{bare}{version}" rel="related" type="application/pdf" title="pdf"/>'
        comment = f"<arxiv:comment>{escape(paper.comment)}</arxiv:comment>" if paper.comment else ""
        people = "".join(f"<author><name>{escape(author)}</name></author>" for author in paper.authors)
        return (
            f"<entry><id>http://arxiv.org/abs/{bare}{version}</id><title>{escape(paper.title)}</title>"
            f"<updated>{paper.year}-05-26T17:59:46Z</updated><published>{paper.year}-05-26T17:59:46Z</published>"
            f'<link href="https://arxiv.org/abs/{bare}{version}" rel="alternate" type="text/html"/>'
            f"{link if paper.link else ''}<summary>{escape(paper.summary)}</summary>{comment}{people}</entry>\n"
        )


def _error_entry(name: str) -> str:
    where = f"https://arxiv.org/api/errors#incorrect_id_format_for_{escape(name)}"
    return (
        f"<entry><id>{where}</id><title>Error</title><updated>2026-04-12T22:59:06Z</updated>"
        f"<summary>incorrect id format for {escape(name)}</summary><author><name>arXiv api core</name></author></entry>"
    )
