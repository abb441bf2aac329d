"""Who wrote what: title, authors, arXiv id and year, as page 1, the file's metadata and its name tell."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.clean import Vocabulary, joined, repaired
from ingest.layout import BEGINS, BROKEN, Line, rows_of

NEW_ID = r"\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}"
OLD_ID = r"[a-z][a-z-]+(?:\.[A-Z]{2})?/\d{7}"
ARXIV_ID = re.compile(rf"(?<![\w.])({NEW_ID}|{OLD_ID})(v\d+)?(?![\d.]*\d)")
STAMP = re.compile(rf"arXiv:\s*({NEW_ID}|{OLD_ID})(v\d+)?", re.IGNORECASE)
YEAR = re.compile(r"(?<!\d)(19[5-9]\d|20[0-4]\d)(?!\d)")
NOTICE = re.compile(
    r"^(?:published|accepted|under review|preprint|to appear|workshop|proceedings|appears? in|presented at|in review|"
    r"arxiv|transformer circuits thread|reviewed on|submitted|technical report$|\d{4}[-/]\d|journal of|doi\b|https?:|"
    r"copyright|©|issn|vol(?:ume|\.)|work in progress|provided proper attribution|research article|original paper|"
    r"(?:international|annual|\d+(?:st|nd|rd|th)) (?:conference|workshop|meeting)|conference on|neurips|iclr|icml)\b",
    re.IGNORECASE,
)
WORD = re.compile(r"[^\W\d_][\w.'’-]*")
PARTICLES = frozenset(
    ("van", "von", "der", "den", "de", "da", "di", "del", "della", "dos", "du", "la", "le", "el", "al", "bin", "ibn")
)
# What stands in affiliations and notes, not in names. Abbreviations count in capitals only: "Tu" and "Ai" are names.
INSTITUTION = re.compile(
    r"\b(?:(?i:universit\w*|institut\w*|department|dept|school|college|laborator\w*|labs?|research\w*|cent(?:er|re)|inc|ltd|"
    r"llc|academy|google|deepmind|anthropic|openai|microsoft|facebook|apple|amazon|nvidia|faculty|polytechnic\w*|technion|"
    r"hospital|foundation|corporation|company|group|team|equal\w*|contribut\w*|correspond\w*|authors?|intern\w*|"
    r"independent|sciences?|technolog\w*|engineering|intelligence|china|germany|france|israel|canada|united|eleutherai|"
    r"redwood|alignment|advis\w*|version|abstract|email|affiliations?|published|github)|"
    r"AI|MIT|IBM|USA|UK|CSAIL|EPFL|ETH|TU|UC|NLP|MATS|FAIR|Meta|NY|CA|MA)\b"
)


@dataclass(frozen=True, slots=True)
class Identity:
    """What a PDF says of itself on page 1; "", () and None where it does not say. `arxiv_version` is like "v3"."""

    title: str
    authors: tuple[str, ...]
    arxiv_id: str | None
    arxiv_version: str | None
    year: int | None


def identify(
    lines: Sequence[Line], metadata: Mapping[str, str], path: Path, words: Vocabulary, body: float
) -> Identity:
    """The identity of a paper whose page 1 has `lines`, in the file's order, the first of them with pieces.

    `body` is the size of its running text; a title is larger.
    """
    rows = masthead(lines)
    under_title, title = _title(rows, words, body)
    told = _told_title(metadata)
    if told and (not title or _letters(told) == _letters(title)):
        title = told
    arxiv_id, version = _arxiv(lines, metadata, path)
    authors = _authors(under_title) or _told_authors(metadata)
    return Identity(title, authors, arxiv_id, version, _year(arxiv_id, rows, metadata))


def masthead(lines: Sequence[Line]) -> list[Line]:
    """The rows of page 1 above its abstract or introduction, from the top down."""
    rows = rows_of([line for line in lines if not line.upward])
    starts = [row.top for row in rows if BEGINS.match(row.text)]
    floor = max(starts, default=min((row.bottom for row in rows), default=0.0))
    return sorted((row for row in rows if row.bottom >= floor and row.pieces), key=lambda row: (-row.bottom, row.left))


# --- title ----------------------------------------------------------------------------------------------------------


def _title(rows: Sequence[Line], words: Vocabulary, body: float) -> tuple[list[Line], str]:
    """The rows under the title, and the title: the largest type at the top; all rows and "" where none stands out."""
    sizes = [_height(row) for row in rows if _could_be_title(row)]
    largest = max(sizes, default=0.0)
    if largest < 1.1 * body:
        return list(rows), ""
    start = next(n for n, row in enumerate(rows) if _could_be_title(row) and _height(row) > 0.97 * largest)
    end = start + 1
    while end < len(rows) and _goes_on(rows[end - 1], rows[end], largest):
        end += 1
    title = ""
    for row in rows[start:end]:
        text = _cased(row, largest)
        title = joined(title, text, words) if title else text
    return list(rows[end:]), repaired(" ".join(title.split())).rstrip("∗*†‡ ")


def _could_be_title(row: Line) -> bool:
    letters = sum(c.isalpha() for c in row.text)
    return letters >= 4 and letters > 0.5 * len(row.text.replace(" ", "")) and not NOTICE.match(row.text)


def _height(row: Line) -> float:
    return max(piece.size for piece in row.pieces)


def _goes_on(above: Line, row: Line, largest: float) -> bool:
    """Whether a row goes on with a title: as large, or its small capitals, and right under it."""
    small_capitals = row.text.rstrip(BROKEN).isupper() and _height(row) > 0.75 * largest
    return (_height(row) > 0.95 * largest or small_capitals) and above.bottom - row.bottom < 2.2 * largest


def _cased(row: Line, largest: float) -> str:
    """A row's text without superscripts, its small capitals as the small letters that they stand for."""
    text = ""
    for piece in row.pieces:
        small = 0.7 * largest < piece.size < 0.9 * largest and piece.text.upper() == piece.text
        text += "" if piece.raised and not piece.text.strip().isalpha() else piece.text.lower() if small else piece.text
    return text.replace("\t", " ").strip() + (BROKEN if row.text.endswith(BROKEN) else "")


