"""The same text twice is indexed once: same bytes, same arXiv id, or near-same words, and which of the two wins.

A text is sketched by the SKETCH smallest hashes of its word 5-shingles (bottom-k MinHash: Broder, "On the resemblance
and containment of documents", 1997), so that memory is bounded whatever the length. Sketches are kept beside the
sources, as is the loser's duplicate.json, which index/state.py heeds.
"""

from __future__ import annotations

import heapq
import re
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ingest.records import Entry
from ingest.vault import Vault, read_json, write_json

WORDS = 5  # in a shingle
SKETCH = 256  # hashes: the standard error of a likeness of .5 is .03
# A paper with 3 in 100 of its words changed is .70 like itself or more, different papers are .02 at most, of 40:
# benchmarks/duplicates.py.
ALIKE = 0.5
# Shingles that a text must have to be compared by them, about a page: shorter ones share forms of words by chance.
ENOUGH = 200
WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is compared of a source: hash of its original, arXiv id ("" for none), sorted hashes of its text."""

    id: str
    sha256: str
    arxiv_id: str
    text: tuple[int, ...]


def sketched(text: str) -> tuple[int, ...]:
    """The smallest hashes of a text's shingles, sorted; () of one that is too short to be compared."""
    words = WORD.findall(text.casefold())
    hashes = {zlib.crc32(" ".join(words[n : n + WORDS]).encode()) for n in range(len(words) - WORDS + 1)}
    return tuple(heapq.nsmallest(SKETCH, hashes)) if len(hashes) >= ENOUGH else ()


def likeness(one: Sequence[int], other: Sequence[int]) -> float:
    """The share of shingles that two texts have in common (Jaccard), 0 to 1, as estimated from their sketches."""
    if not one or not other:
        return 0.0
    first, second = set(one), set(other)
    union = heapq.nsmallest(SKETCH, first | second)
    return sum(value in first and value in second for value in union) / len(union)


def duplicates(sketches: Sequence[Sketch]) -> dict[str, str]:
    """Ids of those that are the same as an earlier one, with its id. The earlier wins; no loser stands for others."""
    by_key: dict[str, str] = {}
    holders: dict[int, list[Sketch]] = {}
    lost: dict[str, str] = {}
    for sketch in sketches:
        keys = [key for key in (sketch.sha256, sketch.arxiv_id) if key]
        winner = next((by_key[key] for key in keys if key in by_key), "") or _alike(sketch, holders)
        if winner:
            lost[sketch.id] = winner
            continue
        by_key |= dict.fromkeys(keys, sketch.id)
        for value in sketch.text:
            holders.setdefault(value, []).append(sketch)
    return lost


def _alike(sketch: Sketch, holders: dict[int, list[Sketch]]) -> str:
    """The id of the first of the winners whose text is near-same; "" for none. Only those that share hashes count."""
    shared = Counter(other for value in sketch.text for other in holders.get(value, ()))
    return next((other.id for other in shared if likeness(sketch.text, other.text) >= ALIKE), "")


def in_order(entries: Sequence[Entry]) -> list[Entry]:
    """Who wins: what stands in the list before what was added, the earlier before the later."""
    return sorted(entries, key=lambda entry: entry.extra.get("origin") == "added")


def mark_duplicates(vault: Vault, entries: Sequence[Entry]) -> None:
    """Name in sources/<id>/duplicate.json what each duplicate is the same as; take the name from what is none now."""
    sketches = [found for entry in in_order(entries) if (found := _sketch(vault, entry))]
    lost = duplicates(sketches)
    for entry in entries:
        winner = lost.get(entry.id, "")
        if winner == duplicate_of(vault, entry.id):
            continue
        path = vault.source(entry.id) / "duplicate.json"
        if winner:
            write_json(path, {"of": winner})
        else:
            path.unlink()


def duplicate_of(vault: Vault, source_id: str) -> str:
    """The id of the source that is indexed in the place of this one; "" mostly."""
    told = read_json(vault.source(source_id) / "duplicate.json")
    return str(told.get("of", "")) if isinstance(told, dict) else ""


def _sketch(vault: Vault, entry: Entry) -> Sketch | None:
    """The sketch of a source that has passages, made where the kept one is of other passages."""
    paper, state = vault.paper(entry.id), vault.state(entry.id)
    made_from = state.get("passages_sha256")
    if paper is None or not made_from or not vault.passages_path(entry.id).is_file():
        return None
    text = _kept_text(vault, entry.id, str(made_from), lambda: sketched(_text(vault, entry.id)))
    return Sketch(entry.id, paper.sha256, paper.arxiv_id or "", text)


def _kept_text(vault: Vault, source_id: str, made_from: str, make: Callable[[], tuple[int, ...]]) -> tuple[int, ...]:
    path = vault.source(source_id) / "sketch.json"
    kept = read_json(path)
    if isinstance(kept, dict) and kept.get("made_from") == made_from:
        return tuple(kept["hashes"])
    text = make()
    write_json(path, {"made_from": made_from, "hashes": text})
    return text


def _text(vault: Vault, source_id: str) -> str:
    """A source's passages without its bibliography: papers of one field cite the same works."""
    return "\n".join(passage.text for passage in vault.passages(source_id) if passage.kind == "text")
