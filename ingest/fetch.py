"""Downloads: streamed to disk, checked, resumed after a break, and only then given their name.

While it comes, a file is `<destination>.part`, and `<destination>.part.json` remembers the URL and the server's mark of
this version (ETag or Last-Modified), so that a broken connection, Ctrl-C or a kill costs only what had not come yet.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ingest import addresses
from ingest.errors import FetchError
from ingest.expected import MAX_BYTES, PAGE, PDF, TEXT, Expected, WebPage
from ingest.intake import HEAD_BYTES, Part, byte_range, mark_of
from ingest.polite import Gate
from ingest.retry import BadStatus, Hindered, Unreachable, pause, with_retries
from ingest.web import Reply, Web, parse, shown, user_agent

__all__ = ["BadStatus", "Fetched", "Fetcher", "Unreachable"]

MAX_BODY_BYTES = 20_000_000  # the list of a large repository's files has 7 MB
T = TypeVar("T")
OnBytes = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that came whole: `url` is where it was found, after redirects; `size` in bytes."""

    path: Path
    sha256: str
    size: int
    url: str


class Fetcher:
    """Downloads files, one request at a time; every failure is a FetchError, `temporary` where a later run may succeed.

    `gates` hold per host and its subdomains; `allow_hosts` are private hosts that may be asked all the same.
    """

    def __init__(
        self,
        *,
        gates: Mapping[str, Gate] = {},
        allow_hosts: frozenset[str] = frozenset(),
        max_bytes: int = MAX_BYTES,
        timeout_seconds: float = 30.0,
        retries: int = 4,  # with pauses of 1, 2, 4, 8 s: a restart of a server, not an outage
        contact: str = "",
        trust_env: bool = True,
        sleep: Callable[[float], None] = time.sleep,
        resolve: Callable[[str, int], list[str]] = addresses.resolve,
    ) -> None:
        self._web = Web(
            gates=gates,
            allow_hosts=allow_hosts,
            timeout_seconds=timeout_seconds,
            agent=user_agent(contact),
            trust_env=trust_env,
            resolve=resolve,
        )
        self._max_bytes, self._retries, self._sleep = max_bytes, retries, sleep

    def pdf(self, url: str, destination: Path, *, on_bytes: OnBytes | None = None) -> Fetched:
        """Download a PDF to `destination`. `on_bytes(done, total)` counts bytes; the total is None where unknown.

        Raises FetchError; Unreachable at once, without retries, where no connection can be made.
        """
        part = Part(destination)
        try:
            return self._download(url, part, PDF, on_bytes)
        except WebPage as error:
            if self._web.gate(parse(url).host) is None:
                raise
            return self._once_more(url, part, on_bytes, error)

    def page(self, url: str, destination: Path) -> Fetched:
        """Download what a browser would show: a web page, or a file that the address leads to. Raises as `pdf` does."""
        return self._download(url, Part(destination), PAGE, None)

    def text(self, url: str, destination: Path) -> Fetched:
        """Download Markdown or plain text. Raises as `pdf` does, for a web page too."""
        return self._download(url, Part(destination), TEXT, None)

    def json(self, url: str, headers: Mapping[str, str] = {}) -> Any:
        """What a server answers in JSON. Raises as `pdf` does, and FetchError for what is none."""
        return self.retried(lambda: self._json(url, headers))

    def body(self, url: str, headers: Mapping[str, str] = {}, *, sent: Any = None) -> bytes:
        """An answer that is held in memory, asked for once; `sent` is posted as JSON. Raises FetchError for more than
        MAX_BODY_BYTES."""
        body = bytearray()
        posted = None if sent is None else json.dumps(sent).encode()
        kind = {} if sent is None else {"Content-Type": "application/json"}
        with self._web.get(url, {"Accept-Encoding": "gzip", **kind, **headers}, body=posted) as reply:
            for chunk in reply.chunks:
                body += chunk
                self._limit(shown(url), len(body), MAX_BODY_BYTES)
        return bytes(body)

    def retried(self, action: Callable[[], T]) -> T:
        """What `action` returns, tried again while its FetchError is temporary."""
        return with_retries(action, retries=self._retries, sleep=self._sleep)

    def _json(self, url: str, headers: Mapping[str, str]) -> Any:
        try:
            return json.loads(self.body(url, {"Accept": "application/json", **headers}))
        except ValueError as error:
            raise FetchError(f"{shown(url)} did not answer in JSON", "try again later", temporary=True) from error

    def _download(self, url: str, part: Part, expected: Expected, on_bytes: OnBytes | None) -> Fetched:
        return self.retried(lambda: self._attempt(url, part, expected, on_bytes))

    def _once_more(self, url: str, part: Part, on_bytes: OnBytes | None, error: WebPage) -> Fetched:
        """arXiv answers some requests for a PDF with a page, and the same request with the PDF a little later."""
        self._sleep(pause(1))
        try:
            return self._download(url, part, PDF, on_bytes)
        except WebPage as again:
            raise WebPage(again.message, again.hint, temporary=True) from error

    def _attempt(self, url: str, part: Part, expected: Expected, on_bytes: OnBytes | None) -> Fetched:
        resume: dict[str, str] = {}
        try:
            resume = part.resume_headers(url)
            with self._web.get(url, expected.headers | resume) as reply:
                size, sha256 = self._receive(url, reply, part, expected, on_bytes)
            part.finish()
            return Fetched(part.destination, sha256, size, reply.url)
        except OSError as error:
            raise Hindered(
                f"{part.destination} cannot be written: {error.strerror or error}", "see to the disk"
            ) from error
        except FetchError as error:
            if not error.temporary:
                part.discard()
            if isinstance(error, BadStatus) and error.status == 416 and resume:
                raise FetchError(f"{shown(url)} changed while it came", "try again", temporary=True) from error
            raise

    def _receive(
        self, url: str, reply: Reply, part: Part, expected: Expected, on_bytes: OnBytes | None
    ) -> tuple[int, str]:
        """Write the body behind what is there; gives the whole file's size and sha256."""
        start, total = byte_range(reply, part)
        largest = min(self._max_bytes, expected.max_bytes)
        self._limit(shown(reply.url), total or 0, largest)
        with part.open(url, start, mark_of(reply)) as intake:
            for chunk in reply.chunks:
                intake.add(chunk)
                self._limit(shown(reply.url), intake.size, largest)
                if len(intake.head) >= HEAD_BYTES:
                    expected.check(reply, intake)
                if on_bytes:
                    on_bytes(intake.size, total)
            expected.check(reply, intake)
            if total is not None and intake.size != total:
                raise FetchError(f"{shown(reply.url)} was cut off", "try again later", temporary=True)
            return intake.size, intake.sha256.hexdigest()

    def _limit(self, url: str, size: int, largest: int) -> None:
        if size > largest:
            raise FetchError(f"{url} is larger than {largest / 1e6:.0f} MB", "download it by hand, then add the file")
