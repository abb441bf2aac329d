"""What the lists of a vault name that the vault lacks, the most named first; arXiv ids are looked up, so that a wrong
one is seen before it is added."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ingest.errors import SourceError
from ingest.lists import key_of, named
from ingest.lookup import Metadata, find_arxiv_id
from ingest.records import Entry
from ingest.tools import Tools
from ingest.vault import Vault, read_json, write_json

MOST_CHECKED = 500  # arXiv ids looked up in one run: five requests, a quarter of a minute
UNREACHED = re.compile(r"cannot reach (\S+): (.+)", re.DOTALL)  # as ingest/retry.py says it
SAME = 0.6  # share of a title's words that the list's title must have: of ROME's wrongly linked neighbour it has 0.5


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something that lists name: `id` is what `suggest --add` takes, an arXiv id or an address. `checked`: arXiv knows
    the id, and `title` is its own; `note` says where the list tells something else."""

    id: str
    title: str
    named_by: tuple[str, ...]
    checked: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Suggested:
    """What was found, the lists that could not be had, with the reasons, and how many lists have been read."""

    suggestions: tuple[Suggestion, ...]
    failed: Mapping[str, str]
    read: int


def suggest(
    vault: Vault, tools: Tools, entries: Sequence[Entry], *, refresh: bool = False, download: bool = True
) -> Suggested:
    """What the vault's lists name and it lacks. The caller holds `vault.writing()`.

    Lists are got once a week, or with `refresh`; ids that arXiv told of are not asked for again. Without a network (or
    without `download`) what is known from before is used.
    """
    lists = named(vault, tools, entries, refresh=refresh, download=download)
    held = _held(vault, entries)
    wanted: dict[str, list[tuple[str, str]]] = {}
    for list_id, row in lists.items():
        for key, title in row.get("items", ()):
            if key not in held:
                wanted.setdefault(key, []).append((list_id, title))
    known = _looked_up(vault, tools, [key for key in wanted if find_arxiv_id(key)], download)
    found = [_suggestion(key, rows, known.get(key)) for key, rows in wanted.items()]
    read = sum(bool(row.get("fetched")) for row in lists.values())
    failed = {list_id: row["reason"] for list_id, row in lists.items() if row.get("reason")}
    return Suggested(tuple(sorted(found, key=lambda one: -len(one.named_by))), failed, read)


def _held(vault: Vault, entries: Sequence[Entry]) -> set[str]:
    """Keys of all that the vault lists or holds."""
    held = {key_of(url) for e in entries for url in (e.url or "", *_others(e)) if url}
    ids = [e.arxiv for e in entries] + [paper.arxiv_id for e in entries if (paper := vault.paper(e.id))]
    return held | {found.id for one in ids if one and (found := find_arxiv_id(one))}


def _others(entry: Entry) -> list[str]:
    others = entry.extra.get("alt_urls")
    return list(map(str, others)) if isinstance(others, list) else []


def _looked_up(vault: Vault, tools: Tools, ids: Sequence[str], download: bool) -> dict[str, Any]:
    """arXiv's title of each id, {"title"} or {"refused"}; ids that could not be asked about are left out."""
    path = vault.root / "suggestions.json"
    told = read_json(path) or {}
    known: dict[str, Any] = told.get("arxiv", {})
    asked = [one for one in ids if one not in known][:MOST_CHECKED]
    if asked and download:
        try:
            answers = tools.lookup.metadata(asked)
        except SourceError:
            answers = {}
        for one, found in answers.items():
            if isinstance(found, Metadata):
                known[one] = {"title": found.title, "withdrawn": found.withdrawn}
            elif not found.temporary:
                known[one] = {"refused": found.message}
        write_json(path, told | {"arxiv": known})
    return known


def _suggestion(key: str, rows: Sequence[tuple[str, str]], known: Mapping[str, str] | None) -> Suggestion:
    said = next((title for _, title in rows if title), "")
    lists = tuple(dict.fromkeys(list_id for list_id, _ in rows))
    if known is None:
        return Suggestion(key, said or key, lists)
    if "refused" in known:
        return Suggestion(key, said or key, lists, note=known["refused"])
    title = known["title"]
    others = [one for _, one in rows if one and not _same_title(one, title)]
    note = f"withdrawn ({known['withdrawn']})" if known.get("withdrawn") else ""
    return Suggestion(key, title, lists, True, note or (f"the list calls it: {others[0]}" if others else ""))


def _same_title(said: str, title: str) -> bool:
    """Whether a list's words can be a title's: few words are no title, and say nothing."""
    ours, theirs = _words(title), _words(said)
    return len(theirs) < 3 or not ours or len(ours & theirs) >= SAME * min(len(ours), len(theirs))


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"[^\W_]+", text.casefold()) if len(word) > 2}


def suggestions_text(found: Suggested, limit: int) -> str:
    """For a terminal: two lines for each, and the lists that could not be had."""
    lines = []
    for one in found.suggestions[:limit]:
        told = "" if one.checked or not find_arxiv_id(one.id) else "; not checked" if not one.note else ""
        note = f"; {one.note}" if one.note else ""
        lines.append(f"{_printable(one.id)}  {_printable(one.title)}")
        lines.append(f"    in {', '.join(one.named_by)}{told}{_printable(note)}")
    rest = len(found.suggestions) - limit
    lines += [f"... and {rest} more: --limit {len(found.suggestions)}, or --json"] if rest > 0 else []
    lines += unread_lists(found)
    if not found.read:
        lines.append("No list has been read yet (mivault suggest, with a network and a list in vault.yaml).")
    elif not found.suggestions:
        lines.append("The lists name nothing that the vault lacks.")
    else:
        lines.append("Next: mivault suggest --add ID, then mivault sync.")
    return "\n".join(lines)


def unread_lists(found: Suggested) -> list[str]:
    """The lists that could not be had: a line for each reason, so that a missing network is told once."""
    why: dict[str, tuple[list[str], list[str]]] = {}
    for list_id, reason in found.failed.items():
        reached = UNREACHED.fullmatch(reason)
        names, sites = why.setdefault(reached[2] if reached else reason, ([], []))
        names.append(list_id)
        sites += [reached[1]] if reached and reached[1] not in sites else []
    lines = []
    for reason, (names, sites) in why.items():
        where = f"cannot reach {', '.join(sites)}: " if sites else ""
        lines.append(f"{', '.join(names)} could not be had: {where}{reason}")
    return lines


def _printable(text: str) -> str:
    return "".join(c for c in text if c.isprintable())
