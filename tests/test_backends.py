"""The engines for many texts: each gives float32's vectors; the fastest is measured once, and remembered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import backends
from index.backends import choice_path, chosen, engine_text, fastest, machine
from index.embed import MANY, LocalEmbedder, Vectors, load_embedder, run_batches
from index.int16_model import runs_here
from index.model_folder import find_model

FOLDER = find_model()
TEXTS = [
    "",
    "a",
    "Σ_i α_i x_i → ŷ, 稀疏自编码器",
    "superposition " * 400,
    "Heads move names.",
    "word " * 253,
    "word " * 254,
]
avx2 = pytest.mark.skipif(not runs_here(), reason="the 16-bit engine needs a CPU with AVX2")


class Slow:
    """A model whose vectors say how long a text is."""

    at_once = 2

    def encode(self, texts: Sequence[str]) -> Vectors:
        angles = np.array([len(text) for text in texts], dtype=np.float32)
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)


class Other(Slow):
    """A quick model that gives other vectors."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        return super().encode(texts)[:, ::-1]


def remember(cache: Path, engine: str, *, where: str = "") -> None:
    path = choice_path(cache, FOLDER)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"engine": engine, "machine": where or machine()}))


@pytest.fixture(scope="module")
def float32() -> LocalEmbedder:
    return load_embedder(backend="openvino")


@pytest.mark.slow
@avx2
def test_16_bits_give_the_vectors_of_float32(float32: LocalEmbedder) -> None:
    texts = [*TEXTS * 4, *(f"Heads move names {number}." for number in range(MANY))]  # long ones take a second each
    short = load_embedder(backend="int16").embed(texts)
    assert (short * float32.embed(texts)).sum(axis=1).min() > 0.99999
    assert np.allclose(np.linalg.norm(short, axis=1), 1, atol=1e-5)


@avx2
@given(st.integers(1, 40), st.integers(1, 24), st.integers(1, 5), st.integers(0, 2**32 - 1), st.floats(0.01, 1000))
@settings(max_examples=60, deadline=None)
def test_a_product_in_16_bits_is_the_product(rows: int, pairs: int, panels: int, seed: int, outlier: float) -> None:
    """Also where one number is a thousand times the others: no sum leaves 32 bits."""
    from index import int16_kernels as kernels

    random = np.random.default_rng(seed)
    left = random.standard_normal((rows, 2 * pairs)).astype(np.float32)
    right = random.standard_normal((2 * pairs, 16 * panels)).astype(np.float32)
    left[0, 0] = right[0, 0] = outlier
    unit = np.linalg.norm(right, axis=0) / 32767
    packed = np.rint(right / unit).astype(np.int16).reshape(pairs, 2, panels, 2, 8).transpose(2, 0, 3, 4, 1)
    short, units = np.zeros((rows + kernels.TILE, 2 * pairs), np.int16), np.zeros(rows + kernels.TILE, np.float32)
    kernels.shorten(left, rows, short, units)
    out, bias = np.zeros((rows + kernels.TILE, 16 * panels), np.float32), np.ones(16 * panels, np.float32)
    kernels.multiply(short, units, np.ascontiguousarray(packed), unit.astype(np.float32), bias, out, 0, rows, pairs)
    lengths = np.linalg.norm(left, axis=1)[:, None] * np.linalg.norm(right, axis=0)
    assert (np.abs(out[:rows] - 1 - left @ right) <= 4e-5 * np.sqrt(2 * pairs) * lengths + 1e-5).all()


def test_batches_bring_every_text_once_side_by_side_or_not() -> None:
    texts = ["x" * length for length in range(50)]
    for at_once in (1, 2):
        model = Slow()
        model.at_once = at_once
        rows = {
            row: vector for batch, part in run_batches(model, texts) for row, vector in zip(batch, part, strict=True)
        }
        assert np.allclose(np.stack([rows[row] for row in range(50)]), model.encode(texts))


def test_the_fastest_engine_is_measured_once_and_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured = []

    def quick(folder: object, few: object) -> dict[str, object]:
        measured.append((folder, few))
        return {"engine": "float32", "machine": machine()}

    monkeypatch.setattr(backends, "measure", quick)
    few = Slow()
    assert chosen(tmp_path, FOLDER) == ""
    assert fastest(FOLDER, few, tmp_path, "auto") is few is fastest(FOLDER, few, tmp_path, "auto")
    assert len(measured) == 1 and chosen(tmp_path, FOLDER) == "float32"
    remember(tmp_path, "float32", where="another processor")
    assert chosen(tmp_path, FOLDER) == ""
    assert fastest(FOLDER, few, tmp_path, "auto") is few and len(measured) == 2


def test_without_a_cache_nothing_is_measured() -> None:
    few = Slow()
    assert fastest(FOLDER, few, None, "auto") is few


@avx2
def test_what_is_remembered_is_used(tmp_path: Path) -> None:
    remember(tmp_path, "int16")
    assert fastest(FOLDER, Slow(), tmp_path, "auto").at_once >= 1
    assert type(fastest(FOLDER, Slow(), tmp_path, "auto")).__name__ == "Int16Model"


def test_an_engine_that_gives_other_vectors_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "_candidates", lambda _folder: {"other": (Other, 0.0), "same": (Slow, 0.0)})
    known = backends.measure(FOLDER, Slow())
    assert set(known["passages_per_second"]) == {"float32", "same"}


def test_a_person_is_told_which_engine_embeds_and_how_fast_it_was(tmp_path: Path) -> None:
    assert "measured when many texts are first embedded" in engine_text(tmp_path, None)
    remember(tmp_path, "int16")
    assert engine_text(tmp_path, None) == "Embedding: all-MiniLM-L6-v2 in int16."
    known = {"engine": "int16", "machine": machine(), "passages_per_second": {"float32": 40.2, "int16": 61.7}}
    choice_path(tmp_path, FOLDER).write_text(json.dumps(known))
    said = engine_text(tmp_path, None)
    assert said.startswith("Embedding: all-MiniLM-L6-v2 in int16, 62 passages a second") and "float32 40" in said
    assert "no embedding model" in engine_text(tmp_path, str(tmp_path / "none"))
