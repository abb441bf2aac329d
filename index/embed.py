"""Texts to vectors: the Embedder that everything else is handed, and the local model behind it.

The default is all-MiniLM-L6-v2 as an installed package carries it, so that a machine without internet works. BERT
models run in OpenVINO (openvino_model.py), all others in sentence-transformers (torch_model.py).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from index import tokens
from index.errors import EmbedderError
from index.model_folder import ModelFolder, find_model
from ingest.records import Passage
from ingest.vault import digest, read_json, write_json

Vectors = NDArray[np.float32]
Backend = Literal["auto", "openvino", "torch"]

# Two cores like small batches of equal length: 4, 8 and 16 were within noise of each other (40-47 passages/s).
BATCH = 8
# Title and section before a passage help retrieval; chunks of 200 tokens leave 54 of MiniLM's 256, two of them markers.
PREFIX_TOKENS = 32
# bf16 moves vectors by a cosine of .00005: only a clear gain is worth that.
BF16_GAIN = 1.3

logger = logging.getLogger(__name__)


class Embedder(Protocol):
    """What an index is built and asked with. `max_tokens` is the model's limit: what is longer is cut there."""

    @property
    def name(self) -> str: ...
    @property
    def dimension(self) -> int: ...
    @property
    def max_tokens(self) -> int: ...
    def embed(self, texts: Sequence[str], *, on_done: Callable[[int], None] | None = None) -> Vectors:
        """(len(texts), dimension), float32, L2-normalised, in the order given; `on_done` hears how many are done."""
        ...

    def count_tokens(self, text: str) -> int: ...


class Model(Protocol):
    """A loaded model: one batch of texts to L2-normalised vectors."""

    def encode(self, texts: Sequence[str]) -> Vectors: ...


class LocalEmbedder:
    """A model on this machine. Cheap to make: the weights load at the first `embed`. Safe to call from any thread."""

    def __init__(self, folder: ModelFolder, *, cache: Path | None = None, backend: Backend = "auto") -> None:
        self.folder, self.cache, self.backend = folder, cache, backend
        self.name, self.max_tokens = folder.name, folder.max_tokens
        self._count = tokens.token_counter(folder.tokenizer())
        self._model: Model | None = None
        self._lock = threading.Lock()

    @property
    def dimension(self) -> int:
        """Of the vectors. Known without loading for models of the usual shape (transformer, then pooling)."""
        return self.folder.dimension if self.folder.pooling else self.embed(["dimension"]).shape[1]

    def count_tokens(self, text: str) -> int:
        """Tokens of a text as this model counts them, without the two markers around it."""
        return self._count(text)

    def embed(self, texts: Sequence[str], *, on_done: Callable[[int], None] | None = None) -> Vectors:
        """See Embedder. Raises EmbedderError where the model does not load."""
        with self._lock:
            self._model = model = self._model or load_model(self.folder, cache=self.cache, backend=self.backend)
            batches: dict[int, Vectors] = {}
            longest_first = sorted(range(len(texts)), key=lambda i: (-len(texts[i]), i))
            for start in range(0, len(texts), BATCH):
                rows = longest_first[start : start + BATCH]
                batches |= dict(zip(rows, model.encode([texts[i] for i in rows]), strict=True))
                if on_done:
                    on_done(len(batches))
        if not batches:
            return np.zeros((0, self.folder.dimension), dtype=np.float32)
        return np.stack([batches[row] for row in range(len(texts))])


def load_embedder(model: str | None = None, *, cache: Path | None = None, backend: Backend = "auto") -> LocalEmbedder:
    """The embedder by name or folder; None is the packaged MiniLM. Never downloads: EmbedderError where it is missing.

    In `cache` it is remembered which precision is the faster one on this machine; without, float32 is used.
    """
    return LocalEmbedder(find_model(model), cache=cache, backend=backend)


def token_counter(model: str | None = None) -> Callable[[str], int]:
    """Counts tokens as the model would, without loading its weights."""
    return tokens.token_counter(find_model(model).tokenizer())


def embedded_text(passage: Passage, title: str, embedder: Embedder) -> str:
    """What is embedded for a passage: the paper's title and the section's path, then the text.

    The prefix is cut so that the passage's own tokens all fit the model's limit.
    """
    room = min(PREFIX_TOKENS, embedder.max_tokens - 2 - embedder.count_tokens(passage.text))
    prefix = " ".join(" | ".join(part for part in (title, " > ".join(passage.section[-2:])) if part).split())
    words = prefix.split(" ")
    while words and embedder.count_tokens(prefix := " ".join(words)) > room:
        words.pop()
    return f"{prefix}\n{passage.text}" if words and prefix else passage.text


def load_model(folder: ModelFolder, *, cache: Path | None, backend: Backend = "auto") -> Model:
    """The weights, loaded by OpenVINO where it is installed and has a graph for them, by sentence-transformers else."""
    from index.torch_model import TorchModel

    if backend == "torch" or (backend == "auto" and not (folder.bert and find_spec("openvino"))):
        return TorchModel(folder)
    from index.openvino_model import OpenVinoModel

    try:
        return OpenVinoModel(folder, precision="bf16" if _prefers_bf16(folder, cache) else "f32")
    except EmbedderError:
        if backend == "openvino":
            raise
        logger.warning("OpenVINO does not run %s; sentence-transformers does it instead", folder.name, exc_info=True)
        return TorchModel(folder)


def _prefers_bf16(folder: ModelFolder, cache: Path | None) -> bool:
    """Whether bfloat16 is clearly faster here: measured once, then remembered in `cache`.

    It was 2.5 times as fast on a server with matrix units, and .6 times on one of the same family without.
    """
    from index.openvino_model import has_bf16

    if cache is None or not has_bf16():
        return False
    remembered = cache / f"precision-{digest(str(folder.path).encode())[:12]}.json"
    known = read_json(remembered)
    if not isinstance(known, dict) or "bf16_gain" not in known:
        known = {"model": folder.name, "bf16_gain": round(_bf16_gain(folder), 2)}
        write_json(remembered, known)
    return bool(known["bf16_gain"] >= BF16_GAIN)


def _bf16_gain(folder: ModelFolder) -> float:
    """How many times as fast bfloat16 embeds a batch of passages: best of two, after one to warm up."""
    from index.openvino_model import OpenVinoModel

    batch = ["the features of a sparse autoencoder fire on related words " * 10] * (BATCH // 2)
    seconds = {}
    for precision in ("f32", "bf16"):
        model = OpenVinoModel(folder, precision=precision)
        seconds[precision] = min([_seconds(model, batch) for _ in range(3)][1:])
    return seconds["f32"] / seconds["bf16"]


def _seconds(model: Model, batch: Sequence[str]) -> float:
    began = time.perf_counter()
    model.encode(batch)
    return time.perf_counter() - began
