"""How often the check notices that a sentence no longer says what its quote says.

    python -m benchmarks.mutations [--papers ../shared/papers] [--each 150]

Sentences of the papers, as they stand, shortened and reworded, are supported by themselves; each is then changed in one
thing (MUTATIONS). Printed beside the check: what a word-overlap test with guards for numbers and negations notices, the
check as it was before terms had a guard. Wanted: at least .95 of the changed ones lose "supported", at most .03 of the
unchanged.
"""

from __future__ import annotations

import argparse
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.check import Claim, judge
from assistant.claims import STOP_WORDS, content_words, negations, numbers, same_number, stems
from assistant.sentences import split
from assistant.shape import hangs, reading, wellformed
from benchmarks.rewording import reworded, shortened
from evals.statistics import wilson
from ingest.parse_pdf import ParseJob, parse_pdf

PAPERS = Path(__file__).resolve().parents[2] / "shared" / "papers"
SEED = 7


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


# --- the sentences ---------------------------------------------------------------------------------------------------


def stated(folder: Path) -> Iterator[Stated]:
    """The sentences of the PDFs in a folder that can stand in an answer."""
    for path in sorted(folder.glob("*.pdf")):
        parsed = parse_pdf(ParseJob(path.stem, path))
        for page in parsed.pages:
            for start, end in split(page.text):
                quote = page.text[start:end]
                text = reading(quote)
                if wellformed(text) >= 1 and not hangs(text) and 8 <= len(text.split()) <= 45:
                    yield Stated(path.stem, parsed.identity.title, page.number, quote, text, around(page.text, start))


def around(text: str, at: int) -> str:
    """The paragraph that stands at an offset."""
    start, end = text.rfind("\n\n", 0, at), text.find("\n\n", at)
    return text[start + 1 : end if end >= 0 else len(text)].strip()


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


# --- the measuring ---------------------------------------------------------------------------------------------------


def check_keeps(one: Stated) -> bool:
    """Whether our check calls it supported."""
    return judge(Claim(one.text, one.quote, one.paragraph, one.title)).verdict == "supported"


def overlap_keeps(one: Stated) -> bool:
    """The floor: three quarters of the words, every number, and a negation in both or neither."""
    wanted, have = stems(one.text), stems(one.quote) | stems(one.title)
    numbered = all(same_number(n, numbers(one.quote, anywhere=True)) for n in numbers(one.text))
    return (
        len(wanted & have) >= 0.75 * len(wanted)
        and numbered
        and bool(negations(one.text)) == bool(negations(one.quote))
    )


WAYS: dict[str, Callable[[Stated, random.Random], Stated | None]] = {
    "as it stands": lambda one, _: one,
    "shortened": lambda one, _: replace(one, text=short) if (short := shortened(one.text)) != one.text else None,
    "reworded": lambda one, chance: replace(one, text=reworded(one.text, chance)),
}


@dataclass(frozen=True, slots=True)
class Counted:
    """How many of `seen` sentences each test still calls supported; `missed` are examples that ours does."""

    seen: int
    ours: int
    overlap: int
    missed: tuple[Stated, ...]


def measure(found: Sequence[Stated], each: int, way: str, mutation: str, words: Words) -> Counted:
    """`each` sentences put in a way, then changed ("" for none)."""
    chance = random.Random(f"{SEED} {way} {mutation}")
    made: list[Stated] = []
    for one in chance.sample(list(found), len(found)):
        put = WAYS[way](one, chance)
        changed = put if put is None or not mutation else MUTATIONS[mutation](put, words, found, chance)
        if changed and len(content_words(changed.text)) >= 3:
            made.append(changed)
        if len(made) == each:
            break
    kept = [one for one in made if check_keeps(one)]
    return Counted(len(made), len(kept), sum(map(overlap_keeps, made)), tuple(kept[:200]))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--papers", type=Path, default=PAPERS)
    options.add_argument(
        "--each", type=int, default=150, help="sentences for each kind of change and way of putting it"
    )
    options.add_argument(
        "--show", default="", help="print what the check lets pass of this kind of change, or 'unchanged'"
    )
    given = options.parse_args()
    if not given.papers.is_dir():
        print(f"skipped: {given.papers} is not there")
        return
    found = list(stated(given.papers))
    words = words_of(found)
    print(f"{len(found)} sentences of {len({one.paper for one in found})} papers\n")
    print(f"{'changed':<14} {'put':<13} {'n':>5}  {'lost (ours)':>20}  {'lost (overlap and guards)':>26}")
    total = Counted(0, 0, 0, ())
    for mutation in ("", *MUTATIONS):
        for way in WAYS:
            seen = measure(found, given.each, way, mutation, words)
            print(_row(mutation or "unchanged", way, seen))
            if mutation:
                total = Counted(total.seen + seen.seen, total.ours + seen.ours, total.overlap + seen.overlap, ())
            if given.show and given.show == (mutation or "unchanged"):
                _show(seen, way, mutation)
    print(_row("all changed", "", total))


def _show(seen: Counted, way: str, mutation: str) -> None:
    for one in seen.missed[:40]:
        print(f"    [{way} {mutation}] {one.paper} p. {one.page}")
        print(f"      says:  {one.text}\n      quote: {reading(one.quote)}")


def _row(changed: str, way: str, seen: Counted) -> str:
    lost, theirs = (1 - kept / max(seen.seen, 1) for kept in (seen.ours, seen.overlap))
    interval = wilson(lost, max(seen.seen, 1))
    ours = f"{lost:>6.3f} ({interval.low:.3f} to {interval.high:.3f})"
    return f"{changed:<14} {way:<13} {seen.seen:>5}  {ours}  {theirs:>22.3f}"


if __name__ == "__main__":
    main()
