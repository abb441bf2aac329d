"""The engines for many texts: each gives float32's vectors; the fastest is measured once, and remembered."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import backends
from index.backends import choice_path, chosen, engine_text, fastest, machine
from index.embed import MANY, LocalEmbedder, Vectors, load_embedder, run_batches
from index.int16_model import has_bytes, runs_here
from index.model_folder import find_model
from ingest.worker import cores

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
vnni = pytest.mark.skipif(not (runs_here() and has_bytes()), reason="needs a CPU with products of 8-bit integers")


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


class Busy(Slow):
    """A model that computes for some milliseconds."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        until = time.thread_time() + 0.01
        while time.thread_time() < until:
            pass
        return super().encode(texts)


class Waiting(Slow):
    """A model that is kept waiting for far longer, as by another program, and computes nearly nothing."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        time.sleep(0.1)
        return super().encode(texts)


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


@pytest.mark.slow
@vnni
def test_8_bits_give_nearly_the_vectors_of_float32(float32: LocalEmbedder) -> None:
    texts = TEXTS[1:] * (MANY // 6 + 1)
    small = load_embedder(backend="int8").embed(texts)
    cosines = (small * float32.embed(texts)).sum(axis=1)
    assert 0.999 < cosines.min() < 0.99999


@vnni
@given(st.integers(1, 30), st.integers(1, 100), st.integers(1, 3), st.integers(0, 2**32 - 1), st.floats(-9, 9))
@settings(max_examples=60, deadline=None)
def test_a_product_in_8_bits_is_that_of_what_was_rounded(
    rows: int, quads: int, panels: int, seed: int, shift: float
) -> None:
    """Whatever the rows' least and largest numbers: each is within half a unit of what is multiplied."""
    from index import int16_kernels as kernels

    random, columns = np.random.default_rng(seed), kernels.COLUMNS * panels
    left = (random.standard_normal((rows, 4 * quads)) + shift).astype(np.float32)
    factors = random.uniform(0.5, 2, 4 * quads).astype(np.float32)
    right = random.integers(-127, 128, (4 * quads, columns)).astype(np.int8)
    packed = np.ascontiguousarray(right.reshape(quads, 4, panels, kernels.COLUMNS).transpose(2, 0, 3, 1))
    small, unit = np.zeros((rows + kernels.TILE, 4 * quads), np.uint8), np.zeros(rows + kernels.TILE, np.float32)
    zero, out = np.zeros(rows + kernels.TILE, np.int32), np.zeros((rows + kernels.TILE, columns), np.float32)
    kernels.to_bytes(left, rows, factors, small, unit, zero)
    rounded = unit[:rows, None] * (small[:rows].astype(np.float32) - zero[:rows, None])
    assert (np.abs(rounded - left * factors) <= 0.51 * unit[:rows, None] + 1e-6).all()
    weight, bias = np.full(columns, 0.5, np.float32), np.ones(columns, np.float32)
    sums = right.sum(axis=0, dtype=np.int32)
    kernels.multiply_bytes(small, unit, zero, packed, weight, sums, bias, out, rows)
    assert np.allclose(out[:rows], rounded @ (0.5 * right.astype(np.float32)) + 1, rtol=1e-3, atol=1e-2)


