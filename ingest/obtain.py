"""Where a source's original file comes from: what was added by hand, and what is downloaded by the entry's ways.

Beside each original, origin.json says where it came from (`form`, `url`, `way`) and which ways led nowhere (`missing`),
so that they are not gone again.
"""

from __future__ import annotations

import os
import shutil
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.errors import FetchError, MivaultError, SourceError
from ingest.forms import ORIGINALS, form_here, original, sniffed
from ingest.lookup import Metadata
from ingest.obtain_ways import WAYS
from ingest.progress import Progress
from ingest.records import Entry, Form, as_json
from ingest.retry import Hindered, RateLimited, Unreachable
from ingest.tools import Tools
from ingest.vault import Vault, file_digest, read_json, write_json
from ingest.versions import is_outdated, metadata_of, newest_of
from ingest.ways import Way, needs_lookup, ways

SITES_LOST = 4
Failed = Callable[[Entry, SourceError], None]


@dataclass(frozen=True, slots=True)
class Original:
    """A source's original file: its form, and the address where people read it ("" for a file that has none)."""

    path: Path
    form: Form
    url: str = ""


def original_of(vault: Vault, entry_id: str) -> Original | None:
    """The original file that lies in a source's folder."""
    folder = vault.source(entry_id)
    told = _origin(vault, entry_id)
    form = form_here(folder, str(told.get("form", "")))
    return Original(original(folder, form), form, str(told.get("url", ""))) if form else None


def wants_download(vault: Vault, entry: Entry) -> bool:
    """Whether an entry's text is still to be had, and trying may help."""
    if entry.file or not ways(entry) or form_here(vault.source(entry.id)):
        return False
    state = vault.state(entry.id)
    return not state.get("reason") or bool(state.get("temporary"))


# --- files that were added -------------------------------------------------------------------------------------------


def files_here(vault: Vault, chosen: Sequence[Entry], failed: Failed) -> Iterator[tuple[Entry, Original]]:
    """The originals that are here: added by hand (linked into the source's folder) or downloaded before."""
    for entry in chosen:
        if entry.file:
            try:
                _take_added(vault, entry)
            except SourceError as error:
                failed(entry, error)
                continue
        if found := original_of(vault, entry.id):
            yield entry, found


def _take_added(vault: Vault, entry: Entry) -> None:
    added = vault.inside(str(entry.file))
    if not added.is_file():
        raise SourceError(f"{entry.file} is gone", "put it back, or remove the entry", temporary=True)
    try:
        form = sniffed(added)
    except MivaultError as error:
        raise SourceError(error.message, error.hint, temporary=True) from error
    folder = vault.source(entry.id)
    link(added, original(folder, form))
    came_from(vault, entry.id, form, url="" if form == "pdf" else entry.url or "", way="added")


def came_from(vault: Vault, entry_id: str, form: Form, *, url: str, way: str) -> None:
    """Write down where a source's original came from, and take away originals of other forms."""
    folder = vault.source(entry_id)
    for other, name in ORIGINALS.items():
        if other != form:
            (folder / name).unlink(missing_ok=True)
    told = _origin(vault, entry_id)
    now = {"missing": [], **told, "form": form, "url": url, "way": way}
    if now != told:
        write_json(folder / "origin.json", now)


def _origin(vault: Vault, entry_id: str) -> dict[str, Any]:
    told = read_json(vault.source(entry_id) / "origin.json")
    return told if isinstance(told, dict) else {}


def link(added: Path, target: Path) -> None:
    """The added file as the source's original: a hard link where the disk can, so that it is not stored twice."""
    if target.is_file() and (target.samefile(added) or file_digest(target) == file_digest(added)):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_suffix(".tmp")
    temporary.unlink(missing_ok=True)
    try:
        os.link(added, temporary)
    except OSError:
        shutil.copyfile(added, temporary)
    temporary.replace(target)


@dataclass(slots=True)
class Line:
    """What a run has learnt of the line: sites that are asked no more, with the reason, and whether any was reached."""

    lost: dict[str, Hindered] = field(default_factory=dict)
    reached: bool = False

    def check(self, site: str) -> None:
        """Raises for a site that could not be reached before; and, where none was reached, for any site once SITES_LOST
        could not be: the line is down, and each more would cost its own wait."""
        if site in self.lost:
            raise self.lost[site]
        silent = sum(isinstance(e, Unreachable) and not e.no_such_name for e in self.lost.values())
        if silent >= SITES_LOST and not self.reached:
            raise Unreachable(site, f"neither could {', '.join(sorted(self.lost)[:SITES_LOST])}")