def _told_title(metadata: Mapping[str, str]) -> str:
    """The Info dictionary's title, "" where it is a file's or a program's."""
    title = " ".join(metadata.get("Title", "").split())
    nonsense = re.search(
        r"^(?:microsoft|untitled|arxiv:|paper$|main$|title$)|\.(?:dvi|tex|docx?|pdf|indd|ps)$", title, re.I
    )
    return title if len(title) >= 8 and not nonsense else ""


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


# --- authors --------------------------------------------------------------------------------------------------------


def _authors(rows: Sequence[Line]) -> tuple[str, ...]:
    """Names in the rows under a title: those set like the first row that holds only names."""
    found: list[str] = []
    style: Line | None = None
    text = ""
    for row in _by_height(rows):
        if _is_prose(row.text):
            break
        names = _names(_marked(row))
        if not names or (style and (row.bold != style.bold or abs(row.size - style.size) > 0.06 * style.size)):
            continue
        style = style or row
        text += _marked(row) + (" " if "," in _marked(row) and not _marked(row).endswith(("\x01", ",")) else "\t")
    for name in _names(text):
        if name not in found:
            found.append(name)
    return tuple(found)


def _is_prose(text: str) -> bool:
    return sum(word.islower() and word not in PARTICLES for word in text.split()) >= 6


def _by_height(rows: Sequence[Line]) -> list[Line]:
    """Rows from the top down, and from the left where they stand beside each other."""
    bands: list[list[Line]] = []
    for row in sorted(rows, key=lambda row: -row.bottom):
        if not bands or bands[-1][0].bottom - row.bottom > 0.4 * row.size:
            bands.append([])
        bands[-1].append(row)
    return [row for band in bands for row in sorted(band, key=lambda row: row.left)]


def _marked(row: Line) -> str:
    """A row's text with each superscript as \x01."""
    text = "".join("\x01" if piece.raised else piece.text for piece in row.pieces)
    return re.sub(r"[∗*†‡§¶♣♠♦♡♢✉\d]+", "\x01", text.replace("´", "").replace("`", ""))


def _names(text: str) -> list[str]:
    """The names in a row, [] where part of the row is something else. A name may go on in the next row."""
    parts = [part for part in re.split(r"[\x01\t,;&·|]|\band\b", text) if any(map(str.isalpha, part))]
    parts = [" ".join(part.split()).strip(" .") for part in parts]
    names = [part for part in parts if _is_name(part)]
    ends = {parts[0], parts[-1]} if len(parts) > 2 else set()
    return names if all(part in names or (part in ends and WORD.fullmatch(part)) for part in parts) else []


def _is_name(text: str) -> bool:
    words = text.split()
    if not 2 <= len(words) <= 6 or INSTITUTION.search(text) or "@" in text:
        return len(words) == 1 and 2 <= len(text) <= 4 and bool(re.fullmatch("[\u4e00-\u9fff]+", text))
    return all(WORD.fullmatch(word) and (word[0].isupper() or word.lower() in PARTICLES) for word in words)


def _told_authors(metadata: Mapping[str, str]) -> tuple[str, ...]:
    parts = re.split(r";|,|\band\b|&", metadata.get("Author", ""))
    names = [" ".join(part.split()) for part in parts if part.strip()]
    return tuple(names) if all(map(_is_name, names)) else ()


# --- arXiv id and year ----------------------------------------------------------------------------------------------


def _arxiv(lines: Sequence[Line], metadata: Mapping[str, str], path: Path) -> tuple[str | None, str | None]:
    """Id and version: from the stamp at the margin, else the metadata, else the file's name."""
    stamps = [STAMP.match(line.text) for line in lines if line.upward or "[" in line.text]
    told = [STAMP.search(metadata.get(key, "")) for key in ("Title", "Subject", "Keywords")]
    named = ARXIV_ID.search(path.stem.removeprefix("arXiv-").removeprefix("arxiv-"))
    match = next((m for m in (*stamps, *told, named) if m), None)
    return (match[1], match[2]) if match else (None, None)


def _year(arxiv_id: str | None, rows: Sequence[Line], metadata: Mapping[str, str]) -> int | None:
    """The year that an arXiv id began in; else one printed in the masthead; else the file's."""
    if arxiv_id:
        short = int(re.sub(r".*/", "", arxiv_id)[:2])
        return 1900 + short if short > 90 else 2000 + short
    printed = [YEAR.search(row.text) for row in rows]
    told = YEAR.search(metadata.get("CreationDate", "")[:6].removeprefix("D:"))
    match = next((m for m in (*printed, told) if m), None)
    return int(match[1]) if match else None
