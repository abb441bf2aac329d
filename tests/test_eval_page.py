"""The evals as the page's tab asks for them: runs in the background, reports, cases and differences as HTML."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from page_fakes import EVIL, make_vault, until
from readable_embedder import ReadableEmbedder

from assistant.app.rooms import EvalRuns
from assistant.app.tab_evals import run_html
from assistant.drafters import choose
from evals.for_page import PageRuns
from index.build import build
from index.search import Search
from ingest.errors import UsageError
from ingest.vault import Vault

ATTACK = EVIL.replace("\u202e", "")  # a case is one line of visible text
SUPERPOSITION: dict[str, Any] = {"id": "c-1", "kind": "definition", "question": "What is superposition?"}
SUPERPOSITION |= {"expected_papers": ["2209.10652"]}
CASES: list[dict[str, Any]] = [SUPERPOSITION]
CASES += [SUPERPOSITION | {"id": f"c-{n}", "question": f"{ATTACK} What is interference {n}?"} for n in range(2, 8)]


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    vault = make_vault(tmp_path_factory.mktemp("evals"))
    (vault.root / "cases").mkdir()
    (vault.root / "cases" / "own.jsonl").write_text("".join(json.dumps(case) + "\n" for case in CASES), "utf-8")
    for source in vault.source_ids():
        paper = vault.paper(source)
        assert paper is not None
        vault.write_paper(replace(paper, pages=1))
    with vault.writing():
        build(vault, ReadableEmbedder())
    return vault


def runs_of(vault: Vault) -> PageRuns:
    search = Search(vault, ReadableEmbedder())
    return PageRuns(vault, search, choose(search, None))


def ended(runs: PageRuns) -> str:
    """The name of the report of the run under way, once it has ended."""
    until(lambda: bool((now := runs.progress()) and not now.running), 30)
    now = runs.progress()
    assert now is not None
    return now.report


def test_a_run_ends_in_a_report_that_can_be_read_case_by_case(vault: Vault) -> None:
    runs = runs_of(vault)
    held: EvalRuns = runs
    assert "own" in held.sets() and "starter" in held.sets() and runs.progress() is None
    runs.start(["own"], [], None)
    name = ended(runs)
    now = runs.progress()
    assert now is not None and now.message == f"{len(CASES)} cases measured." and now.done == len(CASES)
    assert runs.history()[0][1] == name and f"{len(CASES)} cases, own" in runs.history()[0][0]
    report = runs.report(name)
    assert report.count("<svg") >= 2 and "95 % interval" in report and 'class="interval"' in report
    assert [case_id for _, case_id in runs.cases(name)] == [case["id"] for case in CASES]
    case = runs.case(name, "c-2")
    assert "<details open" in case and "2209.10652 p. 4" in case
    assert "<img" not in report + case and "&lt;img src=x" in case
    runs.start(["own"], ["definition"], 3)
    other = ended(runs)
    difference = runs.difference(name, other)
    assert "Second minus first" in difference and "cases only in the first" in difference and "<img" not in difference


def test_one_run_at_a_time_and_stop_keeps_what_was_measured(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = runs_of(vault)
    tell = runs._tell

    def stopping(stage: str, done: int, total: int) -> None:
        if done == 2:
            with pytest.raises(UsageError, match="under way"):
                runs.start(["own"], [], None)
            runs.stop()
        tell(stage, done, total)

    monkeypatch.setattr(runs, "_tell", stopping)
    runs.start(["own"], [], None)
    name = ended(runs)
    now = runs.progress()
    assert now is not None and now.message == f"Stopped after 2 of {len(CASES)} cases."
    assert len(runs.cases(name)) == 2 and "PARTIAL" in runs.report(name) and "stopped" in runs.history()[0][0]


def test_a_browser_names_no_other_file(vault: Vault, tmp_path: Path) -> None:
    runs = runs_of(vault)
    (tmp_path / "x.json").write_text("{}")
    for name in (str(tmp_path / "x.json"), "../vault", ""):
        with pytest.raises(UsageError, match="no report"):
            runs.report(name)
    runs.start([str(tmp_path / "x.json"), "own"], [], 1)  # an unknown set is no set
    assert len(runs.cases(ended(runs))) == 1


def test_how_far_a_run_is_and_how_it_ended_is_shown(vault: Vault) -> None:
    runs = runs_of(vault)
    assert run_html(runs.progress()) == ""
    runs.start(["own"], [], 1)
    assert "of 1 cases" in run_html(runs.progress()) or "measured." in run_html(runs.progress())
    ended(runs)
    assert "1 cases measured." in run_html(runs.progress())
