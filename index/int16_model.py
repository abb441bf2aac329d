"""BERT sentence encoders on CPUs with AVX2, in 16-bit integers that lose nothing: vectors within .000001 of float32's.

The bulk engine where nothing faster is there (index/backends.py measures): the compiler it loads takes longer than a
question. Texts are laid end to end, so that no time goes into padding. Layers and weights are those that
openvino_model.py builds its graph from.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.errors import EmbedderError
from index.model_folder import ModelFolder
from index.safetensors import Weights
from ingest.worker import cores

Norm = tuple[NDArray[np.float32], NDArray[np.float32]]
Packed = tuple[NDArray[np.int16], NDArray[np.float32], NDArray[np.float32]]
TOGETHER = 300  # tokens from which on a group of texts is worth a run of its own
LONGEST = 32767.0  # the Euclidean length that rows and columns are scaled to: int16_kernels.py says why


@dataclass(frozen=True, slots=True)
class Bytes:
    """A matrix as 8-bit integers: panels (panels, inputs / 4, columns, 4), what a unit of each output is worth, the sum
    of each output's numbers, the bias; and by what each input is multiplied before it is rounded."""

    matrix: tuple[NDArray[np.int8], NDArray[np.float32], NDArray[np.int32], NDArray[np.float32]]
    factors: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer's weights: products with their scales and biases, norms with theirs."""

    qkv: Packed
    out: Packed
    norm: Norm
    up: Packed | Bytes
    down: Packed
    last_norm: Norm


