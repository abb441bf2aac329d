"""Whether a file holds the paper that its entry or its name says: title and authors of page 1 against both.

Pure: texts in, a verdict out. A word of a claimed title counts whole where page 1's title has it (spelled out, cut off,
inflected, or as initials: "sae", "ff"), and half where only the rest of page 1 has it. Limits were chosen on
../shared/papers-mislabelled and thousands of pairs made of it (benchmarks/mislabelled.py); a wrong quarantine costs one
command, a wrong paper costs every answer that cites it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ingest.identify import ARXIV_ID, Identity

Verdict = Literal["right", "wrong", "unknown"]

ENOUGH = 0.75  # of a claimed title's words, more than: two of three in the title and the third on the page are .83
LIKE = (
    0.7  # of page 1's title, for a title that is claimed whole: "Attention is all you need" is not "Tree attention ..."
)
PARTLY = 0.5  # where an author agrees too
FRONT = 3500  # characters of the first text: a page
MASTHEAD = 1000  # of them may name authors; further down, others' names are citations
TOP_LINES = 8  # a journal's name, a date and a notice may stand above a title
HEAD = 400  # of them stand for the title where page 1 has none that stands out
# English words that tell no paper from another, and what file names carry beside a title.
STOP = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be by can do does for from how in into is it its not of on or our that the their this to "
        "towards toward via what when where which why with without you your we",
    )
)
FILING = frozenset(
    re.findall(
        r"\w+",
        "paper pdf article main final draft version print preprint copy download downloaded full text arxiv camera "
        "ready neurips nips iclr icml acl emnlp naacl aaai cvpr supplementary supplement suppl conference journal "
        "proceedings workshop publication doi et al etal v1 v2 v3 v4 v5 official new latest",
    )
)
ENGLISH = frozenset(re.findall(r"\w+", "the of and to that is for with are by this we"))
# Words of so many titles of this field that two papers sharing them share little.
COMMON = frozenset(
    re.findall(r"\w+", "large language model models neural network networks learning deep transformer transformers")
)
KEY = re.compile(
    r"^([^\W\d_]{2,}?)(?:etal)?[-_ ]?((?:19|20)\d\d)[a-z]?(?![^\W_])|^([^\W\d_]{2,}?)((?:19|20)\d\d)(?=[a-z]{3})"
)
WORD = re.compile(r"[^\W_]+")
NICKNAME = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$")
LONG_TITLE = 20  # letters and digits: no sentence has so many of another title by chance
TITLE_LIKE = 5  # words: a file's name with as many, and no id or year, is read as a title


@dataclass(frozen=True, slots=True)
class Claim:
    """What a file is said to be; "", () and None where it is not said. `by_name` marks what a file's name says:
    short forms and single surnames; `firm` says that a mismatch counts (a citation or a title, not just any name)."""

    title: str
    authors: tuple[str, ...] = ()
    arxiv_id: str | None = None
    by_name: bool = False
    firm: bool = True


def claim_of_name(stem: str) -> Claim:
    """What a file's name, without its ending, says: "2409.06981_batchtopk_sae", "park2023_linear_representation",
    "Attention is all you need". Other names ("scan-3", "my_notes") make no firm claim."""
    found = ARXIV_ID.search(stem.replace("_", " "))
    rest = stem.replace("_", " ")
    if found:
        rest = f"{rest[: found.start()]} {rest[found.end() :]}"
    key = KEY.match(rest.strip())
    authors: tuple[str, ...] = ()
    if key:
        authors = (key[1] or key[3],)
        rest = rest.strip()[key.end() :]
    words = [word for word in WORD.findall(rest) if not word.isdigit()]
    firm = bool(found or key) or sum(word.isalpha() for word in words) >= TITLE_LIKE
    return Claim(" ".join(words), authors, found[1] if found else None, by_name=True, firm=firm)


def judge(claim: Claim, seen: Identity, front: str) -> Verdict:
    """Whether a file is what `claim` says. `seen` is what page 1 says of itself, `front` its text in reading order (the
    first page's that has some). "unknown" where one of them says too little, or in another language."""
    front = front[:FRONT]
    words = _telling(claim)
    known = _authors_share(claim.authors, seen, front)
    if not words:
        return _judged_by_author(claim, seen, known >= 0.5)
    if not _comparable(claim.title, f"{seen.title} {front}"):
        return "unknown"
    if _is_right(claim, words, seen, front, known):
        return "right"
    return "wrong" if _is_english(front) else "unknown"


def _is_right(claim: Claim, words: list[str], seen: Identity, front: str, known: float) -> bool:
    if _titled_so(claim, seen, front, known >= 0.5 or not claim.authors):
        return True
    same_id = claim.arxiv_id is not None and claim.arxiv_id == seen.arxiv_id
    if claim.arxiv_id and seen.arxiv_id and not same_id:
        return False
    share = _share(words, seen.title, front)
    if share > ENOUGH and not _is_part(claim, words, seen):
        return True
    if (known >= 0.5 and share >= PARTLY) or (known > 0.5 and same_id and not claim.by_name):
        return True  # retitled since, or translated
    return len(words) == 1 and (_introduced(words[0], front) or (share > ENOUGH and not claim.authors))


def _titled_so(claim: Claim, seen: Identity, front: str, agreed: bool) -> bool:
    """Whether page 1's title is the claimed one, or begins with it and the authors agree: "Pythia" is "Pythia: a suite
    for ...". Where something else was taken for its title, the top of the page will do."""
    claimed = _bare(NICKNAME.sub("", claim.title))
    if claimed and (claimed == _bare(seen.title) or (agreed and claimed == _bare(seen.title.split(":")[0]))):
        return True
    top = front[:MASTHEAD]
    whole_line = claimed in map(_bare, top.splitlines()[:TOP_LINES])
    long = not claim.by_name and len(claimed) >= LONG_TITLE and claimed not in _bare(seen.title)
    return bool(claimed) and (whole_line or (long and claimed in _bare(top)))


def _is_part(claim: Claim, words: list[str], seen: Identity) -> bool:
    """Whether the claim is a small part of page 1's title: one word of a name, a title that another plays on."""
    if claim.by_name:
        return len(words) == 1
    theirs = [word for word in WORD.findall(_folded(seen.title)) if word not in STOP]
    return bool(theirs) and _share(theirs, claim.title, "") < LIKE


def _judged_by_author(claim: Claim, seen: Identity, known: bool) -> Verdict:
    """For a claim that names no title: "park2023", "2309.08600"."""
    if claim.arxiv_id and seen.arxiv_id and claim.arxiv_id != seen.arxiv_id:
        return "wrong"
    if claim.authors and seen.authors:
        return "right" if known else "wrong"
    return "right" if claim.arxiv_id and claim.arxiv_id == seen.arxiv_id else "unknown"


# --- titles ---------------------------------------------------------------------------------------------------------


def _telling(claim: Claim) -> list[str]:
    """The words of a claimed title that tell it from others, folded."""
    title = claim.title if claim.by_name else NICKNAME.sub("", claim.title) or claim.title
    split = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", title) if claim.by_name else title
    ignored = STOP | FILING if claim.by_name else STOP
    return [word for word in WORD.findall(_folded(split)) if word not in ignored and not word.isdigit()]


def _share(words: Sequence[str], title: str, front: str) -> float:
    """How much of a claimed title a page has, 0 to 1."""
    zone = title or front[:HEAD]
    in_title, on_page = _Text(zone), _Text(front)
    spelled = in_title.spelled_in(words)
    total = found = 0.0
    for word in words:
        weight = 0.5 if word in COMMON else 1.0
        total += weight
        if word in spelled or in_title.has(word) or (word == words[-1] and in_title.begins(word)):
            found += weight
        elif on_page.has(word):
            found += weight * (0.5 if _as_name(word, front) else 0.25)
    return found / total


def _as_name(word: str, front: str) -> bool:
    """Whether page 1 has a word as a name: "Othello", "CAST", in the middle of a sentence."""
    return any(
        match.group().casefold().removesuffix("s") == word.removesuffix("s")
        for match in re.finditer(r"(?<=[^.!?\s] )[(\"“]?\K?" if False else r"(?<=[^.!?\s][ (])[A-Z]\w+", front)
    )


class _Text:
    """A text that is asked for words: as they stand, cut off, inflected, run together, or as initials."""

    def __init__(self, text: str) -> None:
        folded = _folded(text)
        self.list = WORD.findall(folded)
        self.words = set(self.list)
        self.bare = "".join(self.list)
        self.roots = {word[: max(4, len(word) - n)] for word in self.words for n in range(4)}
        self.short = {word.removesuffix("s").lower() for word in re.findall(r"\b[A-Z]{2,6}s?\b", text)}

    def has(self, word: str) -> bool:
        if word in self.words or word.removesuffix("s") in self.words or f"{word}s" in self.words:
            return True
        if len(word) >= 5:
            return word in self.bare or any(word[: len(word) - n] in self.roots for n in range(min(4, len(word) - 4)))
        return any(_initials(word, self.list[start:]) for start in range(len(self.list)))

    def begins(self, word: str) -> bool:
        """Whether a word begins with this one: names of files are cut off anywhere."""
        return len(word) >= 3 and any(one.startswith(word) for one in self.words)

    def spelled_in(self, words: Sequence[str]) -> set[str]:
        """Those of `words` that spell out an abbreviation of this text: "large language models" for LLM."""
        return {
            word
            for length in range(2, 7)
            for start in range(len(words) - length + 1)
            if "".join(word[0] for word in words[start : start + length]) in self.short
            for word in words[start : start + length]
        }


def _initials(short: str, words: Sequence[str]) -> bool:
    """Whether `short` abbreviates the start of `words`: "ff" feed forward, "sae" sparse auto-encoder."""
    at = used = 0
    for word in words[: len(short)]:
        if word in STOP:
            continue
        if at >= len(short) or word[0] != short[at]:
            break
        at, used = at + 1, used + 1
        if len(word) >= 8 and used > 1:  # a long word may give a further letter, as autoencoder does
            inner = word.find(short[at], 2) if at < len(short) else -1
            at += inner > 0
    return at == len(short) and used > 1


def _folded(text: str) -> str:
    """Small letters without accents."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def _bare(text: str) -> str:
    return "".join(c for c in _folded(text) if c.isalnum())


# --- authors and languages ------------------------------------------------------------------------------------------


def _authors_share(authors: Sequence[str], seen: Identity, front: str) -> float:
    """The share of the claimed authors who stand on page 1's masthead, by surname; the first counts as half of them."""
    there = set(WORD.findall(_folded(" ".join(seen.authors) + " " + front[:MASTHEAD])))
    found = [bool(names) and names[-1] in there for names in (WORD.findall(_folded(author)) for author in authors)]
    return max(sum(found) / len(found), found[0] / 2) if found else 0.0


def _introduced(word: str, front: str) -> bool:
    """Whether page 1 brings in a short name: "Rank-One Model Editing (ROME)"."""
    return re.search(rf"\({re.escape(word)}s?\)", front, re.IGNORECASE) is not None


def _comparable(claimed: str, page: str) -> bool:
    """Whether both are written in one script, and the page says enough to tell by."""
    letters = [c for c in page if c.isalpha()]
    latin = sum(c < "\u0250" for c in letters) / max(len(letters), 1)
    return len(letters) >= 100 and (latin > 0.5) == (
        sum(c < "\u0250" for c in claimed if c.isalpha()) * 2 > len(claimed.replace(" ", ""))
    )


def _is_english(text: str) -> bool:
    """One word in twelve of English prose is one of these; of other languages, hardly any."""
    words = WORD.findall(text.casefold())
    return sum(word in ENGLISH for word in words) >= len(words) / 30
