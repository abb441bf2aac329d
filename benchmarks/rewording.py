"""The same sentence in fewer words, and in other words: what benchmarks/mutations.py changes and what it leaves.

Plain rules, written down before the check was: they know nothing of it, and it knows nothing of them.
"""

from __future__ import annotations

import random
import re

# Words that a person would use for one another in most sentences of a paper. One form for one form: grammar stays.
SYNONYM_TEXT = """
show demonstrate | shows demonstrates | showed demonstrated | use employ | uses employs | used employed
using employing | find observe | found observed | finds observes | propose present | proposed presented
method approach | methods approaches | technique method | obtain get | obtained got | achieve reach
achieves reaches | achieved reached | require need | requires needs | examine study | examined studied
investigate study | investigated studied | several multiple | important significant | large big | small little
begin start | begins starts | whole entire | help assist | helps assists | enable allow | enables allows
create make | created made | choose select | chosen selected | select choose | change alter | changes alters
remove delete | removing deleting | removed deleted | likely probable | often frequently | usually typically
typically usually | however nevertheless | therefore thus | thus hence | because since | primarily mainly
mainly chiefly | many numerous | almost nearly | nearly almost | additionally also | various different
contains includes | contain include | construct build | constructed built | evaluate assess | evaluated assessed
evaluating assessing | compute calculate | computed calculated | computing calculating
capability ability | capabilities abilities | ability capacity | goal aim | answer response | aspect side
error mistake | errors mistakes | component part | components parts | finding result | findings results
idea notion | difficult hard | easy simple | entirely fully | completely wholly | reveal uncover | reveals uncovers
suggest indicate | suggests indicates | describe outline | describes outlines | improve enhance
improves enhances | improving enhancing
"""
SYNONYMS = {
    pair.split()[0]: pair.split()[1]
    for line in SYNONYM_TEXT.strip().splitlines()
    for pair in line.split("|")
    if len(pair.split()) == 2
}
FRAMES = (
    (re.compile(r"^We (?:find|found|show|showed|observed?|report) that ", re.I), "The authors report that "),
    (re.compile(r"^We "), "The authors "),
    (re.compile(r"^Our (?:results|findings|experiments) (?:show|suggest) that ", re.I), "According to the paper, "),
    (re.compile(r"^Our "), "The authors' "),
)  # fmt: skip
OPENING = re.compile(
    r"^((?:In|For|As|With|By|When|After|On|At|During|Across|Following|Given|Like|Unlike|Although|While|If)\b"
    r"[^,()]{3,60}), (?=\w)"
)
TAIL = re.compile(
    r", (?:which|where|suggesting|indicating|implying|meaning|allowing|making|including|such as|as|with)\b[^.]*(?=\.$)"
)
BRACKETS = re.compile(r"\s?\([^()]*\)")


def shortened(text: str) -> str:
    """Without what stands in brackets, the opening adverbial and the last relative clause; the text itself where less
    than six words would be left or nothing can go."""
    made = _sentence(BRACKETS.sub("", text))
    for pattern in (TAIL, OPENING):
        shorter = _sentence(pattern.sub("", made))
        if len(shorter.split()) >= 6:
            made = shorter
    return made


def reworded(text: str, chance: random.Random) -> str:
    """In other words: up to three synonyms, "the authors" for "we", the opening adverbial at the end."""
    made = text
    for pattern, instead in FRAMES:
        if pattern.search(made):
            made = pattern.sub(instead, made)
            break
    opening = OPENING.match(made)
    if (
        opening
        and made.endswith(".")
        and made.count(",") == 1
        and re.match(r"(?:In|For|With|By|On|At|During|Across)\b", made)
    ):
        rest = made[opening.end() :]
        made = f"{rest[0].upper()}{rest[1:-1]} {opening[1][0].lower()}{opening[1][1:]}."
    known = [m for m in re.finditer(r"\b[a-z]+\b", made) if m[0] in SYNONYMS]
    for match in sorted(chance.sample(known, min(3, len(known))), key=lambda m: -m.start()):
        made = made[: match.start()] + SYNONYMS[match[0]] + made[match.end() :]
    return made


def _sentence(text: str) -> str:
    text = re.sub(r"\s+([,.;:])", r"\1", " ".join(text.split()))
    return text[:1].upper() + text[1:]