class Int16Model:
    """An encoder ready to run. `encode` may be called from several threads at once: each call uses one core.

    With `small`, each layer's widest product is of 8-bit integers: a third of all multiplications, in half their time,
    at a cosine of .9997. In 8 bits query, key and value would leave .998 of it, and what leads back .999
    (benchmarks/engines.py measures). All of them in 8 bits, with what lies beyond 6 root mean squares of a row
    multiplied as it is, took about an eighth less and left .99894 of 2,800 texts and .0019 less nDCG@10 on SciFact: too
    near the limits. Raises EmbedderError where the CPU has no instruction for that.
    """

    def __init__(self, folder: ModelFolder, *, small: bool = False) -> None:
        self.at_once = cores()
        self._kernels = _kernels()
        self._tokenizer = folder.tokenizer()
        self._tokenizer.enable_truncation(folder.max_tokens)
        self._pooling = folder.pooling
        config: dict[str, Any] = json.loads((folder.path / "config.json").read_bytes())
        self._heads, self._width, self._inner = (
            int(config[key]) for key in ("num_attention_heads", "hidden_size", "intermediate_size")
        )
        columns = self._kernels.COLUMNS
        if self._width % (columns * self._heads) or self._inner % columns:
            raise EmbedderError(f"{folder.name} has heads of a width that the 16-bit engine has no loop for")
        if small and not self._kernels.BYTES:
            raise EmbedderError("this CPU has no products of 8-bit integers")
        self._epsilon = np.float32(config["layer_norm_eps"])
        weights = Weights(folder.path / "model.safetensors")
        types = weights["embeddings.token_type_embeddings.weight"]
        places = np.ascontiguousarray(weights["embeddings.position_embeddings.weight"] + types[0])
        self._tables = np.ascontiguousarray(weights["embeddings.word_embeddings.weight"]), places
        self._first_norm = _norm(weights, "embeddings.LayerNorm")
        names = [f"encoder.layer.{number}" for number in range(config["num_hidden_layers"])]
        self._layers = [_layer(weights, name, columns, small) for name in names]

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One batch: (len(texts), dimension), L2-normalised."""
        encoded = [np.asarray(one.ids, dtype=np.int64) for one in self._tokenizer.encode_batch(list(texts))]
        return np.concatenate([self._vectors(group) for group in _groups(encoded)])

    def _vectors(self, encoded: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
        starts = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
        hidden = self._hidden(np.concatenate(encoded), starts)
        # The mean's divisor goes out with the norm.
        sums = np.add.reduceat(hidden[: starts[-1]], starts[:-1])
        vectors: NDArray[np.float32] = hidden[starts[:-1]] if self._pooling == "cls" else sums
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def _hidden(self, ids: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.float32]:
        """The last layer's rows, TILE - 1 or more of no meaning after them."""
        run, tokens = self._kernels, len(ids)
        rows = tokens + run.TILE
        hidden, mixed = np.zeros((rows, self._width), np.float32), np.zeros((rows, self._width), np.float32)
        more, unit = np.empty_like(hidden), np.zeros(rows, np.float32)
        short, qkv = np.zeros((rows, self._width), np.int16), np.empty((rows, 3 * self._width), np.float32)
        small, zero = np.zeros((rows, self._width), np.uint8), np.zeros(rows, np.int32)
        wide, short_wide = np.empty((rows, self._inner), np.float32), np.zeros((rows, self._inner), np.int16)
        run.embed(ids, starts, *self._tables, *self._first_norm, self._epsilon, hidden)
        for layer in self._layers:
            run.shorten(hidden, tokens, short, unit)
            run.multiply(short, unit, *layer.qkv, qkv, 0, tokens, self._width // 2)
            run.attend(qkv, starts, self._heads, mixed)
            run.shorten(mixed, tokens, short, unit)
            run.multiply(short, unit, *layer.out, more, 0, tokens, self._width // 2)
            run.add_norm(hidden, more, tokens, *layer.norm, self._epsilon)
            if isinstance(layer.up, Bytes):
                run.to_bytes(hidden, tokens, layer.up.factors, small, unit, zero)
                run.multiply_bytes(small, unit, zero, *layer.up.matrix, wide, tokens)
            else:
                run.shorten(hidden, tokens, short, unit)
                run.multiply(short, unit, *layer.up, wide, 0, tokens, self._width // 2)
            run.shorten_gelu(wide, tokens, short_wide, unit)
            run.multiply(short_wide, unit, *layer.down, more, 0, tokens, self._inner // 2)
            run.add_norm(hidden, more, tokens, *layer.last_norm, self._epsilon)
        return hidden


def runs_here() -> bool:
    """Whether this is a CPU with AVX2 and the compiler is installed."""
    from importlib.util import find_spec

    return "avx2" in _flags() and find_spec("numba") is not None


def has_bytes() -> bool:
    """Whether this CPU has an instruction for products of 8-bit integers."""
    return not _flags().isdisjoint(("avx512_vnni", "avx_vnni"))


def _flags() -> frozenset[str]:
    try:
        return frozenset(Path("/proc/cpuinfo").read_text().split())
    except OSError:
        return frozenset()


def _kernels() -> Any:
    try:
        import index.int16_kernels as kernels
    except ImportError as error:
        raise EmbedderError("the 16-bit engine needs numba", "pip install numba") from error
    return kernels


def _layer(weights: Weights, name: str, columns: int, small: bool) -> Layer:
    """A layer's weights by the checkpoint's own names."""
    qkv, up = [f"{name}.attention.self.{part}" for part in ("query", "key", "value")], f"{name}.intermediate.dense"
    norm = f"{name}.attention.output.LayerNorm"
    return Layer(
        qkv=_packed(weights, columns, *qkv),
        out=_packed(weights, columns, f"{name}.attention.output.dense"),
        norm=_norm(weights, norm),
        up=_bytes(weights, columns, norm, up) if small else _packed(weights, columns, up),
        down=_packed(weights, columns, f"{name}.output.dense"),
        last_norm=_norm(weights, f"{name}.output.LayerNorm"),
    )


def _norm(weights: Weights, name: str) -> Norm:
    return np.ascontiguousarray(weights[f"{name}.weight"]), np.ascontiguousarray(weights[f"{name}.bias"])


def _packed(weights: Weights, columns: int, *parts: str) -> Packed:
    """Matrices (outputs, inputs), one after the other, as int16 in panels (panels, inputs / 2, columns, 2); what a unit
    of each output is worth; and the bias."""
    matrix = np.concatenate([weights[f"{part}.weight"] for part in parts])
    unit = np.maximum(np.linalg.norm(matrix, axis=1), 1e-30) / LONGEST
    outputs, inputs = matrix.shape
    short = np.rint(matrix / unit[:, None]).astype(np.int16)
    panels = short.T.reshape(inputs // 2, 2, outputs // columns, columns).transpose(2, 0, 3, 1)
    bias = np.concatenate([weights[f"{part}.bias"] for part in parts])
    return np.ascontiguousarray(panels), unit.astype(np.float32), bias


def _bytes(weights: Weights, columns: int, norm: str, part: str) -> Bytes:
    """A matrix (outputs, inputs) as 8-bit integers. How large an input is, its norm says; factors give inputs and
    weights each half of that (Xiao et al., "SmoothQuant", arXiv 2211.10438), so that neither has outliers, whose scale
    would round all others away."""
    matrix = np.array(weights[f"{part}.weight"])
    size = np.sqrt(sum(np.square(one) for one in _norm(weights, norm)) + 1e-12)
    factors = np.sqrt(np.sqrt(np.square(matrix).mean(axis=0) + 1e-12) / size)
    matrix /= factors
    unit = np.maximum(np.abs(matrix).max(axis=1), 1e-30) / 127
    outputs, inputs = matrix.shape
    small = np.rint(matrix / unit[:, None]).astype(np.int8)
    panels = small.T.reshape(inputs // 4, 4, outputs // columns, columns).transpose(2, 0, 3, 1)
    sums, bias = small.sum(axis=1, dtype=np.int32), np.array(weights[f"{part}.bias"])
    return Bytes((np.ascontiguousarray(panels), unit.astype(np.float32), sums, bias), factors.astype(np.float32))


def _groups(encoded: Sequence[NDArray[np.int64]]) -> Iterator[list[NDArray[np.int64]]]:
    """Texts whose rows stay in the caches together: two passages took a tenth less time than eight."""
    group: list[NDArray[np.int64]] = []
    for one in encoded:
        group.append(one)
        if sum(map(len, group)) >= TOGETHER:
            yield group
            group = []
    if group:
        yield group
