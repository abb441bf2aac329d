"""Which words of a sentence its quote does not say, neither as they are nor in other words.

A term counts as said where the quote, or the source's title and section, has its stem, another form of it, a synonym
(assistant/lexicon), or its abbreviation as the passage introduces it. Names (methods, models, datasets, symbols) and
plain words are told apart: a name that is not there is another name, a plain word may be a paraphrase.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from assistant.claims import TENS, UNITS, content_words, stem, words
from assistant.lexicon import groups, opposites, phrases
from assistant.shape import hangs

# Words that frame a sentence ("the authors report that ...") and say nothing of its subject.
FRAME_TEXT = (
    "author authors paper papers study studies article report reports reported according accordingly work researchers "
    "state states stated write writes note notes term terms named called known respectively namely particular "
    "specifically overall fact thing things kind sort bit lot"
)
NUMBER_WORDS = frozenset(UNITS) | frozenset(TENS)  # the numbers have a check of their own
FRAME = frozenset(stem(word) for word in FRAME_TEXT.split())
LONG_FORM = re.compile(r"((?:[A-Za-z][\w'’-]*[ -]){1,6}[A-Za-z][\w'’-]*) ?\(([A-Za-z][\w-]{1,9})\)")
SAME_FORM = 0.7  # of the longer stem's letters that two forms of one word share at least ("sparsity", "sparse")


@dataclass(frozen=True, slots=True)
class Unsaid:
    """The sentence's words that the quote does not say, as they stand, and how many content words it has in all.

    `turned` are pairs: a word of the sentence, and its opposite in the quote.
    """

    names: tuple[str, ...]
    words: tuple[str, ...]
    turned: tuple[tuple[str, str], ...]
    count: int

    @property
    def share(self) -> float:
        """Share (0 to 1) of the content words that are not said."""
        return (len(self.names) + len(self.words)) / self.count if self.count else 0.0


def unsaid(sentence: str, quote: str, *, passage: str = "", context: str = "") -> Unsaid:
    """What a sentence says that `quote` does not. `context` is the source's title and section, `passage` the text that
    the quote stands in, which tells what an abbreviation means and what "it" refers to."""
    source = Source(quote, context, passage)
    asked = [w for w in content_words(sentence) if stem(w) not in FRAME and w.casefold() not in NUMBER_WORDS]
    missing = [w for w in asked if not source.says(w, sentence)]
    names = tuple(w for w in missing if is_name(w, sentence))
    return Unsaid(names, tuple(w for w in missing if w not in names), tuple(turned(sentence, quote)), len(asked))


def is_name(word: str, sentence: str) -> bool:
    """Whether a word names something: a digit or a capital in it, the first word's first letter aside."""
    if any(c.isdigit() for c in word) or any(c.isupper() for c in word[1:]):
        return True
    return word[:1].isupper() and not re.match(rf"\W*{re.escape(word)}\b", sentence)


class Source:
    """What a quote says, with its source's title and section."""

    def __init__(self, quote: str, context: str = "", passage: str = "") -> None:
        said = words(f"{quote} {context} {_antecedent(quote, passage)}")
        self.stems = frozenset(stem(w) for w in said)
        self.joined = frozenset(stem(a + b) for a, b in itertools.pairwise(said))
        self.groups = frozenset(n for s in self.stems for n in groups().get(s, ()))
        self.groups |= {n for phrase, n in phrases() if self.stems.issuperset(phrase)}
        self.long_forms = _long_forms(passage or quote)

    def says(self, word: str, sentence: str) -> bool:
        """Whether a word of a sentence is said, as it is or in other words."""
        one = stem(word)
        return (
            one in self.stems
            or one in self.joined
            or not self.groups.isdisjoint(groups().get(one, ()))
            or any(_one_word(one, other) for other in self.stems)
            or self._abbreviated(word, sentence)
            or self._parted(word, sentence)
        )

    def _abbreviated(self, word: str, sentence: str) -> bool:
        """Whether the quote has the long form of an abbreviation, or the short one of what the sentence spells out."""
        short = self.long_forms.get(stem(word))
        if short is not None and self.stems.issuperset(short):
            return True
        said = frozenset(stem(w) for w in words(sentence))
        written = any(
            s in self.stems and stem(word) in long and said.issuperset(long) for s, long in self.long_forms.items()
        )
        return written or any(
            n in self.groups and stem(word) in phrase and said.issuperset(phrase) for phrase, n in phrases()
        )

    def _parted(self, word: str, sentence: str) -> bool:
        """Whether the quote writes the word in one with its neighbour ("multi head", "multihead")."""
        beside = words(sentence)
        pairs = itertools.pairwise(beside)
        return any(word in pair and stem("".join(pair)) in self.stems for pair in pairs)


def _antecedent(quote: str, passage: str) -> str:
    """The sentence before a quote that leans on it ("It also ..."): what it names is what the quote speaks of."""
    if not passage or not hangs(quote):
        return ""
    before = passage[: max(passage.find(quote), 0)].strip()
    return re.split(r"(?<=[.!?])\s+", before)[-1] if before else ""


@lru_cache(maxsize=256)
def _long_forms(text: str) -> dict[str, frozenset[str]]:
    """Abbreviations that a text introduces in brackets, by stem, with the stems of what they stand for.

    The long form begins at the first word, going back from the bracket, with which the letters come out right
    (Schwartz and Hearst, "A simple algorithm for identifying abbreviation definitions", 2003).
    """
    found = {}
    for match in LONG_FORM.finditer(text):
        before, short = re.split(r"[ -]", match[1]), match[2].rstrip("s")
        for start in range(len(before) - 1, -1, -1):
            if before[start][:1].casefold() == short[:1].casefold() and _spells("".join(before[start:]), short):
                found[stem(match[2])] = found[stem(short)] = frozenset(stem(w) for w in before[start:])
                break
    return found


def _spells(text: str, short: str) -> bool:
    """Whether the letters of an abbreviation stand in a text in their order."""
    letters = iter(text.casefold())
    return all(c in letters for c in short.casefold() if c.isalnum())


def same_meaning(one: str, other: str) -> bool:
    """Whether two stems are synonyms, or forms of one word."""
    return _one_word(one, other) or not groups().get(one, frozenset()).isdisjoint(groups().get(other, ()))


@lru_cache(maxsize=16_384)
def _one_word(one: str, other: str) -> bool:
    """Whether two stems are forms of one word: a long beginning in common, and neither says the opposite."""
    if len(one) < 5 or len(other) < 5 or other in opposites().get(one, ()):
        return False
    shared = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return shared >= 5 and shared >= SAME_FORM * max(len(one), len(other))


def turned(sentence: str, quote: str) -> Iterable[tuple[str, str]]:
    """Words of the sentence that the quote lacks and whose opposite it has, which the sentence lacks in its turn."""
    ours = {stem(w): w for w in words(sentence)}
    theirs = {stem(w): w for w in words(quote)}
    for said, as_written in ours.items():
        if said in theirs:
            continue
        for meant in (*opposites().get(said, ()), *_negated(said, theirs)):
            if meant in theirs and meant not in ours:
                yield as_written, theirs[meant]


def _negated(one: str, others: Iterable[str]) -> Iterable[str]:
    """Stems among others that are this one with or without a negating prefix ("likely", "unlikely")."""
    for prefix in ("un", "non", "dis", "in", "im", "ir"):
        if len(one) > 3 and prefix + one in others:
            yield prefix + one
        if one.startswith(prefix) and len(one) - len(prefix) > 3 and one[len(prefix) :] in others:
            yield one[len(prefix) :]
