"""Which language models there are, which one will be used, and whether it answers."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import get_args

from assistant.errors import ModelError
from assistant.llm import ChatModel
from assistant.providers import ADDRESSES, ModelSettings, Price, Provider
from assistant.render import plain
from ingest.errors import UsageError

PRICE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*/\s*(\d+(?:\.\d+)?)\s*([^\d\s/]{0,8})\s*")
PROBE_SECONDS = 1.0  # for a server on this machine that may not be there
SYSTEM, USER = "Answer with one word.", "Say: ready"


@dataclass(frozen=True, slots=True)
class Found:
    """A place where language models can be had: `models` are their names where it could be asked; `error` is why not;
    `setting` is what to set to use it."""

    provider: Provider
    address: str
    models: tuple[str, ...] = ()
    error: str = ""
    setting: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """The configured model after one tiny request: `seconds` and `tokens` where it answered, else `error`."""

    model: str
    provider: Provider
    address: str
    answers: bool
    seconds: float = 0.0
    tokens: int | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Overview:
    """`used` says in words what answers questions now; `tried` is None where no model is configured."""

    used: str
    tried: Tried | None
    found: tuple[Found, ...]


def settings_of(
    model: str,
    *,
    provider: str = "",
    base_url: str = "",
    api_key: str = "",
    timeout_seconds: float = 60.0,
    price: str = "",
) -> ModelSettings | None:
    """The settings that a user's words mean; None without a model. Without a provider it is OpenAI's protocol.

    Raises UsageError for an unknown provider, an address that is none, or a price that is not "3/15 USD"."""
    if provider and provider not in get_args(Provider):
        raise UsageError(f"MIVAULT_PROVIDER is {provider!r}", f"choose of {', '.join(get_args(Provider))}")
    if not model:
        return None
    if base_url and not re.match(r"https?://[^/\s]", base_url):
        raise UsageError(f"{base_url!r} is no address of a language model", "give one such as http://127.0.0.1:8080/v1")
    chosen: Provider = provider if provider in get_args(Provider) else "openai"  # type: ignore[assignment]
    return ModelSettings(model, base_url, api_key, timeout_seconds, provider=chosen, price=price_of(price))


def price_of(text: str) -> Price | None:
    """ "3/15 USD" as a price per million tokens read and written. Raises UsageError."""
    if not text.strip():
        return None
    found = PRICE.fullmatch(text)
    if not found:
        raise UsageError(
            f"MIVAULT_PRICE is {text!r}", 'give it per million tokens read and written: MIVAULT_PRICE="3/15 USD"'
        )
    return Price(float(found[1]), float(found[2]), found[3])


def overview(settings: ModelSettings | None, keys: Sequence[str], *, ollama: str = ADDRESSES["ollama"]) -> Overview:
    """What is there. Only the configured model is sent a request; of others, only a server on this machine is asked
    for its list. `keys` are the providers whose key is in the environment."""
    found = [_local(ollama)] if not (settings and settings.address == ollama) else []
    found += [Found(p, ADDRESSES[p], setting=_setting(p, "NAME"))  # type: ignore[arg-type,index]
              for p in keys if not (settings and settings.provider == p)]  # fmt: skip
    if settings is None:
        return Overview(
            "no language model: answers are put together from the papers' own sentences", None, tuple(found)
        )
    tried = tried_out(settings)
    used = f"{settings.model} at {settings.address}, for every role"
    failing = f"the papers' own sentences, until {settings.model} at {settings.address} answers"
    return Overview(used if tried.answers else failing, tried, tuple(found))


def tried_out(settings: ModelSettings) -> Tried:
    """One request of a few words."""
    started, stream = time.perf_counter(), ChatModel(settings).stream(SYSTEM, USER)
    try:
        while True:
            next(stream)
    except StopIteration as end:
        tokens = (end.value.tokens_read or 0) + (end.value.tokens_written or 0) or None
        seconds = round(time.perf_counter() - started, 3)
        return Tried(settings.model, settings.provider, settings.address, True, seconds, tokens)
    except ModelError as error:
        return Tried(settings.model, settings.provider, settings.address, False, error=str(error))


def to_text(seen: Overview) -> str:
    """The overview for a terminal."""
    lines = [f"In use: {plain(seen.used)}."]
    if seen.tried and seen.tried.answers:
        lines.append(f"It answered a tiny request in {seen.tried.seconds:.1f} s.")
    elif seen.tried:
        lines.append(f"It was tried: {plain(seen.tried.error)}.")
    for one in seen.found:
        names = f": {', '.join(one.models[:12])}" if one.models else f" ({plain(one.error)})" if one.error else ""
        lines.append(f"{one.provider} at {plain(one.address)}{plain(names) if names[:1] != ' ' else names}")
        lines += [f"    use it: {one.setting}"] if one.setting else []
    return "\n".join(lines)


def _local(address: str) -> Found:
    """Ollama on this machine, with the models that it has."""
    settings = ModelSettings("", address, timeout_seconds=PROBE_SECONDS, provider="ollama")
    try:
        names = tuple(ChatModel(replace(settings, model="any")).models())
    except ModelError:
        return Found("ollama", address, error="nothing answers there")
    return Found("ollama", address, names, setting=_setting("ollama", names[0]) if names else "")


def _setting(provider: str, model: str) -> str:
    return f"MIVAULT_PROVIDER={provider} MIVAULT_MODEL={model}"
