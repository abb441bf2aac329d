"""Texts to vectors: the Embedder that everything else is handed, and the local model behind it.

The default is all-MiniLM-L6-v2 as an installed package carries it, so that a machine without internet works. BERT
models run in OpenVINO (openvino_model.py), all others in sentence-transformers (torch_model.py); many texts at a time
in what is fastest on this machine (backends.py).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from index import tokens
from index.errors import EmbedderError
from index.model_folder import ModelFolder, find_model
from ingest.records import Passage

Vectors = NDArray[np.float32]
Backend = Literal["auto", "openvino", "int16", "int8", "torch"]

# Two cores like small batches of equal length: 4, 8 and 16 were within noise of each other (40-47 passages/s).
BATCH = 8
# Title and section before a passage help retrieval; chunks of 200 tokens leave 54 of MiniLM's 256, two of them markers.
PREFIX_TOKENS = 32
# Texts from which on it is worth to load the fastest engine, which can take seconds; and to use it once it is loaded.
MANY, SOME = 256, 2 * BATCH

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
    """A loaded model: one batch of texts to L2-normalised vectors. `at_once` calls may run side by side."""

    @property
    def at_once(self) -> int: ...
    def encode(self, texts: Sequence[str]) -> Vectors: ...


class LocalEmbedder:
    """A model on this machine. Cheap to make: the weights load at the first `embed`. Safe to call from any thread.

    A few texts, as a question is, take the model that is ready soonest, many the one that is fastest here. Both give
    the same vectors: to a cosine of .99999, with bfloat16 of .9999, with 8-bit integers of .9993.
    """

    def __init__(self, folder: ModelFolder, *, cache: Path | None = None, backend: Backend = "auto") -> None:
        self.folder, self.cache, self.backend = folder, cache, backend
        self.name, self.max_tokens = folder.name, folder.max_tokens
        self._count = tokens.token_counter(folder.tokenizer())
        self._few: Model | None = None
        self._many: Model | None = None
        self._lock, self._loading = threading.Lock(), threading.Lock()

    @property
    def dimension(self) -> int:
        """Of the vectors. Known without loading for models of the usual shape (transformer, then pooling)."""
        return self.folder.dimension if self.folder.pooling else self.embed(["dimension"]).shape[1]

    def count_tokens(self, text: str) -> int:
        """Tokens of a text as this model counts them, without the two markers around it."""
        return self._count(text)

    def embed(self, texts: Sequence[str], *, on_done: Callable[[int], None] | None = None) -> Vectors:
        """See Embedder. Raises EmbedderError where the model does not load."""
        if not texts:
            return np.zeros((0, self.folder.dimension), dtype=np.float32)
        loaded = self._many is not None
        model = self._for_many() if len(texts) >= (SOME if loaded else MANY) else self._for_few()
        rows: dict[int, Vectors] = {}
        with self._lock:  # one call after another: each takes all cores
            for numbers, vectors in run_batches(model, texts):
                rows |= dict(zip(numbers, vectors, strict=True))
                if on_done:
                    on_done(len(rows))
        return np.stack([rows[number] for number in range(len(texts))])

    def _for_few(self) -> Model:
        with self._loading:
            self._few = self._few or load_model(self.folder, backend=self.backend)
            return self._few

    def _for_many(self) -> Model:
        from index.backends import fastest

        few = self._for_few()
        with self._loading:
            self._many = self._many or fastest(self.folder, few, self.cache, self.backend)
            return self._many


def run_batches(model: Model, texts: Sequence[str]) -> Iterator[tuple[list[int], Vectors]]:
    """Batches of like length, as they are done: which texts, and their vectors. Side by side where the model can."""
    longest_first = sorted(range(len(texts)), key=lambda i: (-len(texts[i]), i))
    batches = [longest_first[start : start + BATCH] for start in range(0, len(texts), BATCH)]
    if model.at_once == 1 or len(batches) == 1:
        yield from ((rows, model.encode([texts[i] for i in rows])) for rows in batches)
        return
    with ThreadPoolExecutor(model.at_once) as threads:
        running = {threads.submit(model.encode, [texts[i] for i in rows]): rows for rows in batches}
        try:
            for one in as_completed(running):
                yield running[one], one.result()
        finally:  # at Ctrl-C or an error, what has not begun is left
            threads.shutdown(wait=True, cancel_futures=True)


def load_embedder(model: str | None = None, *, cache: Path | None = None, backend: Backend = "auto") -> LocalEmbedder:
    """The embedder by name or folder; None is the packaged MiniLM. Never downloads: EmbedderError where it is missing.

    In `cache` it is remembered which engine is the fastest one on this machine; without, float32 in OpenVINO is used.
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


def load_model(folder: ModelFolder, *, backend: Backend = "auto") -> Model:
    """The weights, loaded by OpenVINO where it is installed and has a graph for them, by sentence-transformers else."""
    from index.torch_model import TorchModel

    if backend == "torch" or (backend == "auto" and not (folder.bert and find_spec("openvino"))):
        return TorchModel(folder)
    from index.openvino_model import OpenVinoModel

    try:
        return OpenVinoModel(folder)
    except EmbedderError:
        if backend == "openvino":
            raise
        logger.warning("OpenVINO does not run %s; sentence-transformers does it instead", folder.name, exc_info=True)
        return TorchModel(folder)
