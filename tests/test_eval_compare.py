"""Comparing runs, holding one against a baseline, showing a case, and the page that a report can be read on."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from eval_examples import CASES, PAPERS, WordAssistant, answer, case, pages

from assistant.records import Answer
from evals.compare import Change, compare, worse
from evals.compare_text import case_text, comparison_text
from evals.evaluate import compare_reports, gate, show_case
from evals.page import to_html, write_page
from evals.records import CaseResult, Report, Score
from evals.report import find, save
from evals.run import run
from evals.statistics import Point, paired_difference
from ingest.errors import UsageError
from ingest.vault import Vault

GOOD = WordAssistant()


def measured(ask: Callable[[str], Answer] = GOOD.ask, created: str = "2026-11-23T08:30:00Z") -> Report:
    return run(CASES, ask=ask, search=GOOD.search, pages=pages, papers=PAPERS, created=created, resamples=200)


def scored(values: list[float], *, seed: int = 0) -> Report:
    """A report of one metric over as many papers as there are values."""
    results = tuple(
        CaseResult(case(f"c{n}", f"2401.{n:05d}"), (), (), False, "", (Score("faithfulness", value),))
        for n, value in enumerate(values)
    )
    return replace(measured(), results=results, seed=seed, resamples=2000)


def change(first: Report, second: Report, metric: str = "faithfulness") -> Change:
    (only,) = (c for c in compare(first, second).changes if c.metric == metric)
    return only


def test_the_difference_is_paired() -> None:
    # The same tenth worse on every case: neither mean's own interval tells, the paired one does.
    draw = random.Random(1)
    before = [draw.uniform(0.2, 1.0) for _ in range(30)]
    found = change(scored(before), scored([value - 0.1 for value in before]))
    assert found.difference == pytest.approx(-0.1)
    assert (found.low, found.high) == pytest.approx((-0.1, -0.1))
    assert (found.verdict, found.paired) == ("worse", 30)


def test_the_interval_of_a_difference_by_hand() -> None:
    # Two papers, differences 0 and 1: resampled means are 0, .5 and 1 with probabilities 1/4, 1/2, 1/4.
    pairs = [(Point(0, 1, "a"), Point(0, 1, "a")), (Point(0, 1, "b"), Point(1, 1, "b"))]
    difference, interval = paired_difference(pairs, seed=0)
    assert (difference, interval and (interval.low, interval.high)) == (0.5, (0.0, 1.0))
    assert paired_difference(pairs[:1], seed=0) == (0.0, None)


def test_noise_is_no_loss_and_a_loss_is_seen() -> None:
    draw = random.Random(3)
    before = [float(draw.random() < 0.7) for _ in range(60)]
    shuffled = before[:]
    for n in range(0, 12, 2):
        shuffled[n], shuffled[n + 1] = shuffled[n + 1], shuffled[n]
    assert change(scored(before), scored(shuffled)).verdict in ("unclear", "same")
    lost = [0.0 if n % 3 == 0 else value for n, value in enumerate(before)]
    assert [c.metric for c in worse(compare(scored(before), scored(lost)))] == ["faithfulness"]
    assert change(scored(lost), scored(before)).verdict == "better"


def test_less_is_better_where_it_is() -> None:
    def of(value: float) -> Report:
        report = scored([value] * 12)
        naming = (Score("citations_naming_nothing", value),)
        return replace(report, results=tuple(replace(r, scores=naming) for r in report.results))

    assert change(of(0.0), of(0.5), "citations_naming_nothing").verdict == "worse"


def test_what_only_one_run_scored_is_not_compared() -> None:
    first, second = scored([1.0, 0.5, 0.0]), scored([1.0, 0.5, 0.0])
    unscored = replace(second.results[0], scores=(Score("faithfulness", None, reason="unreadable"),))
    assert change(first, replace(second, results=(unscored, *second.results[1:]))).paired == 2
    reworded = replace(second.results[0], case=replace(second.results[0].case, question="Another?"))
    found = compare(first, replace(second, results=(reworded, *second.results[1:])))
    assert (found.only_first, found.only_second) == (("c0",), ("c0",))
    with pytest.raises(UsageError, match="no case in common"):
        compare(first, replace(second, results=(reworded,)))


def refusing(question: str) -> Answer:
    return answer(abstained=True, question=question) if "cleanup" in question else GOOD.ask(question)


def test_changed_answers_stand_side_by_side() -> None:
    found = compare(measured(), measured(refusing))
    (changed,) = found.answers
    assert (changed.case_id, changed.first, changed.second) == (
        "clean",
        ("Weight decay drives the cleanup phase.",),
        (),
    )
    assert ("answered", 1.0, 0.0) in changed.scores
    text = comparison_text(found)
    assert "1 answers changed" in text
    assert "Weight decay drives the cleanup phase." in text


def test_the_commands_name_reports_by_file_name_or_age(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    first = save(measured(), vault)
    second = save(measured(refusing, "2026-11-23T09:30:00Z"), vault)
    assert find(vault, "latest") == second
    assert find(vault, "previous") == find(vault, first.stem) == find(vault, str(first)) == first
    with pytest.raises(UsageError, match="no report 'gone'"):
        find(vault, "gone")
    assert compare_reports(vault, "previous", "latest").code == 0
    assert gate(vault, first.stem).code == gate(vault, first.stem, first.stem).code == 0  # one of three is no proof
    shown = show_case(vault, "previous", "pack")
    assert "fact: Sparse features are stored by superposition" in shown.text
    assert "recall@5: 1.000" in shown.text
    with pytest.raises(UsageError, match="no case 'nope'"):
        case_text(measured(), "nope")


def test_the_gate_fails_where_the_interval_says_worse(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    save(scored([1.0] * 20), vault)
    save(replace(scored([0.0] * 15 + [1.0] * 5), created="2026-11-23T09:30:00Z"), vault)
    outcome = gate(vault, "previous")
    assert outcome.code == 1
    assert outcome.text.endswith("worse: faithfulness")


# --- the page --------------------------------------------------------------------------------------------------------


def test_the_page_needs_nothing_from_outside_and_runs_no_script(tmp_path: Path) -> None:
    html = write_page(measured(), tmp_path / "r.json").read_text()
    assert not re.search(r"<script|<link|<img|<iframe|@import|url\(|https?://|\son\w+=", html)
    assert "default-src 'none'" in html
    assert "prefers-color-scheme: dark" in html
    plots = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(plots) >= 4
    for plot in plots:
        ElementTree.fromstring(plot)
    assert all(case.question in html for case in CASES)


def test_the_plot_shows_each_mean_where_it_is() -> None:
    html = to_html(measured())
    assert "recall@5: 1.000, 95 % interval 0.44 to 1.00, 3 cases" in html
    assert "coverage: 0.600" in html


def test_what_papers_and_answers_say_cannot_become_markup() -> None:
    def evil(question: str) -> Answer:
        return answer(("supported", []), question=question, texts=["<script>alert(1)</script>$created"])

    html = to_html(measured(evil))
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;$created" in html
