"""Put the items of a bibliography into a vault, each with its attached file, else to be downloaded, else listed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ingest.added import Added, form_of, holds, keep, reason_of, slug
from ingest.disk import stop_when_full
from ingest.errors import MivaultError, UsageError
from ingest.file_field import located
from ingest.forms import KNOWN
from ingest.items import Broken, Item
from ingest.manifest import add_entry, load, set_file
from ingest.parse_pdf import MAX_BYTES
from ingest.recognise import repo_of, video_of
from ingest.records import Entry, Form
from ingest.vault import Vault, file_digest
from ingest.ways import names_for

PRESENT = "was in the vault already"


def add_items(vault: Vault, export: Path, items: Sequence[Item | Broken]) -> Iterator[Added]:
    """Add each item of an export, its attachments being relative to the export's folder.

    vault.yaml is written once, after the last file was copied. What cannot be added is said; DiskFull alone is raised.
    """
    adding = _Adding(vault, export.resolve().parent)
    try:
        done = [_added(adding, export, item) for item in items]
    finally:  # of a disk that fills up, what was copied before is entered, where there is room for that
        if adding.rows:
            add_entry(vault, *adding.rows.values())
    yield from done or [Added(str(export), reason="it lists nothing")]


def _added(adding: _Adding, export: Path, item: Item | Broken) -> Added:
    if isinstance(item, Broken):
        return Added(f"{export}, {item.where}", reason=f"{item.reason} (mend it and add the export again)")
    what = f"{export}: {item.key or item.title}"
    try:
        entry_id, reason = adding.add(item)
    except (MivaultError, OSError) as error:
        stop_when_full(error, adding.vault.root)
        return Added(what, reason=reason_of(error))
    return Added(what, entry_id, reason)


class _Adding:
    """A vault while an export goes into it: what it holds, and the rows that it will get, by id."""

    def __init__(self, vault: Vault, folder: Path) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.vault, self._folder = vault, folder
        self._taken: set[str] = set()
        self._numbers: dict[str, int] = {}
        self._with_file: set[str] = set()
        self._known: dict[tuple[object, ...], str] = {}  # what tells an item -> its entry's id
        self._entries: dict[str, Entry] = {}
        for entry in load(vault).entries:
            self._note_entry(entry)

    def add(self, item: Item) -> tuple[str, str]:
        """The id of an item's entry, and what is to be said of it. Raises OSError where its file cannot be copied."""
        found, missing = self._attachment(item)
        sha256 = file_digest(found[0]) if found else ""
        if same := self._same(item, sha256):
            if found and same not in self._with_file:
                self._join(same, keep(self.vault, found[0], same, sha256, found[1]), sha256)
                return same, f"{PRESENT}; its file is new"
            return same, PRESENT
        entry_id = self._new_id(item)
        file = keep(self.vault, found[0], entry_id, sha256, found[1]) if found else None
        self.rows[entry_id] = _row(entry_id, item, file, found[0].name if found else "")
        self._note(entry_id, item.arxiv, item.url, item.title, item.authors, item.year)
        self._note_file(entry_id, sha256)
        return entry_id, "; ".join(missing if found else [*missing, *_without_file(item)])

    def _attachment(self, item: Item) -> tuple[tuple[Path, Form] | None, list[str]]:
        """The first attachment that can be read, with its form, and why those before it cannot."""
        reasons: list[str] = []
        for written in item.attachments:
            path = located(self._folder, written)
            try:
                if path is None:
                    raise UsageError(f"its attachment {written[:200]!r} is missing", "export it with its files")
                return (path, _readable_form(path)), reasons
            except (MivaultError, OSError) as error:
                reasons.append(reason_of(error))
        return None, reasons

    def _same(self, item: Item, sha256: str) -> str | None:
        """The entry that an item is: of its arXiv id, of its file's bytes, or of its address, title, names and year."""
        if item.arxiv and (same := self._known.get(("arxiv", item.arxiv))):
            return same
        if sha256 and (same := self._known.get(("file", sha256)) or self._holder(sha256)):
            return same
        if item.arxiv:  # two papers of one title are two where arXiv has one of them
            return None
        same = self._known.get(_work(item.url, item.title, item.authors, item.year))
        return None if sha256 and same in self._with_file else same  # another file: another text of that name

    def _holder(self, sha256: str) -> str | None:
        """The entry whose kept file begins its hash like this one and has these bytes."""
        same = self._known.get(("start", sha256[:8]))
        return same if same and holds(self.vault, self._entries[same], sha256) else None

    def _join(self, entry_id: str, file: str, sha256: str) -> None:
        if entry_id in self.rows:
            self.rows[entry_id]["file"] = file
        else:
            set_file(self.vault, entry_id, file)
        self._note_file(entry_id, sha256)

    def _note_entry(self, entry: Entry) -> None:
        self._entries[entry.id] = entry
        self._note(entry.id, entry.arxiv, entry.url, entry.title, entry.authors, entry.year)
        self._note_file(entry.id, str(self.vault.state(entry.id).get("file_sha256") or ""))
        if entry.file:
            self._with_file.add(entry.id)
            self._known.setdefault(("start", Path(entry.file).stem[-8:]), entry.id)

    def _note(
        self, entry_id: str, arxiv: str | None, url: str | None, title: str, authors: tuple[str, ...], year: int | None
    ) -> None:
        self._taken.add(entry_id)
        if arxiv:
            self._known.setdefault(("arxiv", arxiv), entry_id)
        if title:
            self._known.setdefault(_work(url, title, authors, year), entry_id)

    def _note_file(self, entry_id: str, sha256: str) -> None:
        if sha256:
            self._with_file.add(entry_id)
            self._known.setdefault(("file", sha256), entry_id)

    def _new_id(self, item: Item) -> str:
        """An id made of the citation key, unlike all there are. Counts on per key: exports can repeat one often."""
        made = slug(item.key or item.title)
        while True:
            number = self._numbers[made] = self._numbers.get(made, 0) + 1
            if (one := made if number == 1 else f"{made}-{number}") not in self._taken:
                return one


