"""The commands of `mivault eval` as they are typed; none of these needs an index."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from eval_examples import CASES, PAPERS, WordAssistant, pages, write_cases
from typer.testing import CliRunner, Result

import mivault
from evals.report import save
from evals.run import run
from ingest.records import as_json
from ingest.vault import Vault

GOOD = WordAssistant()


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    (tmp_path / "vault.yaml").write_text("name: small\n")
    made = Vault(tmp_path)
    for paper in PAPERS:
        made.write_paper(paper)
        made.write_pages(paper.id, pages(paper.id))
    for created in ("2026-11-23T08:30:00Z", "2026-11-23T09:30:00Z"):
        save(run(CASES, ask=GOOD.ask, search=GOOD.search, pages=pages, papers=PAPERS, created=created), made)
    write_cases(tmp_path / "c.jsonl", [as_json(case) for case in CASES])
    return tmp_path


def typed(vault: Path, *words: str) -> Result:
    return CliRunner().invoke(mivault.app, ["eval", *words, "--vault", str(vault)])


def test_check_tells_what_is_missing_and_shows_where_asked(vault: Path) -> None:
    plain = typed(vault, "--check", "--set", str(vault / "c.jsonl"))
    shown = typed(vault, "--check", "--show", "--set", str(vault / "c.jsonl"), "--kind", "cause")
    assert plain.output.strip() == "3 of 3 pieces of evidence found"
    assert "Weight decay drives the cleanup phase" in shown.output
    assert shown.output.strip().endswith("1 of 1 pieces of evidence found")


def test_check_fails_where_evidence_is_not_where_it_says(vault: Path) -> None:
    rows = [as_json(case) for case in CASES]
    rows[0]["evidence"][0]["sha256"] = "0" * 64
    spoilt = write_cases(vault / "spoilt.jsonl", rows)
    found = typed(vault, "--check", "--set", str(spoilt))
    assert found.exit_code == 1
    assert "pack 2209.10652 p. 1: NOT FOUND: the hash differs" in found.output


def test_two_runs_are_compared_and_one_is_held_against_the_other(vault: Path) -> None:
    compared = typed(vault, "compare", "previous", "latest", "--json")
    assert {
        change["verdict"] for change in json.loads(compared.output)["changes"] if change["metric"] != "seconds"
    } == {"same"}
    held = typed(vault, "gate", "--baseline", "previous")
    assert (held.exit_code, held.output.strip().splitlines()[-1]) == (0, "no metric is worse than the baseline")


def test_a_case_is_shown_and_a_report_handed_out(vault: Path) -> None:
    assert "wanted" not in typed(vault, "show", "latest", "clean").output
    assert "fact: Weight decay" in typed(vault, "show", "latest", "clean").output
    rows = [json.loads(line) for line in typed(vault, "export", "latest", "--form", "deepeval").output.splitlines()]
    assert rows[0]["input"] == CASES[0].question
    assert len(rows) == len(CASES)
