"""Where sentences begin and end in the text of a paper."""

from __future__ import annotations

import itertools
import re

ABBREVIATION_TEXT = (
    "al app approx aka ca cf ch cor def defs dept dr ed eds e.g eg eq eqs eqn eqns esp et etc ex fig figs i.e ie i.i.d "
    "jr lem max min mr mrs ms no nos op p par pp prof prop rel ref refs resp s.t sec secs sect st suppl tab thm univ "
    "viz vol vols vs w.r.t wrt"
)
ABBREVIATIONS = frozenset(ABBREVIATION_TEXT.split())
# Words that open a sentence even after "et al." or a single letter ("... in layer L. We then ...").
OPENER_TEXT = (
    "a after all also although an and as at both but by each every finally first for from given hence here how however "
    "if in indeed instead it its last like more moreover most next no note on our overall second similarly since so "
    "some such that the their then there therefore these they this those though thus to unlike we what when where "
    "whereas while with"
)
OPENERS = frozenset(OPENER_TEXT.split())
# A full stop, question or exclamation mark, with closing quotes or brackets and a footnote number behind it.
STOP = re.compile(r"(?P<mark>[.!?…]+|。)[\"”’'»)\]]*(?P<note>(?<=[a-z)\]”][.!?])\d{1,2})?(?=\s|$)")
BLANK = re.compile(r"\n[^\S\n]*\n\s*")


def split(text: str) -> list[tuple[int, int]]:
    """Spans of the sentences of `text`, in order and without overlap; every character that is not white space lies in
    one. A blank line always ends a sentence; a single line break only where the next line starts a new one."""
    spans: list[tuple[int, int]] = []
    for start, end in _paragraphs(text):
        cuts = [start, *_cuts(text, start, end), end]
        spans += [_trimmed(text, a, b) for a, b in itertools.pairwise(cuts)]
    return [(a, b) for a, b in spans if a < b]


def _paragraphs(text: str) -> list[tuple[int, int]]:
    breaks = [(m.start(), m.end()) for m in BLANK.finditer(text)]
    return list(zip([0, *(e for _, e in breaks)], [*(s for s, _ in breaks), len(text)], strict=True))


def _cuts(text: str, start: int, end: int) -> list[int]:
    stops = [m.end() for m in STOP.finditer(text, start, end) if _ends_here(text, m, end)]
    lines = [m.end() for m in re.compile(r"\n").finditer(text, start, end) if _line_ends(text, start, m.start(), end)]
    return sorted({*stops, *lines})


def _ends_here(text: str, stop: re.Match[str], end: int) -> bool:
    following = text[stop.end() : end].lstrip()[:40]
    if not following:
        return True
    if following[0].islower():
        return False
    return stop["mark"] != "." or not _abbreviated(text[max(0, stop.start() - 40) : stop.start()], following)


def _abbreviated(before: str, following: str) -> bool:
    """Whether the full stop after `before` belongs to an abbreviation or an initial."""
    words = before.split()
    last = words[-1].lstrip("([{\"'“").casefold() if words else ""
    opener = re.match(r"[A-Za-z]+", following)
    if opener and opener[0].casefold() in OPENERS and last not in ("e.g", "i.e", "cf", "vs"):
        return False
    if last in ABBREVIATIONS:
        return last != "etc" or not following[0].isupper()
    return len(last) == 1 and last.isalpha() and words[-1][-1].isupper()


def _line_ends(text: str, start: int, at: int, end: int) -> bool:
    """Whether the line break at `at` parts two sentences: after a full stop, or before a line that does not go on."""
    before, after = text[start:at].rstrip(), text[at:end].lstrip()
    if not before or not after:
        return False
    if STOP.search(before[-6:]) and not after[0].islower():
        return True
    goes_on = before[-1] in ",;-–(" or re.search(r"\b(?:a|an|and|by|for|in|of|on|or|our|that|the|to|with)$", before)
    return not (goes_on or after[0].islower())


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip()) if piece.strip() else start
