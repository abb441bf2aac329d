"""Downloads PDFs: streamed to disk, checked, resumed after a break, and only then given their name.

While it comes, a file is `<destination>.part`, and `<destination>.part.json` remembers the URL and the server's mark of
this version (ETag or Last-Modified), so that a broken connection, Ctrl-C or a kill costs only what had not come yet.
"""

from __future__ import annotations

import hashlib
import html
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ingest import addresses
from ingest.errors import FetchError
from ingest.polite import Gate
from ingest.retry import BadStatus, Hindered, Unreachable, pause, with_retries
from ingest.vault import read_json, write_json
from ingest.web import Reply, Web, parse, shown, user_agent

__all__ = ["BadStatus", "Fetched", "Fetcher", "Unreachable"]

# 25 times the largest of the 41 papers this was tried on (7.8 MB); a server that sends without end fills no disk.
MAX_BYTES = 200_000_000
HEAD_BYTES = 1024  # a PDF's header may come this late (ISO 32000-1, Annex H, note 13)
TITLE_BYTES = 65_536
OnBytes = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that came whole: `url` is where it was found, after redirects; `size` in bytes."""

    path: Path
    sha256: str
    size: int
    url: str


class WebPage(FetchError):
    """The server sent a page for people to read instead of a PDF."""


class Fetcher:
    """Downloads PDFs, one request at a time; every failure is a FetchError, `temporary` where a later run may succeed.

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
        part = _Part(destination)
        try:
            return self._download(url, part, on_bytes)
        except WebPage as error:
            if self._web.gate(parse(url).host) is None:
                raise
            return self._once_more(url, part, on_bytes, error)

    def _download(self, url: str, part: _Part, on_bytes: OnBytes | None) -> Fetched:
        return with_retries(lambda: self._attempt(url, part, on_bytes), retries=self._retries, sleep=self._sleep)

    def _once_more(self, url: str, part: _Part, on_bytes: OnBytes | None, error: WebPage) -> Fetched:
        """arXiv answers some requests for a PDF with a page, and the same request with the PDF a little later."""
        self._sleep(pause(1))
        try:
            return self._download(url, part, on_bytes)
        except WebPage as again:
            raise WebPage(again.message, again.hint, temporary=True) from error

    def _attempt(self, url: str, part: _Part, on_bytes: OnBytes | None) -> Fetched:
        resume: dict[str, str] = {}
        try:
            resume = part.resume_headers(url)
            headers = {"Accept": "application/pdf, */*;q=0.5", **resume}
            with self._web.get(url, headers) as reply:
                size, sha256 = self._receive(url, reply, part, on_bytes)
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

    def _receive(self, url: str, reply: Reply, part: _Part, on_bytes: OnBytes | None) -> tuple[int, str]:
        """Write the body behind what is there; gives the whole file's size and sha256."""
        start, total = _range(reply, part)
        self._limit(shown(reply.url), total or 0)
        with part.open(url, start, _mark(reply)) as intake:
            for chunk in reply.chunks:
                intake.add(chunk)
                self._limit(shown(reply.url), intake.size)
                if len(intake.head) >= HEAD_BYTES:
                    _check_pdf(reply, intake)
                if on_bytes:
                    on_bytes(intake.size, total)
            _check_pdf(reply, intake)
            if total is not None and intake.size != total:
                raise FetchError(f"{shown(reply.url)} was cut off", "try again later", temporary=True)
            return intake.size, intake.sha256.hexdigest()

    def _limit(self, url: str, size: int) -> None:
        if size > self._max_bytes:
            raise FetchError(
                f"{url} is larger than {self._max_bytes / 1e6:.0f} MB", "download it by hand, then add the file"
            )


