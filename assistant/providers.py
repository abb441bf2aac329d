"""The door to LlamaIndex's classes for language models: OpenAI's protocol (OpenAI, Ollama, llama.cpp, vLLM, LM Studio
and many more) and Anthropic's own.

Ollama is spoken to through its OpenAI-compatible address: its own package would add a client and tell us nothing more.
The libraries are imported on the first question, not before: they take 2 s.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

Provider = Literal["openai", "ollama", "anthropic"]
PROVIDERS: tuple[Provider, ...] = ("openai", "ollama", "anthropic")
ADDRESSES: dict[Provider, str] = {
    "openai": "https://api.openai.com/v1",
    "ollama": "http://localhost:11434/v1",
    "anthropic": "https://api.anthropic.com",
}
DUMMY_KEY = "none"  # local servers want no key; an empty one would make the library look for a key by itself
MAX_TOKENS = 2048  # of one answer; Anthropic wants it said


@dataclass(frozen=True, slots=True)
class Price:
    """What the user says a model costs, per million tokens read and written."""

    read: float
    written: float
    currency: str = ""

    def of(self, read: int, written: int) -> float:
        return (read * self.read + written * self.written) / 1_000_000


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Which language model answers, and where. `base_url` "" is the provider's own; it ends in /v1 for nearly every
    server of OpenAI's protocol.

    `timeout_seconds` is how long the server may stay silent (connecting, before the first word, between two words); a
    whole answer may take five times as long. `retry_seconds` is the longest wait that a server may ask for. `price` is
    None where nobody said what a token costs.
    """

    model: str
    base_url: str = ""
    api_key: str = ""
    timeout_seconds: float = 60.0
    retry_seconds: float = 8.0
    context_window: int = 8192
    provider: Provider = "openai"
    price: Price | None = None

    @property
    def address(self) -> str:
        return self.base_url or ADDRESSES[self.provider]


@dataclass(frozen=True, slots=True)
class Piece:
    """What came in one event of a stream: text, and tokens read and written so far, where the server says them."""

    text: str
    read: int | None = None
    written: int | None = None


def open_llm(settings: ModelSettings, *, count_tokens: bool = True) -> Any:
    """The LlamaIndex model. Retries are ours: the libraries' wait up to 60 s in silence. `count_tokens` asks OpenAI's
    protocol for the numbers at the stream's end, which a few servers do not know."""
    if settings.provider == "anthropic":
        return _open_anthropic(settings)
    from llama_index.llms.openai_like import OpenAILike

    return OpenAILike(
        model=settings.model,
        api_base=settings.address,
        api_key=settings.api_key or DUMMY_KEY,
        is_chat_model=True,
        context_window=settings.context_window,
        temperature=0.0,
        timeout=settings.timeout_seconds,
        max_retries=0,
        additional_kwargs={"stream_options": {"include_usage": True}} if count_tokens else {},
    )


def _open_anthropic(settings: ModelSettings) -> Any:
    from llama_index.core.llms import LLMMetadata
    from llama_index.llms.anthropic import Anthropic

    class AnyAnthropic(Anthropic):  # type: ignore[misc]
        """LlamaIndex's class knows a list of models and refuses newer ones; the server knows best."""

        @property
        def metadata(self) -> Any:
            return LLMMetadata(context_window=200_000, num_output=MAX_TOKENS, is_chat_model=True, model_name=self.model)

    llm = AnyAnthropic(
        model=settings.model,
        base_url=settings.address,
        api_key=settings.api_key or DUMMY_KEY,
        max_tokens=MAX_TOKENS,
        temperature=0.0,  # the same question should get the same answer
        timeout=settings.timeout_seconds,
        max_retries=0,
    )
    llm._client.auth_token = None  # the library takes one from the environment, for whatever server
    return llm


def chat(llm: Any, system: str, user: str) -> Iterator[Piece]:
    """The model's answer as it comes. Raises what the provider's library raises (see `sdk`).

    Where the stream holds nothing the answer is asked for in one piece: some small servers answer a request for a
    stream with the whole answer as JSON, which the libraries read as an empty stream.
    """
    from llama_index.core.llms import ChatMessage

    messages = [ChatMessage(role="system", content=system), ChatMessage(role="user", content=user)]
    came = False
    for response in llm.stream_chat(messages):
        came = came or bool(response.delta)
        yield Piece(response.delta or "", *_tokens(response))
    if not came:
        whole = llm.chat(messages)
        yield Piece(str(whole.message.content or ""), *_tokens(whole))


def models(llm: Any) -> list[str]:
    """The names of the models that the server offers. Raises what the provider's library raises."""
    client = llm._get_client() if hasattr(llm, "_get_client") else llm._client
    return sorted(model.id for model in client.models.list().data)


def sdk(settings: ModelSettings) -> Any:
    """The library whose exceptions come through: `openai` or `anthropic`, whose errors have the same names."""
    return importlib.import_module("anthropic" if settings.provider == "anthropic" else "openai")


def _tokens(response: Any) -> tuple[int | None, int | None]:
    """(read, written) so far, None where this event does not tell."""
    usage = response.message.additional_kwargs.get("usage") or getattr(response.raw, "usage", None)
    if not usage:
        return None, None
    told = usage if isinstance(usage, dict) else dict(usage)
    read, written = (told.get(a, told.get(b)) for a, b in (("input_tokens", "prompt_tokens"),
                                                         ("output_tokens", "completion_tokens")))  # fmt: skip
    return (read if isinstance(read, int) else None), (written if isinstance(written, int) else None)
