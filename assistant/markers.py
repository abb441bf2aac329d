"""Reads what a language model wrote: its sentences and the passage keys they carry, forgiving of how it was written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from assistant.records import DraftSentence
from assistant.sentences import split

# One key or several in brackets: [p3], [P3], [3], [p1, p3], [p1-p3], 【p3】, [[p3]], [passage 3], [^3], [p3](...).
KEYS = r"(?:passages?|sources?|keys?|refs?\.?|see|from)?\s*:?\s*\^?[pP]?\d{1,3}(?:†[\w ]*)?"
LIST = rf"{KEYS}(?:\s*(?:,|;|/|&|\band\b|-|–|\s)\s*{KEYS})*"
ROUND = LIST.replace("[pP]?", "[pP]")  # (3) counts a list and (1998) is a year: round brackets need the p
MARKER = re.compile(
    rf"[^\S\n]*(?:\[\[?\s*{LIST}\s*\]\]?(?:\([^)\s]*\))?|【\s*{LIST}\s*】|[({{<]\s*{ROUND}\s*[)}}>])", re.IGNORECASE
)
RANGE = re.compile(r"[pP]?(\d{1,3})\s*[-–]\s*[pP]?(\d{1,3})")
THINKING = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
THOUGHT = re.compile(r"\A.*</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
BULLET = re.compile(r"^\s*(?:[-*•–+]\s+|\(?\d{1,2}[.)]\s+|#{1,6}\s+|>\s+)")
SOURCES = re.compile(r"^\W*(?:sources|references|citations|passages used|works cited)\W*$", re.IGNORECASE)
LEAD = re.compile(r"^\W*(?:(?:final |short )?answer|response)\W*:\s*", re.IGNORECASE)
# "As shown in [p3]" goes with its marker; where the grammar needs the marker ("we use [p1] for"), a gap stays.
TELLS = r"(?:shown|described|stated|mentioned|explained|discussed|noted|reported|defined|argued|found|seen|said|given)"
POINTING = re.compile(
    rf"(?:,\s*(?:as\s+)?|(?:^|\s)as\s+)(?:is\s+|was\s+)?{TELLS}\s+(?:in|by)\s*$|(?:^|,\s*)according\s+to\s*$",
    re.IGNORECASE,
)
SAYS = re.compile(
    r"\s*(?:shows?|says?|states?|finds?|argues?|reports?|notes?|explains?|mentions?|suggests?|demonstrates?)\s+that\s+(\w)"
)
NEEDED = re.compile(
    r"\b(?:in|by|of|for|from|with|to|on|per|and|or|the|than|between|via|is|are|was|were|uses?|using)\s*$", re.IGNORECASE
)
GAP = " …"  # stands where a word is missing; the check does not let a sentence end with it
DENIES = r"\b[^.]{0,40}\b(?:answer|contain|mention|provide|say|state|specify|address|discuss|include|give|report)"
REFUSAL = re.compile(
    r"\bnot in the passages\b"
    r"|\b(?:passages?|context|sources?|documents?|information|text)\b[^.]{0,60}\b(?:do|does|did) not" + DENIES +
    r"|\b(?:cannot|can't|can not|unable to|not possible to)\b[^.]{0,20}\b(?:answer|determine|say)\b"
    r"|\b(?:not|no) (?:enough |sufficient )?(?:information|mention|answer)\b[^.]{0,40}"
    r"\b(?:passages?|context|sources?)\b",
    re.IGNORECASE,
)  # fmt: skip


def parse(text: str) -> tuple[DraftSentence, ...]:
    """The sentences of a model's answer with their keys ("p3"), in order. Never raises.

    Thinking, code fences, bullets, bold, a lead-in and a list of sources at the end are left out; so is a last
    sentence that was cut off in the middle, where others are left. What is said again in the same words is one
    sentence, with all its keys. A marker in a word's place leaves "…" there ("we use [p1] for that").
    """
    lines = _lines(_unfenced(visible(text)))
    sentences = [s for n, line in enumerate(lines) for s in _sentences(line, last=n == len(lines) - 1)]
    return _once(s for s in sentences if any(c.isalnum() for c in s.text))


def _once(sentences: Iterable[DraftSentence]) -> tuple[DraftSentence, ...]:
    kept: dict[str, DraftSentence] = {}
    for one in sentences:
        said = " ".join(one.text.casefold().split()).rstrip(".!")
        keys = (*(kept[said].keys if said in kept else ()), *one.keys)
        kept[said] = replace(kept.get(said, one), keys=tuple(dict.fromkeys(keys)))
    return tuple(kept.values())


def visible(text: str) -> str:
    """What a model says to the reader: without <think> blocks, also those that lack a beginning or an end."""
    return THOUGHT.sub("", THINKING.sub("", text)).strip()


def refuses(text: str) -> bool:
    """Whether the model says that the passages do not answer, instead of answering."""
    said = visible(text)
    if not REFUSAL.search(said):
        return False
    others = [s for s in parse(said) if s.keys and not REFUSAL.search(s.text)]
    return not others and len(said) < 600


def _unfenced(text: str) -> str:
    body = re.sub(r"^\s*```[\w-]*\s*$", "", text, flags=re.MULTILINE).strip()
    try:
        read = json.loads(body) if body[:1] in "[{" and body[:1] else None
    except ValueError:
        read = None  # prose that begins with a marker, or JSON that was cut off
    if read is None:
        return _strings(body) if re.match(r"\[\s*[\"{]|\{\s*\"", body) else body
    return "\n".join(_said(read)) if not isinstance(read, int) else body


def _said(read: Any) -> list[str]:
    """The sentences in a JSON answer, whatever its shape: strings, {text, citations}, {answer}, {sentences: [...]}."""
    if isinstance(read, str):
        return [" ".join(read.split())]
    if isinstance(read, list):
        return [line for item in read for line in _said(item)]
    if not isinstance(read, dict):
        return []
    text = next((read[k] for k in ("text", "sentence", "claim", "statement") if isinstance(read.get(k), str)), None)
    if text is None:
        return [line for item in read.values() if isinstance(item, str | list | dict) for line in _said(item)]
    keys: Any = next((v for k, v in read.items() if k not in ("text", "sentence", "claim", "statement")), [])
    marks = re.findall(r"[pP]?\d{1,3}\b", json.dumps(keys))
    return [f"{' '.join(text.split())} {''.join(f'[{m}]' for m in marks)}"]


def _strings(body: str) -> str:
    """The whole strings of a broken JSON list, a line each; the text itself where there are none."""
    found = [s for s in re.findall(r"\"((?:[^\"\\]|\\.)*)\"", body) if len(s.split()) > 2]
    return "\n".join(s.replace('\\"', '"').replace("\\n", " ") for s in found) or body


def _lines(text: str) -> list[str]:
    kept: list[str] = []
    for line in text.splitlines():
        if SOURCES.match(line):
            break
        bare = re.sub(r"\*\*|__|`", "", LEAD.sub("", BULLET.sub("", line))).strip()
        introduces = bare.endswith(":") and not MARKER.search(bare)
        if bare and not introduces:
            kept.append(bare if MARKER.sub("", bare).strip(" .") else _attach(kept, bare))
    return [line for line in kept if line]


def _attach(kept: list[str], marks: str) -> str:
    """A line of markers only belongs to the line before it."""
    if kept:
        kept[-1] += " " + marks
    return ""


def _sentences(line: str, *, last: bool) -> list[DraftSentence]:
    """The sentences of one line. A marker belongs to the sentence it stands in or right behind; where the line begins
    with one, to the sentence that follows it."""
    bare, marks = _without_markers(line)
    spans = split(bare)
    leading = bool(marks) and marks[0][0] == 0 and marks[-1][0] < (spans[-1][0] + 1 if spans else 0)
    keys: list[list[str]] = [[] for _ in spans]
    for at, found in marks:
        owner = next((n for n, (_, end) in enumerate(spans) if at < end), len(spans) - 1) if leading else max(
            (n for n, (start, _) in enumerate(spans) if start < max(at, 1)), default=-1
        )  # fmt: skip
        if owner >= 0:
            keys[owner] += found
    made = [DraftSentence(bare[a:b], tuple(dict.fromkeys(k))) for (a, b), k in zip(spans, keys, strict=True)]
    return made[:-1] if last and len(made) > 1 and _cut_off(made[-1]) else made


def _cut_off(sentence: DraftSentence) -> bool:
    return not sentence.keys and not re.search(r"[.!?:…\"”')\]]$", sentence.text)


def _without_markers(line: str) -> tuple[str, list[tuple[int, list[str]]]]:
    """The line without its markers, and where each stood (an offset into that) with its keys."""
    bare, done = "", 0
    marks: list[tuple[int, list[str]]] = []
    for found in MARKER.finditer(line):
        bare, done = _without_pointing(bare + line[done : found.start()], line, found.end(), joins=bool(marks))
        marks.append((len(bare), _keys(found[0])))
    bare += line[done:]
    indent = len(bare) - len(bare.lstrip())
    return bare.strip(), [(max(at - indent, 0), keys) for at, keys in marks]


def _without_pointing(bare: str, line: str, end: int, *, joins: bool) -> tuple[str, int]:
    """What stands before a marker without the clause that only points to it, and from where the line goes on; with a
    gap where the sentence needs the marker. `joins`: a marker came before, and this may be the second of "[p1] and"."""
    if pointing := POINTING.search(bare):
        behind = re.match(r"\s*,\s*(\w?)", line[end:]) if not pointing.start() else None
        rest = end + behind.start(1) if behind else end
        return bare[: pointing.start()], rest
    if joins and re.search(r"\]\s*(?:and|or)\s*$", line[: line.rfind("[", 0, end)]):
        return re.sub(r"\s*(?:and|or)\s*$", "", bare), end
    says = SAYS.match(line[end:]) if re.search(r"(?:^|[.!?…]\s*)$", bare) else None
    if says:
        return bare, end + says.start(1)
    return (bare + GAP if NEEDED.search(bare) else bare), end


def _keys(marker: str) -> list[str]:
    marker = re.sub(r"\]\([^)]*\)|†[\w ]*", "", marker)
    keys: list[str] = []
    for first, last in RANGE.findall(marker):
        keys += [f"p{n}" for n in range(int(first), min(int(last), int(first) + 20) + 1)]
    return keys + [f"p{int(n)}" for n in re.findall(r"\d{1,3}", RANGE.sub(" ", marker))]
