"""What adding has in common, whatever is added: what became of it, the file that is kept, the id that it gets."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from ingest.errors import MivaultError, UsageError
from ingest.forms import ORIGINALS, sniffed
from ingest.records import Entry, Form
from ingest.vault import SAFE_ID, Vault, file_digest


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one thing to add: `entry_id` where it is in the vault now, `reason` where it is not or was."""

    what: str
    entry_id: str = ""
    reason: str = ""

    @property
    def failed(self) -> bool:
        return not self.entry_id


def reason_of(error: MivaultError | OSError) -> str:
    """Why something was not added, in one line."""
    return (
        str(error) if isinstance(error, MivaultError) else f"{error.strerror or error} (check the file and its rights)"
    )


def form_of(path: Path) -> Form:
    """The form of a file by its content. Raises UsageError for what cannot be read, and for a PDF that is none: it may
    be the page that stood before the download."""
    form = sniffed(path)
    if path.suffix.lower() == ".pdf" and form != "pdf":
        what = "it is a web page" if form == "html" else "it does not begin like one"
        raise UsageError(f"{path.name} is not a PDF: {what}", "get the PDF itself")
    return form


def holds(vault: Vault, entry: Entry, sha256: str) -> bool:
    """Whether an entry's file has these bytes: by the hash in its name (then by all of it), or as it was parsed."""
    if entry.file and sha256[:8] in entry.file:
        kept = vault.inside(entry.file)
        return kept.is_file() and file_digest(kept) == sha256
    return vault.state(entry.id).get("file_sha256") == sha256


def keep(vault: Vault, path: Path, entry_id: str, sha256: str, form: Form) -> str:
    """Copy a file into the vault's files/ under a name of ours; its own name is never used as a path."""
    if path.resolve().is_relative_to(vault.root):
        return str(path.resolve().relative_to(vault.root))
    relative = f"files/{entry_id}-{sha256[:8]}{Path(ORIGINALS[form]).suffix}"
    target = vault.inside(relative)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_suffix(".tmp")
    shutil.copyfile(path, temporary)
    temporary.replace(target)
    return relative


def slug(name: str) -> str:
    """A name as an id: "arxiv-2309.08600", "my-paper"; "source" where nothing of it can stand in one."""
    arxiv = re.fullmatch(r"(\d{4}\.\d{4,5}|[a-z-]+(\.[A-Z]{2})?/\d{7})", name)
    made = f"arxiv-{name.replace('/', '-')}" if arxiv else re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60]
    return made if SAFE_ID.fullmatch(made or "-") else "source"
