"""Commands that measure a vault's answers: eval, and what can be done with its reports."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mivault_env import open_drafter, open_embedder, open_judge, open_search
from mivault_io import HERE, JsonOption, VaultOption, environment, open_vault, say, show_json

if TYPE_CHECKING:
    from evals.choose import Choice
    from evals.evaluate import Manner, Outcome
    from ingest.vault import Vault
    from mivault_env import Environment

app = typer.Typer()
evals = typer.Typer(invoke_without_command=True, rich_markup_mode=None)
app.add_typer(evals, name="eval")


@evals.callback()
def evaluate(
    context: typer.Context,
    vault: VaultOption = HERE,
    cases: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="A file of cases or a set that ships (can be given again), a BEIR or SciFact folder, a QASPER "
            "file, or JSONL of answers given elsewhere.",
        ),
    ] = None,
    kind: Annotated[list[str] | None, typer.Option("--kind", help="Only this kind; can be given again.")] = None,
    half: Annotated[str, typer.Option("--half", help="Only this half: dev (for tuning) or test.")] = "",
    sample: Annotated[int | None, typer.Option("--sample", min=1, help="Only so many, drawn by the seed.")] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the sample and of the intervals.")] = 0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a stopped run of the same.")] = False,
    jobs: Annotated[int, typer.Option("--jobs", min=1, max=64, help="Cases asked at a time.")] = 1,
    price: Annotated[float | None, typer.Option("--price", min=0, help="Of a million tokens.")] = None,
    by_kind: Annotated[bool, typer.Option("--by-kind", help="A row per kind of case too.")] = False,
    model: Annotated[str, typer.Option("--model", help="The language model that answers (MIVAULT_MODEL).")] = "",
    judge: Annotated[str, typer.Option("--judge", help="A language model that judges; may be another one.")] = "",
    judge_url: Annotated[str, typer.Option("--judge-url", help="Its server; default: MIVAULT_BASE_URL.")] = "",
    judge_budget: Annotated[int | None, typer.Option("--judge-budget", min=0, help="Tokens it may take.")] = None,
    calibration_data: Annotated[
        Path | None, typer.Option("--calibration-data", help="A folder with wice, summedits, cliff.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Only check each case's evidence against the pages.")] = False,
    show: Annotated[bool, typer.Option("--show", help="With --check: print each piece of evidence.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Ask the eval set and score retrieval, citations, facts and abstention, with 95 % intervals."""
    if context.invoked_subcommand:
        return
    from evals.choose import Choice
    from evals.evaluate import Manner, check_cases

    choice = Choice(tuple(cases or ()), tuple(kind or ()), half, sample, seed)
    opened = open_vault(vault)
    if check or show:
        shown(check_cases(opened, choice, show=show), as_json)
    settings = replace(environment(), model=model or environment().model)
    judging = open_judge(settings, judge, judge_url) if judge else None
    manner = Manner(resume, jobs, price, by_kind, judging, judge_budget, calibration_data)
    shown(_measured(opened, choice, manner, settings, as_json), as_json)


def _measured(vault: Vault, choice: Choice, manner: Manner, settings: Environment, quiet: bool) -> Outcome:
    """Scores of answers given elsewhere, of an external set in a vault of its own, or of cases in this vault."""
    from evals.evaluate import evaluate as run_evals
    from evals.evaluate import evaluate_triples
    from evals.external_vault import is_external, prepared
    from evals.triples import is_triples
    from ingest.progress import bars

    with bars(quiet=quiet) as on_progress:
        if len(choice.sets) == 1 and is_triples(Path(choice.sets[0])):
            return evaluate_triples(vault, Path(choice.sets[0]), manner=manner)
        if len(choice.sets) == 1 and is_external(choice.sets[0]):
            vault, file = prepared(vault, Path(choice.sets[0]), open_embedder(vault, settings), on_progress)
            choice = replace(choice, sets=(str(file),))
        found = open_search(vault, settings)
        return run_evals(vault, choice, found, open_drafter(found, settings), manner=manner, on_progress=on_progress)


def shown(outcome: Outcome, as_json: bool) -> None:
    """Say what came of it, and end with its exit code."""
    if as_json:
        show_json(outcome.data)
    else:
        say(outcome.text)
    raise typer.Exit(outcome.code)


@evals.command(name="compare")
def compare(
    first: Annotated[str, typer.Argument(help="A report: a file, its name, latest or previous.")],
    second: Annotated[str, typer.Argument(help="The report that is held against it.")],
    vault: VaultOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """What the second report does better or worse than the first, and which answers changed."""
    from evals.evaluate import compare_reports

    shown(compare_reports(open_vault(vault), first, second), as_json)


@evals.command(name="gate")
def gate(
    baseline: Annotated[str, typer.Option("--baseline", help="The report to be as good as.")],
    report: Annotated[str, typer.Argument(help="The report that is held against it.")] = "latest",
    vault: VaultOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Fail (exit code 1) only where the paired interval of a metric says worse than the baseline."""
    from evals.evaluate import gate as hold

    shown(hold(open_vault(vault), baseline, report), as_json)


@evals.command(name="show")
def show_one(
    report: Annotated[str, typer.Argument(help="A report: a file, its name, latest or previous.")],
    case: Annotated[str, typer.Argument(help="The case's id.")],
    vault: VaultOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """One case of a report: what was asked, found, answered and scored, and why."""
    from evals.evaluate import show_case

    shown(show_case(open_vault(vault), report, case), as_json)


@evals.command(name="export")
def export(
    report: Annotated[str, typer.Argument(help="A report: a file, its name, latest or previous.")],
    form: Annotated[str, typer.Option("--form", help="The names of ragas, deepeval or plain.")] = "ragas",
    vault: VaultOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """A report as JSONL (question, answer, contexts, reference) for other people's tools."""
    from evals.evaluate import export_report

    shown(export_report(open_vault(vault), report, form), as_json)
