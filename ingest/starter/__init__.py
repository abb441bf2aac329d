"""The vault that ships: its list, its glossary and its notes, copied into a new vault folder by `create`."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from ingest.errors import UsageError
from ingest.vault import Vault, write_bytes

EMPTY = b"format: 1\nname: My vault\nsections: {}\nentries: []\n"


def create(root: Path, *, empty: bool = False) -> Vault:
    """A new vault at `root`: the starter vault, or an empty one. Files that are there are left alone.

    Raises UsageError where there is a vault already, or something that is not a folder.
    """
    vault = Vault(root)
    if vault.manifest_path.exists():
        raise UsageError(f"there is a vault at {root} already", "use it, or name another folder")
    if vault.root.exists() and not vault.root.is_dir():
        raise UsageError(f"{root} is a file", "name a folder")
    texts = {"vault.yaml": EMPTY} if empty else _starter_texts()
    for name, data in sorted(texts.items(), key=lambda item: item[0] == "vault.yaml"):  # last: then it is a vault
        if not (vault.root / name).exists():
            write_bytes(vault.root / name, data)
    return vault


def _starter_texts() -> dict[str, bytes]:
    here = files("ingest.starter")
    notes = {f"notes/{n.name}": n.read_bytes() for n in here.joinpath("notes").iterdir() if n.name.endswith(".md")}
    return {name: here.joinpath(name).read_bytes() for name in ("vault.yaml", "glossary.yaml")} | notes
