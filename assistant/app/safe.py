"""Text and addresses made safe for the page."""

from __future__ import annotations

import html
import re
from urllib.parse import urlsplit

# Control characters, and those that turn the direction of writing: a title could show as another one with them.
INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def esc(text: str) -> str:
    """Text as HTML that shows it and does nothing else; also safe inside a quoted attribute."""
    return html.escape(INVISIBLE.sub("", text), quote=True)


def safe_url(url: str | None) -> str | None:
    """An http(s) address with a host, None for anything else (javascript:, data:, file:, relative ones)."""
    if not url or INVISIBLE.search(url) or any(c.isspace() for c in url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme.lower() in ("http", "https") and parts.hostname else None
