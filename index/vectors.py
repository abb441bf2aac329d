"""A source's vectors, kept beside its passages, so that the index can be built again without embedding.

vectors.npy has a row for each passage of kind "text", in the order of passages.jsonl; vectors.json says what model
made it of what, and is written last.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from ingest.vault import Vault, digest, read_json, write_bytes, write_json


def write_vectors(vault: Vault, source_id: str, vectors: NDArray[np.float32], *, model: str, made_from: str) -> None:
    """Keep the vectors (rows, dimension) that `model` made of the source with that fingerprint."""
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(vectors, dtype=np.float32), allow_pickle=False)
    data, folder = buffer.getvalue(), vault.source(source_id)
    write_bytes(folder / "vectors.npy", data)
    write_json(folder / "vectors.json", {"model": model, "made_from": embedded_part(made_from), "sha256": digest(data)})


def read_vectors(vault: Vault, source_id: str, *, model: str, made_from: str) -> NDArray[np.float32] | None:
    """The vectors, or None where they are missing, damaged, of another model or of other passages."""
    path = vault.source(source_id) / "vectors.npy"
    if not has_vectors(vault, source_id, model=model, made_from=made_from) or not path.is_file():
        return None
    data = path.read_bytes()
    if digest(data) != read_json(path.with_suffix(".json"))["sha256"]:
        return None
    vectors: NDArray[np.float32] = np.load(io.BytesIO(data), allow_pickle=False)
    return vectors


def has_vectors(vault: Vault, source_id: str, *, model: str, made_from: str) -> bool:
    """Whether vectors.json claims such vectors. Cheap: vectors.npy is not read."""
    known = read_json(vault.source(source_id) / "vectors.json")
    return isinstance(known, dict) and (known.get("model"), known.get("made_from")) == (model, embedded_part(made_from))


def vectors_made_from(vault: Vault, source_id: str) -> str:
    """The fingerprint of what the stored vectors were made of, by whatever model; "" where there are none."""
    known = read_json(vault.source(source_id) / "vectors.json")
    return str(known.get("made_from", "")) if isinstance(known, dict) else ""


def embedded_part(fingerprint: str) -> str:
    """The part of a source's fingerprint (state.py) that its vectors depend on."""
    return fingerprint.partition("-")[0]
