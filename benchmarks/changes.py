"""What benchmarks/mutations.py changes in a sentence: one thing each, so that it no longer says what it said."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from assistant.claims import STOP_WORDS, negations, numbers, same_number, stems


@dataclass(frozen=True, slots=True)
class Stated:
    """A sentence of a paper: `text` as an answer would put it, `quote` as it stands on page `page`."""

    paper: str
    title: str
    page: int
    quote: str
    text: str
    paragraph: str


@dataclass(frozen=True, slots=True)
class Words:
    """What the papers' own words offer for a swap: names and nouns of each paper and of all."""

    names: dict[str, list[str]]
    nouns: dict[str, list[str]]


Mutation = Callable[[Stated, Words, Sequence[Stated], random.Random], Stated | None]


# --- what the papers offer for a swap ---------------------------------------------------------------------------------

NAME = re.compile(r"(?<![.!?:] )(?<!^)\b(?=\w*[A-Z])[A-Za-z][\w-]*[A-Za-z0-9]\b")
NOUN = re.compile(
    r"\b(?:the|a|an|each|of|these|those|our|this)\s+([a-z]{4,})(?=\s+(?:of|in|is|are|for|to|that|and|on|with|by)\b|[,.;)])"
)


def words_of(found: Sequence[Stated]) -> Words:
    """Names (with a capital or a digit inside) and nouns (between article and preposition) that occur twice or more."""
    names: dict[str, Counter[str]] = {}
    nouns: dict[str, Counter[str]] = {}
    for one in found:
        names.setdefault(one.paper, Counter()).update(NAME.findall(one.text))
        nouns.setdefault(one.paper, Counter()).update(w for w in NOUN.findall(one.text) if w not in STOP_WORDS)
    return Words(_often(names), _often(nouns))


def _often(counted: dict[str, Counter[str]]) -> dict[str, list[str]]:
    return {paper: sorted(w for w, n in counts.items() if n >= 2) for paper, counts in counted.items()}


# --- what is changed -------------------------------------------------------------------------------------------------


def number(one: Stated, _words: Words, _all: Sequence[Stated], chance: random.Random) -> Stated | None:
    """Another number in the place of one."""
    found = [m for m in re.finditer(r"(?<![\w.,-])\d+(?:\.\d+)?(?![\w.-]*\w)", one.text) if len(m[0]) < 9]
    if not found:
        return None
    match = chance.choice(found)
    other = _another(match[0], chance)
    return _with(one, match.start(), match.end(), other)


def _another(number: str, chance: random.Random) -> str:
    digits = len(number.partition(".")[2])
    value = float(number)
    while True:
        made = (
            f"{value * chance.choice((0.5, 0.8, 1.2, 1.5, 2, 3)) + chance.choice((0, 1, 2)) * 10**-digits:.{digits}f}"
        )
        if float(made) != value and not same_number(made, numbers(number)):
            return made


UNITS = {
    "%": " points", "million": "billion", "billion": "million", "thousand": "million", "layers": "heads",
    "heads": "layers", "tokens": "steps", "steps": "tokens", "features": "neurons", "neurons": "features",
    "parameters": "tokens", "seconds": "minutes", "hours": "seconds", "minutes": "hours", "days": "hours", "GB": "MB",
    "MB": "GB", "epochs": "steps", "examples": "tokens", "samples": "epochs", "datasets": "models",
    "models": "datasets", "tasks": "models", "dimensions": "layers", "latents": "layers", "prompts": "models",
    "M": "B", "B": "M", "K": "M", "k": "M", "GPUs": "TPUs", "years": "months", "bits": "nats", "nats": "bits",
}  # fmt: skip


def unit(one: Stated, _words: Words, _all: Sequence[Stated], chance: random.Random) -> Stated | None:
    """Another unit, or another thing counted, behind a number."""
    pattern = r"(?<![\w.])\d[\d.,]*\s?(" + "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True)) + r")(?!\w)"
    found = list(re.finditer(pattern, one.text))
    if not found:
        return None
    match = chance.choice(found)
    return _with(one, match.start(1), match.end(1), UNITS[match[1]])


VERBS = re.compile(r"\b(is|are|was|were|can|could|does|do|did|will|may|has|have)\b(?! not| no|n['’]t)", re.IGNORECASE)


def negation(one: Stated, _words: Words, _all: Sequence[Stated], chance: random.Random) -> Stated | None:
    """A "not" behind a verb, or taken away."""
    if negations(one.text):
        match = re.search(r"\b(?:do not|does not|did not|not|cannot|no|without|never)\b", one.text)
        if not match:
            return None
        instead = {"cannot": "can", "no": "some", "without": "with", "never": "always"}.get(match[0], "")
        return _with(one, match.start(), match.end(), instead)
    found = list(VERBS.finditer(one.text))
    if not found:
        return None
    match = chance.choice(found)
    return _with(one, match.end(), match.end(), " not")


