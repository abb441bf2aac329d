"""All vectors of an index in files that are mapped into memory: an exact search, without opening Chroma.

    index/generation-.../table/table.json           {"dimension": 384, "pieces": [{"name", "gone": [row, ...]}, ...]}
    index/generation-.../table/<name>.vectors.npy   (rows, dimension) float32, L2-normalised
    index/generation-.../table/<name>.ids.npy       (rows,) passage ids as bytes, sorted
    index/generation-.../table/<name>.papers.npy    (rows,) the id of each passage's paper
    index/generation-.../table/<name>.small.npy     (rows, dimension) int8, of large pieces, with <name>.scales.npy

A piece never changes: what is added makes a new one, what is taken out is named in table.json (table_writer.py). A
large one is first looked through as 8-bit integers (int8_scan.py), then the best of it are compared exactly.
Importing Chroma alone takes .9 s of a process's time (benchmarks/query.py measures whole processes).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.errors import IndexDamaged
from index.state import REBUILD
from index.store import Found

TABLE = "table.json"
ROWS = 16_384  # read and multiplied at a time
SPARE = 64  # rows taken beyond the limit, so that ties are broken by id, not by place

Texts = NDArray[np.bytes_]


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of a table, by id; `gone` are those that count no more."""

    name: str
    ids: Texts
    papers: Texts
    vectors: NDArray[np.float32]
    gone: NDArray[np.intp]
    small: NDArray[np.int8] | None = None
    scales: NDArray[np.float32] | None = None

    @property
    def rows(self) -> int:
        """How many count."""
        return len(self.ids) - len(self.gone)

    def alive(self) -> NDArray[np.intp]:
        return np.delete(np.arange(len(self.ids)), self.gone)

    def places(self, passage_ids: Texts) -> NDArray[np.intp]:
        """The row of each of these passages, -1 for those that are not here."""
        if not len(self.ids):
            return np.full(len(passage_ids), -1, dtype=np.intp)
        wanted = passage_ids.astype(self.ids.dtype)  # one that is longer is cut, and differs below
        at = np.minimum(np.searchsorted(self.ids, wanted), len(self.ids) - 1)
        at[(self.ids[at] != passage_ids) | np.isin(at, self.gone)] = -1
        return at

    def best(self, vector: NDArray[np.float32], wanted: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """The rows nearest to a vector, in any order, with their cosines."""
        if self.small is None or self.scales is None:
            scores = self._scores(vector)
            rows = _best(scores, wanted)
            return rows, scores[rows]
        from index.int8_scan import scan

        scores = scan(self.small, self.scales, vector)
        scores[self.gone] = -np.inf
        rows = np.sort(_best(scores, 2 * wanted))
        return rows, self.vectors[rows] @ vector

    def _scores(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        scores = np.empty(len(self.vectors), dtype=np.float32)
        for start in range(0, len(scores), ROWS):
            np.matmul(self.vectors[start : start + ROWS], vector, out=scores[start : start + ROWS])
        scores[self.gone] = -np.inf
        return scores


class VectorTable:
    """The vectors of a generation, with what PassageStore answers from them."""

    # Of how many of the nearest it is asked which of them a filter keeps, before all that it keeps are looked up.
    widest = 10_000

    def __init__(self, folder: Path) -> None:
        self.pieces = read_pieces(folder)

    def close(self) -> None:
        """Nothing is held open but memory."""

    def nearest(self, vector: NDArray[np.float32], limit: int, *, among: Sequence[str] | None = None) -> list[Found]:
        """The passages nearest to a vector (dimension,), best first, ties by id; only `among` these ids, if given."""
        found: list[tuple[Texts, Texts, NDArray[np.float32]]] = []
        for piece in self.pieces:
            if among is None:
                rows, scores = piece.best(vector, limit + SPARE)
            else:
                rows = self._rows(piece, among)
                scores = piece.vectors[rows] @ vector
            places = _best(scores, limit + SPARE)
            found.append((piece.ids[rows[places]], piece.papers[rows[places]], scores[places]))
        return _best_first(found, limit)

    def cosines(self, vector: NDArray[np.float32], passage_ids: Sequence[str]) -> dict[str, float]:
        """The cosine of a vector with each of these passages; those that have no vector are left out."""
        found: dict[str, float] = {}
        for piece in self.pieces:
            rows = self._rows(piece, passage_ids)
            names = map(bytes.decode, piece.ids[rows].tolist())
            found |= dict(zip(names, (piece.vectors[rows] @ vector).tolist(), strict=True))
        return found

    def rows(self) -> tuple[list[str], list[str], NDArray[np.float32]]:
        """Of all passages: ids, papers and vectors (rows, dimension)."""
        ids: list[str] = []
        papers: list[str] = []
        vectors = [np.empty((0, self.pieces[0].vectors.shape[1] if self.pieces else 0), dtype=np.float32)]
        for piece in self.pieces:
            alive = piece.alive()
            ids += map(bytes.decode, piece.ids[alive].tolist())
            papers += map(bytes.decode, piece.papers[alive].tolist())
            vectors.append(piece.vectors[alive])
        return ids, papers, np.concatenate(vectors if len(vectors) == 1 else vectors[1:])

    def _rows(self, piece: Piece, passage_ids: Sequence[str]) -> NDArray[np.intp]:
        if not passage_ids:
            return np.empty(0, dtype=np.intp)
        places = piece.places(as_bytes(passage_ids))
        return places[places >= 0]


def as_bytes(texts: Sequence[str]) -> Texts:
    """Texts as one array (rows,)."""
    return np.array([one.encode() for one in texts], dtype=np.bytes_)


def read_pieces(folder: Path) -> list[Piece]:
    """The pieces of the table in a folder, mapped. Raises IndexDamaged where they cannot be read."""
    try:
        if not (folder / TABLE).is_file():
            return [_piece_of_format_3(folder)]
        named = json.loads((folder / TABLE).read_bytes())
        pieces = [open_piece(folder, str(one["name"]), one["gone"]) for one in named["pieces"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexDamaged(f"the table of vectors cannot be read: {error}", REBUILD) from error
    if not all(len(one.ids) == len(one.papers) == len(one.vectors) for one in pieces):
        raise IndexDamaged("the table of vectors has rows without a name", REBUILD)
    return pieces


def open_piece(folder: Path, name: str, gone: Sequence[int]) -> Piece:
    """A piece of a table, mapped."""
    ids, papers, vectors = (_mapped(folder / f"{name}.{part}.npy") for part in ("ids", "papers", "vectors"))
    large = (folder / f"{name}.small.npy").is_file()
    small, scales = (_mapped(folder / f"{name}.{part}.npy") if large else None for part in ("small", "scales"))
    return Piece(name, ids, papers, vectors, np.asarray(gone, dtype=np.intp), small, scales)


def _mapped(path: Path) -> Any:
    return np.load(path, mmap_mode="r", allow_pickle=False)


def _piece_of_format_3(folder: Path) -> Piece:
    """The table as the format before had it; the next build makes it anew."""
    named = json.loads((folder / "ids.json").read_bytes())
    ids, vectors = as_bytes(named["ids"]), _mapped(folder / "vectors.npy")
    order = np.argsort(ids)
    return Piece("", ids[order], as_bytes(named["papers"])[order], vectors[order], np.empty(0, dtype=np.intp))


def _best(scores: NDArray[np.float32], wanted: int) -> NDArray[np.intp]:
    """The places of the highest scores, in any order."""
    if len(scores) > wanted:
        scores_of: NDArray[np.intp] = np.argpartition(scores, len(scores) - wanted)[-wanted:]
        return scores_of[scores[scores_of] > -np.inf]
    return np.flatnonzero(scores > -np.inf)


def _best_first(found: Sequence[tuple[Texts, Texts, NDArray[np.float32]]], limit: int) -> list[Found]:
    """Ids, papers and cosines of pieces as one list."""
    if not found:
        return []
    ids, papers, scores = (np.concatenate([piece[part] for piece in found]) for part in range(3))
    order = np.lexsort((ids, -scores.astype(np.float64).round(6)))[:limit]
    named = zip(ids[order].tolist(), papers[order].tolist(), scores[order].tolist(), strict=True)
    return [Found(one.decode(), paper.decode(), score) for one, paper, score in named]
