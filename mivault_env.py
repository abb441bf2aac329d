"""All that mivault reads from the environment, and what the commands open with it. Nothing else reads it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import UsageError

if TYPE_CHECKING:
    from assistant.draft import Drafter
    from assistant.llm import ChatModel
    from index.embed import Embedder
    from index.search import Search
    from ingest.sites import Sites
    from ingest.tools import Tools
    from ingest.vault import Vault


# The settings that are read as they stand, from MIVAULT_ and their name in capitals.
TEXTS = (
    *("model", "base_url", "api_key", "embedding_model", "contact", "github_token"),
    *("arxiv_api", "arxiv_pdf", "arxiv_html", "forum", "github_api", "github_raw", "youtube"),
)


@dataclass(frozen=True, slots=True)
class Environment:
    """`model` and `base_url` name a language model behind a server that speaks OpenAI's protocol; "" for none.

    `arxiv_api`, `arxiv_pdf`, `arxiv_html`, `forum`, `github_api`, `github_raw` and `youtube` can name mirrors of those
    sites; `github_token` raises GitHub's limit of 60 requests an hour; `contact` (an e-mail address, say) goes into the
    User-Agent that they see; `cache` is where a converted embedding model is kept; `timeout` is how many seconds a
    language model's server may stay silent.
    """

    model: str = ""
    base_url: str = ""
    api_key: str = ""
    judge_key: str = ""
    embedding_model: str = ""
    cache: Path = Path("~/.cache/mivault")
    arxiv_api: str = "https://export.arxiv.org/api/query"
    arxiv_pdf: str = "https://arxiv.org/pdf/"
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
        """From MIVAULT_MODEL, MIVAULT_BASE_URL, MIVAULT_API_KEY (or OPENAI_API_KEY where no
        base URL is given), MIVAULT_JUDGE_KEY, MIVAULT_EMBEDDING_MODEL,
        MIVAULT_CACHE, MIVAULT_ARXIV_API and the other sites' names, MIVAULT_GITHUB_TOKEN (or GITHUB_TOKEN),
        MIVAULT_CONTACT, MIVAULT_TIMEOUT (seconds).

        Raises UsageError for a timeout that is no number."""
        given = {name: value for name in TEXTS if (value := variables.get(f"MIVAULT_{name.upper()}"))}
        if "base_url" not in given:  # a key for OpenAI goes to no other server
            given.setdefault("api_key", variables.get("OPENAI_API_KEY", ""))
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


def open_search(vault: Vault, environment: Environment) -> Search:
    from index.search import Search

    return Search(vault, open_embedder(vault, environment))


def open_drafter(search: Search, environment: Environment) -> Drafter:
    """The language model that the environment names, with the extractive drafter behind it; else that one alone."""
    from assistant.drafters import choose
    from assistant.llm import ModelSettings

    if not environment.model:
        return choose(search, None)
    given = {k: v for k in ("base_url", "api_key") if (v := getattr(environment, k))}
    return choose(search, ModelSettings(environment.model, timeout_seconds=environment.timeout, **given))


def sites(environment: Environment) -> Sites:
    """Where the texts come from: the sites themselves, but for the mirrors that the environment names."""
    from ingest.sites import Sites, html_beside

    named = ("forum", "github_api", "github_raw", "youtube")
    mirrors = {name: value.rstrip("/") for name in named if (value := getattr(environment, name))}
    return Sites(
        arxiv_api=environment.arxiv_api,
        arxiv_pdf=environment.arxiv_pdf,
        arxiv_html=environment.arxiv_html or html_beside(environment.arxiv_pdf),
        github_token=environment.github_token,
        **mirrors,
    )


def open_judge(environment: Environment, model: str, base_url: str = "") -> ChatModel:
    """A language model that judges answers. A server of its own gets MIVAULT_JUDGE_KEY: no key goes to another server
    than the one it is for."""
    from assistant.llm import ChatModel, ModelSettings

    url = base_url or environment.base_url
    own = bool(base_url) and base_url != environment.base_url
    key = environment.judge_key or ("" if own else environment.api_key)
    settings = ModelSettings(model, api_key=key, timeout_seconds=environment.timeout)
    return ChatModel(replace(settings, base_url=url) if url else settings)


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