TURNED = [
    ("increases", "decreases"), ("increase", "decrease"), ("increasing", "decreasing"), ("increased", "decreased"),
    ("higher", "lower"), ("more", "less"), ("larger", "smaller"), ("large", "small"), ("high", "low"),
    ("better", "worse"), ("best", "worst"), ("improves", "degrades"), ("improve", "degrade"),
    ("improved", "degraded"), ("before", "after"), ("earlier", "later"), ("early", "late"), ("above", "below"),
    ("positive", "negative"), ("sparse", "dense"), ("stronger", "weaker"), ("strong", "weak"), ("faster", "slower"),
    ("outperforms", "underperforms"), ("outperform", "underperform"), ("first", "last"), ("most", "least"),
    ("many", "few"), ("linear", "nonlinear"), ("maximum", "minimum"), ("maximize", "minimize"),
    ("greater", "smaller"), ("similar", "different"), ("same", "different"), ("easy", "hard"), ("simple", "complex"),
    ("successful", "unsuccessful"), ("reduces", "increases"), ("reduce", "increase"), ("always", "never"),
    ("global", "local"), ("upper", "lower"), ("input", "output"), ("correct", "incorrect"), ("likely", "unlikely"),
    ("necessary", "unnecessary"), ("longer", "shorter"), ("deeper", "shallower"), ("encourage", "discourage"),
    ("add", "remove"), ("adding", "removing"), ("success", "failure"),
]  # fmt: skip


def direction(one: Stated, _words: Words, _all: Sequence[Stated], chance: random.Random) -> Stated | None:
    """A word turned into its opposite."""
    both = [(a, b) for pair in TURNED for a, b in (pair, pair[::-1])]
    found = [(m, b) for a, b in both for m in re.finditer(rf"\b{a}\b", one.text)]
    if not found:
        return None
    match, instead = chance.choice(found)
    return _with(one, match.start(), match.end(), instead)


def name(one: Stated, words: Words, _all: Sequence[Stated], chance: random.Random) -> Stated | None:
    """Another method, model or dataset of the same paper in the place of one."""
    return _swapped(one, list(NAME.finditer(one.text)), words.names, chance)


def noun(one: Stated, words: Words, _all: Sequence[Stated], chance: random.Random) -> Stated | None:
    """Another noun of the same paper in the place of one."""
    return _swapped(one, [m for m in NOUN.finditer(one.text) if m[1] not in STOP_WORDS], words.nouns, chance)


def _swapped(
    one: Stated, found: list[re.Match[str]], offers: dict[str, list[str]], chance: random.Random
) -> Stated | None:
    have = stems(one.text)
    offered = [
        w for w in offers.get(one.paper, []) if stems(w) and not stems(w) & have and w.casefold() not in STOP_WORDS
    ]
    found = [m for m in found if stems(m[m.lastindex or 0])]
    if not found or not offered:
        return None
    match = chance.choice(found)
    group = match.lastindex or 0
    return _with(one, match.start(group), match.end(group), chance.choice(offered))


def other_page(one: Stated, _words: Words, every: Sequence[Stated], chance: random.Random) -> Stated | None:
    """The quote is a sentence of another page of the paper."""
    return _cited(one, [o for o in every if o.paper == one.paper and o.page != one.page], chance)


def other_paper(one: Stated, _words: Words, every: Sequence[Stated], chance: random.Random) -> Stated | None:
    """The quote is a sentence of another paper."""
    return _cited(one, [o for o in every if o.paper != one.paper], chance)


def _cited(one: Stated, others: Sequence[Stated], chance: random.Random) -> Stated | None:
    """The one of 300 others that shares most words: what a hasty reader would cite."""
    others = chance.sample(others, min(300, len(others)))
    have = stems(one.text)
    best = max(others, key=lambda o: len(have & stems(o.text)), default=None)
    if best is None or best.text == one.text:
        return None
    return replace(one, title=best.title, quote=best.quote, paragraph=best.paragraph, page=best.page)


MUTATIONS: dict[str, Mutation] = {
    "number": number,
    "unit": unit,
    "negation": negation,
    "direction": direction,
    "swapped name": name,
    "swapped noun": noun,
    "other page": other_page,
    "other paper": other_paper,
}


def _with(one: Stated, start: int, end: int, instead: str) -> Stated:
    return replace(one, text=" ".join((one.text[:start] + instead + one.text[end:]).split()))
