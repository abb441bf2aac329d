"""The word index: BM25 over stems, any text as a query, bibliography apart, commits all or nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_vault import TEXTS, small_vault, write_source

from index.errors import IndexDamaged
from index.filters import Filter
from index.lexical import WordIndex
from index.store import Found
from ingest.records import Paper, Passage
from ingest.vault import Vault

Rows = list[tuple[Paper, Passage]]


def rows_of(vault: Vault) -> Rows:
    papers = [vault.paper(source_id) for source_id in vault.source_ids()]
    return [(paper, passage) for paper in papers if paper for passage in vault.passages(paper.id)]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    vault = small_vault(tmp_path_factory.mktemp("vault"))
    write_source(vault, "cited", "A Survey", ["Circuits are surveyed."], references=["Elhage et al. Toy models, 2022."])
    return rows_of(vault)


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory, rows: Rows) -> WordIndex:
    index = WordIndex.create(tmp_path_factory.mktemp("words"))
    with index.writing() as writer:
        writer.add(rows)
    return index


def search(index: WordIndex, text: str, limit: int, *, references: bool = False) -> list[Found]:
    return index.search(index.query(text), limit, references=references)


def test_a_passage_is_found_by_its_words_whatever_their_endings(words: WordIndex) -> None:
    assert search(words, "sparse autoencoder", 5)[0].paper_id == "sae"
    assert search(words, "copying of names by heads", 5)[0].paper_id == "ioi"
    assert search(words, "zebra", 5) == []


def test_titles_and_sections_are_searched_too(words: WordIndex) -> None:
    assert search(words, "identification", 5)[0].paper_id == "ioi"
    assert {one.paper_id for one in search(words, "introduction", 50)} >= set(TEXTS)


def test_accents_and_case_do_not_matter(tmp_path: Path, rows: Rows) -> None:
    index = WordIndex.create(tmp_path)
    paper, passage = rows[0]
    with index.writing() as writer:
        writer.add([(paper, replace(passage, text="Un café naïf: Schrödinger"))])
    assert search(index, "CAFE naif schrodinger", 5)[0].score > 0


def test_bibliography_is_found_only_when_asked_for(words: WordIndex) -> None:
    assert "cited" not in {one.paper_id for one in search(words, "Elhage", 5)}
    assert search(words, "Elhage", 5, references=True)[0].paper_id == "cited"
    assert words.document_frequency("Elhage") == 0
    assert words.passage_count() == 7 and len(words.ids()) == 8


def test_scores_by_id_are_those_of_the_search(words: WordIndex) -> None:
    found = search(words, "sparse features in GPT-2", 50)
    assert len(found) >= 3
    by_id = words.scores(words.query("sparse features in GPT-2"), [one.passage_id for one in found] + ["no such id"])
    assert by_id == pytest.approx({one.passage_id: one.score for one in found})
    assert words.scores(words.query("sparse"), []) == {}


def test_document_frequency_counts_passages_not_occurrences(words: WordIndex) -> None:
    assert words.document_frequency("features") == words.document_frequency("feature") == 3
    assert words.document_frequency("superposition") == 1
    assert words.document_frequency("attention heads") == 1
    assert words.document_frequency("zebra") == words.document_frequency("") == 0


def test_question_words_are_not_searched_unless_there_are_no_others(words: WordIndex) -> None:
    assert words.words("What does superposition let a network do?") == ["superposit", "let", "network"]
    assert words.words("What is it?") == ["what", "is", "it"]


def test_shared_words_are_spelled_as_in_the_question(words: WordIndex) -> None:
    assert words.shared("Which features do Sparse autoencoders find?", TEXTS["sae"][1][0]) == [
        "features",
        "sparse",
        "autoencoders",
    ]


@given(st.text(max_size=200))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_a_query(words: WordIndex, text: str) -> None:
    found = search(words, text, 10, references=True)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert bool(found) <= bool(re.search(r"\w", text))
    assert words.document_frequency(text) >= 0


@pytest.mark.parametrize(
    "text", ['title:"x', "a AND (b OR", "+-!^~*?:\\/", "\0\0", "[1 TO 2]", "x" * 50_000, "a " * 25_000]
)
def test_query_syntax_and_long_questions_are_only_text(words: WordIndex, text: str) -> None:
    assert isinstance(search(words, text + " superposition" if len(text) < 99 else text, 10), list)


def test_a_deleted_paper_is_not_found_and_not_counted(tmp_path: Path, rows: Rows) -> None:
    index = WordIndex.create(tmp_path)
    with index.writing() as writer:
        writer.add(rows)
    assert index.document_frequency("autoencoders") > 0 and index.passage_count() == 7  # remembered, until it changes
    with index.writing() as writer:
        writer.delete_papers(["sae", "was never here"])
    assert index.document_frequency("autoencoders") == 0 and index.passage_count() == 5
    assert "sae" not in {one.paper_id for one in search(index, "sparse autoencoders", 50)}


def test_nothing_is_written_where_an_error_ends_the_writing(tmp_path: Path, rows: Rows) -> None:
    index = WordIndex.create(tmp_path)
    with pytest.raises(RuntimeError, match="stop"), index.writing() as writer:
        writer.add(rows)
        raise RuntimeError("stop")
    assert WordIndex.open(tmp_path).ids() == []
    with index.writing() as writer:
        writer.add(rows)
    assert len(WordIndex.open(tmp_path).ids()) == len(rows)


def test_a_damaged_or_missing_index_says_so(tmp_path: Path, rows: Rows) -> None:
    with pytest.raises(IndexDamaged):
        WordIndex.open(tmp_path / "nowhere")
    index = WordIndex.create(tmp_path / "words")
    with index.writing() as writer:
        writer.add(rows)
    (tmp_path / "words" / "meta.json").write_text("not what it was")
    with pytest.raises(IndexDamaged, match="word index"):
        WordIndex.open(tmp_path / "words")


def test_a_sentence_of_a_passage_is_found_word_for_word_and_quotation_marks_ask_for_all_of_them(
    words: WordIndex, rows: Rows
) -> None:
    passage = next(passage for _, passage in rows if passage.kind == "text" and len(passage.text.split()) > 8)
    sentence = " ".join(passage.text.split()[1:8])
    assert passage.id in {one.passage_id for one in words.verbatim(sentence, 5)}
    assert words.verbatim(" ".join(reversed(sentence.split())), 5) == []
    two = " ".join(sentence.split()[:2])
    assert words.verbatim(two, 5) == [], "too short to have been copied"
    assert passage.id in {one.passage_id for one in words.verbatim(f'Where does it say "{two}"?', 5)}
    assert words.verbatim(f'"{two}" and “zebra crossing”', 5) == []
    assert words.verbatim(sentence, 5, where=Filter(papers=("nobody",))) == []
