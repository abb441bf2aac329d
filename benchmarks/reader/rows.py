"""What the reader learns from: questions and claims that were written for it over abstracts (CC0), and exercises.

questions.txt, after a line "@arXiv id", one item a line, its parts apart by " ||| ":
    Q question, answer         the shortest stretch that answers       N question            nothing there answers
    F question, stretch        a false premise, and what contradicts   Y question, yes/no, stretch
    S claim                    supported, in other words               U claim, kind         not supported
The abstracts are read from ../shared/arxiv; none of their text lies here but the stretches.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import random
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.claims import stems
from assistant.sentences import split
from benchmarks.changes import MUTATIONS, TURNED, Stated, Words, words_of
from benchmarks.rewording import reworded, shortened

QUESTIONS = Path(__file__).with_name("questions.txt")
SUPPORTS, CONTRADICTS, NEITHER, NOT_SUPPORTED = range(4)
KINDS = {"negation": CONTRADICTS, "direction": CONTRADICTS, "number": CONTRADICTS, "added": NEITHER}
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Row:
    """A pair to read and what it teaches, None where nothing: whether it answers, what it supports, where (characters
    of the passage). `claim` marks the written claims, which people's style gives away (see train_reader.py)."""

    asked: str
    passage: str
    answers: bool | None = None
    supports: int | None = None
    span: Span | None = None
    claim: bool = False


@dataclass(frozen=True, slots=True)
class Abstract:
    id: str
    title: str
    sentences: tuple[str, ...]

    @property
    def held(self) -> bool:
        """Every tenth is not trained on."""
        return int(hashlib.sha256(self.id.encode()).hexdigest()[:8], 16) % 10 == 0

    def head(self, chance: random.Random) -> str:
        return f"{self.title.rstrip('.')}. " if chance.random() < 0.9 else ""

    def window(self, at: int, chance: random.Random) -> tuple[int, int]:
        """One to four sentences that have this one."""
        count = chance.choice((1, 2, 2, 3, 3, 3, 4))
        start = max(0, at - chance.randint(0, count - 1))
        end = min(len(self.sentences), start + count)
        return max(0, min(start, end - count)), end


def abstracts(file: Path) -> dict[str, Abstract]:
    found = {}
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            text = " ".join(row["summary"].split())
            if "\\" not in text and "$" not in text and 80 < len(text.split()) <= 260:
                parts = tuple(text[a:b].strip() for a, b in split(text))
                found[row["id"]] = Abstract(row["id"], row["title"], parts)
    return found


def written() -> dict[str, list[list[str]]]:
    """The items by abstract: tag and parts."""
    found: dict[str, list[list[str]]] = {}
    for line in QUESTIONS.read_text(encoding="utf-8").splitlines():
        if line.startswith("@"):
            items = found.setdefault(line[1:], [])
        else:
            items.append([line[0], *line[2:].split(" ||| ")])
    return found


def _plain(text: str) -> str:
    return " ".join(text.translate(str.maketrans("’“”–—", '\'""--')).split()).lower()


