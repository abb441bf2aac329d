"""Passages: laws that hold for any pages, and how sections, bibliographies and odd texts are cut."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.chunk import chunk, sentences
from ingest.records import Heading, Page, Passage

LIMIT = 250  # tokens: what a passage may have, of the 256 that MiniLM reads
PROSE = "We train a sparse autoencoder on the residual stream. Its features are easy to read, as Fig. 3 shows. "


def count(text: str) -> int:
    """Tokens as a word-piece model counts them: two around every text, one per four letters of a word, and every sign
    and every Chinese character by itself."""
    words = re.findall(r"[\u2e80-\u9fff]|[^\W_]+|[^\w\s]|_", text)
    return 2 + sum((len(word) + 3) // 4 for word in words)


def page(number: int, *paragraphs: str | tuple[int, str]) -> Page:
    """A page of paragraphs; a pair is a heading with its level."""
    text, headings = "", []
    for paragraph in paragraphs:
        text += "\n\n" if text else ""
        if isinstance(paragraph, tuple):
            headings.append(Heading(len(text), *paragraph))
        text += paragraph if isinstance(paragraph, str) else paragraph[1]
    return Page("demo", number, f"p. {number}", text, tuple(headings))


TITLES = st.sampled_from(["1 Introduction", "2 Method", "References", "A Proofs", "Bibliography", "摘要", "5 Results"])
WORDS = st.lists(
    st.sampled_from(["the", "model", "e.g.", "Fig.", "3.14", "al.", "[12]", "特征", "(so)", "X", "∑", "it!"])
)
SENTENCES = WORDS.map(lambda words: " ".join(words).strip() + ".")
REPEATED = st.builds(lambda text, n: text * n, SENTENCES, st.integers(1, 30))  # the same sentence again and again
MONSTERS = st.sampled_from(
    ["x" * 5000, "漢字" * 700, "a,b;" * 900, ". " * 500 + ".", "-" * 3000, "word " * 900 + "end"]
)
STRANGE = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
PARAGRAPHS = st.one_of(SENTENCES, REPEATED, REPEATED, MONSTERS, STRANGE, st.tuples(st.integers(1, 3), TITLES)).map(
    lambda p: p.strip() if isinstance(p, str) else p
)
PAGES = st.lists(st.lists(PARAGRAPHS.filter(bool), max_size=6), min_size=1, max_size=4).map(
    lambda pages: [page(number, *paragraphs) for number, paragraphs in enumerate(pages, 1)]
)


def kind_of(title: str) -> str:
    return "references" if title in ("References", "Bibliography") else "text"


def headings_above(pages: list[Page]) -> dict[tuple[int, int], tuple[str, ...]]:
    """The path of headings over each character of the pages, worked out one character at a time."""
    above: list[Heading] = []
    found = {}
    for one in pages:
        starts = {heading.offset: heading for heading in one.headings}
        for offset in range(len(one.text)):
            if offset in starts:
                above = [h for h in above if h.level < starts[offset].level] + [starts[offset]]
            found[one.number, offset] = tuple(heading.title for heading in above)
    return found


@settings(max_examples=25, deadline=None)
@given(PAGES)
def test_the_laws_of_passages(pages: list[Page]) -> None:
    passages = chunk(pages, count)
    texts = {one.number: one.text for one in pages}

    covered = {(span.page, at) for p in passages for span in p.spans for at in range(span.start, span.end)}
    inked = {(one.number, at) for one in pages for at, c in enumerate(one.text) if not c.isspace()}
    assert inked <= covered, "a character that is no white space lies in no passage"

    for passage in passages:
        assert passage.text == "\n".join(texts[span.page][span.start : span.end] for span in passage.spans)
        assert passage.text.strip()
        assert count(passage.text) <= LIMIT
        assert (passage.first_locator, passage.last_locator) == (
            f"p. {passage.spans[0].page}",
            f"p. {passage.spans[-1].page}",
        )

    starts = [(passage.spans[0].page, passage.spans[0].start) for passage in passages]
    assert starts == sorted(starts), "passages stand in reading order"
    assert [passage.order for passage in passages] == list(range(len(passages)))
    assert len({passage.id for passage in passages}) == len(passages)
    assert chunk(pages, count) == passages, "the same input gives the same ids"


@settings(max_examples=25, deadline=None)
@given(PAGES)
def test_no_passage_mixes_text_with_references_and_each_knows_its_headings(pages: list[Page]) -> None:
    above = headings_above(pages)
    for passage in chunk(pages, count):
        places = [(span.page, at) for span in passage.spans for at in range(span.start, span.end)]
        paths = [above[place] for place in places]
        kinds = {kind_of(path[-1]) if path else "text" for path in paths}
        assert kinds == {passage.kind}
        assert passage.section == paths[-1]


@settings(max_examples=25, deadline=None)
@given(st.text(), st.integers(5, 60), st.integers(0, 60))
def test_any_text_and_any_sizes_lose_nothing(text: str, tokens: int, overlap: int) -> None:
    one = Page("demo", 1, "note", text)
    passages = chunk([one], count, tokens=tokens, overlap=overlap)
    covered = {at for p in passages for span in p.spans for at in range(span.start, span.end)}
    assert all(at in covered for at, c in enumerate(text) if not c.isspace())
    assert all(count(p.text) <= tokens + 50 for p in passages)


@given(st.text())
def test_sentences_lose_nothing(text: str) -> None:
    assert "".join(sentences(text)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One ends. Two begins.", ["One ends. ", "Two begins."]),
        ("As Li et al. Show, e.g. In Fig. 3, it is. So.", ["As Li et al. Show, e.g. In Fig. 3, it is. ", "So."]),
        ("It is 3.14 here. And (so) on.", ["It is 3.14 here. ", "And (so) on."]),
        ('He said “no.” Then he left.', ["He said “no.” ", "Then he left."]),
        ("第一句。第二句！", ["第一句。", "第二句！"]),
        ("A heading\n\nA paragraph", ["A heading\n\n", "A paragraph"]),
        ("by J. Smith. He wrote it", ["by J. Smith. ", "He wrote it"]),
    ],
)  # fmt: skip
def test_where_sentences_end(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def sections_of(passages: list[Passage]) -> list[tuple[str, ...]]:
    return list(dict.fromkeys(passage.section for passage in passages))


def test_passages_stay_inside_sections_and_know_the_path_of_headings() -> None:
    pages = [
        page(1, (1, "1 Introduction"), PROSE * 3, (1, "2 Method"), (2, "2.1 Data"), PROSE),
        page(2, PROSE * 2, (2, "2.2 Training"), PROSE, (1, "3 Results"), PROSE),
    ]
    passages = chunk(pages, count)
    assert sections_of(passages) == [
        ("1 Introduction",),
        ("2 Method", "2.1 Data"),
        ("2 Method", "2.2 Training"),
        ("3 Results",),
    ]
    over = next(passage for passage in passages if passage.section == ("2 Method", "2.1 Data"))
    assert over.locator == "p. 1 - p. 2"
    assert over.text.startswith("2 Method\n\n2.1 Data\n\nWe train")


def test_an_appendix_after_the_references_is_text_again() -> None:
    pages = [
        page(1, PROSE, (1, "References"), "A. Byron. Notes. 1843."),
        page(2, "G. Hopper. 1952.", (1, "A Proofs"), PROSE),
    ]
    assert [(passage.kind, passage.locator) for passage in chunk(pages, count)] == [
        ("text", "p. 1"),
        ("references", "p. 1 - p. 2"),
        ("text", "p. 2"),
    ]


def test_long_sections_are_cut_near_the_aim_and_overlap_at_sentences() -> None:
    text = " ".join(f"Sentence number {n} says something about the features of a layer." for n in range(80))
    passages = chunk([page(1, text)], count)
    assert len(passages) > 4
    assert all(150 <= count(passage.text) <= LIMIT for passage in passages[:-1])
    for one, following in pairwise(passages):
        assert 0 < one.spans[-1].end - following.spans[0].start < 250  # an overlap of at most 40 tokens
        assert following.text.startswith("Sentence number")


def test_a_short_rest_joins_the_passage_before_it() -> None:
    text = " ".join(f"Sentence number {n} says something about the features of a layer." for n in range(11))
    assert count(text) > 200
    assert [passage.text for passage in chunk([page(1, text)], count)] == [text]


def test_a_word_of_5000_characters_is_cut_and_whole_again_when_put_together() -> None:
    word = "".join(chr(ord("a") + n % 26) for n in range(5000))
    passages = chunk([page(1, word)], count)
    assert all(count(passage.text) <= LIMIT for passage in passages)
    together = ""
    for passage in passages:
        [span] = passage.spans
        together = together[: span.start] + passage.text
    assert together == word


def test_a_note_and_a_term_are_one_passage_each() -> None:
    note = Page("note-elhage", 1, "note", PROSE + "\n\n" + PROSE)
    term = Page("term-probe", 1, "glossary", "A probe is a small classifier that is trained on activations.")
    for one in (note, term):
        [passage] = chunk([one], count)
        assert (passage.text, passage.locator, passage.section) == (one.text.strip(), one.locator, ())


def test_pages_without_text_have_no_passages() -> None:
    assert chunk([], count) == []
    assert chunk([page(1), Page("demo", 2, "p. 2", " \n\n ")], count) == []


def test_ids_depend_on_the_paper_the_place_and_the_text() -> None:
    def ids(paper: str, text: str, number: int = 1) -> set[str]:
        return {passage.id for passage in chunk([Page(paper, number, "p.", text)], count)}

    same = ids("a", "Some text.")
    assert same == ids("a", "Some text.")
    assert not same & (ids("b", "Some text.") | ids("a", "Some text!") | ids("a", "Some text.", 2))
