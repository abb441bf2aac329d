"""Whole runs: an assistant that works, and broken ones that must each be seen by the metric made for it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from eval_examples import (
    CASES,
    PAPERS,
    RECIPE,
    WordAssistant,
    WordSearch,
    answer,
    case,
    citation,
    hit,
    pages,
    write_cases,
)

from assistant.extract import ExtractiveDrafter
from assistant.records import Answer, Citation, Usage
from evals.choose import Choice
from evals.evaluate import Manner, check_cases, evaluate
from evals.records import Case, Cost, Report, Summary
from evals.report import load, save, to_text
from evals.run import run
from index.errors import IndexMissing
from index.records import Hit
from ingest.errors import MivaultError, UsageError
from ingest.records import Paper, as_json
from ingest.vault import Vault

GOOD = WordAssistant()
WHEN = "2026-11-23T08:30:00Z"
CASES_AS_ROWS = [as_json(c) for c in CASES]


def measure(
    *,
    ask: Callable[[str], Answer] = GOOD.ask,
    search: Any = GOOD.search,
    cases: Sequence[Case] = CASES,
    papers: Sequence[Paper] = PAPERS,
    **more: Any,
) -> Report:
    ticks = itertools.count()
    more = {"created": WHEN, "clock": lambda: float(next(ticks)), "resamples": 200, **more}
    return run(cases, ask=ask, search=search, pages=pages, papers=papers, **more)


def row(report: Report, metric: str, group: str = "all") -> Summary:
    (only,) = (s for s in report.summary if (s.metric, s.group) == (metric, group))
    return only


def values(report: Report) -> dict[str, float | None]:
    return {s.metric: s.value for s in report.summary if s.group == "all"}


def change_citations(change: Callable[[Citation], Citation]) -> Callable[[str], Answer]:
    def ask(question: str) -> Answer:
        honest = GOOD.ask(question)
        changed = [replace(s, citations=tuple(map(change, s.citations))) for s in honest.sentences]
        return replace(honest, sentences=tuple(changed))

    return ask


def test_a_working_assistant_scores_full_marks() -> None:
    report = measure()
    assert values(report) == {
        "recall@5": 1.0,
        "recall@10": 1.0,
        "hit@5": 1.0,
        "mrr@10": 1.0,
        "ndcg@10": 1.0,
        "page_recall@5": 1.0,
        "page_recall@10": 1.0,
        "page_mrr@10": 1.0,
        "page_ndcg@10": 1.0,
        "faithfulness": 1.0,
        "citation_recall": 1.0,
        "citation_precision": 1.0,
        "quote_validity": 1.0,
        "citations_naming_nothing": 0.0,
        "fact_coverage": 1.0,
        "lead_states_a_fact": None,  # the answers of this assistant have no lead
        "correctness": 1.0,
        "accuracy": 1.0,
        "precision": 1.0,
        "coverage": 3 / 5,
        "answered": 1.0,
        "abstention_recall": 1.0,
        "abstention_precision": 1.0,
        "seconds": 1.0,
    }
    recall = row(report, "recall@5")
    # 3 of 3 by Wilson: 1 / (1 + 3.8415 / 3) = .4385 to 1.
    assert (recall.low, recall.high) == pytest.approx((0.4385, 1.0), abs=5e-5)
    assert (recall.scored, recall.unscored) == (3, 0)
    assert (row(report, "seconds").scored, row(report, "abstention_recall").scored) == (5, 2)
    assert not report.partial


def test_every_metric_is_summed_up_per_kind_too() -> None:
    report = measure()
    assert {s.group for s in report.summary} == {"all", "definition", "method", "cause", "unanswerable"}
    refused = {s.metric for s in report.summary if s.group == "unanswerable"}
    assert refused == {"correctness", "accuracy", "coverage", "abstention_recall", "seconds"}
    assert row(report, "page_recall@5", "cause").scored == 1


def test_every_scored_share_has_an_interval_around_it() -> None:
    for summary in measure().summary:
        if summary.value is not None and summary.metric != "seconds":
            assert summary.low is not None
            assert summary.high is not None
            assert 0 <= summary.low <= summary.value <= summary.high <= 1


# --- broken assistants -----------------------------------------------------------------------------------------------


def test_wrong_page_numbers_are_seen() -> None:
    report = measure(ask=change_citations(lambda c: replace(c, page=(c.page or 0) % 2 + 1)))
    assert values(report)["quote_validity"] == 0.0
    assert values(report)["citation_recall"] == 0.0  # a quote that is not there supports nothing


def test_invented_quotes_are_seen() -> None:
    report = measure(ask=change_citations(lambda c: replace(c, quote=c.quote.replace(" a ", " no "))))
    # "toy" and "refuse" have an " a " to change, "grok" has none: one of three quotes stays true.
    assert row(report, "quote_validity").value == pytest.approx(1 / 3)


def test_citations_of_nothing_are_seen() -> None:
    report = measure(ask=change_citations(lambda c: replace(c, paper_id="invented", passage_id="f" * 16)))
    assert values(report)["citations_naming_nothing"] == 1.0
    assert values(report)["quote_validity"] == 0.0


def test_always_refusing_is_seen() -> None:
    found = values(measure(ask=lambda question: answer(abstained=True, question=question)))
    assert (found["answered"], found["abstention_recall"]) == (0.0, 1.0)
    assert found["abstention_precision"] == pytest.approx(2 / 5)
    assert (found["faithfulness"], found["quote_validity"]) == (None, None)  # nothing was said, so nothing scored


def test_always_answering_is_seen() -> None:
    found = values(measure(ask=WordAssistant(threshold=0).ask))
    assert (found["answered"], found["abstention_recall"], found["abstention_precision"]) == (1.0, 0.0, None)


def test_shuffled_retrieval_is_seen() -> None:
    def worst_first(question: str, *, k: int) -> list[Hit]:
        return GOOD.search(question, k=5)[::-1][:k]

    good, bad = values(measure(k=1)), values(measure(search=worst_first, k=1))
    assert (good["recall@1"], good["mrr@2"]) == (1.0, 1.0)
    assert (bad["recall@1"], bad["hit@1"], bad["mrr@2"], bad["page_recall@1"]) == (0.0, 0.0, 0.0, 0.0)


def test_right_paper_wrong_page_is_seen_by_the_page_only() -> None:
    def first_pages(question: str, *, k: int) -> list[Hit]:
        return [hit(paper.id, 1) for paper in PAPERS if question][:k]

    found = values(measure(search=first_pages))
    assert found["recall@5"] == 1.0
    assert found["page_recall@5"] == pytest.approx(2 / 3)


def test_notes_instead_of_papers_are_seen() -> None:
    def notes(question: str, *, k: int) -> list[Hit]:
        return [replace(h, paper=replace(h.paper, kind="note")) for h in GOOD.search(question, k=k)]

    assert values(measure(search=notes))["hit@5"] == 0.0


def test_unsupported_sentences_are_seen() -> None:
    def half(question: str) -> Answer:
        honest = GOOD.ask(question)
        added = answer(("unsupported", [])).sentences if honest.sentences else ()
        return replace(honest, sentences=honest.sentences + added)

    assert values(measure(ask=half))["faithfulness"] == 0.5


def test_a_search_that_ignores_k_gains_nothing() -> None:
    def everything(question: str, *, k: int) -> list[Hit]:
        return GOOD.search(question, k=k + 3)[::-1]

    report = measure(search=everything, k=1)
    assert values(report)["recall@1"] == 0.0
    assert all(len(result.hits) == 2 for result in report.results)


# --- unscored is not wrong -------------------------------------------------------------------------------------------


def test_a_paper_that_is_not_held_leaves_its_case_unscored() -> None:
    asked: list[str] = []

    def ask(question: str) -> Answer:
        asked.append(question)
        return GOOD.ask(question)

    report = measure(ask=ask, papers=[p for p in PAPERS if p.id != "grok"])
    recall = row(report, "recall@5")
    assert (recall.value, recall.scored, recall.unscored) == (1.0, 2, 1)
    (missing,) = (r for r in report.results if r.errors)
    assert (missing.case.id, missing.errors) == ("clean", ("not in the vault: 2301.05217",))
    assert all(s.value is None and s.reason == missing.errors[0] for s in missing.scores)
    assert missing.case.question not in asked
    assert "clean: not in the vault: 2301.05217" in to_text(report)


def test_a_comparison_needs_both_its_papers() -> None:
    both = case("both", "2209.10652", "2301.05217", kind="comparison", question="Superposition or grokking?")
    report = measure(cases=[both], papers=[p for p in PAPERS if p.id == "toy"])
    assert row(report, "recall@5").unscored == 1


def test_an_error_leaves_only_what_it_hit_unscored() -> None:
    def ask(question: str) -> Answer:
        if "cleanup" in question:
            raise MivaultError("the model fell silent", "start it")
        return GOOD.ask(question)

    def search(question: str, *, k: int) -> list[Hit]:
        if "directions" in question:
            raise ZeroDivisionError("by zero")
        return GOOD.search(question, k=k)

    report = measure(ask=ask, search=search)
    assert {r.case.id: r.errors for r in report.results if r.errors} == {
        "clean": ("ask: MivaultError: the model fell silent (start it)",),
        "refuse": ("search: ZeroDivisionError: by zero",),
    }
    counted = {name: (row(report, name).scored, row(report, name).unscored) for name in ("recall@5", "answered")}
    assert counted == {"recall@5": (2, 1), "answered": (2, 1)}
    assert row(report, "recall@5").value == row(report, "answered").value == 1.0
    assert (row(report, "seconds").scored, row(report, "seconds").unscored) == (4, 1)


def test_what_a_language_model_read_and_wrote_is_counted_and_priced() -> None:
    def ask(question: str) -> Answer:
        return replace(GOOD.ask(question), usage=Usage(read=360, written=40))

    report = measure(ask=ask, per_million=2.0)
    assert row(report, "tokens").value == 100.0
    assert row(report, "price").value == pytest.approx(0.0002)
    assert row(report, "tokens", "cause").scored == 1
    assert not [s for s in measure().summary if s.metric in ("tokens", "price")]  # the extractive answers take none
    assert report.cost.peak_mb is None or report.cost.peak_mb > 10


def test_what_no_case_can_do_without_is_raised() -> None:
    def search(question: str, *, k: int) -> list[Hit]:
        raise IndexMissing(f"nothing was indexed yet: no {k} hits for {question}", "mivault index")

    with pytest.raises(IndexMissing):
        measure(search=search)


def test_nothing_scored_has_no_value() -> None:
    report = measure(papers=[])
    assert row(report, "recall@5") == Summary("all", "recall@5", None, None, None, 0, 3)
    assert "-" in to_text(report)


# --- stopping, repeating, writing ------------------------------------------------------------------------------------


def test_ctrl_c_keeps_what_is_done(tmp_path: Path) -> None:
    def ask(question: str) -> Answer:
        if "directions" in question:
            raise KeyboardInterrupt
        return GOOD.ask(question)

    report = measure(ask=ask)
    assert report.partial
    assert [r.case.id for r in report.results] == ["pack", "clean"]
    assert report.planned == 5
    assert row(report, "recall@5").scored == 2
    assert "PARTIAL" in to_text(report)
    assert "2 of 5 cases" in to_text(report)
    assert load(save(report, Vault(tmp_path))).partial


def test_progress_is_told_after_every_case() -> None:
    told: list[tuple[int, int, str]] = []
    measure(on_progress=lambda *news: told.append(news))
    assert told == [(1, 5, "pack"), (2, 5, "clean"), (3, 5, "refuse"), (4, 5, "mamba"), (5, 5, "price")]


def test_the_same_run_gives_the_same_report_and_only_seconds_may_differ() -> None:
    slow = itertools.count(step=7)
    one, again, other = measure(), measure(), measure(clock=lambda: float(next(slow)))
    assert replace(one, cost=Cost()) == replace(again, cost=Cost())
    assert [s for s in one.summary if s.metric != "seconds"] == [s for s in other.summary if s.metric != "seconds"]
    assert [r.scores for r in one.results] == [r.scores for r in other.results]


def test_several_at_a_time_score_the_same_in_the_same_order() -> None:
    one, four = measure(), measure(jobs=4)
    assert [r.case.id for r in four.results] == [r.case.id for r in one.results]
    assert (four.scores_hash, [r.scores for r in four.results]) == (one.scores_hash, [r.scores for r in one.results])


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    asked: list[str] = []

    class Stopping(WordSearch):
        stop = True

        def __call__(self, question: str, *, k: int = 8, per_paper: int = 3) -> list[Hit]:
            if question == CASES[2].question and self.stop:
                raise KeyboardInterrupt
            asked.append(question)
            return super().__call__(question, k=k, per_paper=per_paper)

    search: Any = Stopping()
    vault, choice = small_vault(tmp_path / "vault"), Choice((str(write_cases(tmp_path / "c.jsonl", CASES_AS_ROWS)),))
    drafter = ExtractiveDrafter(document_frequency=search.document_frequency, passage_count=search.passage_count)
    stopped = evaluate(vault, choice, search, drafter)
    search.stop, first = False, list(asked)
    resumed = evaluate(vault, choice, search, drafter, manner=Manner(resume=True))
    assert (stopped.code, resumed.code) == (130, 0)
    assert asked[len(first) :] == [q for c in CASES[2:] for q in (c.question, c.question)]  # searched, then asked
    whole = evaluate(vault, choice, search, drafter)
    assert resumed.data["scores_hash"] == whole.data["scores_hash"] != stopped.data["scores_hash"]
    assert not list((vault.root / "reports").glob("unfinished-*"))


def test_another_seed_or_case_file_is_named_in_the_report() -> None:
    one, other = measure(seed=1), measure(seed=2, cases=CASES[:4])
    assert (one.seed, other.seed) == (1, 2)
    assert one.cases_hash != other.cases_hash


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    report = measure(ask=change_citations(lambda c: replace(c, page=None)))
    path = save(report, Vault(tmp_path))
    assert path == tmp_path.resolve() / "reports" / "2026-11-23T083000Z.json"
    assert load(path) == report


def test_the_report_file_holds_what_was_seen(tmp_path: Path) -> None:
    data = json.loads(save(measure(), Vault(tmp_path)).read_text())
    first = data["results"][0]
    assert (data["created"], data["recipe"]["embedding_model"]) == (WHEN, "readable")
    assert first["case"]["question"] == CASES[0].question
    assert (first["hits"][0]["arxiv_id"], first["hits"][0]["pages"]) == ("2209.10652", [1])
    assert first["sentences"][0]["citations"][0]["quote"] == "Superposition lets a toy model store sparse features."
    assert {"metric": "recall@5", "evidence": ["2209.10652: rank 1"]}.items() <= first["scores"][0].items()


def test_a_second_report_of_the_same_second_does_not_replace_the_first(tmp_path: Path) -> None:
    vault, report = Vault(tmp_path), measure()
    assert save(report, vault) != save(report, vault)
    assert len(list((tmp_path / "reports").iterdir())) == 2


@pytest.mark.parametrize("created", ["", "../up", "now/then", ".hidden", "2026\n", "x" * 80])
def test_a_report_is_written_nowhere_else(tmp_path: Path, created: str) -> None:
    with pytest.raises(UsageError):
        save(measure(created=created), Vault(tmp_path / "vault"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 99}', '{"format": 2, "results": 3}'])
def test_a_file_that_is_no_report_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "r.json"
    path.write_text(content)
    with pytest.raises(UsageError, match=r"r\.json"):
        load(path)


def test_answers_of_two_recipes_are_told() -> None:
    def ask(question: str) -> Answer:
        recipe = replace(RECIPE, chat_model="other") if "cleanup" in question else RECIPE
        return replace(GOOD.ask(question), recipe=recipe)

    report = measure(ask=ask)
    assert report.recipe == RECIPE
    assert "1 of 5 answers were made by another recipe" in to_text(report)
    assert measure().notices == ()


# --- a vault, as the command line does it -------------------------------------------------------------------------


def small_vault(folder: Path, *, papers: Sequence[Paper] = PAPERS) -> Vault:
    vault = Vault(folder)
    folder.mkdir(exist_ok=True)
    vault.manifest_path.write_text("name: small\n")
    for paper in papers:
        vault.write_paper(paper)
        vault.write_pages(paper.id, pages(paper.id))
    return vault


@pytest.mark.parametrize(
    ("papers", "spoil", "code", "says"),
    [
        (PAPERS, False, 0, "3 of 3 pieces of evidence found"),
        (PAPERS[:1], False, 0, "1 of 3 pieces of evidence found, 2 in papers that are not there"),
        (PAPERS, True, 1, "pack 2209.10652 p. 1: NOT FOUND: the hash differs"),
    ],
)
def test_checking_a_vault(tmp_path: Path, papers: Sequence[Paper], spoil: bool, code: int, says: str) -> None:
    rows = [as_json(c) for c in CASES]
    if spoil:
        rows[0]["evidence"][0]["sha256"] = "0" * 64
    vault = small_vault(tmp_path / "vault", papers=papers)
    path = write_cases(tmp_path / "c.jsonl", rows)
    text, data, left = check_cases(vault, Choice((str(path),)), show=True)
    assert left == code
    assert says in text
    assert [row["case_id"] for row in data] == ["pack", "clean", "refuse"]


def test_measuring_a_vault_with_the_real_answering_path(tmp_path: Path) -> None:
    search: Any = WordSearch()
    drafter = ExtractiveDrafter(document_frequency=search.document_frequency, passage_count=search.passage_count)
    vault = small_vault(tmp_path / "vault")
    path = write_cases(tmp_path / "c.jsonl", [as_json(c) for c in CASES])
    told: list[tuple[str, int, int]] = []
    text, data, code = evaluate(
        *(vault, Choice((str(path),)), search, drafter),
        on_progress=lambda *news: told.append(news),
        created=datetime(2026, 11, 23, 8, 30, tzinfo=UTC),
    )
    report = load(vault.root / data["report"])
    assert (code, data["report"], told[-1]) == (0, "reports/2026-11-23T083000Z.json", ("eval", 5, 5))
    assert text.endswith(f"report: {data['report']}, to read: {data['page']}")
    assert (vault.root / data["page"]).read_text().startswith("<!doctype html>")
    assert report.recipe is not None
    assert (report.recipe.embedding_model, report.recipe.chat_model) == ("readable", "extractive")
    assert values(report)["quote_validity"] == 1.0
    assert values(report)["citations_naming_nothing"] == 0.0
    assert not any(result.errors for result in report.results)


@pytest.mark.parametrize(("error", "code"), [(ZeroDivisionError("by zero"), 1), (KeyboardInterrupt(), 130)])
def test_a_run_that_measured_nothing_or_was_stopped_does_not_exit_with_0(
    tmp_path: Path, error: BaseException, code: int
) -> None:
    class Broken(WordSearch):
        def __call__(self, question: str, *, k: int = 8, per_paper: int = 3) -> list[Hit]:
            if question == CASES[2].question or code == 1:
                raise error
            return super().__call__(question, k=k, per_paper=per_paper)

    search: Any = Broken()
    path = write_cases(tmp_path / "c.jsonl", [as_json(c) for c in CASES])
    outcome = evaluate(small_vault(tmp_path / "vault"), Choice((str(path),)), search, ExtractiveDrafter())
    assert outcome.code == code
    assert outcome.data["partial"] == (code == 130)
    assert len(outcome.data["results"]) == (2 if code == 130 else 5)


# --- the table -------------------------------------------------------------------------------------------------------


def test_the_table_shows_every_metric_with_its_interval() -> None:
    text = to_text(measure())
    lines = {line.split("│")[1].strip(): line for line in text.splitlines() if line.startswith("│")}
    assert "1.000" in lines["recall@5"]
    assert "0.439 - 1.000" in lines["recall@5"]
    assert {"hit@5", "mrr@10", "page recall@5", "quote validity", "faithfulness", "seconds"} <= lines.keys()
    assert "readable" in text
    assert max(map(len, text.splitlines())) <= 100


def test_the_table_by_kind_names_the_kinds() -> None:
    text = to_text(measure(), by_kind=True)
    assert all(kind in text for kind in ("definition", "cause", "unanswerable"))


def test_an_error_message_cannot_command_the_terminal_or_the_table() -> None:
    def ask(question: str) -> Answer:
        raise MivaultError(f"\x1b[2J[red]gone[/red]\nPARTIAL {question}")

    text = to_text(measure(ask=ask))
    assert "\x1b" not in text
    assert "[red]gone[/red]" in text
    assert not any(line.startswith("PARTIAL") for line in text.splitlines())


def test_a_quote_of_a_note_is_checked_like_any_other() -> None:
    ours = replace(citation("toy", 1, "Superposition lets a toy model"), kind="note")
    report = measure(ask=lambda question: answer(("supported", [ours]), question=question), cases=CASES[:1])
    assert row(report, "quote_validity").value == 1.0
