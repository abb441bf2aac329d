"""What is said to a language model that judges, one Markdown file per message."""

from __future__ import annotations

from importlib.resources import files


def load(name: str) -> str:
    """The text of `prompts/<name>.md`, without white space around it."""
    return files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8").strip()
