"""Whether what was indexed is found again: each new source by its title, and by a sentence from its middle.

What fails is "indexed but not findable"; it stands in sources/<id>/findable.json until the source is indexed anew.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from index.embed import Embedder
from index.search import Search
from index.state import read_state
from ingest.progress import Progress, silent
from ingest.records import Paper, Passage
from ingest.vault import Vault, read_json, write_json

# Among so many hits a source must be for each of its two questions.
FIRST = 5
# Notes and glossary terms are a few lines of our own that share their titles with the papers they are about: asking for
# them would measure which of the two comes first.
OWN = ("glossary", "note")
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")


def self_test(vault: Vault, embedder: Embedder, *, on_progress: Progress = silent) -> tuple[str, ...]:
    """Ask for every indexed source that was not asked for since it changed, and remember the answers. Returns the
    ids of those just asked that were not found. Two questions a source, some 15 ms each."""
    state = read_state(vault)
    if state is None or not state.passages:
        return ()
    search = Search(vault, embedder)
    due = _due(vault, state.sources)
    lost = []
    for number, source_id in enumerate(due, start=1):
        missed = _missed(vault, search, source_id)
        write_json(_path(vault, source_id), {"made_from": state.sources[source_id], "missed": missed})
        lost += [source_id] if missed else []
        on_progress("self-test", number, len(due))
    search.close()
    return tuple(lost)


def not_findable(vault: Vault, source_id: str, made_from: str) -> str:
    """What a source of this fingerprint was asked for in vain, in words; "" where it is found, or was not asked for."""
    known = read_json(vault.source(source_id) / "findable.json")
    if not isinstance(known, dict) or known.get("made_from") != made_from or not known.get("missed"):
        return ""
    return f"indexed but not findable by {' or '.join(map(str, known['missed']))}"


def a_sentence(passages: Sequence[Passage], seed: str) -> str:
    """A sentence from the middle third of a source's text, the same for the same seed; "" of a source without text."""
    text = [one for one in passages if one.kind == "text"]
    middle = text[len(text) // 3 : len(text) - len(text) // 3]
    sentences = [one.strip() for passage in middle for one in SENTENCE.split(passage.text)]
    whole = [one for one in sentences if 40 <= len(one) <= 300 and len(one.split()) >= 6]
    choice = random.Random(seed)
    return choice.choice(whole or sentences)[:300] if sentences else ""


def _due(vault: Vault, sources: Mapping[str, str]) -> list[str]:
    due = []
    for source_id, made_from in sources.items():
        known = read_json(_path(vault, source_id))
        paper = vault.paper(source_id)
        asked = isinstance(known, dict) and known.get("made_from") == made_from
        if paper is not None and paper.kind not in OWN and not asked:
            due.append(source_id)
    return due


def _missed(vault: Vault, search: Search, source_id: str) -> list[str]:
    paper = vault.paper(source_id)
    sentence = a_sentence(vault.passages(source_id), paper.sha256 if paper else source_id)
    if not sentence:  # bibliography only: by default nothing of it is to be found
        return []
    asked = {"its title": _title(paper), "a sentence from its middle": sentence}
    return [name for name, question in asked.items() if question and not _found(search, question, source_id)]


def _title(paper: Paper | None) -> str:
    return paper.title.strip() if paper else ""


def _found(search: Search, question: str, source_id: str) -> bool:
    return any(hit.paper.id == source_id for hit in search(question, k=FIRST))


def _path(vault: Vault, source_id: str) -> Path:
    return vault.source(source_id) / "findable.json"