# --- downloads -------------------------------------------------------------------------------------------------------


def downloads(
    vault: Vault,
    tools: Tools,
    chosen: Sequence[Entry],
    failed: Failed,
    progress: Progress,
    *,
    newest: bool = False,
) -> Iterator[tuple[Entry, Original]]:
    """Looks up and downloads what is not here, with `newest` also what arXiv has a newer version of. A host that cannot
    be reached is asked once, and named for each."""
    renewed = {e.id for e in chosen if newest and not e.file and ways(e)[:1] and is_outdated(vault, e.id)}
    wanted = [entry for entry in chosen if entry.id in renewed or wants_download(vault, entry)]
    line = Line()
    progress("download", 0, len(wanted))
    refused = _look_up(vault, tools, wanted)
    for number, entry in enumerate(wanted):
        found: Original | None = None
        try:
            if entry.id in refused:
                raise refused[entry.id]
            found = _by_ways(vault, tools, entry, line, newest_of(vault, entry.id) if entry.id in renewed else None)
        except SourceError as error:
            failed(entry, error)
        progress("download", number + 1, len(wanted))
        if found:
            yield entry, found


def _look_up(vault: Vault, tools: Tools, wanted: Sequence[Entry]) -> dict[str, SourceError]:
    """arXiv's metadata for all that come from there, in one go, kept as sources/<id>/arxiv.json; what it refuses."""
    asked = {str(e.arxiv): e for e in wanted if needs_lookup(e) and metadata_of(vault, e.id) is None}
    if not asked:
        return {}
    try:
        answers = tools.lookup.metadata(list(asked))
    except Unreachable as error:
        answers = dict.fromkeys(asked, error)
    refused: dict[str, SourceError] = {}
    for arxiv_id, found in answers.items():
        if isinstance(found, Metadata):
            write_json(vault.source(asked[arxiv_id].id) / "arxiv.json", as_json(found))
        else:
            refused[asked[arxiv_id].id] = found
    return refused


def _by_ways(vault: Vault, tools: Tools, entry: Entry, line: Line, newest: Metadata | None) -> Original:
    """The original by the first way that has it, in the version of `newest` where that is given. Raises SourceError:
    the first temporary one, or the last of all."""
    metadata = newest or metadata_of(vault, entry.id)
    missing = set() if newest else set(_origin(vault, entry.id).get("missing", ()))
    error: SourceError = FetchError("no source that can be read is named for it", "name one in vault.yaml")
    for way in [way for way in ways(entry) if way not in missing] or ways(entry):
        try:
            return _by_way(vault, tools, entry, way, line, metadata)
        except SourceError as refused:
            error = refused
            if refused.temporary:
                raise
            _note_missing(vault, entry.id, way)
    if metadata and metadata.withdrawn:
        hint = f"leave it out, or name a version that stands: arxiv: {metadata.arxiv_id}v1"
        raise FetchError(f"withdrawn from arXiv ({metadata.withdrawn})", hint) from error
    raise error


def _by_way(vault: Vault, tools: Tools, entry: Entry, way: Way, line: Line, metadata: Metadata | None) -> Original:
    folder = vault.source(entry.id)
    site = _site(tools, entry, way)
    line.check(site)
    try:
        form, url = WAYS[way](tools, entry, metadata, folder)
    except (Unreachable, RateLimited) as error:
        line.lost[site] = error
        raise
    line.reached = True
    if metadata:
        write_json(folder / "arxiv.json", as_json(metadata))
    came_from(vault, entry.id, form, url=url, way=way)
    return Original(original(folder, form), form, url)


def _site(tools: Tools, entry: Entry, way: Way) -> str:
    """The host that a way asks first."""
    sites = tools.sites
    asked = {
        "arxiv_html": sites.arxiv_html,
        "arxiv_pdf": sites.arxiv_pdf,
        "forum": sites.forum,
        "github": sites.github_api,
        "youtube": sites.youtube,
    }
    return urllib.parse.urlsplit(asked.get(way) or entry.url or "").hostname or ""


def _note_missing(vault: Vault, entry_id: str, way: Way) -> None:
    told = _origin(vault, entry_id)
    missing = [*told.get("missing", ()), way]
    write_json(vault.source(entry_id) / "origin.json", told | {"missing": list(dict.fromkeys(missing))})


def forget_missing(vault: Vault, entry_id: str) -> None:
    """Let every way be gone again."""
    told = _origin(vault, entry_id)
    if told.get("missing"):
        write_json(vault.source(entry_id) / "origin.json", told | {"missing": []})
