"""How often the check notices that a sentence no longer says what its quote says.

    python -m benchmarks.mutations [--papers ../shared/papers] [--each 150] [--cosine]

Sentences of the papers, as they stand, shortened and reworded, are supported by themselves; each is then changed in one
thing (benchmarks/changes.py). "lost": the share that is no longer called supported; wanted are at least .95 of the
changed ones, at most .03 of the unchanged. Beside the check stand a word-overlap test with guards for numbers and
negations, and with `--cosine` the cosine of their embeddings. AUROC: how well a test's number tells the changed
sentences from the unchanged ones, however those are put (.5: not at all).
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from assistant.check import Claim, judge
from assistant.claims import content_words, negations, numbers, same_number, stems
from assistant.sentences import split
from assistant.shape import hangs, reading, wellformed
from benchmarks.changes import MUTATIONS, Stated, Words, words_of
from benchmarks.rewording import reworded, shortened
from benchmarks.support import Floats, auc
from evals.statistics import wilson
from ingest.parse_pdf import ParseJob, parse_pdf

PAPERS = Path(__file__).resolve().parents[2] / "shared" / "papers"
SEED = 7
ROW = "{:<14} {:<13} {:>5}  {:>22} {:>16}  {}"
GRADES = {"supported": 1.0, "partly": 0.5}
OVERLAP = 0.75  # share of the words from which the overlap test calls a sentence supported

Scored = Callable[[Sequence[Stated]], Floats]  # a number for each sentence, the higher the better supported


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


# --- the tests -------------------------------------------------------------------------------------------------------


def by_check(made: Sequence[Stated]) -> Floats:
    """Our check's verdict: 1 supported, .5 partly, 0 not."""
    return np.array([GRADES.get(judge(Claim(o.text, o.quote, o.paragraph, o.title)).verdict, 0.0) for o in made])


def by_overlap(made: Sequence[Stated]) -> Floats:
    """The share of the words that the quote has; 0 without every number, or with a negation in one of the two only."""
    return np.array([_overlap(one) for one in made])


def _overlap(one: Stated) -> float:
    wanted, have = stems(one.text), stems(one.quote) | stems(one.title)
    numbered = all(same_number(n, numbers(one.quote, anywhere=True)) for n in numbers(one.text))
    guarded = numbered and bool(negations(one.text)) == bool(negations(one.quote))
    return len(wanted & have) / max(len(wanted), 1) if guarded else 0.0


def by_cosine() -> Scored:
    """The cosine of sentence and quote, by the default embedding model."""
    from index.embed import load_embedder

    embedder = load_embedder()

    def scored(made: Sequence[Stated]) -> Floats:
        ours, theirs = (embedder.embed(texts) for texts in ([o.text for o in made], [reading(o.quote) for o in made]))
        return np.asarray((ours * theirs).sum(1), dtype=np.float64)

    return scored


# --- the measuring ---------------------------------------------------------------------------------------------------

WAYS: dict[str, Callable[[Stated, random.Random], Stated | None]] = {
    "as it stands": lambda one, _: one,
    "shortened": lambda one, _: replace(one, text=short) if (short := shortened(one.text)) != one.text else None,
    "reworded": lambda one, chance: replace(one, text=reworded(one.text, chance)),
}


@dataclass(frozen=True, slots=True)
class Measured:
    """Sentences put in one way and changed in one thing, with each test's numbers for them."""

    made: tuple[Stated, ...]
    scores: dict[str, Floats]

    @property
    def kept(self) -> list[Stated]:
        """Those that our check still calls supported."""
        return [one for one, grade in zip(self.made, self.scores["ours"], strict=True) if grade == 1.0]


def made(found: Sequence[Stated], each: int, way: str, mutation: str, words: Words) -> list[Stated]:
    """`each` sentences put in a way, then changed ("" for none)."""
    chance = random.Random(f"{SEED} {way} {mutation}")
    done: list[Stated] = []
    for one in chance.sample(list(found), len(found)):
        put = WAYS[way](one, chance)
        changed = put if put is None or not mutation else MUTATIONS[mutation](put, words, found, chance)
        if changed and len(content_words(changed.text)) >= 3:
            done.append(changed)
        if len(done) == each:
            break
    return done


def main() -> None:
    given = _options().parse_args()
    if not given.papers.is_dir():
        print(f"skipped: {given.papers} is not there")
        return
    found = list(stated(given.papers))
    words = words_of(found)
    tests: dict[str, Scored] = {"ours": by_check, "overlap": by_overlap}
    tests |= {"cosine": by_cosine()} if given.cosine else {}
    print(f"{len(found)} sentences of {len({one.paper for one in found})} papers\n")
    print(ROW.format("changed", "put", "n", "lost (ours)", "lost (overlap)", f"AUROC of {', '.join(tests)}"))
    seen: dict[tuple[str, str], Measured] = {}
    for mutation in ("", *MUTATIONS):
        for way in WAYS:
            these = made(found, given.each, way, mutation, words)
            one = seen[mutation, way] = Measured(tuple(these), {name: test(these) for name, test in tests.items()})
            unchanged = _together([one for (kind, _), one in seen.items() if not kind])
            print(_row(mutation, way, one, unchanged), flush=True)
            if given.show == (mutation or "unchanged"):
                _show(one, way, mutation)
    changed = [one for (mutation, _), one in seen.items() if mutation]
    print(_row("all changed", "", _together(changed), unchanged))


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--papers", type=Path, default=PAPERS)
    options.add_argument("--each", type=int, default=150, help="sentences of each kind of change and way of putting it")
    options.add_argument("--cosine", action="store_true", help="embed every sentence and quote, some minutes on a CPU")
    options.add_argument("--show", default="", help="print what passes of this kind of change, or of 'unchanged'")
    return options


def _together(parts: Sequence[Measured]) -> Measured:
    names = parts[0].scores
    scores = {name: np.concatenate([part.scores[name] for part in parts]) for name in names}
    return Measured(tuple(one for part in parts for one in part.made), scores)


def _row(changed: str, way: str, seen: Measured, unchanged: Measured) -> str:
    count = max(len(seen.made), 1)
    lost, theirs = 1 - len(seen.kept) / count, float((seen.scores["overlap"] < OVERLAP).mean())
    interval = wilson(lost, count)
    ours = f"{lost:.3f} ({interval.low:.3f} to {interval.high:.3f})"
    told = " ".join(f"{_told(seen, unchanged, name):.2f}" for name in seen.scores) if changed else ""
    return ROW.format(changed or "unchanged", way, len(seen.made), ours, f"{theirs:.3f}", told)


def _told(seen: Measured, unchanged: Measured, name: str) -> float:
    truth = np.array([True] * len(unchanged.made) + [False] * len(seen.made))
    return auc(np.concatenate([unchanged.scores[name], seen.scores[name]]), truth)


def _show(seen: Measured, way: str, mutation: str) -> None:
    for one in seen.kept[:40] if mutation else [one for one in seen.made if one not in seen.kept][:40]:
        print(f"    [{way} {mutation}] {one.paper} p. {one.page}")
        print(f"      says:  {one.text}\n      quote: {reading(one.quote)}")


if __name__ == "__main__":
    main()
