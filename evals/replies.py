"""Replies of a judging model, kept by the content of what was asked: the same run again costs nothing.

A budget bounds what is asked anew. Failing, being unreadable or over the budget is a reason, never a score.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from assistant.errors import ModelError
from ingest.vault import digest

CHARACTERS_PER_TOKEN = 4  # about what English comes to; servers need not say


class Speaker(Protocol):
    """A language model: `assistant.llm.ChatModel`."""

    name: str

    def stream(self, system: str, user: str) -> Iterator[str]: ...


@dataclass
class Replies:
    """A file of replies (a line of JSON each), and what they cost. `budget` is the most tokens that may be spent on new
    ones, None for no bound."""

    speaker: Speaker
    path: Path
    budget: int | None = None
    spent: float = 0.0
    asked: int = 0
    _known: dict[str, str] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def reply(self, system: str, user: str) -> tuple[str | None, str]:
        """The model's reply, or None and why there is none."""
        name = digest("\0".join((self.speaker.name, system, user)).encode())
        with self._lock:
            known = self._load()
            if name in known:
                return known[name], ""
            if self.budget is not None and self.spent >= self.budget:
                return None, f"the judge's budget of {self.budget:,} tokens is spent"
            self.asked += 1
        try:
            said = "".join(self.speaker.stream(system, user))
        except ModelError as error:
            return None, f"the judge failed: {error}"
        with self._lock:
            self.spent += (len(system) + len(user) + len(said)) / CHARACTERS_PER_TOKEN
            known[name] = said
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as out:
                out.write(json.dumps({"asked": name, "reply": said}, ensure_ascii=False) + "\n")
        return said, ""

    def _load(self) -> dict[str, str]:
        if self._known is None:
            self._known = {}
            lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.is_file() else []
            for line in lines:
                try:
                    row = json.loads(line)
                    self._known[row["asked"]] = row["reply"]
                except (ValueError, KeyError, TypeError):
                    continue  # a line that a crash cut off
        return self._known