class Lessons:
    """Rows of the written items."""

    def __init__(self, known: Sequence[Abstract], seed: int) -> None:
        self.chance = random.Random(seed)
        self.known = known
        self.stems = {a.id: [stems(s) for s in a.sentences] for a in known}
        self.count = Counter(w for found in self.stems.values() for w in frozenset().union(*found))

    def rarity(self, words: Collection[str]) -> float:
        return sum(math.log(1 + (len(self.known) - self.count[w] + 0.5) / (self.count[w] + 0.5)) for w in words)

    def nearest(self, one: Abstract, asked: str, without: Collection[int] = ()) -> int | None:
        """The sentence with most of the question's rarer words."""
        places = [n for n in range(len(one.sentences)) if n not in without]
        wanted = stems(asked)
        return max(places, key=lambda n: self.rarity(wanted & self.stems[one.id][n]), default=None)

    def read(self, one: Abstract, asked: str, at: int, without: Collection[int] = (), **teaches: int | bool) -> Row:
        """A window at a sentence, cut before and behind it where sentences in `without` begin."""
        start, end = one.window(at, self.chance)
        start = max([start, *(n + 1 for n in without if n < at)])
        end = min([end, *(n for n in without if n > at)])
        text = one.head(self.chance) + " ".join(one.sentences[start:end])
        return Row(asked, text, **teaches)  # type: ignore[arg-type]

    def placed(self, one: Abstract, asked: str, stretch: str, **teaches: int | bool) -> tuple[int, Row] | None:
        """The window where the stretch stands, with its place."""
        for n, sentence in enumerate(one.sentences):
            at = _plain(sentence).find(_plain(stretch))
            if at >= 0:
                start, end = one.window(n, self.chance)
                before = one.head(self.chance) + "".join(f"{s} " for s in one.sentences[start:n])
                text = before + " ".join(one.sentences[n:end])
                span = (len(before) + at, len(before) + at + len(stretch))
                return n, Row(asked, text, span=span, **teaches)  # type: ignore[arg-type]
        return None

    def of(self, one: Abstract, items: Sequence[Sequence[str]]) -> Iterator[Row]:
        for tag, asked, *parts in items:
            if tag in "SU":
                yield from self._claim(one, asked, SUPPORTS if tag == "S" else KINDS.get(parts[0], NOT_SUPPORTED))
            elif tag == "N":
                first = self.nearest(one, asked)
                second = self.nearest(one, asked, {first} if first is not None else ())
                yield from (self.read(one, asked, n, answers=False) for n in (first, second) if n is not None)
            else:
                yield from self._placed(one, tag, asked, parts)
        n = self.chance.randrange(len(one.sentences))
        if 7 < len(one.sentences[n].split()) < 45:
            yield self.read(one, reworded(shortened(one.sentences[n]), self.chance), n, supports=SUPPORTS)

    def _placed(self, one: Abstract, tag: str, asked: str, parts: Sequence[str]) -> Iterator[Row]:
        teaches: dict[str, int | bool] = {"answers": tag != "F"}
        if tag != "Q":
            teaches["supports"] = SUPPORTS if parts[0] == "yes" else CONTRADICTS
        found = self.placed(one, asked, parts[-1], **teaches)
        if not found:
            return
        yield found[1]
        said = {n for n, s in enumerate(one.sentences) if _plain(parts[-1]) in _plain(s)}
        other = self.nearest(one, asked, said)
        if other is not None:
            yield self.read(one, asked, other, said, answers=False)
        if tag == "Q":
            some = self.chance.sample(self.known, min(40, len(self.known)))
            near = max((a for a in some if a is not one), key=lambda a: self._shared(a, asked), default=None)
            place = self.nearest(near, asked) if near else None
            if near and place is not None:
                yield self.read(near, asked, place, answers=False)

    def _shared(self, other: Abstract, asked: str) -> float:
        return self.rarity(stems(asked) & frozenset().union(*self.stems[other.id]))

    def _claim(self, one: Abstract, claim: str, supports: int) -> Iterator[Row]:
        """With the sentences that have most of it; a supported one also with a sentence that does not."""
        wanted, left = set(stems(claim)), list(range(len(one.sentences)))
        chosen: list[int] = []
        while left and len(chosen) < self.chance.choice((2, 3, 4, 4, 5)):
            best = max(left, key=lambda n: self.rarity(wanted & self.stems[one.id][n]))
            left.remove(best)
            chosen.append(best)
            wanted -= self.stems[one.id][best]
        text = one.head(self.chance) + " ".join(one.sentences[n] for n in sorted(chosen))
        yield Row(claim, text, supports=supports, claim=True)
        if left and self.chance.random() < (0.45 if supports == SUPPORTS else 0.1):
            yield self.read(one, claim, self.chance.choice(left), chosen, supports=NEITHER)


# --- exercises that nobody wrote -------------------------------------------------------------------------------------

