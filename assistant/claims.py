"""What a sentence claims, as far as words tell: its content words (stemmed), numbers, negations and directions."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Function words, and words of questions and of papers' small talk.
STOP_TEXT = (
    "a about above according actually after again against all almost alone along already also although always am among "
    "an and another any are as at away be became because been before being below between both but by can cannot could "
    "did do does doing done down due during each either else enough especially etc even ever every few first for from "
    "further get gets give given gives got had has have having he hence her here him his how however i if in indeed "
    "instead into is it its itself just kind let like made make makes making many may me might more moreover most much "
    "must my namely need next no nor not now of off often on once one only onto or other others our out over own per "
    "perhaps please possible quite rather really same say says see seem seems shall she should show shown shows since "
    "so some still such tell than that the their them themselves then there thereby therefore these they this those "
    "though through thus to together too toward towards under until up upon us use used uses using various very via "
    "was way we well were what when where whereas whether which while who whom whose why will with within without "
    "would yet you your explain describe does doesn don didn isn aren wasn weren won ain"
)
STOP_WORDS = frozenset(STOP_TEXT.split())
WORD = re.compile(r"[^\W_]+")
NUMBER = re.compile(r"(?<![\w.,])(?<![A-Za-z]-)\d+(?:,\d{3})*(?:\.\d+)?")
ANY_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
UNIT_TEXT = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
UNITS = {word: n for n, word in enumerate(UNIT_TEXT.split(), start=1)}
TEN_TEXT = "twenty thirty forty fifty sixty seventy eighty ninety"
TENS = {word: 10 * n for n, word in enumerate(TEN_TEXT.split(), start=2)}
NEGATION = re.compile(
    r"\b(?:not(?! only)|no|never|neither|nor|none|cannot|without|hardly|barely|unable|lacks?|lacking)\b"
    r"|\bfail(?:s|ed|ing)?\b|n['’]t\b",
    re.IGNORECASE,
)
CLAUSE = re.compile(r"[;:()]|,(?=\s)|\b(?:but|while|whereas|although|though|however|because|which)\b", re.IGNORECASE)
BRACKETED = re.compile(r"\s?\([^()]*\)")


# An answer's checks ask for the same words again and again. With six times as many a page that is asked all day holds
# 17 MB more, and a question takes no less (300 different ones over 5,000 passages: 90 % are found here, then 95 %).
@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """A rough stem: enough that "ablating", "ablated", "ablation" and "ablates" meet. Not for display."""
    word = word.casefold()
    if len(word) <= 3 or not word.isalpha():
        return word
    for ending, instead in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) + len(instead) >= 3:
            word = word[: len(word) - len(ending)] + instead
            break
    return _undoubled(word)


ENDINGS = (
    ("sses", "ss"), ("ations", "at"), ("ation", "at"), ("ities", ""), ("ity", ""), ("ies", "y"), ("ied", "y"),
    ("ings", ""), ("ing", ""), ("ively", "iv"), ("ions", ""), ("ion", ""), ("ed", ""), ("ly", ""), ("ches", "ch"),
    ("xes", "x"), ("ss", "ss"), ("us", "us"), ("is", "is"), ("es", ""), ("s", ""), ("e", ""),
)  # fmt: skip


def _undoubled(word: str) -> str:
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "sl":
        word = word[:-1]
    return word[:-1] if len(word) > 4 and word[-1] == "e" else word


def words(text: str) -> list[str]:
    """Words as they stand, in order: letters and digits, ligatures resolved."""
    return WORD.findall(unicodedata.normalize("NFKC", text))


def content_words(text: str) -> list[str]:
    """The words that carry the meaning, in order, each once: no function words, no bare numbers, no single letters."""
    kept = (w for w in words(text) if len(w) > 1 and not w.isdigit() and w.casefold() not in STOP_WORDS)
    return list(dict.fromkeys(kept))


def stems(text: str) -> frozenset[str]:
    """Stems of the content words."""
    return frozenset(stem(w) for w in content_words(text))


def numbers(text: str, *, anywhere: bool = False) -> frozenset[str]:
    """The numbers of a text, written alike ("1,024" and "1024", "seven" and "7", "3.50" and "3.5").

    Digits inside a name ("GPT-2") do not count, unless `anywhere`.
    """
    text = unicodedata.normalize("NFKC", text)
    found = {_plain(n) for n in (ANY_NUMBER if anywhere else NUMBER).findall(text)}
    return frozenset(found | _spelled([w.casefold() for w in WORD.findall(text)]))


def _spelled(found: list[str]) -> set[str]:
    """Numbers written as words, up to ninety-nine; a lone "one" is mostly a pronoun."""
    spelled = set()
    for before, word, after in zip(["", *found], found, [*found[1:], ""], strict=False):
        if word in TENS:
            unit = UNITS.get(after, 0)
            spelled.add(str(TENS[word] + (unit if unit < 10 else 0)))
        elif UNITS.get(word, 1) > 1 and not (before in TENS and UNITS[word] < 10):
            spelled.add(str(UNITS[word]))
    return spelled


def _plain(number: str) -> str:
    number = number.replace(",", "")
    return number.rstrip("0").rstrip(".") if "." in number else number.lstrip("0") or "0"


def same_number(number: str, others: frozenset[str]) -> bool:
    """Whether a number is among others, a share also as a percentage (.87 and 87 %)."""
    shares = {f"{float(number) / 100:g}", f"{float(number) * 100:g}"}
    return number in others or bool(shares & others)


def clauses(text: str) -> list[str]:
    """A sentence cut at commas and conjunctions that turn the thought; what stands in brackets is left out."""
    return [part for part in CLAUSE.split(BRACKETED.sub("", text)) if part and part.strip()]


def negations(text: str) -> list[str]:
    """The words that deny, as they stand."""
    return NEGATION.findall(text)
