"""A million vectors looked through in 60 ms on one core: as 8-bit integers, a quarter of the memory to read. A door of
`numba`.

Each row is scaled so that its largest number is 127: the cosine with a question is then off by some .0005, which only
decides who is compared exactly (table.py).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ingest.worker import cores

# Rows from which it is worth a thread of its own.
SHARE = 100_000


@njit(nogil=True, cache=True, fastmath=True, error_model="numpy")
def _scan(rows: Any, scales: Any, vector: Any, out: Any) -> None:
    for row in range(rows.shape[0]):
        total = np.float32(0.0)
        for column in range(rows.shape[1]):
            total += np.float32(rows[row, column]) * vector[column]
        out[row] = total * scales[row]


def scan(rows: NDArray[np.int8], scales: NDArray[np.float32], vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """The product of each row (rows, dimension), scaled, with a vector (dimension,)."""
    out = np.empty(len(rows), dtype=np.float32)
    parts = max(1, min(cores(), len(rows) // SHARE))
    edges = np.linspace(0, len(rows), parts + 1, dtype=np.intp).tolist()
    spans = [slice(start, end) for start, end in pairwise(edges)]
    with ThreadPoolExecutor(parts) as threads:
        list(threads.map(lambda span: _scan(rows[span], scales[span], vector, out[span]), spans))
    return out