ASKED_FOR = (
    (re.compile(r"(?<![\w.,-])(\d[\d.,]*%?(?:\s?(?:times|points?|%|[a-z]{4,}s))?)"), ("how many", "how much", "what")),
    (re.compile(r"(?<=\s)((?=\w*[A-Z])[A-Za-z][\w-]*[A-Za-z0-9])"), ("which", "what")),
    (re.compile(r"\b(?:the|a|an|of|their|its|on|in|for|with)\s+((?:[a-z][\w-]+\s){0,3}[a-z][\w-]{3,})"
                r"(?=\s(?:of|in|is|are|for|to|that|and|on|with|by|from|can)\b|[,.;:)])"), ("what", "which")),
    (re.compile(r"\b(?:by|through|via|using|because|without|to|from|with)\s((?:[\w%.-]+\s){1,9}[\w%-]+)(?=[,.;:])"),
     ("how", "why", "what", "where")),
)  # fmt: skip
OPPOSITES = {a: b for pair in TURNED for a, b in (pair, pair[::-1])}
CHANGES = ("number", "unit", "negation", "negation", "direction", "direction", "swapped name", "swapped noun")


def exercises(known: Sequence[Abstract], seed: int) -> Iterator[Row]:
    """A sentence as a question, without the stretch that is asked for; the same where that is taken away, or a word is
    turned; a sentence in other words, or changed in one thing."""
    chance = random.Random(seed)
    stated = [Stated(a.id, a.title, n, s, s, s) for a in known for n, s in enumerate(a.sentences)]
    words = words_of(stated)
    for one in known:
        if len(one.sentences) >= 4:
            for _ in range(2):
                yield from _question(one, chance)
            yield from _changed(one, words, stated, chance)


def _question(one: Abstract, chance: random.Random) -> Iterator[Row]:
    n = chance.randrange(len(one.sentences))
    sentence = one.sentences[n]
    found = [(m.span(1), asks) for pattern, asks in ASKED_FOR for m in pattern.finditer(sentence)]
    if not found:
        return
    (start, end), asks = chance.choice(found)
    drop = chance.choice((0, 0.15, 0.3, 0.45))
    rest = [w.strip(".,;:()") for w in (sentence[:start].split()[-9:] + sentence[end:].split()[:9])]
    kept = [w for w in rest if chance.random() > drop and w.lower() not in ("we", "our")]
    asked = " ".join([chance.choice(asks), *chance.choice(([], ["is"], ["does"], ["are"], ["did"])), *kept]) + "?"
    asked = (reworded(asked, chance) if chance.random() < 0.5 else asked).capitalize()
    first, last = one.window(n, chance)
    before = one.head(chance) + "".join(f"{s} " for s in one.sentences[first:n])
    after = "".join(f" {s}" for s in one.sentences[n + 1 : last])
    yield Row(asked, before + sentence + after, True, span=(len(before) + start, len(before) + end))
    turned = [w for w in kept if w.lower() in OPPOSITES]
    if turned and chance.random() < 0.25:
        yield Row(asked.replace(turned[0], OPPOSITES[turned[0].lower()]), before + sentence + after, False, CONTRADICTS)
    elif chance.random() < 0.4:
        gone = before + sentence[:start] + chance.choice(("", "this", "several", "some")) + sentence[end:] + after
        yield Row(asked, " ".join(gone.split()), False)
    else:
        other = chance.choice([m for m in range(len(one.sentences)) if m != n])
        yield Row(asked, one.head(chance) + one.sentences[other], False)


def _changed(one: Abstract, words: Words, every: Sequence[Stated], chance: random.Random) -> Iterator[Row]:
    n = chance.randrange(len(one.sentences))
    sentence = one.sentences[n]
    if not 6 < len(sentence.split()) < 50:
        return
    start, end = one.window(n, chance)
    text = one.head(chance) + " ".join(one.sentences[start:end])
    said = reworded(shortened(sentence) if chance.random() < 0.5 else sentence, chance)
    yield Row(said, text, supports=SUPPORTS)
    for kind in chance.sample(CHANGES, 4):
        made = MUTATIONS[kind](Stated(one.id, one.title, n, sentence, said, sentence), words, every, chance)
        if made and made.text != said:
            yield Row(made.text, text, supports=KINDS.get(kind, NOT_SUPPORTED))
            return
