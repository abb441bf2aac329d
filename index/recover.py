"""Vectors that were lost beside a source, taken back from the index: nothing is embedded again."""

from __future__ import annotations

from collections.abc import Sequence

from index.embed import Embedder
from index.errors import IndexDamaged
from index.places import place_of
from index.probe import check_index
from index.state import fingerprint, read_state
from index.store import PassageStore
from index.vectors import write_vectors
from ingest.vault import Vault


def recover_vectors(vault: Vault, embedder: Embedder, source_ids: Sequence[str]) -> list[str]:
    """Write vectors.npy anew for those of the sources that a sound index holds as they are now; returns their ids.

    What it cannot give back, the next build embeds.
    """
    state = read_state(vault)
    if state is None or state.model != embedder.name or not source_ids:
        return []
    try:
        check_index(vault, state, strict=True)
        store = place_of(vault, state).open()
        try:
            return [one for one in source_ids if _recover(vault, store, state.sources.get(one, ""), one)]
        finally:
            store.close()
    except IndexDamaged:
        return []


def _recover(vault: Vault, store: PassageStore, made_from: str, source_id: str) -> bool:
    texts = [one.id for one in vault.passages(source_id) if one.kind == "text"]
    if not made_from or made_from != fingerprint(vault, source_id) or not texts:
        return False
    ids, vectors = store.vectors(texts)
    rows = {one: row for row, one in enumerate(ids)}
    if any(one not in rows for one in texts):
        return False
    ordered = vectors[[rows[one] for one in texts]]
    write_vectors(vault, source_id, ordered, model=store.model, made_from=made_from)
    return True
