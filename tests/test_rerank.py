"""Ranking candidates again: what each sign says, that a score is the sum of its parts, and how it is turned off."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from readable_embedder import ReadableEmbedder
from small_vault import small_vault, write_source

from index.build import build
from index.candidates import Ranked
from index.fuse import Fused
from index.records import Hit
from index.rerank import WEIGHTS
from index.search import Search
from index.signs import Read, Sought, best_of_paper, share, signs
from index.tuning import Tuning
from ingest.vault import Vault

EMBEDDER = ReadableEmbedder(dimension=384)
WORDS = st.lists(st.sampled_from("abcdef"), max_size=8).map(tuple)
SOUGHT = Sought(order=("a", "b", "c"), worth={"a": 1.0, "b": 2.0, "c": 4.0}, names=frozenset({"c"}))


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return small_vault(tmp_path / "vault")


def candidate(name: str = "p", *, cosine: float | None = 0.5, bm25: float = 1.0) -> Ranked:
    return Ranked(name, "paper", Fused(0.3, 0.2), cosine, bm25, 1, 1)


def sign(name: str, read: Read) -> float:
    return signs(SOUGHT, [candidate()], [read])[name][0]


@given(st.lists(WORDS, min_size=1, max_size=5), WORDS, st.floats(-1, 1), st.floats(0, 50))
def test_every_sign_is_a_share(
    texts: list[tuple[str, ...]], title: tuple[str, ...], cosine: float, bm25: float
) -> None:
    found = [candidate(str(n), cosine=cosine, bm25=bm25) for n in range(len(texts))]
    told = signs(SOUGHT, found, [Read(text, title, frozenset(title)) for text in texts])
    assert told.keys() == WEIGHTS.keys()
    assert all(0 <= value <= 1 + 1e-9 for values in told.values() for value in values)


@given(st.sets(st.sampled_from("abcdef")), st.sets(st.sampled_from("abcdef")))
def test_having_more_of_what_is_sought_is_never_worth_less(have: set[str], more: set[str]) -> None:
    assert share(SOUGHT.worth, have) <= share(SOUGHT.worth, have | more) + 1e-12


def test_rare_words_count_more_and_so_do_those_of_the_title() -> None:
    assert sign("rare words", Read(("c",))) == pytest.approx(16 / 21)
    assert sign("rare words", Read(("a", "b"))) == pytest.approx(5 / 21)
    assert sign("rare words", Read((), ("c",))) == sign("rare words", Read(("c",)))


def test_words_side_by_side_are_a_phrase_only_in_their_order() -> None:
    assert sign("phrases", Read(("x", "b", "c"))) == pytest.approx(2 / 3)
    assert sign("phrases", Read(("c", "b", "x", "a"))) == 0


def test_only_a_name_that_the_question_may_mean_is_a_first_author() -> None:
    assert sign("first author", Read(first_author=frozenset({"c"}))) == 1
    assert sign("first author", Read(first_author=frozenset({"a"}))) == 0


def test_another_passage_of_the_paper_speaks_for_one() -> None:
    assert best_of_paper(["x", "y", "x", "x"], [0.4, 0.9, 0.6, 1.7]) == [1.0, 0.0, 1.0, 0.6]


def test_bibliography_which_has_no_vector_is_as_near_as_its_words_say() -> None:
    told = signs(SOUGHT, [candidate("a", cosine=None, bm25=2.0), candidate("b", bm25=4.0)], [Read(), Read()])
    assert told["meaning"] == [0.5, 0.5] and told["words"] == [0.5, 1.0]


def test_weights_are_shares() -> None:
    assert sum(WEIGHTS.values()) == pytest.approx(1, abs=0.002) and min(WEIGHTS.values()) > 0


def test_a_score_is_the_sum_of_its_parts_and_orders_the_hits(vault: Vault) -> None:
    build(vault, EMBEDDER)
    hits = search(vault, "Which heads copy the indirect object?")
    told = [one.explanation for one in hits if one.explanation]
    assert [one.place for one in told] == [*range(1, len(hits) + 1)] and len(told) == 6
    assert sorted(one.fused_place for one in told) == [*range(1, 7)]
    for hit, one in zip(hits, told, strict=True):
        assert {part.name for part in one.parts} == WEIGHTS.keys()
        assert sum(part.share for part in one.parts) + one.verbatim == pytest.approx(hit.score)


def test_a_phrase_comes_before_its_words_apart(vault: Vault) -> None:
    """Both passages have the same words of the question, so that only their order tells them apart."""
    write_source(vault, "apart", "A", ["The probing of linear maps, then tuned lens and logit views."])
    write_source(vault, "phrase", "A", ["Some other chapter has linear probing and the tuned logit lens."])
    build(vault, EMBEDDER)
    again = search(vault, "tuned logit lens, linear probing")
    assert [one.paper.id for one in again[:2]] == ["phrase", "apart"]
    gained = {part.name: part.share for part in again[0].explanation.parts} if again[0].explanation else {}
    lost = {part.name: part.share for part in again[1].explanation.parts} if again[1].explanation else {}
    assert gained["phrases"] > lost["phrases"] and gained["rare words"] == pytest.approx(lost["rare words"])


def test_turned_off_hits_are_in_the_fused_order(vault: Vault) -> None:
    build(vault, EMBEDDER)
    hits = search(vault, "sparse features", Tuning(rerank=False))
    for place, hit in enumerate(hits, start=1):
        told = hit.explanation
        assert told and not told.parts and told.place == told.fused_place == place
        assert hit.score == pytest.approx(told.meaning_part + told.words_part)


def test_a_sentence_copied_word_for_word_stays_first(vault: Vault) -> None:
    copied = "The circuit has 26 attention heads."
    write_source(vault, "heads", "Circuit heads", ["Attention heads of a circuit: a circuit has heads, 26 of them."])
    build(vault, EMBEDDER)
    best = search(vault, f'"{copied}"')[0]
    assert best.passage.text == copied and best.score > 1


def search(vault: Vault, question: str, tuning: Tuning | None = None) -> list[Hit]:
    opened = Search(vault, EMBEDDER, tuning=tuning or Tuning())
    try:
        return opened(question, k=6)
    finally:
        opened.close()
