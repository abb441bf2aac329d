"""What a download is expected to be: a PDF, a page to read, text; and how an answer that is something else is named."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass

from ingest.errors import FetchError
from ingest.forms import looks_like_html
from ingest.intake import HEAD_BYTES, Intake
from ingest.web import Reply, shown

# 25 times the largest of the 41 papers this was tried on (7.8 MB); a server that sends without end fills no disk.
MAX_BYTES = 200_000_000
MAX_PAGE_BYTES = 50_000_000  # of a web page, unpacked: arXiv's largest have 20 MB, most of it formulas
TITLE_BYTES = 65_536
# Titles of the pages that sites put before others to see whether a person asks.
CHALLENGE = re.compile(
    r"just a moment|attention required|are you (?:a )?(?:human|robot)|security check|captcha|"
    r"verif(?:y|ying) (?:that )?you|checking your browser|access denied|bot check",
    re.IGNORECASE,
)


class WebPage(FetchError):
    """The server sent a page for people to read instead of a file."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What is asked for (`accept` is the request's header), and `check`, which raises FetchError for what is not it.

    `packed`: it may come compressed, which a file that is resumed by its bytes may not.
    """

    accept: str
    check: Callable[[Reply, Intake], None]
    max_bytes: int = MAX_BYTES
    packed: bool = False

    @property
    def headers(self) -> dict[str, str]:
        return {"Accept": self.accept} | ({"Accept-Encoding": "gzip"} if self.packed else {})


def check_pdf(reply: Reply, intake: Intake) -> None:
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
    """The title of a page whose first bytes are `page`, read on as far as it takes."""
    for chunk in reply.chunks:
        page += chunk
        if b"</title" in page.lower() or len(page) > TITLE_BYTES:
            break
    return _title_in(page)


def _title_in(page: bytes) -> str:
    """The title in a page's first bytes, on one line, 80 characters at most."""
    found = re.search(r"<title[^>]*>([^<]{0,400})", page[:TITLE_BYTES].decode("utf-8", "replace"), re.IGNORECASE)
    words = " ".join(html.unescape(found[1]).split()) if found else ""
    return "".join(c for c in words if c.isprintable())[:80]


def check_page(reply: Reply, intake: Intake) -> None:
    """Raises FetchError for an empty answer and for a page that asks whether a person reads it."""
    if not intake.size:
        raise FetchError(f"{shown(reply.url)} sent an empty file", "try again later", temporary=True)
    title = _title_in(intake.head) if looks_like_html(intake.head) else ""
    if CHALLENGE.search(title):
        raise FetchError(
            f"{shown(reply.url)} asks whether a person reads it ({title!r})",
            "try again later, or save the page in a browser and add the file",
            temporary=True,
        )


def check_text(reply: Reply, intake: Intake) -> None:
    """Raises FetchError for an empty answer, and for a web page where text was asked for."""
    check_page(reply, intake)
    if looks_like_html(intake.head):
        raise FetchError(f"{shown(reply.url)} sent a web page instead of text", "try again later", temporary=True)


PDF = Expected("application/pdf, */*;q=0.5", check_pdf)
PAGE = Expected(
    "text/html, application/xhtml+xml, application/pdf;q=0.9, */*;q=0.5", check_page, MAX_PAGE_BYTES, packed=True
)
TEXT = Expected("text/markdown, text/plain, */*;q=0.5", check_text, MAX_PAGE_BYTES, packed=True)
