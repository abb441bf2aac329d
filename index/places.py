"""Where the vectors of a vault lie for whoever reads Chroma: a folder of the vault, or a server that vault.yaml names.

    chroma: http://host:8000                 or    chroma: {url: ..., tenant: ..., database: ..., token_file: ...}

Without the setting: index/chroma-91c02e/, an embedded store. A place is written where it is, by one writer. What is
about to be changed is noted first (index/writing.json): a writer that was killed is seen by the next one.
"""

from __future__ import annotations

import contextlib
import platform
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from index.chroma_server import ChromaServer, server_of
from index.errors import IndexDamaged, StoreUnreachable
from index.state import REBUILD, IndexState
from index.store import PassageStore
from ingest.vault import Vault, digest, read_json, write_json


class Place(Protocol):
    """A store's place under a name that state.json keeps."""

    @property
    def name(self) -> str: ...

    def create(self, *, model: str, dimension: int) -> PassageStore:
        """An empty store."""

    def open(self) -> PassageStore:
        """The store that is there. Raises IndexDamaged, or StoreUnreachable where a server does not answer."""


@dataclass(frozen=True, slots=True)
class Folder:
    """An embedded store below index/."""

    vault: Vault
    name: str

    def create(self, *, model: str, dimension: int) -> PassageStore:
        return PassageStore.create(self.vault.index_path / self.name, model=model, dimension=dimension)

    def open(self) -> PassageStore:
        return PassageStore.open(self.vault.index_path / self.name)


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection on a server."""

    server: ChromaServer
    name: str
    owner: str

    def create(self, *, model: str, dimension: int) -> PassageStore:
        return PassageStore.create_on(self.server, self.name, model=model, dimension=dimension, owner=self.owner)

    def open(self) -> PassageStore:
        return PassageStore.open_on(self.server, self.name)


def on_server(vault: Vault) -> bool:
    """Whether vault.yaml names a Chroma server."""
    return server_of(vault) is not None


def new_place(vault: Vault, model: str) -> Place:
    """A place that nothing has been put into. No two have the same name: Chroma would answer from what it still holds
    of a path, and two vaults on one server would mix."""
    server, token = server_of(vault), secrets.token_hex(3)
    if server is None:
        return Folder(vault, f"chroma-{token}")
    return Collection(server, f"mivault-{_plain(vault.root.name)}-{_plain(model)}-{token}{token[::-1]}", owner(vault))


def place_of(vault: Vault, state: IndexState) -> Place:
    """The place that an index was put into. Raises IndexDamaged where vault.yaml names another kind of place now."""
    server = server_of(vault)
    if (server is not None) != state.store.startswith("mivault-"):
        named = "a Chroma server" if server else "no Chroma server"
        raise IndexDamaged(f"vault.yaml names {named}, which is not where the vectors are", REBUILD)
    return Collection(server, state.store, owner(vault)) if server else Folder(vault, state.store)


def owner(vault: Vault) -> str:
    """Who may write to a collection: this folder on this machine. A copy of the vault makes a collection of its own."""
    return digest(f"{platform.node()} {vault.root}".encode())[:12]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:24].strip("-") or "vault"


def drop(vault: Vault, store: str) -> None:
    """Delete a collection that no index names any more, where it is ours; an embedded store is deleted by `tidy`."""
    server = server_of(vault)
    if server is None or not store.startswith("mivault-"):
        return
    with contextlib.suppress(IndexDamaged, StoreUnreachable):
        left = PassageStore.open_on(server, store)
        if left.owner == owner(vault):
            left.drop()
        left.close()


# --- what is being written ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A change of a store that came to no end: `sources` were to be put or taken out on the way to the generation
    `next`. `torn` where the writer had no time to close the store."""

    store: str
    next: str
    sources: tuple[str, ...]
    torn: bool


def note_writing(vault: Vault, store: str, following: str, sources: Sequence[str], *, torn: bool = True) -> None:
    """Remember what is about to be changed in a store; sources of a change before it that came to no end stay named."""
    before, noted = unfinished(vault, store), read_json(_path(vault))
    names = sorted({*sources, *(before.sources if before else ())})
    others = noted if isinstance(noted, dict) else {}
    write_json(_path(vault), {**others, store: {"next": following, "sources": names, "torn": torn}})


def forget_writing(vault: Vault) -> None:
    """The change has come to its end."""
    _path(vault).unlink(missing_ok=True)


def left_open(vault: Vault, state: IndexState) -> Unfinished | None:
    """The change of an index's store that came to no end: not one whose generation was named after all."""
    left = unfinished(vault, state.store)
    return None if left is None or left.next == state.folder else left


def unfinished(vault: Vault, store: str) -> Unfinished | None:
    """What was noted of a store."""
    noted = read_json(_path(vault))
    if not isinstance(noted, dict) or store not in noted:
        return None
    one = noted[store]
    return Unfinished(store, str(one["next"]), tuple(map(str, one["sources"])), bool(one["torn"]))


def _path(vault: Vault) -> Path:
    return vault.index_path / "writing.json"
