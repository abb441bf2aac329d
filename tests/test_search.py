"""Searching: what is found, in what order, with what reasons, and how it keeps up with builds elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from readable_embedder import ReadableEmbedder
from small_vault import TEXTS, small_vault, write_source

from index.build import build
from index.errors import IndexDamaged, IndexMissing, ModelMismatch
from index.opened import OpenGeneration
from index.search import Search
from index.state import generation_path, read_state, store_path
from ingest.errors import UsageError
from ingest.records import Paper
from ingest.vault import Vault, write_bytes

ROOT = Path(__file__).resolve().parent.parent
# Passages share few words with questions, so few buckets would collide.
EMBEDDER = ReadableEmbedder(dimension=384)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    vault = small_vault(tmp_path / "vault")
    build(vault, EMBEDDER)
    return vault


@pytest.fixture
def search(vault: Vault) -> Iterator[Search]:
    opened = Search(vault, EMBEDDER)
    yield opened
    opened.close()


def test_a_question_finds_its_passage_with_its_paper(vault: Vault, search: Search) -> None:
    best, *others = search("How many features does superposition let a network store?")
    assert best.passage == vault.passages("toy")[0] and best.paper == vault.paper("toy")
    assert best.rank_meaning == 1 and best.rank_words == 1
    assert best.similarity is not None and 0 < best.similarity <= 1 and best.bm25 and best.bm25 > 0
    assert [hit.score for hit in others] == sorted((hit.score for hit in others), reverse=True)
    assert all(0 <= hit.score <= best.score <= 1 for hit in others)


def test_why_names_the_shared_words_and_both_ranks(search: Search) -> None:
    best = search("name mover heads")[0]
    assert "name, mover, heads" in best.why
    assert "number 1 of the nearest" in best.why and "number 1 by words" in best.why


def test_k_and_per_paper_bound_the_hits(search: Search) -> None:
    question = "sparse features in a network of attention heads"
    assert len(search(question, k=4)) == 4
    few = search(question, k=6, per_paper=1)
    assert sorted(hit.paper.id for hit in few) == sorted(TEXTS)
    assert [hit.passage.id for hit in search(question, k=2)] == [hit.passage.id for hit in search(question, k=6)][:2]


def test_the_same_question_gives_the_same_hits(vault: Vault, search: Search) -> None:
    """Also where passages tie in every respect: then their ids decide."""
    for number in range(12):
        write_source(vault, f"copy{number}", "A copy", ["Transcoders replace layers."])
    build(vault, EMBEDDER)
    first = search("transcoders", k=12)
    assert [hit.passage.id for hit in first] == sorted(hit.passage.id for hit in first)
    again = Search(vault, EMBEDDER)
    assert again("transcoders", k=12) == first == search("transcoders", k=12)
    again.close()


def test_bibliography_is_left_out_unless_asked_for(vault: Vault, search: Search) -> None:
    write_source(vault, "survey", "A Survey", ["Circuits."], references=["Nelson Elhage. Transformer circuits. 2021."])
    build(vault, EMBEDDER)
    assert all(hit.passage.kind == "text" for hit in search("Nelson Elhage", k=20))
    best = search("Nelson Elhage", references=True)[0]
    assert best.passage.kind == "references" and best.similarity is None and best.rank_words == 1
    assert search.passage_count() == 7 and search.document_frequency("Elhage") == 0


def test_notes_and_glossary_are_found_as_what_they_are(vault: Vault, search: Search) -> None:
    write_source(vault, "polysemanticity", "Polysemanticity", ["A neuron with several meanings."], kind="glossary")
    build(vault, EMBEDDER)
    best = search("polysemanticity")[0]
    assert best.paper.kind == "glossary" and "title or section" in best.why


def test_words_and_passages_are_counted(search: Search) -> None:
    assert search.document_frequency("feature") == 3 and search.document_frequency("zebra") == 0
    assert search.passage_count() == 6


@pytest.mark.parametrize("question", ["", "   \n"])
def test_an_empty_question_is_an_error(search: Search, question: str) -> None:
    with pytest.raises(UsageError, match="empty"):
        search(question)


@pytest.mark.parametrize("question", ["?!", "sparse features " * 3_200, '"(title:~*', "\0", "🙂", "x" * 50_000])
def test_any_question_is_answered(search: Search, question: str) -> None:
    assert len(search(question, k=6)) == 6


def test_there_is_nothing_to_search_before_the_first_build(tmp_path: Path) -> None:
    for vault in (Vault(tmp_path), small_vault(tmp_path)):
        with pytest.raises(IndexMissing) as caught:
            Search(vault, EMBEDDER)("anything")
        assert caught.value.hint == "mivault sync"
    build(vault, EMBEDDER)
    shutil.rmtree(vault.root / "sources")
    build(vault, EMBEDDER)
    with pytest.raises(IndexMissing, match="empty"):
        Search(vault, EMBEDDER)("anything")


def test_an_index_of_another_model_is_refused(vault: Vault) -> None:
    with pytest.raises(ModelMismatch, match="readable") as caught:
        Search(vault, ReadableEmbedder(name="other"))("anything")
    assert "--reindex" in caught.value.hint


@pytest.mark.parametrize("name", ["table/*.vectors.npy", "words/meta.json", "words/*.idx"])
def test_a_damaged_index_says_so_and_a_build_repairs_it(vault: Vault, name: str) -> None:
    state = read_state(vault)
    assert state is not None
    (path,) = generation_path(vault, state).glob(name)
    write_bytes(path, os.urandom(5_000))  # what is mapped stays whole
    search = Search(vault, EMBEDDER)
    with pytest.raises(IndexDamaged) as caught:
        search("superposition")
    assert "mivault sync" in caught.value.hint
    assert build(vault, EMBEDDER).rebuilt
    assert search("superposition")[0].paper.id == "toy"
    search.close()


def test_a_damaged_store_is_repaired_by_the_next_build_and_no_question_waits_for_it(vault: Vault) -> None:
    state = read_state(vault)
    assert state is not None
    (store_path(vault, state) / "chroma.sqlite3").write_bytes(os.urandom(5_000))
    assert Search(vault, EMBEDDER)("superposition")[0].paper.id == "toy"
    assert build(vault, EMBEDDER).rebuilt


def test_a_build_in_another_process_is_seen(vault: Vault, search: Search) -> None:
    assert search("transcoders")[0].paper.id in TEXTS
    write_source(vault, "new", "Transcoders", ["Transcoders replace the layers of a network."])
    shutil.rmtree(vault.source("ioi"))
    code = f"""
