"""What arXiv has of the papers that were read: newer versions and withdrawals are noticed and reported.
Nothing that was read is replaced unless that is asked for (`sync --newest`).

sources/<id>/newest.json is arXiv's last answer with the time that it was `asked` for, in seconds since 1970.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from ingest.errors import FetchError
from ingest.lookup import Lookup, Metadata
from ingest.records import WITHDRAWN, Entry, Paper, as_json, from_json
from ingest.vault import Vault, read_json, write_json

# New versions come weeks apart, and a hundred papers are one request: a week misses little and costs arXiv nothing.
WEEK = 7 * 24 * 3600.0
MOST = 500  # papers asked about in one sync: five requests


def check_versions(
    vault: Vault, lookup: Lookup, entries: Sequence[Entry], *, force: bool = False, now: Callable[[], float] = time.time
) -> None:
    """Ask arXiv about the papers that were read and not asked about for a week (all of them with `force`). Without a
    network nothing is asked and nothing fails."""
    due = {paper.arxiv_id: paper.id for e in entries if (paper := _read_from_arxiv(vault, e)) and paper.arxiv_id}
    due = {one: i for one, i in due.items() if force or now() - _asked(vault, i) > WEEK}
    with contextlib.suppress(FetchError):
        for arxiv_id, found in lookup.metadata(list(due)[:MOST]).items() if due else ():
            if isinstance(found, Metadata):
                write_json(vault.source(due[arxiv_id]) / "newest.json", as_json(found) | {"asked": now()})


def metadata_of(vault: Vault, entry_id: str) -> Metadata | None:
    """What arXiv said of an entry when its text was got."""
    data = read_json(vault.source(entry_id) / "arxiv.json")
    return from_json(Metadata, data) if data else None


def newest_of(vault: Vault, entry_id: str) -> Metadata | None:
    """arXiv's last answer about a paper; None where it was not asked since the paper was got."""
    data = read_json(vault.source(entry_id) / "newest.json")
    return from_json(Metadata, data) if data else None


def is_outdated(vault: Vault, entry_id: str) -> bool:
    """Whether arXiv has a newer version than the one that was read."""
    paper, newest = vault.paper(entry_id), newest_of(vault, entry_id)
    return bool(paper and newest and paper.arxiv_version and _number(newest.version) > _number(paper.arxiv_version))


def news(vault: Vault, entry: Entry) -> str:
    """What a reader of an entry should know: that it was withdrawn, or that arXiv has a newer version; "" for none."""
    paper, newest = vault.paper(entry.id), newest_of(vault, entry.id)
    told = newest or metadata_of(vault, entry.id)
    if told and told.withdrawn:
        return f"{WITHDRAWN} ({told.withdrawn})"
    if paper and newest and is_outdated(vault, entry.id):
        hint = "your file stays: add the new one" if entry.file else f"mivault sync --newest {entry.id}"
        return f"arXiv has {newest.version}, {paper.arxiv_version} was read ({hint})"
    return ""


def as_it_stands(vault: Vault, paper_id: str) -> Paper | None:
    """The paper, with a warning where it was withdrawn after it was read."""
    paper, newest = vault.paper(paper_id), newest_of(vault, paper_id)
    if paper is None or newest is None or not newest.withdrawn or paper.withdrawn:
        return paper
    return replace(paper, warnings=(f"{WITHDRAWN} ({newest.withdrawn})", *paper.warnings))


def _read_from_arxiv(vault: Vault, entry: Entry) -> Paper | None:
    paper = vault.paper(entry.id)
    return paper if paper and paper.arxiv_id and paper.arxiv_version else None


def _asked(vault: Vault, entry_id: str) -> float:
    """When arXiv was last asked about an entry, by a look-up for its download too."""
    told = read_json(vault.source(entry_id) / "newest.json") or {}
    looked_up = vault.source(entry_id) / "arxiv.json"
    return max(float(told.get("asked", 0.0)), looked_up.stat().st_mtime if looked_up.is_file() else 0.0)


def _number(version: str) -> int:
    digits = version.removeprefix("v")
    return int(digits) if digits.isdecimal() else 0
