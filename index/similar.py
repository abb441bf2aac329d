"""Which sources of a vault are alike: the cosine of the means of their passages' vectors."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ingest.vault import Vault, read_json

MOST = 6


def similar(vault: Vault, source_id: str, among: Iterable[str], *, most: int = MOST) -> list[tuple[str, float]]:
    """The sources of `among` nearest to one, with their cosines (-1 to 1), best first. [] where it has no vectors.

    Read from the vectors beside the passages; those of another model than this source's are left out.
    """
    own, model = mean_vector(vault, source_id)
    if own is None:
        return []
    found = []
    for other in among:
        if other != source_id:
            vector, by = mean_vector(vault, other)
            if vector is not None and by == model:
                found.append((other, float(own @ vector)))
    return sorted(found, key=lambda row: (-row[1], row[0]))[:most]


def mean_vector(vault: Vault, source_id: str) -> tuple[NDArray[np.float32] | None, str]:
    """The mean of a source's vectors, of length 1 (dimension,), and the model that made them; None without any."""
    path = vault.source(source_id) / "vectors.npy"
    known = read_json(path.with_suffix(".json"))
    try:
        rows: NDArray[np.float32] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError):
        return None, ""
    if not isinstance(known, dict) or rows.ndim != 2 or not len(rows):
        return None, ""
    total = rows.mean(axis=0)
    length = float(np.linalg.norm(total))
    return (total / length if length else None), str(known.get("model", ""))
