"""Repairs of text: characters, words broken at line ends, running heads."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.clean import Vocabulary, flowed, garbled, repaired, without_margins
from ingest.layout import BROKEN, Line

NO_WORDS = Vocabulary([])


def line(text: str, bottom: float = 500.0, left: float = 72.0) -> Line:
    return Line(text, left, left + 5 * len(text), bottom, bottom + 10, 10)


def flow(*texts: str, known: str = "") -> str:
    return flowed([line(text) for text in texts], Vocabulary([[line(known), line("")]]))


@given(st.text())
def test_repaired_text_is_clean_and_stays_so(text: str) -> None:
    clean = repaired(text)
    assert repaired(clean) == clean
    assert not any(unicodedata.category(c) == "Cc" and c != "\n" for c in clean)
    assert not set(clean) & set("ﬁﬂﬀ\u00ad\u200b\ufeff\u00a0")


@given(st.text(st.characters(categories=("L", "N"), exclude_characters="ﬀﬁﬂﬃﬄﬅﬆ"), max_size=60))
def test_repairs_lose_no_letter(text: str) -> None:
    assert repaired(text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    ("lines", "known", "expected"),
    [
        (["inter" + BROKEN, "pretable models"], "an interpretable one", "interpretable models"),
        (["self" + BROKEN, "attention heads"], "", "self-attention heads"),
        (["fine" + BROKEN, "grained control"], "a fine-grained one", "fine-grained control"),
        (["a state-of-the-", "art model"], "", "a state-of-the-art model"),
        (["the GPT-", "2 model"], "", "the GPT-2 model"),
        (["under Llama-", "Scope we"], "", "under Llama-Scope we"),
        (["repre-", "sentation"], "", "representation"),
        (["human-", "interpretable words"], "a human wrote interpretable words", "human-interpretable words"),
        (["two", "lines"], "", "two lines"),
        (["see https://example.org/some-", "thing for it"], "", "see https://example.org/some-thing for it"),
        (["see https:", "//example.org/x"], "", "see https://example.org/x"),
        (["模型的内部", "表示"], "", "模型的内部表示"),
        (["an end" + BROKEN], "", "an end-"),
    ],
)
def test_lines_flow_into_one(lines: list[str], known: str, expected: str) -> None:
    assert flow(*lines, known=known) == expected


@given(st.lists(st.text(st.characters(categories=("L", "Nd", "P", "Zs")), min_size=1).filter(str.strip), max_size=8))
def test_flowing_keeps_all_but_hyphens_and_spaces(texts: list[str]) -> None:
    def bare(text: str) -> str:
        return "".join(c for c in repaired(text) if not c.isspace() and c not in "-\u2010\u2011")

    assert bare(flowed([line(text) for text in texts], NO_WORDS)) == bare("".join(texts))


def test_the_papers_own_spelling_decides_between_hyphen_and_none() -> None:
    assert flow("multi-", "layer nets", known="all multilayer nets") == "multilayer nets"
    assert flow("multi-", "layer nets", known="all multi-layer nets") == "multi-layer nets"


def test_garbled_counts_what_no_language_uses() -> None:
    assert garbled("Plain text, with ünïcödé, 漢字 and ∑ signs") == 0
    assert garbled("ab\ue000\ufffd") == 0.5
    assert garbled("") == 0


def test_running_heads_go_by_height_and_repetition() -> None:
    pages = [
        [line("A Running Head", 760), line(f"body text of page {n}", 400), line("more", 300), line(str(n), 30)]
        for n in range(1, 6)
    ]
    pages[2].append(line("A Running Head", 420))
    kept = without_margins(pages)
    assert [[found.text for found in page] for page in kept[:2]] == [
        ["body text of page 1", "more"],
        ["body text of page 2", "more"],
    ]
    assert [found.text for found in kept[2]] == ["body text of page 3", "more", "A Running Head"]


def test_a_number_in_the_text_is_no_page_number() -> None:
    page = [line("above it", 500), line("42", 400), line("below it", 300), line("7", 30)]
    assert [found.text for found in without_margins([page])[0]] == ["above it", "42", "below it"]


def test_half_a_surrogate_pair_keeps_its_place() -> None:
    assert repaired("a \ud835 b") == "a ? b"
