"""A question read together with a sentence by one small model: how likely the sentence answers it.

The packaged MiniLM with low-rank changes to every matrix and a head (reader.safetensors, two megabytes), run by
OpenVINO as index/openvino_model.py builds it. `python -m benchmarks.train_reader` makes the file, and says what of and
what it is worth.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.errors import EmbedderError
from index.model_folder import ModelFolder, find_model
from index.openvino_model import BertGraph, Precision, has_bf16
from index.safetensors import Weights

FILE = Path(__file__).with_name("reader.safetensors")
MOST, MOST_ASKED = 220, 60  # tokens of a pair, and of the question in it: as it was trained
BATCH = 8
STEP = 32  # tokens: lengths are a multiple of it, as OpenVINO keeps memory for each that it meets
CLS, SEP = 101, 102  # MiniLM's
Floats = NDArray[np.float32]

logger = logging.getLogger(__name__)


class ReaderGraph(BertGraph):
    """BertGraph with the changes in its weights, token types, and a head in the place of the pooling."""

    def __init__(self, folder: ModelFolder, changes: Weights) -> None:
        super().__init__(folder)
        self.changes = changes

    def build(self) -> Any:
        """The `openvino.Model`: ids, types and mask (batch, tokens) to log odds (batch, 1)."""
        op = self.op
        ids = op.parameter([-1, -1], np.int64, "ids")
        types = op.parameter([-1, -1], np.int64, "types")
        mask = op.parameter([-1, -1], np.float32, "mask")
        kinds = op.gather(self._weight("embeddings.token_type_embeddings.weight"), types, self._scalar(0))
        hidden = self._embeddings(ids, kinds)
        away = op.unsqueeze(op.multiply(op.subtract(mask, self._value(1.0)), self._value(1e4)), self._index(1, 2))
        for number in range(self.config["num_hidden_layers"]):
            hidden = self._layer(hidden, away, f"encoder.layer.{number}")
        read = self._read(hidden, op.convert(types, np.float32))
        return self.ov.Model([self._linear(read, "answers")], [ids, types, mask], "reader")

    def _read(self, hidden: Any, passage: Any) -> Any:
        """[CLS] beside the mean of the passage's tokens."""
        op, shown = self.op, self.op.unsqueeze(passage, self._index(2))
        total = op.reduce_sum(op.multiply(hidden, shown), self._index(1), False)
        first = op.gather(hidden, self._scalar(0), self._scalar(1))
        return op.concat([first, op.divide(total, op.reduce_sum(shown, self._index(1), False))], 1)

    def _array(self, name: str) -> Floats:
        if name in self.changes:
            return self.changes[name]
        known = self.weights[name]
        if f"{name}.up" in self.changes:
            return known + self.changes[f"{name}.up"] @ self.changes[f"{name}.down"]
        return known + self.changes[f"{name}.add"] if f"{name}.add" in self.changes else known


class Reader:
    """Reads pairs. Safe to call from any thread; a call takes all cores. Raises EmbedderError where it cannot run."""

    def __init__(self, changes: Path = FILE, *, precision: Precision | None = None) -> None:
        folder = find_model()
        self._graph = ReaderGraph(folder, Weights(changes))
        self._tokenizer = folder.tokenizer()
        self._lock = threading.Lock()
        precision = precision or ("bf16" if has_bf16() else "f32")
        settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": precision}
        try:
            compiled = self._graph.ov.Core().compile_model(self._graph.build(), "CPU", settings)
        except RuntimeError as error:
            raise EmbedderError(f"OpenVINO cannot run the reader: {error}") from error
        self._request = compiled.create_infer_request()

    def answers(self, question: str, texts: Sequence[str]) -> list[float]:
        """The log odds that each text answers the question."""
        asked = self._tokenizer.encode(question, add_special_tokens=False).ids[:MOST_ASKED]
        head = [CLS, *asked, SEP]
        room = MOST - len(head) - 1
        read = [self._tokenizer.encode(text, add_special_tokens=False).ids[:room] for text in texts]
        order = sorted(range(len(texts)), key=lambda n: len(read[n]))
        found: dict[int, float] = {}
        with self._lock:
            for start in range(0, len(order), BATCH):
                part = order[start : start + BATCH]
                found |= dict(zip(part, self._batch(head, [[*read[n], SEP] for n in part]), strict=True))
        return [found[n] for n in range(len(texts))]

    def _batch(self, head: list[int], read: Sequence[list[int]]) -> list[float]:
        longest = -(-(len(head) + max(map(len, read))) // STEP) * STEP
        ids, types = (np.zeros((len(read), longest), dtype=np.int64) for _ in range(2))
        mask = np.zeros((len(read), longest), dtype=np.float32)
        for row, tokens in enumerate(read):
            end = len(head) + len(tokens)
            ids[row, :end] = [*head, *tokens]
            mask[row, :end] = 1
            types[row, len(head) : end - 1] = 1
        self._request.infer([ids, types, mask])
        return [float(odds) for odds in np.array(self._request.get_output_tensor(0).data)[:, 0]]


@lru_cache(maxsize=1)
def open_reader() -> Reader | None:
    """The reader, loaded once; None, with the reason in the log, where its file is not there or does not run."""
    if not FILE.is_file():
        logger.warning("%s is missing: answers begin with the sentence that is best by its words", FILE)
        return None
    try:
        return Reader()
    except EmbedderError:
        logger.warning("the reader does not run here: answers begin with what is best by its words", exc_info=True)
        return None


def best_answers(question: str, texts: Sequence[str]) -> Sequence[float] | None:
    """The log odds that each text answers, higher is better; None where there is no reader."""
    reader = open_reader()
    return reader.answers(question, texts) if reader and texts else None
