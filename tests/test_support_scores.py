"""Citation recall and precision as ALCE defines them, worked by hand on twenty answers; faithfulness; the judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from eval_examples import answer, citation, page

from assistant.records import Nearest
from evals.judge import CheckJudge, Judgement
from evals.records import Score
from evals.support_scores import support_scores
from ingest.records import Page


@dataclass(frozen=True)
class LetterJudge:
    """A sentence is a set of letters and so is a source: supported where the source has them all. "?" is unreadable."""

    name: str = "letters"

    def support(self, claim: str, source: str) -> Judgement:
        if "?" in claim or "?" in source:
            return Judgement(None, "unreadable")
        letters = set(source) - {"\n", "-"}
        return Judgement(float(set(claim) <= letters), f"{claim} of {source!r}")


# A page per letter set that is quoted; quotes need eight letters to count, so that dashes and repeats fill them up.
PAGES = [page("p", n, text) for n, text in enumerate(["a" * 8, "b" * 8, "c" * 8, "abababab", "abcabcabc", "?" * 8], 1)]
NUMBER = {"a": 1, "b": 2, "c": 3, "ab": 4, "abc": 5}


def letter_pages(_: str) -> Sequence[Page]:
    return PAGES


def scores(*sentences: tuple[str, Sequence[str]]) -> dict[str, Score]:
    cited = [
        ("supported", [citation("p", NUMBER[s], PAGES[NUMBER[s] - 1].text) for s in sources])
        for _, sources in sentences
    ]
    given = answer(*cited, texts=[text for text, _ in sentences])  # type: ignore[arg-type]
    return {score.metric: score for score in support_scores(given, letter_pages, LetterJudge())}


@pytest.mark.parametrize(
    ("sentences", "recall", "precision"),
    [
        # One sentence.
        ([("a", ["a"])], 1, 1),  # its only citation supports it
        ([("a", ["b"])], 0, 0),  # its only citation does not
        ([("a", [])], 0, None),  # no citation: no recall, nothing to be precise about
        ([("ab", ["a", "b"])], 1, 1),  # only together: both are needed
        ([("ab", ["ab", "c"])], 1, 1 / 2),  # c says nothing, and the rest does without it
        ([("ab", ["ab", "a"])], 1, 1 / 2),  # a alone does not, and ab does without it
        ([("ab", ["ab", "abc"])], 1, 1),  # each supports it alone: neither is irrelevant
        ([("a", ["a", "a"])], 1, 1),  # the same twice: each supports it alone
        ([("abc", ["a", "b", "c"])], 1, 1),  # all three are needed
        ([("ab", ["a", "b", "c"])], 1, 2 / 3),  # c is not
        ([("ab", ["a", "b", "ab"])], 1, 1 / 3),  # ab supports it alone; without a, or without b, ab still does
        ([("ab", ["a", "c"])], 0, 0),  # together they do not support it: none counts
        ([("abc", ["ab", "a", "b"])], 0, 0),
        ([("a", ["a", "b", "c"])], 1, 1 / 3),
        # More sentences: recall is a mean over sentences, precision over citations.
        ([("a", ["a"]), ("b", ["b"])], 1, 1),
        ([("a", ["a"]), ("b", ["a"])], 1 / 2, 1 / 2),
        ([("a", ["a"]), ("b", [])], 1 / 2, 1),
        ([("a", ["a"]), ("ab", ["ab", "c"])], 1, 2 / 3),
        ([("a", ["a", "b"]), ("b", ["c", "a"])], 1 / 2, 1 / 4),
        ([("ab", ["a", "b"]), ("c", ["c"]), ("a", ["b"]), ("b", [])], 2 / 4, 3 / 4),
    ],
)
def test_worked_by_hand(sentences: list[tuple[str, list[str]]], recall: float, precision: float | None) -> None:
    found = scores(*sentences)
    assert found["citation_recall"].value == pytest.approx(recall, abs=1e-9)
    assert (found["citation_precision"].value if precision is not None else None) == (
        pytest.approx(precision, abs=1e-9) if precision is not None else None
    )
    assert ("citation_precision" in found) == (precision is not None)


def test_faithfulness_asks_what_was_retrieved_whoever_cites_it() -> None:
    swapped = scores(("a", ["b"]), ("b", ["a"]), ("c", ["a"]))
    assert swapped["faithfulness"].value == pytest.approx(2 / 3)
    assert swapped["citation_recall"].value == 0


def test_passages_shown_beside_the_answer_count_for_faithfulness() -> None:
    said = answer(("supported", [citation("p", 1, "a" * 8)]), texts=["c"])
    beside = Nearest("x", "p", None, "", "", "p. 3", "c" * 8, 1.0, "")
    values = [
        support_scores(one, letter_pages, LetterJudge())[0].value for one in (said, replace(said, nearest=(beside,)))
    ]
    assert values == [0.0, 1.0]


def test_a_quote_that_is_not_on_its_page_supports_nothing() -> None:
    wrong = answer(("supported", [citation("p", 2, "a" * 8)]), texts=["a"])
    found = {s.metric: s.value for s in support_scores(wrong, letter_pages, LetterJudge())}
    assert (found["citation_recall"], found["citation_precision"]) == (0.0, 0.0)


def test_an_unreadable_judgement_is_unscored_and_never_0() -> None:
    said = answer(("supported", [citation("p", 1, "a" * 8)]), ("supported", []), texts=["a?", "a"])
    found = {s.metric: s for s in support_scores(said, letter_pages, LetterJudge())}
    assert (found["citation_recall"].value, found["citation_recall"].reason) == (None, "unreadable")
    assert found["citation_precision"].value is None


@pytest.mark.parametrize(
    ("claim", "grade"),
    [
        ("Weight decay drives the cleanup phase.", 1.0),
        ("Weight decay does not drive the cleanup phase.", 0.0),
        ("Weight decay drives 12 cleanup phases.", 0.0),
        ("Penguins drive the ice.", 0.0),
    ],
)
def test_the_judge_without_a_model(claim: str, grade: float) -> None:
    source = "Memorising circuits decay first. Weight decay drives the cleanup phase. It took long."
    assert CheckJudge().support(claim, source).grade == grade
    assert CheckJudge().support(claim, " ").grade == 0.0
