"""A whole sync in a process that can be killed, and what a vault holds afterwards, to compare with another."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from readable_embedder import ReadableEmbedder

from index.lexical import WordIndex
from index.refresh import Refreshed, refresh
from index.state import generation_path, read_state, store_path
from index.store import PassageStore
from index.verify import Verified, verify
from ingest.tools import open_tools
from ingest.vault import Vault


def sync_whole(root: Path) -> Refreshed:
    """Parse, chunk, embed and index all that is in the vault; builds at every source, so that kills meet builds."""
    embedder = ReadableEmbedder()
    with open_tools(embedder.count_tokens) as tools:
        return refresh(Vault.open(root), tools, embedder, download=False, build_every_seconds=0.2)


def contents(root: Path) -> dict[str, Any]:
    """Everything that a search or an answer rests on, index and files."""
    vault = Vault.open(root)
    state = read_state(vault)
    assert state is not None
    folder = generation_path(vault, state)
    store = PassageStore.open(store_path(vault, state))
    ids, vectors = store.vectors()
    store.close()
    files = ("meta.json", "pages.jsonl", "passages.jsonl", "state.json")
    return {
        "vectors": dict(sorted(zip(ids, vectors.round(6).tolist(), strict=True))),
        "words": WordIndex.open(folder / "words").ids(),
        "sources": dict(state.sources),
        "files": {f"{i}/{name}": (vault.source(i) / name).read_bytes() for i in vault.source_ids() for name in files},
        "lock": vault.lock_path.read_bytes(),
    }


def sync_from(root: Path, api_url: str, pdf_url: str, cache: Path) -> Refreshed:
    """As `sync_whole`, with downloads from a loopback arXiv; pauses between tries are short."""
    embedder = ReadableEmbedder()
    hosts = frozenset({"127.0.0.1"})
    with open_tools(
        embedder.count_tokens,
        api_url=api_url,
        pdf_url=pdf_url,
        allow_hosts=hosts,
        arxiv_seconds=0.01,
        cache=cache,
        sleep=lambda seconds: time.sleep(min(seconds, 0.02)),
    ) as tools:
        return refresh(Vault.open(root), tools, embedder, build_every_seconds=0.2)


def verify_whole(root: Path) -> Verified:
    embedder = ReadableEmbedder()
    with open_tools(embedder.count_tokens) as tools:
        return verify(Vault.open(root), tools, embedder)
