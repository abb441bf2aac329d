"""What the page does to its vault, by the functions that the commands use: add, remove, accept, suggest, sync.

One writer per vault: what has to wait says for whom. Texts are read and indexed by the sync in the background.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from assistant.app.intake import MOST_BYTES
from assistant.app.progress import SyncInBackground
from index.build import build
from index.embed import Embedder
from ingest.add import add, remove
from ingest.added import Added
from ingest.errors import UsageError, VaultBusy
from ingest.first_page import first_pages
from ingest.lookup import find_arxiv_id
from ingest.manifest import load
from ingest.quarantine import accept
from ingest.suggest import Suggested, suggest
from ingest.tools import Tools
from ingest.vault import Vault

# A first sync of forty papers takes about this long.
WAIT = 600.0
# As said of a web address or an arXiv id: a path of the server's disk is nothing that a browser may name.
WORDS = ("http://", "https://")


class Desk:
    """`syncing` reads and indexes what is added; `tools` open the doors to the network, for what lists name; `embedder`
    is the index's."""

    def __init__(
        self,
        vault: Vault,
        syncing: SyncInBackground,
        embedder: Embedder,
        tools: Callable[[], AbstractContextManager[Tools]],
    ) -> None:
        self.vault, self._syncing, self._embedder, self._tools = vault, syncing, embedder, tools

    def add(self, names: Sequence[str]) -> Iterator[str]:
        """Add arXiv ids and web addresses, then sync them; says in lines what became of each."""
        wanted = [name.strip() for name in names if name.strip()]
        for name in wanted:
            # `add` takes the name of a file that is there: its own commands' user may name one, a browser may not, nor
            # learn from an answer whether there is one.
            if not name.startswith(WORDS) and (find_arxiv_id(name) is None or Path(name).expanduser().exists()):
                raise UsageError(f"{name!r} is no arXiv id and no web address", "files are dropped below")
        yield from self._added(wanted)

    def add_files(self, files: Sequence[Path]) -> Iterator[str]:
        """Add files that a browser sent, and forget them: what is kept is a copy under a name of ours."""
        try:
            for file in files:
                if file.stat().st_size > MOST_BYTES:
                    raise UsageError(f"{file.name} has more than {MOST_BYTES >> 20} MB", "use the command: mivault add")
            yield from self._added([str(file) for file in files])
        finally:
            for file in files:
                file.unlink(missing_ok=True)

    def _added(self, names: Sequence[str]) -> Iterator[str]:
        done: list[Added] = []
        with ExitStack() as stack:
            yield from self._writing(stack)
            identify = stack.enter_context(first_pages())
            for number, name in enumerate(names, start=1):
                yield f"Adding {number} of {len(names)}: {Path(name).name}"
                done += add(self.vault, name, identify)
        new = [one.entry_id for one in done if one.entry_id]
        if new:
            self._syncing.start(new)
        yield "\n".join(map(_said, done)) or "Nothing was named."

    def remove(self, entry_id: str) -> Iterator[str]:
        """Take an entry out, its file and its passages. Raises UsageError as `ingest.add.remove` does."""
        with ExitStack() as stack:
            yield from self._writing(stack)
            yield f"Removing {entry_id}"
            remove(self.vault, entry_id)
            if self.vault.index_path.exists():
                build(self.vault, self._embedder)
        yield f"Removed {entry_id}."

    def accept(self, entry_id: str) -> Iterator[str]:
        """A quarantined file is the right one after all; then read it."""
        with ExitStack() as stack:
            yield from self._writing(stack)
            accept(self.vault, entry_id)
        self._syncing.start([entry_id])
        yield f"Accepted {entry_id}. It is being read."

    def sync(self, only: Sequence[str] = ()) -> Iterator[str]:
        """Sync all entries, or try these again, whatever kept them before."""
        self.vault.present()
        self._syncing.start(only)
        yield f"Trying {', '.join(only)} again." if only else "A sync has been asked for."

    def suggest(self, refresh: bool = False) -> Suggested:
        """What the vault's lists name that it lacks. Raises VaultBusy while another process writes."""
        self.vault.present()
        with self.vault.writing(), self._tools() as tools:
            return suggest(self.vault, tools, load(self.vault).entries, refresh=refresh)

    def _writing(self, stack: ExitStack) -> Iterator[str]:
        """Hold the writing lock until the stack closes; says whom it waits for. Raises VaultMissing, before the lock
        would make a folder, where the vault's is gone."""
        self.vault.present()
        try:
            stack.enter_context(self.vault.writing())
        except VaultBusy as busy:
            yield f"{busy.message}. Waiting for it: this goes on by itself."
            stack.enter_context(self.vault.writing(wait=WAIT))


def _said(one: Added) -> str:
    name = Path(one.what).name if not one.what.startswith(WORDS) else one.what
    why = f" ({one.reason})" if one.reason else ""
    return f"{name}: {f'in the vault as {one.entry_id}' if one.entry_id else 'not added'}{why}"
