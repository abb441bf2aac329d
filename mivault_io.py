"""What every command shares: its common options, the vault it opens, and how it says things."""

from __future__ import annotations

import json
import re
import sys
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mivault_env import Environment

if TYPE_CHECKING:
    from ingest.vault import Vault

VaultOption = Annotated[Path, typer.Option("--vault", help="The vault's folder.", envvar="MIVAULT_VAULT")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
WaitOption = Annotated[
    float, typer.Option("--wait", min=0, help="Seconds to wait for another process that writes to the vault.")
]
HERE = Path("vault")
BOLD = re.compile(r"\x1b\[\d+m")  # a terminal's; a file has none
# A first sync of forty papers takes about this long; Ctrl-C ends the wait.
WAIT = 600.0


_ENVIRONMENT: ContextVar[Environment] = ContextVar("environment")


def use_environment(found: Environment) -> None:
    """Hand every command the settings that `mivault.py` read."""
    _ENVIRONMENT.set(found)


def environment() -> Environment:
    """The settings of this run."""
    return _ENVIRONMENT.get(Environment())


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


def say_beside(text: str) -> None:
    """A line on stderr, so that stdout stays what was asked for."""
    say(text, err=True)


def put(text: str, out: Path | None) -> None:
    """Text into a file, whole or not at all; on stdout where none is named."""
    from ingest.errors import UsageError
    from ingest.vault import write_bytes

    if out is None:
        return say(text)
    try:
        write_bytes(out, BOLD.sub("", text).encode("utf-8", "replace"))
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror or error}", "name another file") from error
    return say_beside(f"Written to {out}")


def show_json(data: Any) -> None:
    say(json.dumps(data, ensure_ascii=False, indent=1))
