"""All that mivault reads from the environment, and what the commands open with it. Nothing else reads it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import UsageError

if TYPE_CHECKING:
    from assistant.app.launch import Answering
    from assistant.app.progress import SyncInBackground
    from assistant.app.rooms import Rooms
    from assistant.draft import Drafter
    from assistant.llm import ChatModel
    from assistant.providers import ModelSettings
    from assistant.records import Summary
    from index.embed import Embedder
    from index.search import Search
    from ingest.sites import Sites
    from ingest.tools import Tools
    from ingest.vault import Vault


# Sites that can have mirrors; where they are themselves, ingest/sites.py knows.
SITES = ("arxiv_api", "arxiv_pdf", "arxiv_html", "forum", "github_api", "github_raw", "youtube")
# The settings that are read as they stand, from MIVAULT_ and their name in capitals.
TEXTS = (
    *("model", "provider", "price", "base_url", "api_key", "judge_key", "embedding_model", "contact", "github_token"),
    *SITES,
)


@dataclass(frozen=True, slots=True)
class Environment:
    """`model` names a language model, "" for none; `provider` who serves it ("openai" is every server that speaks
    OpenAI's protocol, at `base_url`; "ollama"; "anthropic"); `price` what it costs ("3/15 USD" per million tokens read
    and written), "" where that is not known.

    `arxiv_api`, `arxiv_pdf`, `arxiv_html`, `forum`, `github_api`, `github_raw` and `youtube` can name mirrors of those
    sites; `github_token` raises GitHub's limit of 60 requests an hour; `contact` (an e-mail address, say) goes into the
    User-Agent that they see; `cache` is where a converted embedding model is kept; `timeout` is how many seconds a
    language model's server may stay silent.
    """

    model: str = ""
    provider: str = ""
    price: str = ""
    base_url: str = ""
    api_key: str = ""
    judge_key: str = ""
    embedding_model: str = ""
    cache: Path = Path("~/.cache/mivault")
    arxiv_api: str = ""
    arxiv_pdf: str = ""
    arxiv_html: str = ""
    forum: str = ""
    github_api: str = ""
    github_raw: str = ""
    youtube: str = ""
    github_token: str = ""
    contact: str = ""
    timeout: float = 60.0

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Environment:
        """From MIVAULT_MODEL, MIVAULT_PROVIDER, MIVAULT_PRICE, MIVAULT_BASE_URL, MIVAULT_API_KEY (or OPENAI_API_KEY,
        ANTHROPIC_API_KEY for Anthropic, where no base URL is given), MIVAULT_JUDGE_KEY, MIVAULT_EMBEDDING_MODEL,
        MIVAULT_CACHE, MIVAULT_ARXIV_API and the other sites' names, MIVAULT_GITHUB_TOKEN (or GITHUB_TOKEN),
        MIVAULT_CONTACT, MIVAULT_TIMEOUT (seconds).

        Raises UsageError for a timeout that is no number."""
        given = {name: value for name in TEXTS if (value := variables.get(f"MIVAULT_{name.upper()}"))}
        if "base_url" not in given:  # a key for OpenAI goes to no other server
            named = {"anthropic": "ANTHROPIC_API_KEY", "ollama": ""}.get(given.get("provider", ""), "OPENAI_API_KEY")
            given.setdefault("api_key", variables.get(named, ""))
        given.setdefault("github_token", variables.get("GITHUB_TOKEN", ""))
        seconds = variables.get("MIVAULT_TIMEOUT") or "60"
        if not re.fullmatch(r"\d+(\.\d+)?", seconds):
            raise UsageError(f"MIVAULT_TIMEOUT is {seconds!r}", "give it in seconds: MIVAULT_TIMEOUT=120")
        cache = Path(variables.get("MIVAULT_CACHE") or "~/.cache/mivault")
        return cls(cache=cache, timeout=float(seconds), **given)


def quiet_libraries() -> None:
    """Telemetry of every dependency off, and no look-ups at a model hub, before any of them is imported."""
    for name, value in {
        "ANONYMIZED_TELEMETRY": "False",  # chromadb
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "DO_NOT_TRACK": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }.items():
        os.environ.setdefault(name, value)


def open_embedder(vault: Vault, environment: Environment) -> Embedder:
    """The vault's embedding model, unless the environment names another."""
    from index.embed import load_embedder
    from ingest.manifest import load

    model = environment.embedding_model or load(vault).embedding_model
    cache = environment.cache.expanduser()
    os.environ.setdefault("NUMBA_CACHE_DIR", str(cache.absolute() / "compiled"))  # read when numba is imported
    return load_embedder(model, cache=cache)


