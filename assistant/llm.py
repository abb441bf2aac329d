"""The door to language models: any server that speaks OpenAI's protocol, through LlamaIndex's `OpenAILike`.

LlamaIndex and openai are imported on the first question, not before: they take 2 s.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from assistant.errors import ModelError

DUMMY_KEY = "none"  # local servers want no key; an empty one would make the library look for OPENAI_API_KEY by itself
MAX_CHARACTERS = 20_000  # of one answer; a model that repeats itself without end is cut here


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Which language model answers, and where. `base_url` ends in /v1 for nearly every server.

    `timeout_seconds` is how long the server may stay silent (connecting, before the first word, between two words); a
    whole answer may take five times as long. `retry_seconds` is the longest wait that a server may ask for.
    """

    model: str
    base_url: str = "https://api.openai.com/v1"
    api_key: str = ""
    timeout_seconds: float = 60.0
    retry_seconds: float = 8.0
    context_window: int = 8192


class _LaterError(ModelError):
    """The server asks to come back after so many seconds (None: it did not say)."""

    seconds: float | None = None


class ChatModel:
    """A language model behind a server. Streams text; every failure is a ModelError of one line with a hint."""

    def __init__(self, settings: ModelSettings, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.settings = settings
        self.name = settings.model
        self._sleep = sleep
        self._llm: Any = None

    def stream(self, system: str, user: str) -> Iterator[str]:
        """The answer in pieces as they come. Tries once more where the server asks for it and nothing has come yet."""
        try:
            yield from self._attempt(system, user)
        except _LaterError as later:
            if later.seconds is None or later.seconds > self.settings.retry_seconds:
                raise
            self._sleep(later.seconds)
            yield from self._attempt(system, user)

    def _attempt(self, system: str, user: str) -> Iterator[str]:
        started = time.monotonic()
        size = 0
        try:
            for piece in self._chat(system, user):
                size += len(piece)
                yield piece
                if size > MAX_CHARACTERS:
                    return
                if time.monotonic() - started > 5 * self.settings.timeout_seconds:
                    raise self._slow(f"was not done after {5 * self.settings.timeout_seconds:.0f} s")
        except ModelError:
            raise
        except Exception as error:
            raise self._translated(error, some=size > 0) from error
        if not size:
            raise ModelError(
                f"{self.name} at {self._where} answered with nothing",
                "is the address right? it usually ends in /v1; is the model a chat model?",
            )

    def _chat(self, system: str, user: str) -> Iterator[str]:
        from llama_index.core.llms import ChatMessage

        messages = [ChatMessage(role="system", content=system), ChatMessage(role="user", content=user)]
        for response in self._open().stream_chat(messages):
            if response.delta:
                yield response.delta

    def _open(self) -> Any:
        if self._llm is None:
            from llama_index.llms.openai_like import OpenAILike

            s = self.settings
            self._llm = OpenAILike(
                model=s.model,
                api_base=s.base_url,
                api_key=s.api_key or DUMMY_KEY,
                is_chat_model=True,
                context_window=s.context_window,
                temperature=0.0,  # the same question should get the same answer
                timeout=s.timeout_seconds,
                max_retries=0,  # ours: the library's wait up to 60 s in silence
            )
        return self._llm

    # --- errors ------------------------------------------------------------------------------------------------------

    @property
    def _where(self) -> str:
        return self.settings.base_url

    def _slow(self, what: str) -> ModelError:
        hint = "a smaller model answers faster; or raise the timeout (MIVAULT_TIMEOUT)"
        return ModelError(f"{self.name} at {self._where} {what}", hint, temporary=True)

    def _translated(self, error: Exception, *, some: bool) -> ModelError:
        """What the library raised, as one of ours; what is none of its known errors is raised as it is."""
        import httpx
        import openai

        if isinstance(error, openai.APITimeoutError | httpx.TimeoutException):
            return self._slow(f"was silent for {self.settings.timeout_seconds:g} s")
        if isinstance(error, openai.APIStatusError):
            return self._refused(error.status_code, error, None if some else error.response.headers.get("retry-after"))
        if some and isinstance(error, openai.APIError | httpx.HTTPError):
            return ModelError(f"{self.name} at {self._where} broke off in the middle: {_line(error)}", "ask again",
                              temporary=True)  # fmt: skip
        if isinstance(error, openai.APIConnectionError | httpx.TransportError):
            return ModelError(f"no language model answers at {self._where}: {_line(error.__cause__ or error)}",
                              "is the server running, and the address right?", temporary=True)  # fmt: skip
        if isinstance(error, openai.APIError):
            return ModelError(f"{self.name} at {self._where} failed: {_line(error)}", "ask again, or another model")
        if isinstance(error, json.JSONDecodeError | ValueError | TypeError | AttributeError | KeyError | IndexError):
            return ModelError(f"what {self._where} sent cannot be read: {_line(error)}",
                              "is it an OpenAI-compatible server? its address usually ends in /v1")  # fmt: skip
        raise error

    def _refused(self, status: int, error: Exception, retry_after: str | None) -> ModelError:
        where, name = self._where, self.name
        if status in (401, 403):
            return ModelError(f"{where} refused the key ({status})", "set MIVAULT_API_KEY to a key it accepts")
        if status == 404:
            return ModelError(f"{where} does not know the model {name!r} (404)", self._known_models())
        if status in (429, 503):
            what = "allows no more requests now" if status == 429 else "is busy or still loading the model"
            later = _LaterError(f"{where} {what} ({status})", "wait a little, then ask again", temporary=True)
            later.seconds = _seconds(retry_after)
            return later
        if status >= 500:
            return ModelError(f"{where} failed ({status}): {_line(error)}", "look at the server's log; ask again later",
                              temporary=True)  # fmt: skip
        return ModelError(f"{where} refused the request ({status}): {_line(error)}",
                          "a context length in the message: ask with fewer passages (--k 4)")  # fmt: skip

    def _known_models(self) -> str:
        """A hint that names what the server offers."""
        import openai

        try:
            names = sorted(m.id for m in self._open()._get_client().models.list().data)
        except (openai.OpenAIError, ValueError, TypeError, AttributeError):
            names = []  # already reporting a worse error: the plain hint will do
        return f"it offers: {', '.join(names[:8])}" if names else "check the model's name and the address"


def _seconds(header: str | None) -> float | None:
    try:
        return max(float(header), 0.0) if header else None
    except ValueError:
        return None


def _line(error: BaseException, most: int = 160) -> str:
    """What the server says is wrong, else what the library does, on one line."""
    body = getattr(error, "body", None)
    message = body.get("message") if isinstance(body, dict) else None
    text = " ".join(str(message or error).split()) or type(error).__name__
    return text if len(text) <= most else text[: most - 1] + "…"