from pathlib import Path
from readable_embedder import ReadableEmbedder
from index.build import build
from ingest.vault import Vault, write_bytes
build(Vault(Path({str(vault.root)!r})), ReadableEmbedder(dimension=384))
"""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": path, "HOME": str(vault.root)}, check=True)
    assert search("transcoders")[0].paper.id == "new"
    assert "ioi" not in {hit.paper.id for hit in search("attention heads", k=20)}


def test_records_that_a_sync_has_just_replaced_are_left_out(vault: Vault) -> None:
    """The index still names the old passages until the sync builds it again; a hit must match the vault's pages."""
    write_source(vault, "sae", "Sparse", ["Written anew."])
    fresh = Search(vault, EMBEDDER)
    assert "sae" not in {hit.paper.id for hit in fresh("sparse autoencoders", k=20)}
    fresh.close()


def test_a_passage_that_says_the_same_is_shown_once(vault: Vault) -> None:
    text = "Transcoders replace the layers of a network by wide and sparse ones that a reader can follow step by step."
    write_source(vault, "first", "Transcoders", [text])
    write_source(vault, "second", "Transcoders", [text + " (v2)"])
    build(vault, EMBEDDER)
    search = Search(vault, EMBEDDER)
    hits = search("transcoders replace layers", k=20)
    (found,) = [hit for hit in hits if "Transcoders" in hit.passage.text]
    assert found.explanation is not None and len(found.explanation.repeats) == 1
    search.close()


