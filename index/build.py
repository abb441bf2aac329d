"""Builds the index of a vault: embeds what changed, then puts it into Chroma and the word index.

    stale sources ──► vectors.npy beside each (kept) ──► the next generation of the index ──► state.json names it

The caller holds `vault.writing()`. Embedding is what takes time, and is kept source by source: a build that is killed
goes on where it stopped, and the index that was there stays until the new one is whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from index.embed import Embedder, embedded_text
from index.errors import IndexDamaged, ModelMismatch
from index.generation import Generation, publish
from index.places import left_open
from index.probe import check_index, note_sound
from index.state import FORMAT, IndexState, fingerprint, read_state, tidy
from index.vectors import has_vectors, read_vectors, write_vectors
from ingest.records import Paper
from ingest.vault import Vault, read_jsonl

Progress = Callable[[str, int, int], None]

# Passages embedded at a time, over several small sources: enough to find batches of equal length, little to hold.
GROUP = 256


@dataclass(frozen=True, slots=True)
class BuildReport:
    """Counts of sources newly embedded, indexed and removed; `passages` are all that the index now holds, bibliography
    aside. `rebuilt`: the index that was there could not be read, and was made anew from the stored vectors."""

    embedded: int
    indexed: int
    removed: int
    passages: int
    seconds: float
    rebuilt: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What a build has to do. `wanted` maps every source that has passages to its fingerprint; `add` are the sources to
    index, `delete` those to take out first; `base` is the generation to start from, None to start from nothing."""

    wanted: Mapping[str, str]
    add: tuple[str, ...]
    delete: tuple[str, ...]
    base: IndexState | None

    @property
    def changes(self) -> bool:
        return bool(self.add or self.delete)


def build(
    vault: Vault,
    embedder: Embedder,
    *,
    on_progress: Progress | None = None,
    reindex: bool = False,
    rebuild: bool = False,
    only_ready: bool = False,
) -> BuildReport:
    """Bring the index up to what lies under sources/; only what changed. `reindex` embeds everything again, `rebuild`
    makes the index anew from the kept vectors; `only_ready` embeds nothing at all: what has no vectors yet is left as
    the index has it.

    Stages of `on_progress`: "embed" and "index", both counted in passages. Raises ModelMismatch where the index was
    made with another model, unless `reindex`.
    """
    began = time.monotonic()
    report = on_progress or _silent
    tidy(vault)
    state = read_state(vault)
    _check_model(None if reindex else state, embedder)
    damaged = state is not None and (rebuild or _is_damaged(vault, state))
    known = {} if state is None else _known(vault, state)
    plan = make_plan(vault, None if damaged or reindex else state, known=known)
    if only_ready:
        plan = ready_part(vault, plan, embedder, known=known)
    todo = [one for one in plan.add if reindex or not _has_vectors(vault, plan, one, embedder)]
    embed_sources(vault, embedder, {one: plan.wanted[one] for one in todo}, report)
    if plan.changes:
        state = index_sources(vault, embedder, plan, report)
        note_sound(vault, state)
    removed = len([one for one in plan.delete if one not in plan.wanted])
    passages = state.passages if state else 0
    return BuildReport(len(todo), len(plan.add), removed, passages, time.monotonic() - began, damaged)


def make_plan(vault: Vault, base: IndexState | None, *, known: Mapping[str, str]) -> Plan:
    """Compares the sources with those that the index knows; `base` is None where the index itself is of no use."""
    fingerprints = {source_id: fingerprint(vault, source_id) for source_id in vault.source_ids()}
    wanted = {source_id: made_from for source_id, made_from in fingerprints.items() if made_from}
    delete = tuple(one for one in known if known[one] != wanted.get(one))
    add = tuple(one for one in wanted if known.get(one) != wanted[one])
    # Chroma's graph keeps what was deleted: where that is half of it, a new graph is smaller and quicker.
    if base is None or (delete and 2 * len(delete) >= len(known)):
        return Plan(wanted, tuple(wanted), delete, None)
    return Plan(wanted, add, delete, base)


def ready_part(vault: Vault, plan: Plan, embedder: Embedder, *, known: Mapping[str, str]) -> Plan:
    """The plan without those sources whose vectors are still to be made; nothing where the index would begin anew."""
    if plan.base is None and known:
        return Plan(known, (), (), None)
    later = {one for one in plan.add if not _has_vectors(vault, plan, one, embedder)}
    wanted = {one: known.get(one, "") if one in later else made_from for one, made_from in plan.wanted.items()}
    return Plan(
        {one: made_from for one, made_from in wanted.items() if made_from},
        tuple(one for one in plan.add if one not in later),
        tuple(one for one in plan.delete if one not in later),
        plan.base,
    )


