"""Where a quote lies in a page: exact but for white space, hyphens, ligatures, quotation marks and case."""

from __future__ import annotations

from ingest.same_words import key as key
from ingest.same_words import keyed

MIN_KEY = 8  # characters of a key: shorter quotes ("the model") are found on every page and prove nothing


def locate(quote: str, text: str) -> tuple[int, int] | None:
    """Offsets of `quote` in `text` (first occurrence): `text[start:end]` has the key of `quote`.

    Punctuation that both have around the words is kept. Where the quote begins or ends inside a ligature the whole
    ligature is taken. None when the quote is not there, or has under MIN_KEY letters and digits.
    """
    wanted = key(quote)
    if len(wanted) < MIN_KEY:
        return None
    folded, starts, ends = keyed(text)
    at = folded.find(wanted)
    if at < 0:
        return None
    return _with_punctuation(quote, text, starts[at], ends[at + len(wanted) - 1])


def _with_punctuation(quote: str, text: str, start: int, end: int) -> tuple[int, int]:
    stripped = quote.strip()
    inside = [i for i, c in enumerate(stripped) if c.isalnum()]
    before, after = (stripped[: inside[0]], stripped[inside[-1] + 1 :]) if inside else ("", "")
    if before and text.endswith(before, 0, start):
        start -= len(before)
    if after and text.startswith(after, end):
        end += len(after)
    return start, end
