"""The table of a generation while it is written: the pieces of the one before, shared, and new ones.

A new piece takes in those that are not much larger, so that there are few: each vector is written again some log N
times as N grows, and adding one paper to a large index writes little more than that paper.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.marks import share
from index.table import ROWS, TABLE, Piece, Texts, as_bytes, open_piece, read_pieces
from ingest.vault import write_json

# Rows from which a piece is kept as 8-bit integers too: below, what that spares is less than loading numba costs.
LARGE = 100_000
# Passages held in memory at most: 50 MB of vectors.
HELD = 32_768
# A piece of which more than this share is gone is written anew.
GONE = 0.25


class TableWriter:
    """Writes a table into `folder`. Of a passage that is put twice, the last one counts. The pieces that it starts from
    are those of the table `base`, None for none."""

    def __init__(self, folder: Path, base: Path | None = None) -> None:
        self._folder = folder
        self._pieces: list[Piece] = []
        self._held: dict[str, tuple[str, NDArray[np.float32]]] = {}
        folder.mkdir(parents=True)
        for piece in read_pieces(base) if base else ():
            self._pieces.append(_shared(piece, base, folder) if base else piece)

    def add(self, ids: Sequence[str], papers: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Put passages (vectors: a row each)."""
        for one, paper, vector in zip(ids, papers, vectors, strict=True):
            self._held[one] = (paper, vector)
        if len(self._held) >= HELD:
            self._write_held()

    def delete_papers(self, paper_ids: Sequence[str]) -> None:
        """Take out all passages of these papers; ids that are not there are no error."""
        gone = set(paper_ids)
        self._held = {one: row for one, row in self._held.items() if row[0] not in gone}
        if gone:
            wanted = as_bytes(sorted(gone))
            self._pieces = [_without(piece, np.flatnonzero(np.isin(piece.papers, wanted))) for piece in self._pieces]

    def finish(self) -> None:
        """Write what is held, then table.json, which names the pieces; files of others are deleted."""
        self._write_held()
        for piece in [one for one in self._pieces if len(one.gone) > GONE * len(one.ids)]:
            self._pieces.remove(piece)
            self._merge([piece])
        named = [{"name": one.name, "gone": one.gone.tolist()} for one in self._pieces]
        dimension = self._pieces[0].vectors.shape[1] if self._pieces else 0
        write_json(self._folder / TABLE, {"dimension": dimension, "pieces": named})
        names = {one.name for one in self._pieces}
        for path in self._folder.glob("*.npy"):
            if path.name.split(".")[0] not in names:
                path.unlink()

    def _write_held(self) -> None:
        if not self._held:
            return
        names = as_bytes(list(self._held))
        self._pieces = [_without(piece, _here(piece, names)) for piece in self._pieces]
        papers = as_bytes([paper for paper, _ in self._held.values()])
        vectors = np.stack([vector for _, vector in self._held.values()])
        self._held = {}
        new = Piece("", names, papers, vectors, np.empty(0, dtype=np.intp))
        self._merge([new, *self._taken_in(len(names))])

    def _taken_in(self, rows: int) -> list[Piece]:
        """The pieces that a new one of so many rows takes in, which are then no longer the table's."""
        taken: list[Piece] = []
        for piece in sorted(self._pieces, key=lambda one: one.rows):
            if piece.rows > 2 * rows:
                break
            taken.append(piece)
            rows += piece.rows
        self._pieces = [one for one in self._pieces if all(one is not other for other in taken)]
        return taken

    def _merge(self, pieces: Sequence[Piece]) -> None:
        """One new piece of the rows of others that count."""
        alive = [piece.alive() for piece in pieces]
        origin = np.concatenate([np.stack([np.full_like(rows, at), rows], axis=1) for at, rows in enumerate(alive)])
        if not len(origin):
            return
        ids = np.concatenate([piece.ids[rows] for piece, rows in zip(pieces, alive, strict=True)])
        papers = np.concatenate([piece.papers[rows] for piece, rows in zip(pieces, alive, strict=True)])
        order, name = np.argsort(ids), secrets.token_hex(4)
        np.save(self._folder / f"{name}.ids.npy", ids[order], allow_pickle=False)
        np.save(self._folder / f"{name}.papers.npy", papers[order], allow_pickle=False)
        vectors = self._folder / f"{name}.vectors.npy"
        _write_vectors(vectors, pieces, origin[order])
        if len(order) >= LARGE:
            _write_small(self._folder, name, np.load(vectors, mmap_mode="r", allow_pickle=False))
        self._pieces.append(open_piece(self._folder, name, ()))


def _write_vectors(path: Path, pieces: Sequence[Piece], origin: NDArray[np.intp]) -> None:
    """Gather rows, each from its piece, into one file: a block at a time."""
    shape = (len(origin), pieces[0].vectors.shape[1])
    with path.open("wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for block in _blocks(origin):
            vectors = np.empty((len(block), shape[1]), dtype=np.float32)
            for number, piece in enumerate(pieces):
                here = block[:, 0] == number
                vectors[here] = piece.vectors[block[here, 1]]
            file.write(vectors.tobytes())


def _write_small(folder: Path, name: str, vectors: NDArray[np.float32]) -> None:
    """The same vectors as 8-bit integers, each row with its scale."""
    scales = np.empty(len(vectors), dtype=np.float32)
    with (folder / f"{name}.small.npy").open("wb") as file:
        header = {"descr": "|i1", "fortran_order": False, "shape": vectors.shape}
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, len(vectors), ROWS):
            block = vectors[start : start + ROWS]
            most = np.maximum(np.abs(block).max(axis=1), np.float32(1e-30)) / 127
            scales[start : start + ROWS] = most
            file.write(np.rint(block / most[:, None]).astype(np.int8).tobytes())
    np.save(folder / f"{name}.scales.npy", scales, allow_pickle=False)


def _blocks(origin: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    return (origin[start : start + ROWS] for start in range(0, len(origin), ROWS))


def _shared(piece: Piece, base: Path, folder: Path) -> Piece:
    for path in base.glob(f"{piece.name}.*.npy"):
        share(path, folder / path.name)
    return piece


def _here(piece: Piece, passage_ids: Texts) -> NDArray[np.intp]:
    places = piece.places(passage_ids)
    return places[places >= 0]


def _without(piece: Piece, rows: NDArray[np.intp]) -> Piece:
    """A piece of which these rows count no more."""
    if not len(rows):
        return piece
    return Piece(piece.name, piece.ids, piece.papers, piece.vectors, np.union1d(piece.gone, rows))
