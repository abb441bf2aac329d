"""The same text twice is indexed once, whichever way it is the same; the winner is fixed, and its removal lets go."""

from __future__ import annotations

import random
from pathlib import Path

from pdf_maker import paper_pdf
from readable_embedder import ReadableEmbedder

from index.refresh import refresh
from index.state import read_state
from index.status import EntryStatus, status
from index.verify import verify
from ingest.add import remove
from ingest.duplicates import ALIKE, SKETCH, Sketch, duplicates, likeness, sketched
from ingest.manifest import add_entry, load
from ingest.tools import Tools
from ingest.vault import Vault

WORDS = [a + b + c for a in ("ba", "re", "mi", "lo") for b in ("n", "ster", "d", "ck") for c in ("ing", "a", "ol", "e")]


def words(seed: int, count: int = 600) -> list[str]:
    return random.Random(seed).choices(WORDS, k=count)


def changed(text: list[str], share: float) -> str:
    choice = random.Random(0)
    return " ".join("other" if choice.random() < share else word for word in text)


def put(vault: Vault, entry_id: str, text: str, **fields: str) -> None:
    """An entry with its own Markdown file."""
    path = vault.root / "files" / f"{entry_id}.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"# {entry_id.title()}\n\n{text}\n")
    add_entry(vault, {"id": entry_id, "file": f"files/{entry_id}.md", **fields})


def run(vault: Vault, tools: Tools) -> dict[str, EntryStatus]:
    refresh(vault, tools, ReadableEmbedder(), download=False)
    return {row.id: row for row in status(vault, load(vault).entries)}


def indexed(vault: Vault) -> set[str]:
    state = read_state(vault)
    return set(state.sources) if state else set()


def test_near_same_text_is_indexed_once_and_let_in_when_the_winner_goes(vault: Vault, tools: Tools) -> None:
    put(vault, "first", " ".join(words(1)))
    put(vault, "second", changed(words(1), 0.03))
    put(vault, "other", " ".join(words(2)))
    rows = run(vault, tools)
    assert indexed(vault) == {"first", "other"}
    assert (rows["second"].duplicate_of, rows["second"].state) == ("first", "chunked")
    assert rows["second"].reason == "the same text as first: indexed once"
    assert rows["first"].duplicate_of == "" == rows["other"].duplicate_of
    assert verify(vault, tools, ReadableEmbedder()).found == ()
    remove(vault, "first")
    assert run(vault, tools)["second"].state == "searchable"
    assert indexed(vault) == {"second", "other"}


def test_what_the_list_names_wins_over_what_was_added_before_it(vault: Vault, tools: Tools) -> None:
    put(vault, "added", " ".join(words(1)), origin="added")
    put(vault, "listed", changed(words(1), 0.02))
    assert run(vault, tools)["added"].duplicate_of == "listed"


def test_the_same_arxiv_id_and_the_same_bytes_are_the_same(vault: Vault, tools: Tools, tmp_path: Path) -> None:
    put(vault, "one", "A few words.", arxiv="2301.00001")
    put(vault, "two", "Quite other words.", arxiv="2301.00001v2")
    paper_pdf(tmp_path / "x.pdf", "On Heads", ["Ada Byron"], [("Introduction", "Heads copy. " * 30)], [])
    for name in ("three", "four"):
        (vault.root / "files" / f"{name}.pdf").write_bytes((tmp_path / "x.pdf").read_bytes())
        add_entry(vault, {"id": name, "file": f"files/{name}.pdf"})
    rows = run(vault, tools)
    assert {one: rows[one].duplicate_of for one in rows} == {"one": "", "two": "one", "three": "", "four": "three"}


def test_a_loser_stands_for_no_other() -> None:
    chain = [Sketch("a", "1", "x", ()), Sketch("b", "2", "x", ()), Sketch("c", "2", "", ())]
    assert duplicates(chain) == {"b": "a"}, "c is like b alone, which is not indexed: it must be"


def test_likeness_is_that_of_the_shingles_and_memory_is_bounded() -> None:
    text = words(3, 5000)
    whole = sketched(" ".join(text))
    assert len(whole) == SKETCH
    assert likeness(whole, whole) == 1.0
    assert likeness(whole, sketched(" ".join(words(4, 5000)))) < 0.05
    assert likeness(whole, sketched(changed(text, 0.03))) > ALIKE + 0.1
    half = likeness(whole, sketched(" ".join(text[:2500])))
    assert abs(half - 0.5) < 0.12, "four standard errors"
    assert sketched(" ".join(text[:100])) == ()
