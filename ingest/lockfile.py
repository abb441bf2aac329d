"""vault.lock: what was obtained, and what read it. The same sources give the same bytes, so its hash names a vault."""

from __future__ import annotations

from typing import Any

from ingest.vault import Vault, write_bytes

_STATE = ("file_sha256", "parser", "chunker", "pages_sha256", "passages_sha256")


def write_lock(vault: Vault, embedding_model: str) -> None:
    """Write vault.lock from what lies in sources/: a mapping by source id, in order of id."""
    import yaml

    sources = {source_id: row for source_id in vault.source_ids() if (row := lock_row(vault, source_id))}
    data = {"format": 1, "embedding_model": embedding_model, "sources": sources}
    text = yaml.dump(data, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=110).encode()
    if not vault.lock_path.is_file() or vault.lock_path.read_bytes() != text:
        write_bytes(vault.lock_path, text)


def read_lock(vault: Vault) -> dict[str, Any] | None:
    """What vault.lock says, "sources" by id; None where it is missing or cannot be read."""
    import yaml

    try:
        data = yaml.load(vault.lock_path.read_bytes(), Loader=yaml.CSafeLoader)
    except (FileNotFoundError, yaml.YAMLError, UnicodeDecodeError):
        return None
    return data if isinstance(data, dict) and isinstance(data.get("sources"), dict) else None


def lock_row(vault: Vault, source_id: str) -> dict[str, Any]:
    """What vault.lock has to say of a source as it lies there now; {} of one that was not read to the end."""
    paper, state = vault.paper(source_id), vault.state(source_id)
    if paper is None or not state.get("passages_sha256"):
        return {}
    versions = {"arxiv": f"{paper.arxiv_id}{paper.arxiv_version or ''}"} if paper.arxiv_id else {}
    return (
        versions
        | {"licence": paper.licence, "pages": paper.pages}
        | {key: state[key] for key in _STATE if key in state}
    )
