"""Whether both halves of the index hold what lies in sources/, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from index.embed import Embedder
from index.errors import IndexDamaged
from index.lexical import WordIndex
from index.places import place_of
from index.probe import check_index
from index.state import IndexState, fingerprint, generation_path, read_state
from index.vectors import read_vectors
from ingest.duplicates import duplicate_of
from ingest.records import Finding, Passage
from ingest.vault import Vault

# What Chroma gives back differs from what it was given by rounding at most.
CLOSE = 1e-5


@dataclass(frozen=True, slots=True)
class IndexSeen:
    """What was seen of an index and of what it is made of.

    `wanted` maps every source with passages to its fingerprint, `indexed` what the index says it holds; `damage` says
    what cannot be read. `no_vectors` are sources whose kept vectors are missing or damaged; `missing` and `strange`
    count the passages that one half lacks or has too many, `moved` those whose vector is another than the kept one.
    """

    model: str = ""
    passages: int = 0
    wanted: Mapping[str, str] = field(default_factory=dict)
    indexed: Mapping[str, str] = field(default_factory=dict)
    exists: bool = False
    damage: str = ""
    no_vectors: tuple[str, ...] = ()
    missing: int = 0
    strange: int = 0
    moved: int = 0


def judge_index(seen: IndexSeen, model: str) -> Iterator[Finding]:
    """What is wrong with an index that is asked with `model`."""
    if seen.model and seen.model != model:
        hint = "set that model again, or embed everything anew: mivault sync --reindex"
        yield Finding("", f"the index was made with {seen.model}, not with {model}", "", hint)
        return
    for source_id in seen.no_vectors:
        yield Finding(source_id, "its vectors are missing or damaged", "vectors")
    if not seen.exists:
        if seen.wanted:
            yield Finding("", "there is no index", "index")
    elif seen.damage:
        yield Finding("", seen.damage, "index")
    elif seen.missing or seen.strange or seen.moved:
        what = f"{seen.missing} passages missing, {seen.strange} too many, {seen.moved} with other vectors"
        yield Finding("", f"the index does not hold what lies in sources/: {what}", "index")
    for source_id in sorted({*seen.wanted, *seen.indexed}) if seen.exists and not seen.damage else ():
        if seen.wanted.get(source_id) != seen.indexed.get(source_id):
            yield Finding(source_id, "it is not in the index as it lies in sources/", "index")


def look_at_index(vault: Vault, embedder: Embedder) -> IndexSeen:
    """What can be seen of the index and the kept vectors. A damaged store is met by a child process first."""
    passages = {
        source_id: _passages(vault, source_id) for source_id in vault.source_ids() if not duplicate_of(vault, source_id)
    }
    wanted = {source_id: fingerprint(vault, source_id) for source_id, own in passages.items() if own}
    state = read_state(vault)
    if state is None:
        return IndexSeen(wanted=wanted)
    kept = _kept_vectors(vault, embedder, passages, wanted)
    no_vectors = tuple(one for one in wanted if one not in kept)
    seen = IndexSeen(state.model, state.passages, wanted, state.sources, True, _damage(vault, state), no_vectors)
    return seen if seen.damage or state.model != embedder.name else _compared(vault, state, seen, passages, kept)


def _damage(vault: Vault, state: IndexState) -> str:
    try:
        check_index(vault, state, strict=True, whole=True)
    except IndexDamaged as error:
        return error.message
    return ""


def _compared(
    vault: Vault,
    state: IndexState,
    seen: IndexSeen,
    passages: Mapping[str, list[Passage]],
    kept: Mapping[str, NDArray[np.float32]],
) -> IndexSeen:
    folder = generation_path(vault, state)
    try:
        words = set(WordIndex.open(folder / "words").ids())
        store = place_of(vault, state).open()
        ids, vectors = store.vectors()
        store.close()
    except IndexDamaged as error:
        return IndexSeen(state.model, state.passages, seen.wanted, seen.indexed, True, error.message, seen.no_vectors)
    rows = {one: row for row, one in enumerate(ids)}
    moved = 0
    for source_id, own in kept.items():
        texts = [one.id for one in passages[source_id] if one.kind == "text"]
        both = [(rows[one], row) for row, one in enumerate(texts) if one in rows]
        there, here = [pair[0] for pair in both], [pair[1] for pair in both]
        moved += int((np.abs(vectors[there] - own[here]).max(axis=1) > CLOSE).sum()) if both else 0
    text = {one.id for own in passages.values() for one in own if one.kind == "text"}
    every = {one.id for own in passages.values() for one in own}
    missing, strange = len(text - rows.keys()) + len(every - words), len(rows.keys() - text) + len(words - every)
    return IndexSeen(
        state.model, state.passages, seen.wanted, seen.indexed, True, "", seen.no_vectors, missing, strange, moved
    )


def _kept_vectors(
    vault: Vault, embedder: Embedder, passages: Mapping[str, list[Passage]], wanted: Mapping[str, str]
) -> dict[str, NDArray[np.float32]]:
    kept = {}
    for source_id, made_from in wanted.items():
        vectors = read_vectors(vault, source_id, model=embedder.name, made_from=made_from)
        if vectors is not None and len(vectors) == sum(one.kind == "text" for one in passages[source_id]):
            kept[source_id] = vectors
    return kept


def _passages(vault: Vault, source_id: str) -> list[Passage]:
    try:
        return vault.passages(source_id)
    except (ValueError, KeyError, TypeError, AttributeError):  # the check of the sources names it
        return []
