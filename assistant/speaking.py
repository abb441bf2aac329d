"""What a language model is to the rest: something that streams its answer; and counting what its calls take."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from typing import Protocol

from assistant.records import Usage


class Speaker(Protocol):
    """A language model: `llm.ChatModel`. Yields its answer in pieces (a generator may return a Usage), raises
    ModelError."""

    name: str

    def stream(self, system: str, user: str) -> Iterator[str]: ...


class Counted:
    """A speaker whose calls are added up, from whatever thread they come."""

    def __init__(self, model: Speaker) -> None:
        self.model = model
        self.name = model.name
        self.usage: Usage | None = None
        self._lock = threading.Lock()

    def say(self, system: str, user: str, on_text: Callable[[str], None] | None = None) -> str:
        """The whole answer; `on_text` gets what has been said so far, whenever more came. Raises ModelError."""
        said, told = "", None
        pieces = iter(self.model.stream(system, user))
        try:
            while True:
                said += next(pieces)
                if on_text:
                    on_text(said)
        except StopIteration as end:
            told = end.value
        finally:
            if isinstance(pieces, Generator):
                pieces.close()  # hangs up, where nobody wants to hear more
        self._add(told if isinstance(told, Usage) else Usage(len(system) + len(user), len(said)))
        return said

    def _add(self, usage: Usage) -> None:
        with self._lock:
            self.usage = usage if self.usage is None else self.usage + usage
