"""The weights of a model as they lie on disk, in the format of huggingface's safetensors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.errors import EmbedderError

DTYPES = {"F32": "<f4", "F16": "<f2"}


class Weights:
    """The tensors of a safetensors file by name, mapped, not read. Raises EmbedderError for what it cannot hold.

    The format is eight bytes of header length, a JSON header, then the data (github.com/huggingface/safetensors).
    """

    def __init__(self, path: Path) -> None:
        # "c": OpenVINO shares only writable memory; nothing is ever written back.
        raw = np.memmap(path, dtype=np.uint8, mode="c")
        try:
            size = int(raw[:8].view("<u8")[0])
            header: dict[str, Any] = json.loads(bytes(raw[8 : 8 + size]))
        except (ValueError, IndexError) as error:
            raise EmbedderError(f"{path} is not a safetensors file", "get the model again") from error
        self._data, self._header, self.path = raw[8 + size :], header, path
        # Some checkpoints name everything under "bert.".
        self._prefix = "bert." if "bert.embeddings.word_embeddings.weight" in header else ""

    def __contains__(self, name: str) -> bool:
        return self._prefix + name in self._header

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        try:
            entry = self._header[self._prefix + name]
            start, end = entry["data_offsets"]
            tensor = self._data[start:end].view(DTYPES[entry["dtype"]]).reshape(entry["shape"])
        except (KeyError, ValueError) as error:
            raise EmbedderError(
                f"{self.path} does not hold {name} as float32 or float16", "get the model again"
            ) from error
        return np.asarray(tensor, dtype=np.float32)
