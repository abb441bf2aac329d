"""All that mivault reads from the environment, and what the commands open with it. Nothing else reads it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.draft import Drafter
    from index.embed import Embedder
    from index.search import Search
    from ingest.tools import Tools
    from ingest.vault import Vault


@dataclass(frozen=True, slots=True)
class Environment:
    """`model` and `base_url` name a language model behind a server that speaks OpenAI's protocol; "" for none.

    `arxiv_api` and `arxiv_pdf` can name a mirror; `contact` (an e-mail address, say) goes into the User-Agent that
    arXiv sees; `cache` is where a converted embedding model is kept.
    """

    model: str = ""
    base_url: str = ""
    api_key: str = ""
    embedding_model: str = ""
    cache: Path = Path("~/.cache/mivault")
    arxiv_api: str = "https://export.arxiv.org/api/query"
    arxiv_pdf: str = "https://arxiv.org/pdf/"
    contact: str = ""

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Environment:
        """From MIVAULT_MODEL, MIVAULT_BASE_URL, MIVAULT_API_KEY (or OPENAI_API_KEY), MIVAULT_EMBEDDING_MODEL,
        MIVAULT_CACHE, MIVAULT_ARXIV_API, MIVAULT_ARXIV_PDF, MIVAULT_CONTACT."""
        names = ("model", "base_url", "api_key", "embedding_model", "arxiv_api", "arxiv_pdf", "contact")
        given = {name: value for name in names if (value := variables.get(f"MIVAULT_{name.upper()}"))}
        given.setdefault("api_key", variables.get("OPENAI_API_KEY", ""))
        return cls(cache=Path(variables.get("MIVAULT_CACHE") or "~/.cache/mivault"), **given)


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
    return load_embedder(model, cache=environment.cache.expanduser())


def open_search(vault: Vault, environment: Environment) -> Search:
    from index.search import Search

    return Search(vault, open_embedder(vault, environment))


def open_drafter(search: Search, environment: Environment) -> Drafter:
    """The language model that the environment names, with the extractive drafter behind it; else that one alone."""
    from assistant.drafters import choose
    from assistant.llm import ModelSettings

    given = {k: v for k in ("base_url", "api_key") if (v := getattr(environment, k))}
    return choose(search, ModelSettings(environment.model, **given) if environment.model else None)


@contextmanager
def opened_tools(vault: Vault, embedder: Embedder, environment: Environment) -> Iterator[Tools]:
    """What a sync works with."""
    from ingest.manifest import load
    from ingest.tools import open_tools

    with open_tools(
        embedder.count_tokens,
        api_url=environment.arxiv_api,
        pdf_url=environment.arxiv_pdf,
        contact=environment.contact,
        allow_hosts=load(vault).allow_hosts,
    ) as tools:
        yield tools
