"""Commands that measure a vault's answers: eval."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mivault_env import open_drafter, open_search
from mivault_io import HERE, JsonOption, VaultOption, environment, open_vault, say, show_json

app = typer.Typer()


@app.command(name="eval")
def evaluate(
    vault: VaultOption = HERE,
    cases: Annotated[Path | None, typer.Option("--set", help="A file of cases; default: the set that ships.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Only check each case's evidence against the pages.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Ask the eval set and score retrieval, citations and abstention, with 95 % intervals."""
    from evals.run import evaluate as run_evals
    from ingest.progress import bars

    opened = open_vault(vault)
    found = open_search(opened, environment())
    drafter = open_drafter(found, environment())
    with bars(quiet=as_json) as on_progress:
        text, data, code = run_evals(opened, cases, found, drafter, check_only=check, on_progress=on_progress)
    if as_json:
        show_json(data)
    else:
        say(text)
    raise typer.Exit(code)
