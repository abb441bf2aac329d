"""CSL-JSON as items: what Zotero, Better BibTeX and citation tools export, and Better BibTeX's own JSON ("items")."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any

from ingest.errors import UsageError
from ingest.items import Broken, Item, arxiv_of, best_first, doi_of, plain, web_address, year_of

_TAGS = re.compile(r"</?(?:i|b|sub|sup|sc|span)(?:\s[^<>]*)?>", re.IGNORECASE)
_PATHS = ("path", "localPath", "filePath", "file")


def looks_like_csl(text: str) -> bool:
    """Whether a text begins like a bibliography in JSON: a list whose first object has a type and an id (a broken rest
    is for `read_csl` to name), or an object with `items` of Zotero's types."""
    if re.match(r"\s*\[\s*\{", text):
        head = text[:20_000]
        return bool(re.search(r'"type"\s*:\s*"[a-z_-]+"', head) and re.search(r'"id"\s*:', head))
    return bool(re.match(r"\s*\{", text) and re.search(r'"items"\s*:\s*\[', text) and '"itemType"' in text)


def read_csl(text: str) -> list[Item | Broken]:
    """All items of a CSL-JSON file in its order; what is broken costs only itself. Raises UsageError for no JSON."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(f"line {error.lineno} is not JSON: {error.msg}", "export it again") from error
    except (RecursionError, ValueError) as error:
        raise UsageError(f"it is not JSON that can be read: {error}", "export it again") from error
    rows = data.get("items") if isinstance(data, dict) else data
    read = (_item(number, row) for number, row in enumerate(rows if isinstance(rows, list) else [], 1))
    return [item for item in read if item is not None]


def _item(number: int, row: Any) -> Item | Broken | None:
    if not isinstance(row, dict):
        return Broken(f"item {number}", f"it is {type(row).__name__}, not an object")
    if row.get("itemType") in ("attachment", "note", "annotation"):
        return None
    key = plain(row.get("citation-key") or row.get("citationKey") or row.get("citekey") or row.get("id"))
    title = _text(row.get("title"))
    if not key and not title:
        return Broken(f"item {number}", "it has neither id nor title")
    url, doi = web_address(plain(row.get("URL") or row.get("url"))), doi_of(plain(row.get("DOI")))
    said = [plain(row.get(name)) for name in ("number", "archiveID", "archive_location", "note", "extra")]
    return Item(
        key=key,
        title=title,
        authors=tuple(name for name in _names(row) if name),
        year=year_of(_issued(row.get("issued")), row.get("date")),
        arxiv=arxiv_of(doi=doi, url=url, named=[text for text in said if text.lower().startswith("arxiv")]),
        url=url,
        doi=doi,
        attachments=best_first(_attachments(row)),
    )


def _text(value: object) -> str:
    """A title without the few tags that CSL allows in it."""
    return plain(html.unescape(_TAGS.sub("", value))) if isinstance(value, str) else ""


def _names(row: dict[str, Any]) -> Iterator[str]:
    people = row.get("author") or row.get("editor") or row.get("creators")
    for person in people if isinstance(people, list) else ():
        if not isinstance(person, dict) or person.get("creatorType", "author") != "author":
            continue
        if whole := plain(person.get("literal") or person.get("name")):
            yield whole
            continue
        names = ("given", "firstName", "dropping-particle", "non-dropping-particle", "family", "lastName", "suffix")
        yield " ".join(text for name in names if (text := plain(person.get(name))))


def _issued(value: Any) -> str:
    """A CSL date as text that begins with its year."""
    if not isinstance(value, dict):
        return plain(value)
    parts = value.get("date-parts")
    while isinstance(parts, list) and parts:
        parts = parts[0]
    return plain(parts) or plain(value.get("raw") or value.get("literal"))


def _attachments(row: dict[str, Any]) -> Iterator[str]:
    """The paths under `attachments` (objects or texts) and `file`, which the standard does not know."""
    listed = row.get("attachments")
    for one in [row.get("file"), *(listed if isinstance(listed, list) else ())]:
        paths = [one.get(name) for name in _PATHS] if isinstance(one, dict) else [one]
        yield from (path for path in paths if isinstance(path, str) and path.strip())
