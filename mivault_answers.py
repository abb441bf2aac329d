"""Commands that ask a vault: search, ask, chat."""

from __future__ import annotations

from typing import Annotated

import typer

from mivault_env import open_drafter, open_search
from mivault_io import HERE, JsonOption, VaultOption, environment, open_or_create, open_vault, say, show_json

app = typer.Typer()


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

    hits = open_search(open_vault(vault), environment())(question, k=k, references=references)
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
    found = open_search(opened, environment())
    drafter = open_drafter(found, environment())
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
    found = open_search(opened, environment())
    chat_page(
        opened,
        search=found,
        drafter=open_drafter(found, environment()),
        host=host,
        port=port,
        sync=not no_sync,
        open_browser=not no_browser,
        say=say,
    )