def test_the_explanation_counts_what_the_cap_left_out(vault: Vault) -> None:
    write_source(vault, "many", "Transcoders", [f"Transcoders of layer {'abcdef'[n]}." for n in range(6)])
    write_source(vault, "other", "Else", ["One of the transcoders."])
    build(vault, EMBEDDER)
    search = Search(vault, EMBEDDER)
    other = next(hit for hit in search("transcoders of layer", k=8, per_paper=2) if hit.paper.id == "other")
    assert other.explanation is not None and other.explanation.capped == 4
    search.close()


def test_authors_and_other_names_find_passages(vault: Vault) -> None:
    paper = Paper(id="toy", kind="paper", title="Toy Models of Superposition", authors=("Nelson Elhage", "Chris Olah"))
    vault.write_paper(paper)
    (vault.root / "glossary.yaml").write_text(
        "- {id: t, term: superposition, definition: x, other_names: [crowded directions]}\n"
    )
    write_source(vault, "abbreviated", "Names", ["We call it mean ablation of heads (MAH)."])
    build(vault, EMBEDDER)
    search = Search(vault, EMBEDDER)
    by_author = search("what does Elhage et al. say", k=1)[0]
    assert by_author.paper == paper and by_author.explanation is not None and by_author.explanation.names == ("Elhage",)
    added = next(hit for hit in search("crowded directions", k=8) if hit.paper.id == "toy").explanation
    assert added is not None and [one.name for one in added.added] == ["superposition"]
    assert search("MAH", k=1)[0].paper.id == "abbreviated"
    write_source(vault, "spelled", "Spelled", ["A mean ablation removes the heads."])
    build(vault, EMBEDDER)
    spelled = next(hit for hit in search("what is MAH", k=8) if hit.paper.id == "spelled").explanation
    assert spelled is not None and spelled.added[0].source == "abbreviated in 1 source"
    search.close()


def test_a_sentence_that_was_copied_brings_its_passage_first(search: Search) -> None:
    reordered = search("Sparse and readable are the features", k=3)[0]
    assert reordered.explanation and not reordered.explanation.verbatim
    copied = search("The features are sparse and readable", k=3)
    assert "The features are sparse and readable" in copied[0].passage.text
    assert copied[0].explanation and copied[0].explanation.verbatim
    assert copied[0].score > 1 >= copied[1].score
    assert copied[0].why.startswith("holds the question word for word")


def test_what_a_question_reads_of_a_passage_is_made_once(tmp_path: Path) -> None:
    vault = small_vault(tmp_path)
    with vault.writing():
        build(vault, EMBEDDER)
    state = read_state(vault)
    assert state is not None
    opened = OpenGeneration(vault, state)
    passage = vault.passages("sae")[0]
    first, again = (opened.record(passage.id, "sae") for _ in range(2))
    assert first is not None and again is not None
    assert first[1] is again[1] and first[1] == passage
    assert opened.stems(passage.text) is opened.stems(passage.text)
    assert list(opened.stems(passage.text)) == opened.words.stems(passage.text)
    assert opened.record("not there", "sae") is None


def test_a_passage_is_found_in_its_file_where_another_has_its_id_as_text(tmp_path: Path) -> None:
    vault = small_vault(tmp_path)
    later = vault.passages("sae")[1]
    first = replace(vault.passages("sae")[0], text=later.id)
    vault.write_passages("sae", [first, later])
    with vault.writing():
        build(vault, EMBEDDER)
    state = read_state(vault)
    assert state is not None
    opened = OpenGeneration(vault, state)
    assert opened.record(later.id, "sae") == (vault.paper("sae"), later)
    assert opened.record(first.id, "sae") == (vault.paper("sae"), first)
    assert opened.record(later.id, "no-such-source") is None
