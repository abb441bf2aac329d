"""Documents inside a prompt: between tags that their own text cannot close, so that they stay data."""

from __future__ import annotations

import re

from assistant.injection import disarmed
from index.records import Hit

REFERENCE_NUMBER = re.compile(r"\s?\[\d{1,3}(?:\s?[,;–-]\s?\d{1,3})*\]")


def fenced(key: str, hit: Hit, text: str = "") -> str:
    """A passage under its key; `text` instead of its own where that was condensed. Bracketed reference numbers would
    read as keys and are left out; what looks like a tag, a key or a speaker of a chat is disarmed."""
    where = " > ".join((hit.paper.title, *hit.passage.section))
    body = disarmed(REFERENCE_NUMBER.sub("", text or hit.passage.text))
    return f'<passage key="{key}">\n({disarmed(where)})\n{body}\n</passage>'