class _Intake:
    """Bytes on their way into the part file: counted, hashed, the first ones kept to tell what they are."""

    def __init__(self, path: Path, start: int) -> None:
        self.sha256, self.size, self.head = hashlib.sha256(), 0, b""
        if start:
            self._take_up(path, start)
        self._file = path.open("ab" if start else "wb")

    def _take_up(self, path: Path, start: int) -> None:
        with path.open("rb") as file:
            while self.size < start and (block := file.read(min(1 << 20, start - self.size))):
                self._count(block)

    def _count(self, block: bytes) -> None:
        self.sha256.update(block)
        self.size += len(block)
        if len(self.head) < HEAD_BYTES:
            self.head += block[:HEAD_BYTES]

    def add(self, chunk: bytes) -> None:
        self._file.write(chunk)
        self._count(chunk)

    def __enter__(self) -> _Intake:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        """Closed with all that came, on disk: whatever happened, it can be resumed."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        finally:
            self._file.close()


class _Part:
    """The unfinished file of a destination."""

    def __init__(self, destination: Path) -> None:
        self.destination = destination
        self.path = destination.with_name(destination.name + ".part")
        self._note = destination.with_name(destination.name + ".part.json")

    def resume_headers(self, url: str) -> dict[str, str]:
        """What to ask so that only the rest comes, if the file is still the same; {} where nothing can be resumed."""
        note = read_json(self._note)
        size = self.size()
        if not size or not isinstance(note, dict) or note.get("url") != url or not note.get("mark"):
            return {}
        return {"Range": f"bytes={size}-", "If-Range": str(note["mark"])}

    def size(self) -> int:
        return self.path.stat().st_size if self.path.is_file() else 0

    def open(self, url: str, start: int, mark: str) -> _Intake:
        if not start:
            self.destination.parent.mkdir(parents=True, exist_ok=True)
            self.discard()
            write_json(self._note, {"url": url, "mark": mark})
        return _Intake(self.path, start)

    def finish(self) -> None:
        self.path.replace(self.destination)
        self._note.unlink(missing_ok=True)

    def discard(self) -> None:
        self._note.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)


def _range(reply: Reply, part: _Part) -> tuple[int, int | None]:
    """Where the body starts in the file and how long the file will be (None where the server does not say)."""
    length = reply.headers.get("content-length", "")
    if reply.status == 200:
        return 0, int(length) if length.isdecimal() else None
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", reply.headers.get("content-range", ""))
    if reply.status != 206 or not found or int(found[1]) != part.size():
        part.discard()
        raise FetchError(
            f"{shown(reply.url)} answered HTTP {reply.status} without the file", "try again later", temporary=True
        )
    return int(found[1]), None if found[2] == "*" else int(found[2])


def _mark(reply: Reply) -> str:
    """The server's name for this version of the file; "" where there is none that may stand in If-Range (RFC 9110)."""
    etag = reply.headers.get("etag", "")
    return etag if etag.startswith('"') else reply.headers.get("last-modified", "")


def _check_pdf(reply: Reply, intake: _Intake) -> None:
    if b"%PDF-" in intake.head[: HEAD_BYTES + 4]:
        return
    if not intake.size:
        raise FetchError(f"{shown(reply.url)} sent an empty file", "try again later", temporary=True)
    start = intake.head.lower()
    if b"<html" in start or b"<!doctype html" in start or "html" in reply.headers.get("content-type", ""):
        title = _title(reply, intake.head)
        raise WebPage(
            f"{shown(reply.url)} is a web page, not a PDF{title and f': {title!r}'}",
            "open it in a browser to see what it wants",
        )
    raise FetchError(
        f"{shown(reply.url)} is not a PDF", "correct the address, or download it in a browser and add the file"
    )


def _title(reply: Reply, page: bytes) -> str:
    """The title of a page whose first bytes are `page`, on one line, 80 characters at most."""
    for chunk in reply.chunks:
        page += chunk
        if b"</title" in page.lower() or len(page) > TITLE_BYTES:
            break
    found = re.search(r"<title[^>]*>([^<]{0,400})", page[:TITLE_BYTES].decode("utf-8", "replace"), re.IGNORECASE)
    words = " ".join(html.unescape(found[1]).split()) if found else ""
    return "".join(c for c in words if c.isprintable())[:80]
