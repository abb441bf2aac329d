"""A language model behind a server: streams its answer, tries again where that helps, and names what went wrong.

The libraries that speak to it have their door in `providers`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator
from typing import Any

from assistant import providers
from assistant.errors import ModelError
from assistant.providers import DUMMY_KEY as DUMMY_KEY
from assistant.providers import ModelSettings as ModelSettings
from assistant.records import Usage

MAX_CHARACTERS = 20_000  # of one answer; a model that repeats itself without end is cut here
AGAIN_SECONDS = 1.0  # before the second try, where the server does not say when


class _LaterError(ModelError):
    """Trying again may help, after so many seconds (None: the server did not say)."""

    seconds: float | None = None


class ChatModel:
    """A language model behind a server. Streams text; every failure is a ModelError of one line with a hint."""

    def __init__(self, settings: ModelSettings, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.settings = settings
        self.name = settings.model
        self._sleep = sleep
        self._llm: Any = None
        self._count_tokens = True

    def stream(self, system: str, user: str) -> Generator[str, None, Usage]:
        """The answer in pieces as they come, and at the end what it took. Tries once more where that may help (too many
        requests, a server that failed) and nothing has come yet."""
        try:
            return (yield from self._attempt(system, user))
        except _LaterError as later:
            seconds = AGAIN_SECONDS if later.seconds is None else later.seconds
            if seconds > self.settings.retry_seconds:
                raise
            self._sleep(seconds)
            return (yield from self._attempt(system, user))

    def models(self) -> list[str]:
        """What the server offers, by name. Raises ModelError."""
        try:
            return providers.models(self._open())
        except Exception as error:
            raise self._translated(error, some=False) from error

    def _attempt(self, system: str, user: str) -> Generator[str, None, Usage]:
        started = time.monotonic()
        size, read, written = 0, None, None
        try:
            for piece in providers.chat(self._open(), system, user):
                read, written = piece.read or read, piece.written or written
                size += len(piece.text)
                if piece.text:
                    yield piece.text
                if size > MAX_CHARACTERS:
                    break
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
        return self._usage(len(system) + len(user), size, read, written)

    def _usage(self, asked: int, said: int, read: int | None, written: int | None) -> Usage:
        price = self.settings.price
        known = read is not None and written is not None
        cost = price.of(read or 0, written or 0) if price and known else None
        return Usage(asked, said, read, written, cost=cost, currency=price.currency if price else "")

    def _open(self) -> Any:
        if self._llm is None:
            self._llm = providers.open_llm(self.settings, count_tokens=self._count_tokens)
        return self._llm

    # --- errors ------------------------------------------------------------------------------------------------------

    @property
    def _where(self) -> str:
        return self.settings.address

    def _slow(self, what: str) -> ModelError:
        hint = "a smaller model answers faster; or raise the timeout (MIVAULT_TIMEOUT)"
        return ModelError(f"{self.name} at {self._where} {what}", hint, temporary=True)

    def _translated(self, error: Exception, *, some: bool) -> ModelError:
        """What the library raised, as one of ours; what is none of its known errors is raised as it is."""
        import httpx

        sdk = providers.sdk(self.settings)

        if isinstance(error, (sdk.APITimeoutError, httpx.TimeoutException)):
            return self._slow(f"was silent for {self.settings.timeout_seconds:g} s")
        if isinstance(error, sdk.APIStatusError):
            return self._refused(error.status_code, error, None if some else error.response.headers.get("retry-after"))
        if some and isinstance(error, (sdk.APIError, httpx.HTTPError)):
            return ModelError(f"{self.name} at {self._where} broke off in the middle: {_line(error)}", "ask again",
                              temporary=True)  # fmt: skip
        if isinstance(error, (sdk.APIConnectionError, httpx.TransportError)):
            return ModelError(f"no language model answers at {self._where}: {_line(error.__cause__ or error)}",
                              "is the server running, and the address right?", temporary=True)  # fmt: skip
        if isinstance(error, sdk.APIError):
            return ModelError(f"{self.name} at {self._where} failed: {_line(error)}", "ask again, or another model")
        if isinstance(error, json.JSONDecodeError | ValueError | TypeError | AttributeError | KeyError | IndexError):
            return ModelError(f"what {self._where} sent cannot be read: {_line(error)}",
                              self._address_hint)  # fmt: skip
        raise error

    def _refused(self, status: int, error: Exception, retry_after: str | None) -> ModelError:
        where, name = self._where, self.name
        if status in (401, 403):
            return ModelError(f"{where} refused the key ({status})", "set MIVAULT_API_KEY to a key it accepts")
        if status == 404:
            return ModelError(f"{where} does not know the model {name!r} (404)", self._known_models())
        if status in (429, 503, 529):
            what = "allows no more requests now" if status == 429 else "is busy or still loading the model"
            later = _LaterError(f"{where} {what} ({status})", "wait a little, then ask again", temporary=True)
            later.seconds = _seconds(retry_after)
            return later
        if status >= 500:
            return _LaterError(f"{where} failed ({status}): {_line(error)}",
                               "look at the server's log; ask again later", temporary=True)  # fmt: skip
        if "stream_options" in str(error) and self._count_tokens:
            self._count_tokens, self._llm = False, None
            return _LaterError(f"{where} does not count tokens ({status})", "ask again")
        return ModelError(f"{where} refused the request ({status}): {_line(error)}",
                          "a context length in the message: ask with fewer passages (--k 4)")  # fmt: skip

    @property
    def _address_hint(self) -> str:
        spoken = "Anthropic's" if self.settings.provider == "anthropic" else "OpenAI's"
        ends = "" if self.settings.provider == "anthropic" else "; its address usually ends in /v1"
        return f"does that server speak {spoken} protocol?{ends}"

    def _known_models(self) -> str:
        """A hint that names what the server offers."""
        try:
            names = self.models()
        except Exception:
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