def embedding_text(vault: Vault, environment: Environment) -> str:
    """Which engine embeds here, and how fast it was when it was measured."""
    from index.backends import engine_text
    from ingest.manifest import load

    model = environment.embedding_model or load(vault).embedding_model
    return engine_text(environment.cache.expanduser(), model)


def open_search(vault: Vault, environment: Environment) -> Search:
    from index.search import Search

    return Search(vault, open_embedder(vault, environment))


def open_drafter(search: Search, environment: Environment) -> Drafter:
    """The language model that the environment names, with the extractive drafter behind it; else that one alone."""
    from assistant.drafters import choose

    return choose(search, model_settings(environment))


def open_rooms(
    vault: Vault, environment: Environment, search: Search, drafter: Drafter, syncing: SyncInBackground
) -> Rooms:
    """What the page's tabs beside the chat need."""
    from assistant.app.desk import Desk
    from assistant.app.rooms import Rooms
    from assistant.overview_commands import summary_of
    from evals.for_page import PageRuns

    def summarize(paper_id: str) -> Summary:
        return summary_of(paper_id, vault, search.embedder.count_tokens, model_settings(environment))

    desk = Desk(vault, syncing, search.embedder, partial(opened_tools, vault, None, environment))
    return Rooms(desk, search, summarize, PageRuns(vault, search, drafter))


def open_answering(vault: Vault, environment: Environment) -> Answering:
    """What the page and programs ask: the search, who drafts, and the functions over both."""
    from assistant.app.launch import Answering
    from assistant.drafters import choose
    from assistant.llm import ChatModel
    from assistant.tools import Tools

    search, settings = open_search(vault, environment), model_settings(environment)
    drafter, extractive = choose(search, settings), choose(search, None)
    tools = Tools(vault, search, drafter, extractive, ChatModel(settings) if settings else None)
    return Answering(search, drafter, tools)


def model_settings(environment: Environment) -> ModelSettings | None:
    """The one language model of every role; None where none is named. Raises UsageError for a setting that is none."""
    from assistant.models import settings_of

    return settings_of(
        environment.model,
        provider=environment.provider,
        base_url=environment.base_url,
        api_key=environment.api_key,
        timeout_seconds=environment.timeout,
        price=environment.price,
    )


def provider_keys() -> tuple[str, ...]:
    """The providers whose own key is in the environment."""
    names = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
    return tuple(provider for provider, name in names.items() if os.environ.get(name))


def sites(environment: Environment) -> Sites:
    """Where the texts come from: the sites themselves, but for the mirrors that the environment names."""
    from ingest.sites import Sites, html_beside

    mirrors: dict[str, str] = {name: value for name in SITES if (value := getattr(environment, name))}
    if pdfs := mirrors.get("arxiv_pdf"):
        mirrors.setdefault("arxiv_html", html_beside(pdfs))
    for name in ("forum", "github_api", "github_raw", "youtube"):  # a path is put behind them
        if name in mirrors:
            mirrors[name] = mirrors[name].rstrip("/")
    return Sites(github_token=environment.github_token, **mirrors)


def open_judge(environment: Environment, model: str, base_url: str = "") -> ChatModel:
    """A language model that judges answers. A server of its own gets MIVAULT_JUDGE_KEY: no key goes to another server
    than the one it is for."""
    from assistant.llm import ChatModel
    from assistant.models import settings_of

    own = bool(base_url) and base_url != environment.base_url
    settings = settings_of(
        model,
        provider="" if own else environment.provider,
        base_url=base_url or environment.base_url,
        api_key=environment.judge_key or ("" if own else environment.api_key),
        timeout_seconds=environment.timeout,
    )
    if settings is None:
        raise UsageError("the judge has no name", "mivault eval --judge MODEL")
    return ChatModel(settings)


@contextmanager
def opened_tools(vault: Vault, embedder: Embedder | None, environment: Environment) -> Iterator[Tools]:
    """What a sync works with; without an embedder, what gets and reads lists."""
    from ingest.manifest import load
    from ingest.tools import open_tools

    with open_tools(
        embedder.count_tokens if embedder else len,
        sites=sites(environment),
        cache=environment.cache.expanduser(),
        contact=environment.contact,
        allow_hosts=load(vault).allow_hosts,
    ) as tools:
        yield tools