def _work(url: str | None, title: str, authors: tuple[str, ...], year: int | None) -> tuple[object, ...]:
    return ("work", url, title.casefold(), authors, year)


def _readable_form(path: Path) -> Form:
    """The form of an attachment. Raises UsageError for what no text is read from.

    Its name must say too that it is one: an export that somebody sends can name any file of its reader's disk.
    """
    if path.suffix.lower() not in KNOWN:
        raise UsageError(f"{path.name} is not a PDF, a web page, Markdown or text", "attach one of these")
    if (size := path.stat().st_size) > MAX_BYTES:
        raise UsageError(f"{path.name} is too large: {size / 2**20:.0f} MB", f"the limit is {MAX_BYTES // 2**20} MB")
    return form_of(path)


def _without_file(item: Item) -> list[str]:
    """What becomes of an item without a file, where that is not plain from the item."""
    if item.arxiv or item.url:
        return ["sync downloads it"] if item.attachments else []
    return ["listed only: it has no file, arXiv id or address (add its file)"]


def _row(entry_id: str, item: Item, file: str | None, file_name: str) -> dict[str, Any]:
    """An item as a row of vault.yaml."""
    url = item.url or ""
    fetched = ["arxiv_html", "arxiv_pdf"] if item.arxiv else names_for(url) if url else None
    row = {
        "id": entry_id,
        "kind": "paper" if file or item.arxiv else "tool" if repo_of(url) else "video" if video_of(url) else "paper",
        "title": item.title,
        "authors": list(item.authors),
        "authors_complete": None if item.authors_complete else False,
        "year": item.year,
        "arxiv": item.arxiv,
        "url": item.url,
        "doi": item.doi,
        "sources": None if file else fetched,
        "file": file,
        "file_name": file_name,
        "citation_key": item.key if item.key != entry_id else None,
        "origin": "added",
    }
    return {key: value for key, value in row.items() if value not in (None, "", [])}
