"""Put something into a vault: a file or a folder of them, a bibliography with its files, an arXiv id, a web address.

`sync` then reads it.
"""

from __future__ import annotations

import re
import shutil
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

from ingest.add_items import add_items
from ingest.added import Added, form_of, holds, keep, reason_of, slug
from ingest.bibliography import bibliography
from ingest.disk import stop_when_full
from ingest.errors import MivaultError, UsageError
from ingest.forms import KNOWN
from ingest.lookup import ArxivId, find_arxiv_id
from ingest.manifest import Manifest, add_entry, add_to_list, load, remove_entry, set_file, set_from
from ingest.parse_pdf import Identity
from ingest.recognise import repo_of, video_of
from ingest.records import Form
from ingest.vault import Vault, file_digest
from ingest.ways import names_for

# The folders of a vault that it fills itself.
OWN = ("files", "sources", "notes", "index", "conversations", "reports")


def add(vault: Vault, what: str, identify: Callable[[Path], Identity]) -> Iterator[Added]:
    """Add a path, an arXiv id or a URL; a folder gives one Added for each file below it that can be read, and is
    watched from then on (ingest/folders.py); a bibliography gives one for each of its items.

    `identify` reads title and arXiv id off the first page of a PDF. What cannot be added is said; DiskFull alone is
    raised, since it is no file's fault and would meet each that follows.
    Holds no lock: the caller does.
    """
    path = Path(what).expanduser()
    try:
        if not what.strip():  # a shell's empty variable is not the folder one stands in
            raise UsageError("nothing is named", "name a file, a folder, an arXiv id or an address")
        if path.is_dir():
            yield from _add_folder(vault, path, identify)
        elif path.is_file() and (items := bibliography(path)) is not None:
            yield from add_items(vault, path, items)
        elif path.is_file():
            yield add_file(vault, path, identify)
        elif re.match(r"https?://", what):
            yield _add_url(vault, what)
        elif not what.lower().endswith(".pdf") and (arxiv_id := find_arxiv_id(what)):
            yield _add_arxiv(vault, what, arxiv_id)
        elif re.match(r"[a-z][a-z0-9+.-]*://", what, re.IGNORECASE):
            raise UsageError("only http and https addresses can be added", "download it and add the file")
        else:
            raise UsageError("no such file or folder, and not an arXiv id", "check the spelling")
    except (MivaultError, OSError) as error:
        stop_when_full(error, vault.root)
        yield Added(what, reason=reason_of(error))


def remove(vault: Vault, entry_id: str) -> None:
    """Take an entry out of the vault: its line in vault.yaml, the file that was added, what was made of it.

    Raises UsageError for an unknown id, and for a glossary term, which lives in glossary.yaml.
    """
    note = vault.root / "notes" / f"{entry_id.removeprefix('note-')}.md"
    if entry_id.startswith("note-") and note.is_file():
        note.unlink()
    else:
        entry = next((e for e in load(vault).entries if e.id == entry_id), None)
        if entry is None and vault.paper(entry_id) is not None:
            raise UsageError(f"{entry_id} stands in glossary.yaml", "take it out of that file, then: mivault sync")
        remove_entry(vault, entry_id)
        if entry and (watched := entry.extra.get("from")) and Path(str(watched)).is_file():
            add_to_list(vault, "left_out", str(watched))  # it would come back with the next sync
        if entry and entry.file and entry.file.startswith("files/"):  # never a person's own, in a folder of their own
            vault.inside(entry.file).unlink(missing_ok=True)
    shutil.rmtree(vault.source(entry_id), ignore_errors=True)


def _add_folder(vault: Vault, folder: Path, identify: Callable[[Path], Identity]) -> Iterator[Added]:
    folder = folder.absolute()
    files = readable(vault, folder)
    if not files:
        yield Added(str(folder), reason="there is no PDF, web page, Markdown or text in this folder")
    elif str(folder) not in load(vault).folders:
        add_to_list(vault, "folders", str(folder))
    for file in files:
        yield add_watched(vault, file, identify)


def readable(vault: Vault, folder: Path) -> list[Path]:
    """The files below a folder that can be read, going by their names; none that is hidden, as what programs keep for
    themselves is, and of a folder that the vault lies in, none that the vault keeps."""
    own = [vault.root / name for name in OWN] if vault.root.is_relative_to(folder.resolve()) else []
    found = (p for p in folder.rglob("*") if p.suffix.lower() in KNOWN and _is_shown(p, folder) and p.is_file())
    return sorted(p for p in found if not any(p.resolve().is_relative_to(kept) for kept in own))


def _is_shown(path: Path, folder: Path) -> bool:
    return not any(part.startswith(".") for part in path.relative_to(folder).parts)


