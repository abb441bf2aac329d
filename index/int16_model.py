"""BERT sentence encoders on CPUs with AVX2, in 16-bit integers that lose nothing: vectors within .000001 of float32's.

The bulk engine where nothing faster is there (index/backends.py measures): the compiler it loads takes longer than a
question. Texts are laid end to end, so that no time goes into padding. Layers and weights are those that
openvino_model.py builds its graph from.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
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
LONGEST = 32767.0  # the Euclidean length that rows and columns are scaled to: int16_kernels.py says why


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer's weights: products with their scales and biases, norms with theirs."""

    qkv: Packed
    out: Packed
    norm: Norm
    up: Packed
    down: Packed
    last_norm: Norm


class Int16Model:
    """An encoder ready to run. `encode` may be called from several threads at once: each call uses one core."""

    def __init__(self, folder: ModelFolder) -> None:
        self.at_once = cores()
        self._kernels = _kernels()
        self._tokenizer = folder.tokenizer()
        self._tokenizer.enable_truncation(folder.max_tokens)
        self._pooling = folder.pooling
        config: dict[str, Any] = json.loads((folder.path / "config.json").read_bytes())
        self._heads, self._width, self._inner = (
            int(config[key]) for key in ("num_attention_heads", "hidden_size", "intermediate_size")
        )
        if self._width % (16 * self._heads) or self._inner % 16:
            raise EmbedderError(f"{folder.name} has heads of a width that the 16-bit engine has no loop for")
        self._epsilon = np.float32(config["layer_norm_eps"])
        weights = Weights(folder.path / "model.safetensors")
        types = weights["embeddings.token_type_embeddings.weight"]
        places = np.ascontiguousarray(weights["embeddings.position_embeddings.weight"] + types[0])
        self._tables = np.ascontiguousarray(weights["embeddings.word_embeddings.weight"]), places
        self._first_norm = _norm(weights, "embeddings.LayerNorm")
        self._layers = [_layer(weights, f"encoder.layer.{number}") for number in range(config["num_hidden_layers"])]

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One batch: (len(texts), dimension), L2-normalised."""
        encoded = [one.ids for one in self._tokenizer.encode_batch(list(texts))]
        starts = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
        hidden = self._hidden(np.concatenate([np.asarray(one, dtype=np.int64) for one in encoded]), starts)
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
        short = np.zeros((rows, self._width), np.int16)
        qkv = np.empty((rows, 3 * self._width), np.float32)
        wide, short_wide = np.empty((rows, self._inner), np.float32), np.zeros((rows, self._inner), np.int16)
        run.embed(ids, starts, *self._tables, *self._first_norm, self._epsilon, hidden)
        for layer in self._layers:
            run.shorten(hidden, tokens, short, unit)
            run.multiply(short, unit, *layer.qkv, qkv, 0, tokens, self._width // 2)
            run.attend(qkv, starts, self._heads, mixed)
            run.shorten(mixed, tokens, short, unit)
            run.multiply(short, unit, *layer.out, more, 0, tokens, self._width // 2)
            run.add_norm(hidden, more, tokens, *layer.norm, self._epsilon)
            run.shorten(hidden, tokens, short, unit)
            run.multiply(short, unit, *layer.up, wide, 0, tokens, self._width // 2)
            run.shorten_gelu(wide, tokens, short_wide, unit)
            run.multiply(short_wide, unit, *layer.down, more, 0, tokens, self._inner // 2)
            run.add_norm(hidden, more, tokens, *layer.last_norm, self._epsilon)
        return hidden


def runs_here() -> bool:
    """Whether this is a CPU with AVX2 and the compiler is installed."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    from importlib.util import find_spec

    return " avx2 " in flags and find_spec("numba") is not None


def _kernels() -> Any:
    try:
        import index.int16_kernels as kernels
    except ImportError as error:
        raise EmbedderError("the 16-bit engine needs numba", "pip install numba") from error
    return kernels


def _layer(weights: Weights, name: str) -> Layer:
    """A layer's weights by the checkpoint's own names."""
    return Layer(
        qkv=_packed(weights, *(f"{name}.attention.self.{part}" for part in ("query", "key", "value"))),
        out=_packed(weights, f"{name}.attention.output.dense"),
        norm=_norm(weights, f"{name}.attention.output.LayerNorm"),
        up=_packed(weights, f"{name}.intermediate.dense"),
        down=_packed(weights, f"{name}.output.dense"),
        last_norm=_norm(weights, f"{name}.output.LayerNorm"),
    )


def _norm(weights: Weights, name: str) -> Norm:
    return np.ascontiguousarray(weights[f"{name}.weight"]), np.ascontiguousarray(weights[f"{name}.bias"])


def _packed(weights: Weights, *parts: str) -> Packed:
    """Matrices (outputs, inputs), one after the other, as int16 in panels of 16 outputs: (panels, inputs / 2, 2, 8, 2);
    what a unit of each output is worth; and the bias."""
    matrix = np.concatenate([weights[f"{part}.weight"] for part in parts])
    unit = np.maximum(np.linalg.norm(matrix, axis=1), 1e-30) / LONGEST
    outputs, inputs = matrix.shape
    short = np.rint(matrix / unit[:, None]).astype(np.int16)
    panels = short.T.reshape(inputs // 2, 2, outputs // 16, 2, 8).transpose(2, 0, 3, 4, 1)
    bias = np.concatenate([weights[f"{part}.bias"] for part in parts])
    return np.ascontiguousarray(panels), unit.astype(np.float32), bias
