"""The command that tells what the lists of a vault name: suggest."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from ingest.progress import working
from mivault_env import opened_tools
from mivault_io import HERE, JsonOption, VaultOption, environment, open_vault, say, show_json

app = typer.Typer()


@app.command()
def suggest(
    vault: VaultOption = HERE,
    add: Annotated[list[str] | None, typer.Option("--add", metavar="ID", help="Put this one into the vault.")] = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="Get the lists now, not once a week.")] = False,
    no_download: Annotated[bool, typer.Option("--no-download", help="Only what is known already.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many to show.")] = 40,
    as_json: JsonOption = False,
) -> None:
    """What the vault's lists name that it lacks, the most named first; arXiv ids are looked up."""
    from ingest.add import add as add_to
    from ingest.first_page import first_pages
    from ingest.manifest import load
    from ingest.suggest import suggest as suggested_by
    from ingest.suggest import suggestions_text

    opened = open_vault(vault)
    if add:
        with opened.writing(), first_pages() as identify:
            added = [one for name in add for one in add_to(opened, name, identify)]
        for one in added:
            say(f"{one.what}: {one.entry_id or 'not added'}{f' ({one.reason})' if one.reason else ''}")
        raise typer.Exit(any(one.failed for one in added))
    with working("Reading the lists"), opened.writing(), opened_tools(opened, None, environment()) as tools:
        found = suggested_by(opened, tools, load(opened).entries, refresh=refresh, download=not no_download)
    if as_json:
        show_json(asdict(found))
    else:
        say(suggestions_text(found, limit))
