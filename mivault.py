"""The command line: composes the packages and shows what comes of it. It holds no logic of its own.

Imports of everything heavy stand inside the commands, so that `mivault --help` costs none of them.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingest.errors import MivaultError
from mivault_env import Environment, open_drafter, open_embedder, open_search, opened_tools, quiet_libraries

if TYPE_CHECKING:
    from ingest.vault import Vault

app = typer.Typer(
    help="Ask questions of a vault of papers; every sentence shows the passage it rests on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
VaultOption = Annotated[Path, typer.Option("--vault", help="The vault's folder.", envvar="MIVAULT_VAULT")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
HERE = Path("vault")
ENVIRONMENT = Environment()  # `main` reads it: an error in it is said as any other


@app.callback()
def options(debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False) -> None:
    """Ask questions of a vault of papers; every sentence shows the passage it rests on."""
    del debug  # `main` has taken it: it may stand anywhere on the line


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
    what: Annotated[list[str], typer.Argument(metavar="PATH|FOLDER|ARXIV-ID|URL...")],
    vault: VaultOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Put PDFs, folders of them, arXiv ids or URLs of PDFs into the vault; makes the starter vault if there is none."""
    from ingest.add import Added
    from ingest.add import add as add_to
    from ingest.first_page import first_pages

    opened = open_or_create(vault)
    done: list[Added] = []
    with opened.writing(), first_pages() as identify:
        for one in (added for name in what for added in add_to(opened, name, identify)):
            done.append(one)
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
    reindex: Annotated[bool, typer.Option("--reindex", help="Embed everything again, with the model set now.")] = False,
    progress_json: Annotated[bool, typer.Option("--progress-json", hidden=True)] = False,
) -> None:
    """Download, parse, chunk, embed and index what changed. Ctrl-C leaves a vault that the next sync completes."""
    from index.refresh import refresh
    from index.status import summary
    from ingest.progress import bars, json_lines

    opened = open_vault(vault)
    embedder = open_embedder(opened, ENVIRONMENT)
    progress = json_lines(say) if progress_json else bars(quiet=as_json)
    with progress as on_progress, opened_tools(opened, embedder, ENVIRONMENT) as tools:
        done = refresh(
            opened,
            tools,
            embedder,
            only=frozenset(only or ()),
            download=not no_download,
            reindex=reindex,
            on_progress=on_progress,
        )
    message = summary(done.failed, done.passages)
    if progress_json:
        say(json.dumps({"finished": True, "message": message}))
    elif as_json:
        show_json(asdict(done))
    else:
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


@app.command()
def search(
    question: str,
    vault: VaultOption = HERE,
    k: Annotated[int, typer.Option("--k", "-k", min=1, max=100, help="How many passages.")] = 8,
    references: Annotated[bool, typer.Option("--references", help="Search bibliographies too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """The passages nearest to a question."""
    from assistant.found import found_json, found_text

    hits = open_search(open_vault(vault), ENVIRONMENT)(question, k=k, references=references)
    if as_json:
        show_json([found_json(hit) for hit in hits])
    else:
        say(found_text(hits))


@app.command()
def ask(
    question: str,
    vault: VaultOption = HERE,
    k: Annotated[int, typer.Option("--k", "-k", min=1, max=100, help="How many passages to answer from.")] = 8,
    as_json: JsonOption = False,
) -> None:
    """Answer a question from the vault; each sentence with the passage it rests on."""
    from assistant.ask import ask as ask_vault
    from assistant.render import to_text

    opened = open_vault(vault)
    found = open_search(opened, ENVIRONMENT)
    drafter = open_drafter(found, ENVIRONMENT)
    answer = ask_vault(question, search=found, vault=opened, drafter=drafter, embedding_model=found.embedder.name, k=k)
    if as_json:
        show_json(answer.as_json())
    else:
        say(to_text(answer))


@app.command()
def chat(
    vault: VaultOption = HERE,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 7860,
    no_sync: Annotated[bool, typer.Option("--no-sync", help="Do not build the vault in the background.")] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open the page.")] = False,
) -> None:
    """Open the chat page while the vault is built in the background. Makes the starter vault where there is none."""
    from assistant.app.launch import chat_page

    opened = open_or_create(vault)
    found = open_search(opened, ENVIRONMENT)
    chat_page(
        opened,
        search=found,
        drafter=open_drafter(found, ENVIRONMENT),
        host=host,
        port=port,
        sync=not no_sync,
        open_browser=not no_browser,
        say=say,
    )


@app.command()
def remove(entry_id: Annotated[str, typer.Argument(metavar="ID")], vault: VaultOption = HERE) -> None:
    """Take an entry, its file and its passages out of the vault."""
    from index.build import build
    from ingest.add import remove as remove_from

    opened = open_vault(vault)
    with opened.writing():
        remove_from(opened, entry_id)
        if opened.index_path.exists():
            build(opened, open_embedder(opened, ENVIRONMENT))
    say(f"Removed {entry_id}.")


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
    found = open_search(opened, ENVIRONMENT)
    drafter = open_drafter(found, ENVIRONMENT)
    with bars(quiet=as_json) as on_progress:
        text, data, code = run_evals(opened, cases, found, drafter, check_only=check, on_progress=on_progress)
    if as_json:
        show_json(data)
    else:
        say(text)
    raise typer.Exit(code)


def read_environment() -> None:
    global ENVIRONMENT
    ENVIRONMENT = Environment.read(os.environ)


def open_vault(path: Path) -> Vault:
    from ingest.vault import Vault

    return Vault.open(path)


def open_or_create(path: Path) -> Vault:
    from ingest.starter import create
    from ingest.vault import Vault

    if Vault(path).manifest_path.exists():
        return Vault.open(path)
    say(f"There was no vault at {path}: made the starter vault there.", err=True)
    return create(path)


def say(text: str, *, err: bool = False) -> None:
    """Text on stdout, or what is said beside it on stderr."""
    typer.echo(text.encode("utf-8", "replace").decode(), err=err)  # file names may hold bytes that are no text
    (sys.stderr if err else sys.stdout).flush()


def show_json(data: Any) -> None:
    say(json.dumps(data, ensure_ascii=False, indent=1))


def main() -> None:
    """The console command: errors that a person can mend are one line; `--debug` shows where they came from."""
    debug = "--debug" in sys.argv
    sys.argv = [argument for argument in sys.argv if argument != "--debug"]
    quiet_libraries()
    try:
        read_environment()
        app()
    except MivaultError as error:
        if debug:
            raise
        say(f"mivault: {error}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:  # a full disk, a folder without rights
        if debug:
            raise
        say(f"mivault: {error.strerror or error}: {error.filename or ''} (check the disk and its rights)", err=True)
        sys.exit(1)
    except SystemExit as stopped:
        if stopped.code == 130:
            say("Stopped. What was done is kept; the same command goes on from there.", err=True)
        raise


if __name__ == "__main__":
    main()
