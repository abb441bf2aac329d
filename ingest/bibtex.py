"""BibTeX and BibLaTeX files as items, LaTeX as plain text. The door of bibtexparser and pylatexenc, which it needs."""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ingest.file_field import paths_in
from ingest.items import Broken, Item, arxiv_of, best_first, doi_of, plain, web_address, year_of

_STARTS = re.compile(
    r"\s*(?:%[^\n]*\n\s*)*@(?:(?:comment|preamble|string)\s*[{(]|\w+\s*[{(][^,{}()=\n]*,)", re.IGNORECASE
)
_LATEX = re.compile(r"[\\{}$~]|--|``|''")


def looks_like_bibtex(text: str) -> bool:
    """Whether a text begins, after comments, with an entry of BibTeX: `@article{key,`."""
    return _STARTS.match(text) is not None


def read_bibtex(text: str) -> list[Item | Broken]:
    """All items of a BibTeX file in its order; what is broken costs only itself."""
    import bibtexparser

    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)  # what it would print is in our result
    return [item for block in bibtexparser.parse_string(text).blocks if (item := _item_of(block)) is not None]


def _item_of(block: Any) -> Item | Broken | None:
    """A block of the file as an item; None for comments, strings and the preamble."""
    from bibtexparser.model import Entry, ParsingFailedBlock

    if isinstance(block, Entry):
        return _item(block.key, {field.key.lower(): str(field.value) for field in block.fields})
    if not isinstance(block, ParsingFailedBlock):
        return None
    inner = block.ignore_error_block
    if isinstance(inner, Entry):  # a key or a field that was there before: still an item
        return _item(inner.key, {field.key.lower(): _bare(str(field.value)) for field in reversed(inner.fields)})
    why = plain(getattr(block.error, "abort_reason", "") or str(block.error))
    key = re.match(r"\s*@\w+\s*[{(]\s*([^\s,{}()]+)\s*,", block.raw or "")
    named = f" ({key[1][:60]})" if key else ""
    return Broken(f"line {(block.start_line or 0) + 1}{named}", why or "it is not BibTeX")


def _item(key: str, fields: Mapping[str, str]) -> Item:
    get = functools.partial(_field, fields)
    names = list(_names(get("author") or get("editor")))
    url, doi = web_address(_unescaped(get("url"))), doi_of(_unescaped(get("doi")))
    kind = (get("archiveprefix") or get("eprinttype")).lower()
    named = [text for name in ("number", "journal", "journaltitle", "note") if (text := get(name)).startswith("arXiv")]
    return Item(
        key=plain(key),
        title=readable(get("title")),
        authors=tuple(name for name in names if name and name != "others"),
        authors_complete="others" not in names,
        year=year_of(get("year"), get("date")),
        arxiv=arxiv_of(eprint=get("eprint") if kind in ("", "arxiv") else "", doi=doi, url=url, named=named),
        url=url,
        doi=doi,
        attachments=best_first(paths_in(get("file"))),
    )


def _field(fields: Mapping[str, str], name: str) -> str:
    return fields.get(name, "").strip()


def _bare(value: str) -> str:
    """A field's value without what encloses it."""
    return value[1:-1] if (value[:1], value[-1:]) in (("{", "}"), ('"', '"')) else value


def _unescaped(value: str) -> str:
    """An address without LaTeX's backslashes."""
    return plain(re.sub(r"\\([_%&#$~{}])", r"\1", value.replace(r"{\textasciitilde}", "~")))


def _names(people: str) -> Iterator[str]:
    """The names of an author field as they are spoken: "Gödel, Kurt and {OpenAI}" -> "Kurt Gödel", "OpenAI"."""
    from bibtexparser.middlewares.names import parse_single_name_into_parts, split_multiple_persons_names

    for person in split_multiple_persons_names(people):
        try:
            parts = parse_single_name_into_parts(person, strict=False)
            spoken = " ".join([*parts.first, *parts.von, *parts.last, *parts.jr])
        except ValueError:  # no name has that shape: as it is written
            spoken = person
        yield readable(spoken)


def readable(latex: str) -> str:
    r"""LaTeX as plain text: accents as letters, braces gone, formulas left as they are."""
    if not _LATEX.search(latex):
        return plain(latex)
    guarded = re.sub(r"(?<!\\)([%&])", r"\\\1", latex[:10_000])  # neither is a comment or a column in a title
    try:
        return plain(_decoder().latex_to_text(guarded))
    except (RecursionError, ValueError, LookupError, TypeError):  # nested beyond sense: its letters are what is left
        return plain(re.sub(r"[{}]", "", latex[:10_000]))


@functools.cache
def _decoder() -> Any:
    from pylatexenc.latex2text import LatexNodes2Text

    return LatexNodes2Text(math_mode="verbatim")
