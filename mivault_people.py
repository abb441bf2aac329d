"""Commands on people's own: the conversations that a vault keeps, and who may sign in to a shared page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from mivault_io import HERE, JsonOption, VaultOption, open_vault, say, show_json

app = typer.Typer()
users_app = typer.Typer(help="Who may sign in to a page that others can reach.", no_args_is_help=True)
app.add_typer(users_app, name="users")
UsersOption = Annotated[Path, typer.Option("--auth", help="The file of users.")]


@users_app.command("add")
def add_user(
    name: str,
    auth: UsersOption,
    reader: Annotated[
        bool, typer.Option("--reader", help="One who asks and reads, but changes no library and runs no evals.")
    ] = False,
) -> None:
    """Add a user, or give one a new password; it is asked for, or read from a pipe."""
    from assistant.app.users import Users

    piped = not sys.stdin.isatty()
    password = (
        sys.stdin.readline().rstrip("\n")
        if piped
        else typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    )
    Users(auth).add(name, password, reader=reader)
    say(f"{name} may sign in{', to ask and read' if reader else ''}: mivault chat --host 0.0.0.0 --auth {auth}")


@users_app.command("remove")
def remove_user(name: str, auth: UsersOption) -> None:
    """Take a user out; whoever is signed in by this name is signed out at once."""
    from assistant.app.users import Users

    Users(auth).remove(name)
    say(f"{name} may not sign in any more")


@users_app.command("list")
def list_users(auth: UsersOption) -> None:
    """The users' names, and who of them may read only."""
    from assistant.app.users import Users

    users = Users(auth)
    lines = [name if users.may_change(name) else f"{name} (reader)" for name in users.names()]
    say("\n".join(lines) or f"{auth} names no user (mivault users add NAME --auth {auth})")


conversations = typer.Typer(rich_markup_mode=None)
app.add_typer(conversations, name="conversations", help="The conversations that the vault keeps, of ask and the page.")
ConversationId = Annotated[str, typer.Argument(metavar="ID")]


@conversations.command(name="list")
def list_conversations(
    words: Annotated[list[str] | None, typer.Argument(metavar="[WORD]...", help="Only those with these words.")] = None,
    vault: VaultOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Every conversation, the one that was changed last first."""
    from assistant.conversations import Conversations, listed_json, listed_text

    wanted = " ".join(words or ())
    found = Conversations(open_vault(vault)).search(wanted)
    if as_json:
        show_json(listed_json(found))
    else:
        say(listed_text(found, wanted))


@conversations.command(name="show")
def show_conversation(conversation: ConversationId, vault: VaultOption = HERE, as_json: JsonOption = False) -> None:
    """A conversation as it was, with its citations."""
    from dataclasses import asdict

    from assistant.conversations import Conversations, conversation_text

    opened = Conversations(open_vault(vault)).open(conversation)
    if as_json:
        show_json(asdict(opened))
    else:
        say(conversation_text(opened))


@conversations.command(name="rename")
def rename_conversation(conversation: ConversationId, title: str, vault: VaultOption = HERE) -> None:
    """Give a conversation another title."""
    from assistant.conversations import Conversations

    Conversations(open_vault(vault)).rename(conversation, title)


@conversations.command(name="delete")
def delete_conversation(conversation: ConversationId, vault: VaultOption = HERE) -> None:
    """Delete a conversation for good."""
    from assistant.conversations import Conversations

    Conversations(open_vault(vault)).delete(conversation)
