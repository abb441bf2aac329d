"""Citations, faithfulness and abstention: worked by hand, then as laws."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from eval_examples import TEXTS, answer, case, citation, pages
from hypothesis import given
from hypothesis import strategies as st

from assistant.records import Answer, Verdict
from evals.answer_scores import ANSWER_METRICS, answer_metrics, answer_scores
from evals.quotes import citations_naming_nothing, names_nothing, quote_fault, quote_validity
from evals.records import Case, Score
from ingest.errors import MivaultError
from ingest.records import Page

QUOTE = "Superposition lets a toy model store sparse features."
VERDICTS: list[Verdict] = ["supported", "partly", "unsupported", "uncited", "unknown marker"]
ANSWERABLE, UNANSWERABLE = case("yes", "2209.10652"), case("no")


def score(scores: Sequence[Score], metric: str) -> Score | None:
    return next((s for s in scores if s.metric == metric), None)


def test_worked_example() -> None:
    given_answer = answer(
        ("supported", [citation("toy", 1, QUOTE), citation("toy", 2, QUOTE)]),  # the second names the wrong page
        ("partly", [citation("refuse", 1, "Refusal is mediated by", "partly")]),
        ("unsupported", [citation("grok", 1, "", "unsupported")]),  # displays no quote
        ("uncited", []),
        ("unknown marker", [citation(None, None, "", "unknown marker", passage_id=None)]),
    )
    scores = answer_scores(ANSWERABLE, given_answer, pages)
    assert {s.metric: (s.value, s.weight) for s in scores} == {
        "faithfulness": (0.0, 5),  # "Sentence 1." and so on stand nowhere, whatever verdict they carry
        "citation_recall": (0.0, 5),
        "citation_precision": (0.0, 5),
        "quote_validity": (2 / 3, 3),  # of three quotes shown, two are where they say
        "citations_naming_nothing": (0.0, 5),  # the one that names nothing is not shown as valid
        "coverage": (1.0, 1),
        "answered": (1.0, 1),
    }
    validity = score(scores, "quote_validity")
    assert validity is not None
    assert validity.evidence == (
        "[p1] toy p. 1: found",
        "[p1] toy p. 2: the quote is not on that page",
        "[p1] refuse p. 1: found",
    )


@pytest.mark.parametrize(
    ("paper_id", "number", "quote", "fault"),
    [
        ("toy", 1, QUOTE, ""),
        ("toy", 1, QUOTE.replace("sparse", "dense"), "the quote is not on that page"),
        ("toy", 1, QUOTE.replace("features", "feature"), "the quote is not on that page"),
        ("toy", 1, QUOTE.upper(), "the quote is not on that page"),  # letter by letter
        ("toy", 1, QUOTE.replace(" ", "  "), "the quote is not on that page"),
        ("toy", 3, QUOTE, "there is no such page"),
        ("toy", 0, QUOTE, "there is no such page"),
        ("toy", None, QUOTE, "there is no such page"),
        ("invented", 1, QUOTE, "there is no such page"),
        (None, 1, QUOTE, "there is no such page"),
        ("toy", 1, "a toy", "too short to prove anything"),
        ("toy", 1, " ", "too short to prove anything"),
    ],
)
def test_a_quote_is_there_or_the_reason_why_not(
    paper_id: str | None, number: int | None, quote: str, fault: str
) -> None:
    assert quote_fault(citation(paper_id, number, quote), pages) == fault


def test_the_verdict_an_answer_gives_itself_is_not_believed() -> None:
    boasting = quote_validity([citation("toy", 1, "Models dream of electric sheep.", "supported")], pages)
    modest = quote_validity([citation("toy", 1, QUOTE, "unsupported")], pages)
    assert boasting is not None
    assert modest is not None
    assert (boasting.value, modest.value) == (0.0, 1.0)


@pytest.mark.parametrize("verdict", ["supported", "partly"])
@pytest.mark.parametrize(
    "nothing",
    [
        {"paper_id": None, "number": 1},
        {"paper_id": "invented", "number": 1},
        {"paper_id": "toy", "number": 9},
        {"paper_id": "toy", "number": None},
        {"paper_id": "toy", "number": 1, "passage_id": None},
        {"paper_id": "toy", "number": 1, "quote": ""},
    ],
    ids=str,
)
def test_naming_nothing_and_shown_as_valid_is_seen(verdict: Verdict, nothing: dict[str, str | int | None]) -> None:
    bad = citation(**{"quote": QUOTE, **nothing}, verdict=verdict)  # type: ignore[arg-type]
    found = citations_naming_nothing([citation("toy", 1, QUOTE), bad], pages)
    assert found is not None
    assert (found.value, found.weight, len(found.evidence)) == (1 / 2, 2, 1)


def test_an_id_that_leads_outside_the_vault_names_nothing() -> None:
    def strict(paper_id: str) -> Sequence[Page]:
        if "/" in paper_id:
            raise MivaultError(f"{paper_id!r} cannot be an id")
        return pages(paper_id)

    bad = citation("../toy", 1, QUOTE)
    assert names_nothing(bad, strict)
    assert quote_fault(bad, strict) == "there is no such page"


@pytest.mark.parametrize(
    ("example", "refuses", "expected"),
    [
        (ANSWERABLE, False, {"answered": 1.0}),
        (ANSWERABLE, True, {"answered": 0.0, "abstention_precision": 0.0}),
        (UNANSWERABLE, False, {"abstention_recall": 0.0}),
        (UNANSWERABLE, True, {"abstention_recall": 1.0, "abstention_precision": 1.0}),
    ],
)
def test_refusing(example: Case, refuses: bool, expected: dict[str, float]) -> None:
    given_answer = answer(abstained=True) if refuses else answer(("supported", [citation("toy", 1, QUOTE)]))
    scores = answer_scores(example, given_answer, pages)
    about_refusing = ("answered", "abstention_recall", "abstention_precision")
    assert {s.metric: s.value for s in scores if s.metric in about_refusing} == expected


def test_saying_nothing_is_refusing() -> None:
    silent = score(answer_scores(ANSWERABLE, answer(), pages), "answered")
    assert silent is not None
    assert silent.value == 0.0


def test_nothing_shown_is_not_measured() -> None:
    assert quote_validity([], pages) is None
    assert quote_validity([citation("toy", 1, "")], pages) is None
    assert citations_naming_nothing([], pages) is None
    assert {s.metric for s in answer_scores(ANSWERABLE, answer(abstained=True), pages)} == {
        *("coverage", "answered", "abstention_precision")
    }


texts = st.sampled_from([text for stored in TEXTS.values() for text in stored])
stretches = texts.flatmap(lambda text: st.tuples(st.integers(0, len(text)), st.integers(0, len(text)), st.just(text)))
citations = st.builds(
    citation,
    st.sampled_from(["toy", "grok", "refuse", "invented", None]),
    st.sampled_from([None, 0, 1, 2, 3]),
    st.one_of(stretches.map(lambda cut: cut[2][cut[0] : cut[1]]), st.text(max_size=40)),
    st.sampled_from(VERDICTS),
    passage_id=st.sampled_from([None, "x"]),
)
answers = st.builds(
    lambda sentences, abstained: answer(*sentences, abstained=abstained),
    st.lists(st.tuples(st.sampled_from(VERDICTS), st.lists(citations, max_size=3)), max_size=4),
    st.booleans(),
)


@given(st.sampled_from([ANSWERABLE, UNANSWERABLE]), answers)
def test_every_score_is_a_share_that_applies_to_the_case(example: Case, given_answer: Answer) -> None:
    scores = answer_scores(example, given_answer, pages)
    names = [s.metric for s in scores]
    assert len(set(names)) == len(names)
    assert set(names) <= set(answer_metrics(example)) <= set(ANSWER_METRICS)
    assert all(s.value is not None and 0 <= s.value <= 1 and s.weight >= 1 for s in scores)


@given(citations)
def test_a_valid_quote_really_is_on_the_page(cited: citation) -> None:  # type: ignore[valid-type]
    if not quote_fault(cited, pages):
        assert cited.quote in TEXTS[cited.paper_id][cited.page - 1]  # type: ignore[attr-defined]
