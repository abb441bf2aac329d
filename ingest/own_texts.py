"""Our own texts: notes/<id>.md and glossary.yaml of a vault become sources of kind "note" and "glossary".

They are cited as what they are, never as the paper they are about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.errors import ManifestError
from ingest.manifest import Manifest, read_yaml
from ingest.records import Entry, Page, Paper
from ingest.vault import SAFE_ID, Vault, digest

READER = "own text 1"


@dataclass(frozen=True, slots=True)
class OwnText:
    """A note or a glossary term, read: what it is listed as, the source it becomes, and its one page."""

    entry: Entry
    paper: Paper
    page: Page


def own_texts(vault: Vault, manifest: Manifest) -> list[OwnText]:
    """Every glossary term and note of a vault, in their files' order. Raises ManifestError naming file and line."""
    titles = {entry.id: entry.title for entry in manifest.entries}
    return [*_terms(vault.root / "glossary.yaml", titles), *_notes(vault.root / "notes", titles)]


def entries(vault: Vault, manifest: Manifest) -> list[Entry]:
    """All that is listed: vault.yaml's entries, then terms and notes that stand only in files of their own."""
    listed = {entry.id for entry in manifest.entries}
    return [*manifest.entries, *(text.entry for text in own_texts(vault, manifest) if text.entry.id not in listed)]


def _terms(path: Path, titles: dict[str, str]) -> Iterator[OwnText]:
    if not path.is_file():
        return
    rows = read_yaml(path) or []
    for row in rows if isinstance(rows, list) else [rows]:
        if not isinstance(row, dict) or not {"id", "term", "definition"} <= row.keys():
            line = row.get("__line__", 1) if isinstance(row, dict) else 1
            raise ManifestError(
                f"{path.name}, line {line}: a term needs id, term and definition", "add what is missing"
            )
        yield _own_text(str(row["id"]), "glossary", str(row["term"]), _definition(row, titles))


def _definition(row: dict[str, Any], titles: dict[str, str]) -> str:
    paragraphs = [" ".join(str(row["definition"]).split())]
    if row.get("other_names"):
        paragraphs.append(f"{row['term']} is also called: {', '.join(map(str, row['other_names']))}.")
    papers = [titles.get(str(i), str(i)) for i in row.get("introduced_in") or ()]
    if papers:
        paragraphs.append(f"{row['term']} was introduced or made known in: {'; '.join(papers)}.")
    if row.get("introduced_note"):
        paragraphs.append(_named(" ".join(str(row["introduced_note"]).split()), titles))
    return "\n\n".join(paragraphs)


def _notes(folder: Path, titles: dict[str, str]) -> Iterator[OwnText]:
    for path in sorted(folder.glob("*.md")) if folder.is_dir() else ():
        if not SAFE_ID.fullmatch(path.stem):
            raise ManifestError(f"notes/{path.name} cannot be an id", "use letters, digits, '.', '_' and '-'")
        try:
            head, body = _front_matter(path.read_text(encoding="utf-8"))
        except UnicodeDecodeError as error:
            raise ManifestError(f"notes/{path.name} is not UTF-8 text", "save it as UTF-8, or take it out") from error
        title = head.get("title") or titles.get(path.stem) or path.stem
        yield _own_text(f"note-{path.stem}", "note", title, _named(_plain(body), titles))


def _own_text(identifier: str, kind: str, title: str, text: str) -> OwnText:
    label = "Glossary" if kind == "glossary" else "Note on"
    is_term = kind == "glossary"
    entry = Entry(
        id=identifier, kind="term" if is_term else "note", title=title, section="glossary" if is_term else "notes"
    )
    paper = Paper(
        id=identifier,
        kind="glossary" if is_term else "note",
        title=f"{label}: {title}",
        authors=("mivault",),
        licence="MIT",
        sha256=digest(text.encode()),
        parser=READER,
        pages=1,
    )
    return OwnText(
        entry, paper, Page(paper_id=identifier, number=1, locator="glossary" if is_term else "note", text=text)
    )


def _named(text: str, titles: dict[str, str]) -> str:
    """The text with titles in the place of entries' ids."""
    return re.sub(r"\w+(-\w+)+", lambda word: f'"{titles[word[0]]}"' if word[0] in titles else word[0], text)


def _front_matter(text: str) -> tuple[dict[str, str], str]:
    """`key: value` lines between two `---` lines, and what follows them."""
    match = re.match(r"---\n(.*?)\n---\n(.*)", text, re.DOTALL)
    if not match:
        return {}, text
    pairs = (line.split(":", 1) for line in match[1].splitlines() if ":" in line)
    return {key.strip(): value.strip().strip("\"'") for key, value in pairs}, match[2]


def _plain(markdown: str) -> str:
    """Paragraphs on one line each, without emphasis marks and the bold label a note's paragraph starts with."""
    paragraphs = (" ".join(p.split()) for p in re.split(r"\n\s*\n", markdown))
    without_labels = (re.sub(r"^\*\*(Question|Method|Findings|Limits)\.?\*\*\.?\s*", "", p) for p in paragraphs)
    return "\n\n".join(re.sub(r"\*\*|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)", "", p) for p in without_labels if p)
