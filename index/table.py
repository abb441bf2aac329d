"""Every vector of an index in one file that is mapped into memory: an exact search, without opening Chroma.

    index/generation-.../table/vectors.npy   (passages, dimension) float32, L2-normalised
    index/generation-.../table/ids.json      {"ids": [...], "papers": [...]}: of each row

Importing Chroma alone takes .9 s of a process's time (benchmarks/query.py measures whole processes).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.errors import IndexDamaged
from index.state import REBUILD
from index.store import Found, PassageStore
from ingest.vault import write_json

# Passages up to which a generation has such a table: 300 MB. A question took 8 ms at 5,000, 56 at 100,000 and 108 at
# 200,000 (medians of 9, beside other work on both cores).
MOST = 200_000
ROWS = 16_384  # read and multiplied at a time
SPARE = 64  # rows taken beyond the limit, so that ties are broken by id, not by place


class VectorTable:
    """The vectors of a generation, with what PassageStore answers from them."""

    def __init__(self, folder: Path) -> None:
        try:
            named = json.loads((folder / "ids.json").read_bytes())
            self.ids: list[str] = named["ids"]
            self.papers: list[str] = named["papers"]
            self.vectors: NDArray[np.float32] = np.load(folder / "vectors.npy", mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, KeyError) as error:
            raise IndexDamaged(f"the table of vectors cannot be read: {error}", REBUILD) from error
        if not len(self.ids) == len(self.papers) == len(self.vectors):
            raise IndexDamaged("the table of vectors has rows without a name", REBUILD)

    def close(self) -> None:
        """Nothing is held open but memory."""

    def nearest(self, vector: NDArray[np.float32], limit: int, *, among: Sequence[str] | None = None) -> list[Found]:
        """The passages nearest to a vector (dimension,), best first, ties by id; only `among` these ids, if given."""
        rows = None if among is None else self._rows(among)
        scores = self._scores(vector) if rows is None else self.vectors[rows] @ vector
        wanted = limit + SPARE
        if len(scores) > wanted:
            places = np.argpartition(scores, len(scores) - wanted)[-wanted:]
        else:
            places = np.arange(len(scores))
        at = places if rows is None else np.asarray(rows, dtype=np.intp)[places]
        found = [
            Found(self.ids[row], self.papers[row], float(scores[place]))
            for place, row in zip(places.tolist(), at.tolist(), strict=True)
        ]
        return sorted(found, key=lambda one: (-round(one.score, 6), one.passage_id))[:limit]

    def cosines(self, vector: NDArray[np.float32], passage_ids: Sequence[str]) -> dict[str, float]:
        """The cosine of a vector with each of these passages; those that have no vector are left out."""
        known = [one for one in passage_ids if one in self._places]
        return dict(zip(known, (self.vectors[self._rows(known)] @ vector).tolist(), strict=True)) if known else {}

    @cached_property
    def _places(self) -> dict[str, int]:
        return {one: row for row, one in enumerate(self.ids)}

    def _rows(self, passage_ids: Sequence[str]) -> list[int]:
        return [self._places[one] for one in passage_ids if one in self._places]

    def _scores(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        scores = np.empty(len(self.vectors), dtype=np.float32)
        for start in range(0, len(scores), ROWS):
            np.matmul(self.vectors[start : start + ROWS], vector, out=scores[start : start + ROWS])
        return scores


class TableWriter:
    """The table of a generation while it is written. Of a passage that is put twice, the last one counts."""

    def __init__(self) -> None:
        self._papers: dict[str, str] = {}
        self._parts: list[tuple[list[str], NDArray[np.float32]]] = []

    @classmethod
    def of(cls, folder: Path, store: PassageStore) -> TableWriter:
        """The table of a generation's folder, or all that its store holds where it has none."""
        writer = cls()
        if (folder / "table").is_dir():
            table = VectorTable(folder / "table")
            writer.add(table.ids, table.papers, table.vectors)
        else:
            writer.add(*store.rows())
        return writer

    def add(self, ids: Sequence[str], papers: Sequence[str], vectors: NDArray[np.float32]) -> None:
        self._papers |= dict(zip(ids, papers, strict=True))
        self._parts.append((list(ids), vectors))

    def delete_papers(self, paper_ids: Sequence[str]) -> None:
        gone = set(paper_ids)
        self._papers = {one: paper for one, paper in self._papers.items() if paper not in gone}
        self._parts = [(list(_kept(ids, self._papers)), vectors) for ids, vectors in self._parts]

    def write(self, folder: Path) -> None:
        """Write the table into a generation's folder; none of more than MOST passages."""
        table = folder / "table"
        shutil.rmtree(table, ignore_errors=True)
        if len(self._papers) > MOST:
            return
        table.mkdir()
        last = {one: (vectors, row) for ids, vectors in self._parts for row, one in enumerate(ids) if one}
        ids = [one for one in last if one in self._papers]
        dimension = self._parts[0][1].shape[1] if self._parts else 0
        vectors = np.empty((len(ids), dimension), dtype=np.float32)
        for row, one in enumerate(ids):
            part, place = last[one]
            vectors[row] = part[place]
        np.save(table / "vectors.npy", vectors, allow_pickle=False)
        write_json(table / "ids.json", {"ids": ids, "papers": [self._papers[one] for one in ids]})


def _kept(ids: Sequence[str], papers: Mapping[str, str]) -> Iterator[str]:
    """The ids that are still there, "" in the place of others."""
    return (one if one in papers else "" for one in ids)


def open_vectors(folder: Path) -> VectorTable | PassageStore:
    """What a generation's folder answers by meaning from: its table, or Chroma where there is none."""
    table = folder / "table"
    return VectorTable(table) if table.is_dir() else PassageStore.open(folder / "chroma")
