"""Any sentence-transformers model, as its own library runs it. The door of `sentence_transformers` (and torch).

The second choice: importing it takes 8 s and 450 MB. It runs what openvino_model.py has no graph for.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.errors import EmbedderError
from index.model_folder import HINT, ModelFolder


class TorchModel:
    """A loaded model, on `device` ("cpu", "cuda", "mps") or the best that torch finds. One call at a time."""

    at_once = 1

    def __init__(self, folder: ModelFolder, *, device: str | None = None) -> None:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise EmbedderError(
                f"the model {folder.name} needs sentence-transformers", "pip install sentence-transformers"
            ) from error
        try:
            self._model = SentenceTransformer(str(folder.path), local_files_only=True, device=device)
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            raise EmbedderError(f"the model in {folder.path} does not load: {error}", HINT) from error

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One batch: (len(texts), dimension), L2-normalised."""
        vectors = self._model.encode(
            list(texts), batch_size=len(texts), normalize_embeddings=True, show_progress_bar=False
        )
        return np.asarray(vectors, dtype=np.float32)