@avx2
@pytest.mark.parametrize("name", ["avx2", "avxvnni"])
def test_a_tile_for_other_processors_is_the_product_too(name: str) -> None:
    """This processor may have all the instructions; then those of others are tried on it."""
    from numba import njit

    from index.int16_tile import KINDS, tile_of

    if name == "avxvnni" and not has_bytes():
        pytest.skip("this processor has no such instruction")
    kind, pairs = KINDS[name], 5
    tile, random = tile_of(kind), np.random.default_rng(0)
    left = random.integers(-1000, 1000, (kind.rows, 2 * pairs)).astype(np.int16)
    right = random.integers(-1000, 1000, (2 * pairs, kind.columns)).astype(np.int16)
    packed = np.ascontiguousarray(right.reshape(pairs, 2, kind.columns).transpose(0, 2, 1))
    ones, none = np.ones(kind.columns, np.float32), np.zeros(kind.columns, np.float32)
    out = np.zeros((kind.rows, kind.columns), np.float32)

    @njit  # type: ignore[untyped-decorator,unused-ignore]
    def run(a, a_unit, b, b_unit, bias, out):  # type: ignore[no-untyped-def]
        tile(a.ctypes.data, a.strides[0], a_unit.ctypes.data, 0, b.ctypes.data, b_unit.ctypes.data, 0,
             bias.ctypes.data, out.ctypes.data, out.strides[0], pairs)  # fmt: skip

    run(left, ones, packed, ones, none, out)
    assert (out == left.astype(np.int64) @ right.astype(np.int64)).all()


@avx2
@given(st.integers(1, 40), st.integers(1, 24), st.integers(1, 5), st.integers(0, 2**32 - 1), st.floats(0.01, 1000))
@settings(max_examples=60, deadline=None)
def test_a_product_in_16_bits_is_the_product(rows: int, pairs: int, panels: int, seed: int, outlier: float) -> None:
    """Also where one number is a thousand times the others: no sum leaves 32 bits."""
    from index import int16_kernels as kernels

    random = np.random.default_rng(seed)
    left = random.standard_normal((rows, 2 * pairs)).astype(np.float32)
    right = random.standard_normal((2 * pairs, kernels.COLUMNS * panels)).astype(np.float32)
    left[0, 0] = right[0, 0] = outlier
    unit = np.linalg.norm(right, axis=0) / 32767
    packed = np.rint(right / unit).astype(np.int16).reshape(pairs, 2, panels, kernels.COLUMNS)
    packed = packed.transpose(2, 0, 3, 1)
    short, units = np.zeros((rows + kernels.TILE, 2 * pairs), np.int16), np.zeros(rows + kernels.TILE, np.float32)
    kernels.shorten(left, rows, short, units)
    out, bias = np.zeros((rows + kernels.TILE, right.shape[1]), np.float32), np.ones(right.shape[1], np.float32)
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


def test_what_else_the_machine_does_chooses_no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "_candidates", lambda _folder: {"waiting": (Waiting, 1.1)})
    assert backends.measure(FOLDER, Busy())["engine"] == "waiting"


def test_a_gpu_is_measured_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """While it computes, the processor waits."""
    monkeypatch.setattr(backends, "_candidates", lambda _folder: {"torch on cuda": (Waiting, 1.1)})
    known = backends.measure(FOLDER, Busy())
    assert known["passages_per_second"]["torch on cuda"] < 10 * 8 * cores()


def test_16_bits_are_not_measured_where_8_bits_do(monkeypatch: pytest.MonkeyPatch) -> None:
    for eight, kept in ((Slow, {"float32", "int8"}), (Other, {"float32", "int16"})):
        found = {"int8": (eight, 1.1), "int16": (Slow, 1.1)}
        monkeypatch.setattr(backends, "_candidates", lambda _folder, found=found: found)
        assert set(backends.measure(FOLDER, Slow())["passages_per_second"]) == kept


def test_a_person_is_told_which_engine_embeds_and_how_fast_it_was(tmp_path: Path) -> None:
    assert "measured when many texts are first embedded" in engine_text(tmp_path, None)
    remember(tmp_path, "int16")
    assert engine_text(tmp_path, None) == "Embedding: all-MiniLM-L6-v2 in int16."
    known = {"engine": "int16", "machine": machine(), "passages_per_second": {"float32": 40.2, "int16": 61.7}}
    choice_path(tmp_path, FOLDER).write_text(json.dumps(known))
    said = engine_text(tmp_path, None)
    assert said.startswith("Embedding: all-MiniLM-L6-v2 in int16, 62 passages a second") and "float32 40" in said
    assert "no embedding model" in engine_text(tmp_path, str(tmp_path / "none"))
