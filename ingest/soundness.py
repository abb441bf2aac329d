"""Whether a source lies in the vault as it was left there: what was seen of its files, and what follows from that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.lockfile import lock_row
from ingest.manifest import Manifest
from ingest.records import Finding, Page, Paper, Passage
from ingest.vault import Vault, file_digest

AGAIN = "mivault sync obtains it again"


@dataclass(frozen=True, slots=True)
class Seen:
    """One source as it lies there: hashes are sha256 in hex, "" where the file is missing.

    `locked` is its row in vault.lock and `row` what that should be now, each {} where there is none; `file` is the
    original's name, "" for our own texts; `readable` says whether pages and passages could be read as such, `fits`
    whether every passage is the text of its pages at its spans, `added` whether the original was added by hand and is
    still there.
    """

    id: str
    locked: Mapping[str, Any]
    row: Mapping[str, Any]
    state: Mapping[str, Any]
    has_paper: bool
    file: str
    file_sha256: str
    pages_sha256: str
    passages_sha256: str
    readable: bool
    fits: bool
    added: bool = False


def look(vault: Vault, source_id: str, locked: Mapping[str, Any], manifest: Manifest) -> Seen:
    """What lies in a source's folder. Raises nothing for what is missing or damaged there."""
    folder, paper = vault.source(source_id), _paper(vault, source_id)
    pages, passages = _records(vault, source_id)
    entry = next((one for one in manifest.entries if one.id == source_id), None)
    file = paper.file if paper else ""
    return Seen(
        id=source_id,
        locked=locked,
        row=lock_row(vault, source_id) if paper else {},
        state=vault.state(source_id),
        has_paper=paper is not None,
        file=file,
        file_sha256=_digest(folder / Path(file).name) if file else "",
        pages_sha256=_digest(folder / "pages.jsonl"),
        passages_sha256=_digest(folder / "passages.jsonl"),
        readable=pages is not None and passages is not None,
        fits=pages is not None and passages is not None and _fits(pages, passages),
        added=bool(entry and entry.file and vault.inside(entry.file).is_file()),
    )


def judge(seen: Seen) -> Iterator[Finding]:
    """What is wrong with a source. One that was never read to the end has nothing wrong: status says how far it is."""
    if not seen.locked and not seen.state.get("passages_sha256"):
        return
    yield from _judge_original(seen)
    if wrong := _what_was_read(seen):
        mendable = not seen.file or (seen.file_sha256 and seen.file_sha256 == seen.state.get("file_sha256"))
        mendable = mendable or seen.added
        yield Finding(seen.id, wrong, "read" if mendable else "", "" if mendable else AGAIN)
    elif seen.row != seen.locked:
        yield Finding(seen.id, "vault.lock does not say what lies in sources/", "lock")


def _judge_original(seen: Seen) -> Iterator[Finding]:
    if not seen.file or not seen.state.get("file_sha256"):
        return
    if not seen.file_sha256:
        yield Finding(seen.id, f"{seen.file} is missing", "read" if seen.added else "", "" if seen.added else AGAIN)
    elif seen.file_sha256 != seen.state["file_sha256"]:
        hint = "mivault sync reads it again" if seen.added else f"delete sources/{seen.id}/{seen.file}: {AGAIN}"
        yield Finding(seen.id, f"{seen.file} is not the file that was read", "", hint)


def _what_was_read(seen: Seen) -> str:
    """What is wrong with what was made of the original; "" where nothing is."""
    state = seen.state
    if not state:
        return "state.json is missing or damaged"
    if not seen.has_paper:
        return "meta.json is missing or damaged"
    if not state.get("passages_sha256") or seen.passages_sha256 != state["passages_sha256"]:
        return "passages.jsonl is not what was written"
    if seen.pages_sha256 != state.get("pages_sha256", seen.pages_sha256) or not seen.readable:
        return "pages.jsonl is not what was written"
    return "" if seen.fits else "its passages are not the text of its pages"


def forget_what_was_read(vault: Vault, source_id: str) -> None:
    """Make the next sync read the source's original again, whatever it says of the last time."""
    kept = {key: value for key, value in vault.state(source_id).items() if key not in ("passages_sha256", "reason")}
    vault.write_state(source_id, kept)


def _paper(vault: Vault, source_id: str) -> Paper | None:
    try:
        return vault.paper(source_id)
    except (KeyError, TypeError, AttributeError):
        return None


def _records(vault: Vault, source_id: str) -> tuple[list[Page] | None, list[Passage] | None]:
    try:
        return vault.pages(source_id), vault.passages(source_id)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, None


def _fits(pages: Sequence[Page], passages: Sequence[Passage]) -> bool:
    text = {page.number: page.text for page in pages}
    return all(
        one.text == "\n".join(text.get(span.page, "")[span.start : span.end] for span in one.spans) for one in passages
    )


def _digest(path: Path) -> str:
    return file_digest(path) if path.is_file() else ""
