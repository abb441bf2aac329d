"""Every word that is said to a language model, one Markdown file per message."""

from __future__ import annotations

import hashlib
from importlib.resources import files


def load(name: str) -> str:
    """The text of `prompts/<name>.md`, without white space around it."""
    return files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8").strip()


def prompts_hash() -> str:
    """12 hex digits over all prompts: answers made with different prompts cannot be compared."""
    texts = sorted((p.name, p.read_text(encoding="utf-8")) for p in files(__name__).iterdir() if p.name.endswith(".md"))
    return hashlib.sha256("\0".join(name + "\0" + text for name, text in texts).encode()).hexdigest()[:12]
