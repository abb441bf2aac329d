"""The command line: composes the packages and shows what comes of it. It holds no logic of its own.

Imports of everything heavy stand inside the commands, so that `mivault --help` costs none of them.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

try:
    import typer

    import mivault_answers
    import mivault_evals
    import mivault_people
    import mivault_suggest
    import mivault_vault
    from ingest.errors import MivaultError
    from mivault_env import Environment, quiet_libraries
    from mivault_io import say, use_environment
except KeyboardInterrupt:
    sys.exit(130)  # before there was anything to stop

app = typer.Typer(
    help="Ask questions of a vault of papers; every sentence shows the passage it rests on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for part in (mivault_vault.app, mivault_suggest.app, mivault_answers.app, mivault_people.app, mivault_evals.app):
    app.add_typer(part)


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Ask questions of a vault of papers; every sentence shows the passage it rests on."""
    del debug  # `main` has taken it: it may stand anywhere on the line
    use_environment(Environment.read(os.environ))


def main() -> None:
    """The console command: errors that a person can mend are one line; `--debug` shows where they came from."""
    debug = "--debug" in sys.argv
    sys.argv = [argument for argument in sys.argv if argument != "--debug"]
    quiet_libraries()
    try:
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
