"""BERT sentence encoders on the CPU through OpenVINO. The door of `openvino`.

The graph is written down here, layer by layer, and the weights are mapped from model.safetensors as they lie on disk.
So nothing is converted and torch is never imported: from nothing to the first vector in half a second and 240 MB,
where sentence-transformers takes ten seconds and 490 MB (benchmarks/embedding.py). The layers are those of
Devlin et al., "BERT" (arXiv 1810.04805), in the order of the checkpoint's own names.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from index.errors import EmbedderError
from index.model_folder import ModelFolder
from index.safetensors import Weights

Precision = Literal["f32", "bf16"]


class BertGraph:
    """Builds the encoder: ids and mask (both batch, tokens) to L2-normalised vectors (batch, dimension)."""

    def __init__(self, folder: ModelFolder) -> None:
        self.folder = folder
        self.config: dict[str, Any] = json.loads((folder.path / "config.json").read_bytes())
        self.weights = Weights(folder.path / "model.safetensors")
        self.ov = import_openvino()
        self.op = self.ov.opset13
        # OpenVINO keeps pointers into these arrays, not copies.
        self.kept: list[NDArray[np.float32]] = []

    def build(self) -> Any:
        """The `openvino.Model`."""
        op = self.op
        ids = op.parameter([-1, -1], np.int64, "ids")
        mask = op.parameter([-1, -1], np.float32, "mask")
        hidden = self._embeddings(ids)
        away = op.multiply(op.subtract(mask, self._value(1.0)), self._value(1e9))
        away = op.unsqueeze(away, self._index(1, 2))
        for number in range(self.config["num_hidden_layers"]):
            hidden = self._layer(hidden, away, f"encoder.layer.{number}")
        vector = op.normalize_l2(self._pool(hidden, mask), self._index(1), 1e-12, "max")
        return self.ov.Model([vector], [ids, mask], self.folder.name)

    def _embeddings(self, ids: Any, kinds: Any = None) -> Any:
        """`kinds` are the vectors of the tokens' types; those of the first type where none are given."""
        op, name = self.op, "embeddings."
        words = op.gather(self._weight(name + "word_embeddings.weight"), ids, self._scalar(0))
        length = op.gather(op.shape_of(ids), self._index(1), self._scalar(0))
        table = self._weight(name + "position_embeddings.weight")
        places = op.slice(table, self._index(0), length, self._index(1), self._index(0))
        if kinds is None:
            kinds = op.gather(self._weight(name + "token_type_embeddings.weight"), self._scalar(0), self._scalar(0))
        return self._norm(op.add(op.add(words, places), kinds), name + "LayerNorm")

    def _layer(self, hidden: Any, away: Any, name: str) -> Any:
        op = self.op
        heads = self._heads(hidden, f"{name}.attention.self")
        query, key, value = (heads.output(part) for part in range(3))
        mixed = op.transpose(op.scaled_dot_product_attention(query, key, value, away), self._index(0, 2, 1, 3))
        mixed = op.reshape(mixed, self._index(0, 0, self.config["hidden_size"]), True)
        attended = op.add(self._linear(mixed, name + ".attention.output.dense"), hidden)
        attended = self._norm(attended, name + ".attention.output.LayerNorm")
        wide = op.gelu(self._linear(attended, name + ".intermediate.dense"), "erf")
        return self._norm(op.add(self._linear(wide, name + ".output.dense"), attended), name + ".output.LayerNorm")

    def _heads(self, hidden: Any, name: str) -> Any:
        """Query, key and value of every head, from one product of three times the width: a tenth faster than three."""
        op, heads = self.op, self.config["num_attention_heads"]
        parts = [f"{name}.{part}" for part in ("query", "key", "value")]
        weight, bias = (self._joined([f"{part}.{kind}" for part in parts]) for kind in ("weight", "bias"))
        product = op.add(op.matmul(hidden, weight, False, True), bias)
        shape = self._index(0, 0, 3 * heads, self.config["hidden_size"] // heads)
        return op.split(op.transpose(op.reshape(product, shape, True), self._index(0, 2, 1, 3)), self._scalar(1), 3)

    def _linear(self, value: Any, name: str) -> Any:
        product = self.op.matmul(value, self._weight(name + ".weight"), False, True)
        return self.op.add(product, self._weight(name + ".bias"))

    def _norm(self, value: Any, name: str) -> Any:
        scaled = self.op.mvn(value, self._index(-1), True, self.config["layer_norm_eps"], "inside_sqrt")
        return self.op.add(self.op.multiply(scaled, self._weight(name + ".weight")), self._weight(name + ".bias"))

    def _pool(self, hidden: Any, mask: Any) -> Any:
        op = self.op
        if self.folder.pooling == "cls":
            return op.gather(hidden, self._scalar(0), self._scalar(1))
        shown = op.unsqueeze(mask, self._index(2))
        total = op.reduce_sum(op.multiply(hidden, shown), self._index(1), False)
        return op.divide(total, op.reduce_sum(shown, self._index(1), False))

    def _weight(self, name: str) -> Any:
        return self._constant(self._array(name))

    def _joined(self, names: Sequence[str]) -> Any:
        return self._constant(np.concatenate([self._array(name) for name in names]))

    def _array(self, name: str) -> NDArray[np.float32]:
        return self.weights[name]

    def _constant(self, array: NDArray[np.float32]) -> Any:
        self.kept.append(array)
        return self.ov.op.Constant(array, shared_memory=True)

    def _value(self, number: float) -> Any:
        return self.op.constant(np.float32(number))

    def _scalar(self, number: int) -> Any:
        return self.op.constant(np.int64(number))

    def _index(self, *numbers: int) -> Any:
        return self.op.constant(np.array(numbers, dtype=np.int64))


class OpenVinoModel:
    """A compiled encoder. One call at a time: the caller holds a lock."""

    at_once = 1

    def __init__(self, folder: ModelFolder, *, precision: Precision = "f32") -> None:
        self._graph = BertGraph(folder)
        self._tokenizer = folder.tokenizer()
        self._tokenizer.enable_truncation(folder.max_tokens)
        # One stream over all cores: two streams were no faster on two cores (40-47 passages/s both), and slower to ask.
        settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": precision}
        try:
            compiled = self._graph.ov.Core().compile_model(self._graph.build(), "CPU", settings)
        except RuntimeError as error:
            raise EmbedderError(f"OpenVINO cannot run {folder.name}: {error}") from error
        self._request = compiled.create_infer_request()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One batch: (len(texts), dimension), L2-normalised."""
        encoded = self._tokenizer.encode_batch(list(texts))
        longest = max(len(one.ids) for one in encoded)
        ids = np.zeros((len(encoded), longest), dtype=np.int64)
        mask = np.zeros((len(encoded), longest), dtype=np.float32)
        for row, one in enumerate(encoded):
            ids[row, : len(one.ids)] = one.ids
            mask[row, : len(one.ids)] = 1
        self._request.infer([ids, mask])
        return np.array(self._request.get_output_tensor(0).data, dtype=np.float32)


def import_openvino() -> Any:
    """The package, without its conversion tool: that tool reports every import to Google Analytics (openvino 2026.4,
    openvino/tools/ovc/__init__.py), and this graph needs no conversion. OpenVINO passes over a tool that is missing."""
    if "openvino" in sys.modules:
        return sys.modules["openvino"]
    tool = "openvino.tools.ovc"
    sys.modules[tool] = None  # type: ignore[assignment]
    try:
        return importlib.import_module("openvino")
    finally:
        del sys.modules[tool]


def has_bf16() -> bool:
    """Whether this CPU computes in bfloat16; slower than float32 on some that do (index/backends.py measures)."""
    return "BF16" in import_openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
