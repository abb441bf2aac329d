"""Embedding while other sources are read: the same index, errors that are heard of, and an end at once where one is."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from readable_embedder import ReadableEmbedder
from small_vault import TEXTS, small_vault, write_source

from index.ahead import Ahead
from index.build import build
from index.embed import Vectors
from index.errors import EmbedderError
from index.state import read_state
from index.vectors import vectors_made_from
from ingest.vault import Vault


class Broken(ReadableEmbedder):
    """Fails at the first text."""

    def embed(self, texts: Sequence[str], *, on_done: Callable[[int], None] | None = None) -> Vectors:  # noqa: ARG002
        raise EmbedderError("the model does not load")


class Waiting(ReadableEmbedder):
    """Says that it is at work, and goes on only when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.working, self.may_go_on = threading.Event(), threading.Event()

    def embed(self, texts: Sequence[str], *, on_done: Callable[[int], None] | None = None) -> Vectors:
        self.working.set()
        assert self.may_go_on.wait(10)
        return super().embed(texts, on_done=on_done)


def silent(stage: str, done: int, total: int) -> None:
    """Shows nothing."""


def test_what_was_embedded_ahead_is_not_embedded_again(tmp_path: Path) -> None:
    vault = small_vault(tmp_path)
    heard: list[tuple[str, int, int]] = []
    with Ahead(vault, ReadableEmbedder(), lambda *step: heard.append(step)) as ahead:
        for one in [*vault.source_ids(), *vault.source_ids()]:
            ahead.add(one)
        ahead.finish()
    assert ahead.embedded == len(vault.source_ids())
    report = build(vault, ReadableEmbedder())
    assert (report.embedded, report.indexed) == (0, len(vault.source_ids()))
    assert [done for _, done, _ in heard] == sorted(done for _, done, _ in heard) and heard[-1][1] == heard[-1][2]


def test_an_error_of_the_thread_is_raised(tmp_path: Path) -> None:
    vault = small_vault(tmp_path)
    with pytest.raises(EmbedderError, match="does not load"), Ahead(vault, Broken(), silent) as ahead:
        ahead.add(vault.source_ids()[0])
        ahead.finish()


def test_an_error_outside_ends_the_thread_at_its_next_step(tmp_path: Path) -> None:
    vault, embedder = small_vault(tmp_path), Waiting()
    with pytest.raises(KeyboardInterrupt), Ahead(vault, embedder, silent) as ahead:
        for one in vault.source_ids():
            ahead.add(one)
        assert embedder.working.wait(10)
        threading.Timer(0.1, embedder.may_go_on.set).start()
        raise KeyboardInterrupt
    assert ahead.embedded == 0 and not any(vectors_made_from(vault, one) for one in vault.source_ids())


def test_a_build_of_what_is_ready_leaves_the_rest_as_it_was(tmp_path: Path) -> None:
    vault = small_vault(tmp_path)
    build(vault, ReadableEmbedder())
    before = read_state(vault)
    assert before is not None
    write_source(vault, "sae", TEXTS["sae"][0], ["Sparse autoencoders were read again."])
    write_source(vault, "new", "A New Paper", ["Transcoders replace layers."])
    write_source(vault, "later", "A Later Paper", ["Probes are classifiers."])
    with Ahead(vault, ReadableEmbedder(), silent) as ahead:
        ahead.add("new")
        ahead.finish()
    build(vault, ReadableEmbedder(), only_ready=True)
    after = read_state(vault)
    assert after is not None
    assert set(after.sources) == {*before.sources, "new"} and after.sources["sae"] == before.sources["sae"]
    build(vault, ReadableEmbedder())
    whole = read_state(vault)
    assert whole is not None and set(whole.sources) == {*before.sources, "new", "later"}
    assert whole.sources["sae"] != before.sources["sae"]


def test_a_first_build_of_what_is_ready_needs_no_index(tmp_path: Path) -> None:
    vault: Vault = small_vault(tmp_path)
    shutil.rmtree(vault.index_path, ignore_errors=True)
    with Ahead(vault, ReadableEmbedder(), silent) as ahead:
        ahead.add(vault.source_ids()[0])
        ahead.finish()
    build(vault, ReadableEmbedder(), only_ready=True)
    state = read_state(vault)
    assert state is not None and set(state.sources) == {vault.source_ids()[0]}
