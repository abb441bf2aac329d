"""The small reader: which of some sentences answers a question, in real weights that ship."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from assistant.drafters import choose
from assistant.extract import ExtractiveDrafter
from index import reader
from index.reader import best_answers, open_reader
from index.records import Hit
from ingest.records import Paper, Passage

QUESTION = "How many attention heads does the greater-than circuit of GPT-2 small have?"
TEXTS = [
    "The greater-than circuit of GPT-2 small is made of attention heads and of MLPs.",
    "It has eight attention heads, in layers five to nine, that look at the year.",
    "Attention heads are counted in many studies of GPT-2 small and its circuits.",
]


def test_the_sentence_that_holds_the_answer_is_likelier_than_those_with_more_of_the_words() -> None:
    odds = best_answers(QUESTION, TEXTS)
    assert odds is not None and max(range(3), key=odds.__getitem__) == 1


def test_what_is_read_beside_a_text_and_in_which_order_changes_little() -> None:
    whole, back = best_answers(QUESTION, TEXTS), best_answers(QUESTION, TEXTS[::-1])
    alone = [best_answers(QUESTION, [text]) for text in TEXTS]
    assert whole is not None and back is not None
    for n, one in enumerate(alone):
        assert one is not None
        assert whole[n] == pytest.approx(one[0], abs=0.3) == pytest.approx(back[2 - n], abs=0.3)


def test_a_text_longer_than_the_model_reads_and_none_at_all_are_no_error() -> None:
    odds = best_answers(QUESTION * 20, [TEXTS[1] * 50, ""])
    assert odds is not None and len(odds) == 2
    assert best_answers(QUESTION, []) is None


def test_without_its_file_it_says_so_once_and_answers_begin_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    open_reader.cache_clear()
    monkeypatch.setattr(reader, "FILE", tmp_path / "reader.safetensors")
    try:
        with caplog.at_level(logging.WARNING):
            assert best_answers(QUESTION, TEXTS) is None and best_answers(QUESTION, TEXTS) is None
        assert len(caplog.records) == 1 and "is missing" in caplog.text
    finally:
        open_reader.cache_clear()


class NoSearch:
    """Stands where a drafter asks a search how rare a word is."""

    def document_frequency(self, _word: str) -> int:
        return 1

    def passage_count(self) -> int:
        return 10


def test_the_drafter_that_ships_leads_with_what_the_reader_chooses() -> None:
    drafter = choose(NoSearch(), None)  # type: ignore[arg-type]
    assert isinstance(drafter, ExtractiveDrafter) and drafter.chooser is best_answers


def test_a_definition_leads_whatever_the_chooser_says() -> None:
    paper = Paper("a", "paper", "On grokking")
    texts = ["Grokking is delayed generalisation long after the training set was fitted.",
             "Grokking was seen in many small transformers on modular addition."]  # fmt: skip
    hits = [Hit(Passage(f"a-{n}", "a", n, (), "p. 1", "p. 1", text, ()), paper, 1.0) for n, text in enumerate(texts)]
    drafter = ExtractiveDrafter(chooser=lambda _, read: [float("seen" in one) for one in read])
    assert drafter.draft("What is grokking?", hits).sentences[0].text == texts[0]
    assert drafter.draft("Where was grokking in transformers seen?", hits).sentences[0].text == texts[1]
