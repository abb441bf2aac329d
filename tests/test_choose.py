"""Which cases a run asks, and going on with one that was stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from eval_examples import CASES, RECIPE, write_cases

from evals.choose import Choice, choose
from evals.records import CaseResult, Score
from evals.unfinished import Unfinished
from ingest.errors import UsageError
from ingest.records import as_json
from ingest.vault import Vault


@pytest.fixture
def file(tmp_path: Path) -> str:
    halves = [replace(case, half="dev" if number % 2 else "test") for number, case in enumerate(CASES)]
    return str(write_cases(tmp_path / "c.jsonl", [as_json(case) for case in halves]))


@pytest.mark.parametrize(
    ("kinds", "half", "ids"),
    [
        ((), "", ["pack", "clean", "refuse", "mamba", "price"]),
        (("cause", "unanswerable"), "", ["clean", "mamba", "price"]),
        ((), "dev", ["clean", "mamba"]),
        (("unanswerable",), "test", ["price"]),
    ],
)
def test_kinds_and_half(file: str, kinds: tuple[str, ...], half: str, ids: list[str]) -> None:
    assert [case.id for case in choose(Choice((file,), kinds, half))] == ids


def test_a_sample_is_named_by_its_seed_and_keeps_the_order(file: str) -> None:
    drawn = [tuple(c.id for c in choose(Choice((file,), sample=3, seed=seed))) for seed in (1, 1, 2, 3)]
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) > 1
    order = [case.id for case in CASES]
    assert all(len(ids) == 3 and sorted(ids, key=order.index) == list(ids) for ids in drawn)
    assert len(choose(Choice((file,), sample=99))) == 5


def test_a_set_that_ships_goes_by_its_name() -> None:
    assert {case.id.split("-")[0] for case in choose(Choice(("starter",)))} == {"starter"}


@pytest.mark.parametrize(
    ("sets", "called"),
    [
        (("/home/ada/my cases.jsonl", "starter"), "my cases, starter"),
        (("/home/ada/vault/reports/sets/scifact-1f/cases.jsonl",), "scifact-1f"),
        (("cases.jsonl",), "cases"),
        ((), "every case"),
    ],
)
def test_a_headline_names_a_file_without_its_folders(sets: tuple[str, ...], called: str) -> None:
    assert str(Choice(sets)) == called


@pytest.mark.parametrize(
    ("choice", "says"),
    [
        (Choice(kinds=("riddle",)), "there is no kind 'riddle'"),
        (Choice(half="left"), "there is no half 'left'"),
        (Choice(("starter",), half="test"), "no case is left"),
        (Choice(("nowhere.jsonl",)), "nowhere.jsonl cannot be read"),
    ],
)
def test_a_choice_of_nothing_is_said(choice: Choice, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        choose(choice)


def test_results_are_kept_as_they_come_and_a_torn_line_is_no_result(tmp_path: Path) -> None:
    kept = Unfinished(Vault(tmp_path), ["set", "vault", "model"])
    first = CaseResult(CASES[0], (), (), True, "no", (Score("answered", 0.0),), (), 0.25)
    second = replace(first, case=CASES[1], abstained=None)
    kept.add(first, RECIPE)
    kept.add(second, None)
    with kept.path.open("a") as torn:
        torn.write('{"result": {"case"')
    assert kept.rows() == {"pack": (first, RECIPE), "clean": (second, None)}
    other = Unfinished(Vault(tmp_path), ["set", "vault", "another model"])
    assert other.rows() == {}
    kept.done()
    assert kept.rows() == {}
