"""How the loopback arXiv answers over HTTP, well and badly: the faults, and the handler that plays them.

Use it through `loopback_arxiv`, which says what is served.
"""

from __future__ import annotations

import hashlib
import re
import socket
import struct
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal, Protocol
from urllib.parse import parse_qs, urlsplit

FaultKind = Literal["status", "cut", "length", "html", "redirect", "reset", "silence", "slow", "feed", "unsized"]


@dataclass(frozen=True)
class Seen:
    """One request: when it came (time.monotonic, seconds), what it asked, its headers with lower-case names."""

    time: float
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Fault:
    """How one answer goes wrong; what `at`, `seconds` and `text` mean depends on the kind (see LoopbackArxiv)."""

    kind: FaultKind
    status: int = 503
    headers: Mapping[str, str] = field(default_factory=dict)
    at: int = 0
    seconds: float = 0.0
    text: str = ""


class Site(Protocol):
    """What is served: the handler asks it for the answer, and for the fault that spoils it."""

    ranges: bool
    etags: bool
    closing: threading.Event
    requests: list[Seen]

    def next_fault(self, path: str) -> Fault | None: ...
    def body(self, seen: Seen) -> tuple[int, bytes, dict[str, str]]: ...


class Server(ThreadingHTTPServer):
    """A thread per connection; closing it waits for none of them."""

    daemon_threads = True
    block_on_close = False
    site: Site


class Handler(BaseHTTPRequestHandler):
    """One connection: each request is recorded, then answered as the site says."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        self._request(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def do_GET(self) -> None:
        self._request(b"")

    def _request(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        headers = {key.lower(): value for key, value in self.headers.items()}
        seen = Seen(time.monotonic(), parts.path, query, headers, body)
        self.server.site.requests.append(seen)
        try:
            self._answer(seen, self.server.site.next_fault(seen.path))
        except (ConnectionError, TimeoutError):
            self.close_connection = True  # the client hung up: its right

    def log_message(self, format: str, *args: object) -> None:
        """Tests read `requests` instead."""

    def _answer(self, seen: Seen, fault: Fault | None) -> None:
        if fault is None:
            self._send_well(seen)
        elif fault.kind in ("status", "redirect"):
            self._send(fault.status, fault.text.encode(), {"Content-Type": "text/html", **fault.headers})
        elif fault.kind == "html":
            page = f"<!DOCTYPE html><html><head><title>{fault.text}</title></head><body>No.</body></html>"
            self._send(200, page.encode(), {"Content-Type": "text/html"})
        elif fault.kind == "feed":
            self._send(200, fault.text.encode(), {"Content-Type": "application/atom+xml"})
        elif fault.kind == "reset":
            self._reset()
        elif fault.kind == "silence":
            self.server.site.closing.wait(fault.seconds)
            self.close_connection = True
        else:
            self._send_badly(seen, fault)

    def _send_well(self, seen: Seen, fault: Fault | None = None) -> None:
        status, body, headers = self.server.site.body(seen)
        if status == 200 and headers["Content-Type"] == "application/pdf":
            status, body, headers = self._ranged(seen, body, headers)
        self._send(status, body, headers, fault)

    def _send_badly(self, seen: Seen, fault: Fault) -> None:
        self.close_connection = True
        self._send_well(seen, fault)

    def _ranged(self, seen: Seen, body: bytes, headers: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if self.server.site.etags:
            headers["ETag"] = etag
        asked = re.fullmatch(r"bytes=(\d+)-", seen.headers.get("range", ""))
        unchanged = seen.headers.get("if-range", etag) == etag
        if not asked or not unchanged or not self.server.site.ranges:
            return 200, body, headers
        first = int(asked[1])
        if first >= len(body):
            return 416, b"", headers | {"Content-Range": f"bytes */{len(body)}"}
        return 206, body[first:], headers | {"Content-Range": f"bytes {first}-{len(body) - 1}/{len(body)}"}

    def _send(self, status: int, body: bytes, headers: Mapping[str, str], fault: Fault | None = None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        off = fault.at if fault and fault.kind == "length" else 0
        unsized = fault is not None and fault.kind == "unsized"
        self.send_header(*(("Connection", "close") if unsized else ("Content-Length", str(len(body) + off))))
        self.end_headers()
        if fault and fault.kind == "cut":
            self.wfile.write(body[: fault.at])
        elif fault and fault.kind == "slow":
            self._drip(body, fault)
        else:
            self.wfile.write(body * (fault.at if fault and unsized else 1))

    def _drip(self, body: bytes, fault: Fault) -> None:
        for first in range(0, len(body), fault.at):
            self.wfile.write(body[first : first + fault.at])
            self.wfile.flush()
            if self.server.site.closing.wait(fault.seconds):
                return

    def _reset(self) -> None:
        # SO_LINGER of zero makes close() send RST; closed here, since the server's own shutdown would send FIN first.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()  # it shares the socket, which closes with its last user
        self.connection.close()
        self.close_connection = True
