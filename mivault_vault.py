"""Commands that fill a vault and look after it: init, add, sync, status, accept, remove."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from mivault_env import embedding_text, open_embedder, opened_tools
from mivault_io import (
    HERE,
    WAIT,
    JsonOption,
    VaultOption,
    WaitOption,
    environment,
    open_or_create,
    open_vault,
    say,
    say_beside,
    show_json,
)

app = typer.Typer()


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(metavar="[DIR]")] = HERE,
    empty: Annotated[bool, typer.Option("--empty", help="Without the starter list, glossary and notes.")] = False,
) -> None:
    """Make a new vault: the starter list, glossary and notes, or nothing at all."""
    from ingest.starter import create

    vault = create(directory, empty=empty)
    say(f"Made a vault at {vault.root}. Next: mivault sync --vault {directory}")


@app.command()
def add(
    what: Annotated[list[str], typer.Argument(metavar="PATH|FOLDER|EXPORT|ARXIV-ID|URL...")],
    vault: VaultOption = HERE,
    wait: WaitOption = WAIT,
    as_json: JsonOption = False,
    password: Annotated[str | None, typer.Option("--password", help="What opens an encrypted PDF.")] = None,
) -> None:
    """Put files, folders, Zotero's or JabRef's exports (.bib, CSL-JSON), arXiv ids or web addresses into the vault.

    Makes the starter vault if there is none.
    """
    from ingest.add import add as add_to
    from ingest.added import Added
    from ingest.first_page import first_pages
    from ingest.manifest import set_password

    opened = open_or_create(vault)
    done: list[Added] = []
    with opened.writing(wait=wait, on_wait=say_beside), first_pages(password) as identify:
        for one in (added for name in what for added in add_to(opened, name, identify)):
            done.append(one)
            if password is not None and one.entry_id:
                set_password(opened, one.entry_id, password)
            if not as_json:
                say(f"{one.what}: {one.entry_id or 'not added'}{f' ({one.reason})' if one.reason else ''}")
    if as_json:
        show_json([asdict(one) for one in done])
    else:
        say(f"{len({one.entry_id for one in done if one.entry_id})} in the vault. Next: mivault sync --vault {vault}")
    if any(one.failed for one in done):
        raise typer.Exit(1)


@app.command()
def sync(
    only: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Only these entries.")] = None,
    vault: VaultOption = HERE,
    as_json: JsonOption = False,
    no_download: Annotated[bool, typer.Option("--no-download", help="Only what is here already.")] = False,
    check_versions: Annotated[
        bool, typer.Option("--check-versions", help="Ask arXiv now for newer versions, not once a week.")
    ] = False,
    newest: Annotated[
        bool, typer.Option("--newest", help="Read arXiv's newest versions, not those read before.")
    ] = False,
    reindex: Annotated[bool, typer.Option("--reindex", help="Embed everything again, with the model set now.")] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Take out what is gone from the watched folders; else it is only told.")
    ] = False,
    wait: WaitOption = WAIT,
    progress_json: Annotated[bool, typer.Option("--progress-json", hidden=True)] = False,
) -> None:
    """Download, parse, chunk, embed and index what changed. Ctrl-C leaves a vault that the next sync completes."""
    from index.refresh import refresh
    from index.status import summary
    from ingest.progress import bars, json_lines

    opened = open_vault(vault)
    embedder = open_embedder(opened, environment())
    progress = json_lines(say) if progress_json else bars(quiet=as_json)
    with progress as on_progress, opened_tools(opened, embedder, environment()) as tools:
        done = refresh(
            opened,
            tools,
            embedder,
            only=frozenset(only or ()),
            download=not no_download,
            check_versions=check_versions,
            newest=newest,
            reindex=reindex,
            prune=prune,
            wait=wait,
            on_wait=say_beside,
            on_progress=on_progress,
        )
    message = summary(done.failed, done.passages, done.not_findable)
    if progress_json:
        say(json.dumps({"finished": True, "message": message}))
    elif as_json:
        show_json(asdict(done))
    else:
        for line in done.folders.said:
            say(line)
        say(f"{done.parsed} read, {done.embedded} embedded, {done.passages} passages, {done.seconds:.1f} s. {message}")


@app.command()
def status(vault: VaultOption = HERE, as_json: JsonOption = False) -> None:
    """Every entry: its state, pages and passages, or the reason why not."""
    from index.status import status as status_of
    from index.status import status_text
    from ingest.manifest import load
    from ingest.own_texts import entries

    opened = open_vault(vault)
    rows = status_of(opened, entries(opened, load(opened)))
    if as_json:
        show_json([asdict(row) for row in rows])
    else:
        say(status_text(rows))
        say(embedding_text(opened, environment()))


@app.command()
def accept(entry_id: Annotated[str, typer.Argument(metavar="ID")], vault: VaultOption = HERE) -> None:
    """Say that a quarantined entry's file is the right one, until the file changes."""
    from ingest.quarantine import accept as accept_in

    opened = open_vault(vault)
    with opened.writing(wait=WAIT, on_wait=say_beside):
        accept_in(opened, entry_id)
    say(f"Accepted {entry_id}. Next: mivault sync --vault {vault}")


@app.command()
def verify(vault: VaultOption = HERE, wait: WaitOption = WAIT, as_json: JsonOption = False) -> None:
    """Check the whole vault against vault.lock and mend what can be made again from what is here, without a network."""
    from index.verify import verified_text
    from index.verify import verify as verify_vault
    from ingest.progress import bars

    opened = open_vault(vault)
    embedder = open_embedder(opened, environment())
    with bars(quiet=as_json) as on_progress, opened_tools(opened, embedder, environment()) as tools:
        done = verify_vault(opened, tools, embedder, wait=wait, on_wait=say_beside, on_progress=on_progress)
    if as_json:
        show_json(asdict(done))
    else:
        say(verified_text(done))
    if done.left:
        raise typer.Exit(1)


@app.command()
def remove(
    entry_id: Annotated[str, typer.Argument(metavar="ID")], vault: VaultOption = HERE, wait: WaitOption = WAIT
) -> None:
    """Take an entry, its file and its passages out of the vault."""
    from index.build import build
    from ingest.add import remove as remove_from
    from ingest.progress import working

    opened = open_vault(vault)
    with opened.writing(wait=wait, on_wait=say_beside):
        remove_from(opened, entry_id)
        if opened.index_path.exists():
            with working("Taking it out of the index"):
                build(opened, open_embedder(opened, environment()))
    say(f"Removed {entry_id}.")