def add_watched(vault: Vault, path: Path, identify: Callable[[Path], Identity]) -> Added:
    """Add a file of a watched folder, and remember in its entry where it lies."""
    try:
        return add_file(vault, path, identify, watched=True)
    except (MivaultError, OSError) as error:
        stop_when_full(error, vault.root)
        return Added(str(path), reason=reason_of(error))


def add_file(vault: Vault, path: Path, identify: Callable[[Path], Identity], *, watched: bool = False) -> Added:
    """Add one file. Raises UsageError for what cannot be read, OSError for what cannot be copied."""
    form = form_of(path)
    manifest = load(vault)
    sha256 = file_digest(path)
    for entry in manifest.entries:
        if holds(vault, entry, sha256):
            if watched and entry.file and not entry.extra.get("from"):
                set_from(vault, entry.id, str(path))
            return Added(str(path), entry.id, reason="was in the vault already")
    seen, reason = _seen(path, form, identify)
    arxiv_id = seen.arxiv_id or _id_of_name(path)
    same = next((e for e in manifest.entries if arxiv_id and e.arxiv == arxiv_id), None)
    if same and watched and same.file:  # two files of a folder do not take turns in one entry
        same = None
    entry_id = same.id if same else _new_id(manifest, arxiv_id or path.stem)
    relative = keep(vault, path, entry_id, sha256, form)
    if same:
        set_file(vault, entry_id, relative)
        if watched:
            set_from(vault, entry_id, str(path))
    else:
        fields = {"id": entry_id, "kind": "paper", "arxiv": arxiv_id, "file": relative, "origin": "added"}
        fields["file_name"] = path.name  # which paper it was taken for: `quarantine` compares
        fields["from"] = str(path) if watched else None
        add_entry(vault, {k: v for k, v in fields.items() if v})
    return Added(str(path), entry_id, reason)


def _seen(path: Path, form: Form, identify: Callable[[Path], Identity]) -> tuple[Identity, str]:
    """What the first page of a PDF says of it, and why it could not be read ("" where it could)."""
    nothing = Identity("", (), None, None, None)
    if form != "pdf":
        return nothing, ""
    try:
        return identify(path), ""
    except MivaultError as error:  # it stays listed: status says why it cannot be read, and a password can be given
        return nothing, str(error)


def _id_of_name(path: Path) -> str | None:
    found = find_arxiv_id(path.name) if re.fullmatch(r"\d{4}\.\d{4,5}(v\d+)?\.pdf", path.name, re.IGNORECASE) else None
    return found.id if found else None


def _add_arxiv(vault: Vault, what: str, arxiv_id: ArxivId) -> Added:
    manifest = load(vault)
    same = next((e for e in manifest.entries if e.arxiv == arxiv_id.id), None)
    if same:
        return Added(what, same.id, reason="was in the vault already")
    entry_id = _new_id(manifest, arxiv_id.id)
    add_entry(
        vault,
        {
            "id": entry_id,
            "kind": "paper",
            "arxiv": arxiv_id.id,
            "sources": ["arxiv_html", "arxiv_pdf"],
            "origin": "added",
        },
    )
    return Added(what, entry_id)


def _add_url(vault: Vault, url: str) -> Added:
    parts = urllib.parse.urlsplit(url)
    if parts.username or parts.password:
        raise UsageError("an address with a user name or password in it is not stored", "download it and add the file")
    if (parts.hostname or "").endswith("arxiv.org") and (arxiv_id := find_arxiv_id(url)):
        return _add_arxiv(vault, url, arxiv_id)
    manifest = load(vault)
    same = next((e for e in manifest.entries if e.url == url), None)
    if same:
        return Added(url, same.id, reason="was in the vault already")
    entry_id = _new_id(manifest, _name_of(url))
    kind = "tool" if repo_of(url) else "video" if video_of(url) else "paper"
    add_entry(vault, {"id": entry_id, "kind": kind, "url": url, "sources": names_for(url), "origin": "added"})
    return Added(url, entry_id)


def _name_of(url: str) -> str:
    """What an address calls its text: the last part of its path that says something."""
    parts = urllib.parse.urlsplit(url)
    if video := video_of(url):
        return f"talk-{video}"
    if repo := repo_of(url):
        return repo.rpartition("/")[2]
    said = [Path(part).stem for part in parts.path.split("/") if Path(part).stem not in ("", "index")]
    return said[-1] if said else parts.hostname or "page"


def _new_id(manifest: Manifest, name: str) -> str:
    """An id made of a name, unlike all there are: "arxiv-2309.08600", "my-paper", "my-paper-2"."""
    made, taken = slug(name), {e.id for e in manifest.entries}
    return next(c for n in range(1, len(taken) + 2) if (c := made if n == 1 else f"{made}-{n}") not in taken)