def embed_sources(vault: Vault, embedder: Embedder, sources: Mapping[str, str], report: Progress) -> None:
    """Write vectors.npy for these sources (id to fingerprint), a group of them at a time."""
    total = sum(_text_count(vault, source_id) for source_id in sources)
    done = 0
    for group in _groups(vault, embedder, sources):
        texts = [text for own in group.values() for text in own]
        vectors = embedder.embed(texts, on_done=partial(_embedded, report, done, total))
        start = 0
        for source_id, own in group.items():
            rows = vectors[start : start + len(own)]
            write_vectors(vault, source_id, rows, model=embedder.name, made_from=sources[source_id])
            start += len(own)
        done += len(texts)


def index_sources(vault: Vault, embedder: Embedder, plan: Plan, report: Progress) -> IndexState:
    """Publish a generation of the index with the plan's sources. Their vectors must be there."""
    total = sum(_text_count(vault, source_id) for source_id in plan.add)
    touched = (*plan.delete, *plan.add)
    with publish(vault, plan.base, touched, model=embedder.name, dimension=embedder.dimension) as generation:
        generation.delete(plan.delete)
        done = 0
        for source_id in plan.add:
            done += _index_source(vault, embedder, plan, source_id, generation)
            report("index", done, total)
        return generation.finish(plan.wanted, plan.base)


def _index_source(vault: Vault, embedder: Embedder, plan: Plan, source_id: str, generation: Generation) -> int:
    made_from = plan.wanted[source_id]
    passages = vault.passages(source_id)
    text = [passage for passage in passages if passage.kind == "text"]
    vectors = read_vectors(vault, source_id, model=embedder.name, made_from=made_from)
    if vectors is None or len(vectors) != len(text):  # damaged on disk: vectors.json alone does not show it
        vectors = embedder.embed(_texts(vault, embedder, source_id))
        write_vectors(vault, source_id, vectors, model=embedder.name, made_from=made_from)
    paper = _paper(vault, source_id)
    generation.add([(paper, passage) for passage in text], vectors)
    generation.add_references([(paper, passage) for passage in passages if passage.kind == "references"])
    return len(text)


def _groups(vault: Vault, embedder: Embedder, sources: Mapping[str, str]) -> Iterator[dict[str, Sequence[str]]]:
    """Sources with their texts, GROUP passages or more together; what is left last."""
    group: dict[str, Sequence[str]] = {}
    for source_id in sources:
        group[source_id] = _texts(vault, embedder, source_id)
        if sum(map(len, group.values())) >= GROUP:
            yield group
            group = {}
    if group:
        yield group


def _texts(vault: Vault, embedder: Embedder, source_id: str) -> list[str]:
    """What is embedded of a source. Bibliography is not: names and titles are found by their words."""
    title = _paper(vault, source_id).title
    return [embedded_text(one, title, embedder) for one in vault.passages(source_id) if one.kind == "text"]


def _paper(vault: Vault, source_id: str) -> Paper:
    return vault.paper(source_id) or Paper(id=source_id, kind="paper", title=source_id)


def _text_count(vault: Vault, source_id: str) -> int:
    rows = read_jsonl(vault.source(source_id) / "passages.jsonl")
    return sum(row.get("kind", "text") == "text" for row in rows)


def _has_vectors(vault: Vault, plan: Plan, source_id: str, embedder: Embedder) -> bool:
    return has_vectors(vault, source_id, model=embedder.name, made_from=plan.wanted[source_id])


def _check_model(state: IndexState | None, embedder: Embedder) -> None:
    if state and state.model != embedder.name:
        raise ModelMismatch(
            f"the index was made with {state.model}, not with {embedder.name}",
            "set that model again, or embed everything anew: mivault sync --reindex",
        )


def _embedded(report: Progress, before: int, total: int, done: int) -> None:
    report("embed", before + done, total)


def _known(vault: Vault, state: IndexState) -> dict[str, str]:
    """What the index holds; of what a change that came to no end may have left in Chroma, nothing for certain."""
    left = left_open(vault, state)
    return {**state.sources, **dict.fromkeys(left.sources, "")} if left else dict(state.sources)


def _is_damaged(vault: Vault, state: IndexState) -> bool:
    if state.format != FORMAT:
        return True
    try:
        check_index(vault, state, strict=True)
        note_sound(vault, state)
    except IndexDamaged:
        return True
    return False


def _silent(stage: str, done: int, total: int) -> None:
    """Hears of progress and shows nothing."""
