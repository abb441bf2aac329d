"""What a language model is to the rest: something that streams its answer; and counting what its calls take."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Generator, Iterator
from typing import Protocol

from assistant.looping import looping
from assistant.records import Usage

ENDS = re.compile(r"[\s.]")  # a circle is looked for where a word has ended


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

    def say(
        self,
        system: str,
        user: str,
        on_text: Callable[[str], None] | None = None,
        enough: Callable[[str], bool] | None = None,
    ) -> str:
        """The answer; `on_text` gets what has been said so far, whenever more came. It is whole, but where the model
        goes round in circles or `enough` says so of what has come: then it is hung up on. Raises ModelError."""
        said, told = "", None
        pieces = iter(self.model.stream(system, user))
        try:
            while True:
                piece = next(pieces)
                said += piece
                if on_text:
                    on_text(said)
                if (enough and enough(said)) or (ENDS.search(piece) and looping(said)):
                    break
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
