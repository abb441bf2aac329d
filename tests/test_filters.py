"""Filters: the index keeps what a look at every passage keeps, and a filtered search finds k where there are k."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from readable_embedder import ReadableEmbedder
from small_vault import small_vault, write_source

from index.build import build
from index.filters import Filter, years
from index.lexical import WordIndex
from index.search import Search
from index.word_schema import analyzer, surname
from ingest.errors import UsageError
from ingest.records import Paper, PaperKind, Passage
from ingest.vault import Vault

AUTHORS = ("Neel Nanda", "Chris Olah", "Nelson Elhage", "Olah, Christopher")
YEARS = (None, 2021, 2022, 2024)
KINDS: tuple[PaperKind, ...] = ("paper", "note", "glossary")
SECTIONS = ((), ("1 Introduction",), ("3 Results", "3.1 Sparse features"), ("Appendix A",))
MANY = 24

FILTERS = st.builds(
    Filter,
    papers=st.lists(st.sampled_from(["p0", "p7", "2309.00003", "none"]), max_size=2).map(tuple),
    authors=st.lists(st.sampled_from(["nanda", "Chris Olah", "olah", "elhage nelson", "Nobody"]), max_size=2).map(
        tuple
    ),
    first_year=st.sampled_from([None, 2020, 2022]),
    last_year=st.sampled_from([None, 2021, 2024]),
    sections=st.lists(st.sampled_from(["results", "Introduction", "sparse feature", "appendix b"]), max_size=2).map(
        tuple
    ),
    kinds=st.lists(st.sampled_from([*KINDS, "video"]), max_size=2).map(tuple),
)


def described(number: int) -> tuple[Paper, tuple[str, ...]]:
    paper = Paper(
        id=f"p{number}",
        kind=KINDS[number % 3],
        title=f"Title {number}",
        authors=tuple(AUTHORS[: 1 + number % 4]),
        year=YEARS[number % 4],
        arxiv_id=f"2309.{number:05d}",
    )
    return paper, SECTIONS[(number // 2) % 4]


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    vault = small_vault(tmp_path_factory.mktemp("vault"))
    for number in range(MANY):
        paper, section = described(number)
        passages = write_source(vault, paper.id, paper.title, [f"Sparse features number {number}.", f"More {number}."])
        vault.write_paper(paper)
        vault.write_passages(paper.id, [replace(one, section=section) for one in passages])
    build(vault, ReadableEmbedder())
    return vault


@pytest.fixture(scope="module")
def rows(vault: Vault) -> list[tuple[Paper, Passage]]:
    papers = [paper for one in vault.source_ids() if (paper := vault.paper(one))]
    return [(paper, passage) for paper in papers for passage in vault.passages(paper.id)]


@pytest.fixture(scope="module")
def words(vault: Vault) -> WordIndex:
    (folder,) = vault.index_path.glob("generation-*/words")
    return WordIndex.open(folder)


@pytest.fixture(scope="module")
def search(vault: Vault) -> Iterator[Search]:
    opened = Search(vault, ReadableEmbedder())
    yield opened
    opened.close()


def kept(where: Filter, rows: list[tuple[Paper, Passage]]) -> set[str]:
    return {passage.id for paper, passage in rows if where.keeps(paper, passage, analyzer().analyze)}


@given(where=FILTERS)
@settings(max_examples=80, deadline=None)
def test_the_index_keeps_what_a_look_at_every_passage_keeps(
    words: WordIndex, rows: list[tuple[Paper, Passage]], where: Filter
) -> None:
    assert set(words.matching(where)) == kept(where, rows)


@given(where=FILTERS, k=st.integers(1, 30))
@settings(max_examples=30, deadline=None)
def test_a_filtered_search_finds_k_where_there_are_k(
    search: Search, rows: list[tuple[Paper, Passage]], where: Filter, k: int
) -> None:
    hits = search("sparse features of a network", k=k, per_paper=2, where=where)
    wanted = kept(where, rows)
    assert {hit.passage.id for hit in hits} <= wanted
    assert len(hits) == min(k, len(wanted))


def test_a_search_in_one_paper_is_not_capped(vault: Vault) -> None:
    write_source(vault, "long", "Long", [f"Circuits of kind {'abcdefghi'[n]}." for n in range(9)])
    build(vault, ReadableEmbedder())
    search = Search(vault, ReadableEmbedder())
    assert len(search("circuits", k=8)) == 8 and sum(h.paper.id == "long" for h in search("circuits", k=8)) == 3
    assert len(search("circuits", k=8, where=Filter(papers=("long",)))) == 8
    search.close()


def test_no_filter_is_false_and_any_is_true() -> None:
    assert not Filter() and Filter(papers=("a",)) and Filter(first_year=2020) and Filter(last_year=0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2022", (2022, 2022)), ("2022-2024", (2022, 2024)), ("2022-", (2022, None)), ("-2024", (None, 2024))],
)
def test_years_are_read_as_people_write_them(text: str, expected: tuple[int | None, int | None]) -> None:
    assert years(text) == expected


@pytest.mark.parametrize("text", ["", "-", "last year", "22", "2024-2022", "20222024"])
def test_other_years_are_an_error_that_says_what_to_write(text: str) -> None:
    with pytest.raises(UsageError):
        years(text)


@pytest.mark.parametrize(
    ("name", "last"), [("Neel Nanda", "Nanda"), ("Nanda, Neel", "Nanda"), ("van der Maaten", "Maaten"), ("", "")]
)
def test_the_surname_is_what_et_al_stands_behind(name: str, last: str) -> None:
    assert surname(name) == last
