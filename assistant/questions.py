"""What kind of sentence answers what kind of question.

All bonuses are on a score between 0 and 1: plain judgement, checked by reading answers; benchmarks may move them.
"""

from __future__ import annotations

import re
from typing import Literal

from assistant.claims import content_words, negations, numbers, stem, stems, words

QuestionKind = Literal["definition", "number", "who-when", "why", "comparison", "yes-no", "other"]
# What a reader wants to see first: finer than the kind of sentence that is looked for.
Form = Literal["definition", "number", "who", "when", "which", "how", "why", "comparison", "yes-no", "other"]

KINDS: tuple[tuple[QuestionKind, re.Pattern[str]], ...] = (
    ("number", re.compile(
        r"\b(?:by )?how (?:many|much|large|big|often|long|far|high|fast|deep|wide|small)\b"
        r"|\b(?:what|which) (?:[\w@-]+ ){0,4}(?:share|fraction|percentage|number|proportion|size|rate|accuracy|value"
        r"|scores?|perplexity|loss|F1|layers?)\b",
        re.I)),
    ("who-when", re.compile(r"\bwho(?:se|m)?\b|\b(?:in )?(?:what|which) year\b|^when (?:was|were|did|is)\b", re.I)),
    ("why", re.compile(r"\bwhy\b|\bwhat (?:explains|causes|explanation)\b|\breasons?\b", re.I)),
    ("comparison", re.compile(r"\b(?:compare[ds]?|differ(?:s|ent|ence|ences)?|versus|vs|better|worse)\b", re.I)),
    ("definition", re.compile(
        r"^(?:so )?(?:what (?:exactly )?(?:is|are|was|were)\b(?! the (?:\w+ )?(?:advantages?|aims?|benefits?|causes?|"
        r"challenges?|conclusions?|consequences?|effects?|evidence|findings?|goals?|impact|limits?|limitations?|"
        r"problems?|purpose|reasons?|relation\w*|results?|role|weakness\w*)\b)"
        r"(?!.*\b(?:used|done|found|shown|known about)\b)|define\b|what (?:do|does) .+ (?:mean|refer to)\b|explain\b)"
        r"|[,:] what (?:exactly )?(?:is|are) (?:an? |the )?[\w-]+(?: [\w-]+){0,3}\?$"
        r"|\bdefinition of\b|\bmeant by\b|\bmeaning of\b", re.I)),
    ("yes-no", re.compile(
        r"^(?:and |but |so )?(?:is|are|was|were|do|does|did|can|could|has|have|will|would|should)\b", re.I)),
)  # fmt: skip
WHEN = re.compile(r"\bwhen\b|\b(?:what|which) year\b", re.I)
WHO = re.compile(r"\bwho(?:se|m)?\b", re.I)
FORMS: tuple[tuple[Form, re.Pattern[str]], ...] = (
    ("which", re.compile(
        r"^(?:\w+ ){0,2}what (?!(?:do|does|did|happens?|happened|if|is|are|was|were|makes?|role)\b)[a-z-]+ "
        r"|\bwhich\b|\bwhere\b", re.I)),
    ("how", re.compile(r"\bhow\b", re.I)),
)  # fmt: skip
MOST_NAMED = 60  # characters of a thing that is compared: more is no name to put over what is said of it
SHORT_NAME = 3  # words of a name whose last one says what it is
ARTICLE = re.compile(r"^(?:an?|the) ", re.I)
COUNTED = re.compile(
    r"\bhow (?:many|much) ([\w-]+(?: [\w-]+){0,2}?)(?= (?:are|is|were|was|do|does|did|can|have|has|in|of|per)\b|$)",
    re.I,
)
REFERRED = re.compile(  # numbers that count nothing: of figures, sections, pages; years of citations
    r"\b(?:figures?|figs?\.|tables?|sections?|sec\.|appendix|eqs?\.|equations?|p\.|pp\.|step|layers?) ?[A-Z]?\d[\d.]*"
    r"|\([^()]*\b(?:19|20)\d\d[^()]*\)|\[[^\[\]]*\d{4}[^\[\]]*\]", re.IGNORECASE,
)  # fmt: skip
PARTITIVE = re.compile(r"\b(?:among(?: the)?|(?:\w*one|two|some|many|most|each|any) of the)$", re.I)  # tells no total
HAS = frozenset(["has", "have", "having", "contain", "contains", "comprises", "consists", "total", "there", "uses"])
FIRST_SAID = (
    r"(?:introduc|propos|describ|report|discover|invent|nam|coin|develop|popularis|populariz|observ|dubb)\w*|found"
)
ORIGIN = re.compile(rf"\b(?:{FIRST_SAID})\b", re.I)
ASIDE = re.compile(rf"^.*?\b(?:who|when|what year|which year)\b|\b(?:first|{FIRST_SAID}|get|got)\b|[,;].*$", re.I)
CREDIT = re.compile(r"\bet al\b|\b(?:19[5-9]|20[0-4])\d\b|\b(?:by|we)\b", re.I)
YEAR = re.compile(r"\b(?:19[5-9]|20[0-4])\d\b")
CAUSE = re.compile(
    r"\b(?:because|since|due to|owing|reason|caused?|explain(?:s|ed)?|hypothes\w+|as a result|so that)\b", re.I
)
CONTRAST = re.compile(
    r"(?<!-)\b(?:than|whereas|while|unlike|compared|contrast|both|similar(?:ly)?|differ\w*|outperform\w*)\b", re.I
)
BEING = (
    r"(?:simply |just |essentially |roughly )?(?:is|are|refers? to|means?|denotes?|describes?|consists? of|was|were)"
)
DEFINES = re.compile(
    rf"\s{BEING}\b"
    r"(?! (?:not|no|also|often|therefore|thus|then|used|known|shown|found|able|given|important|considered|written)\b)"
    r"(?! \w+ed(?:[,.;]| (?:and|as|at|by|for|from|in|into|on|or|over|to|under|using|via|when|with)\b))"  # what is done
    r"(?! (?:an?|one|the) (?:\w+ )?(?:cause|consequence|example|instance|part|reason|result)\b)",  # a role of it
    re.I,
)  # fmt: skip
OPENING = re.compile(r"^(?:\w+ly|in (?:short|brief|general|essence)|by definition|(?:an?|the)\b),?\s", re.I)
NAMED = re.compile(r"\b(?:called|termed|known as|defined? as|refer(?:s|red)? to (?:\w+ ){0,3}as|define|dubbed)\b", re.I)
DECIDES = re.compile(
    r"\b(?:we (?:also |further |indeed )?(?:find|found|show|showed|observe|observed|demonstrate|conclude)|in fact|"
    r"indeed|results? (?:show|suggest|indicate)s?|no (?:clear|significant|evidence)|consistent with|turns? out)\b",
    re.I,
)  # fmt: skip
SIDES = re.compile(
    r"^(?:please )?compare (.+?) (?:and|with|to|against) (.+)$|\bdifferences? between (.+?) and (.+)$"
    r"|^how (?:do|does|are|is) (.+?) (?:different|differ) from (.+)$|^(.+?) (?:vs\.?|versus) (.+)$", re.I,
)  # fmt: skip
HEAD = 200  # characters in which a sentence comes to its verb, other names of the subject included
PLACED = re.compile(r"\s(?:in|within|for|from|of|on|according to)\s.*$", re.I)  # "the IOI circuit in GPT-2"


def kind_of(question: str) -> QuestionKind:
    """What kind of sentence the question asks for."""
    return next((kind for kind, pattern in KINDS if pattern.search(question.strip())), "other")


def form_of(question: str) -> Form:
    """What a reader wants to see first."""
    kind = kind_of(question)
    if kind == "who-when":
        return "when" if WHEN.search(question) and not WHO.search(question) else "who"
    if kind != "other":
        return kind
    return next((form for form, pattern in FORMS if pattern.search(question)), "other")


def subject(question: str) -> frozenset[str]:
    """Stems of what is asked about: what is counted ("how many ..."), else what follows "is", "define", "meant by"."""
    counted = COUNTED.search(question.rstrip(" ?."))
    if counted:
        return frozenset({stem(words(counted[1])[-1])})
    found = re.search(r"(?:what (?:exactly )?(?:is|are|was|were|does|do)|define|explain|definition of|meant by)\s+(.*)",
                      question, re.IGNORECASE)  # fmt: skip
    rest = re.sub(r"\b(?:mean|refer to|in (?:the )?(?:context|field|case) of.*|and (?:how|why|what).*)$", "",
                  (found[1] if found else question).rstrip(" ?."), flags=re.IGNORECASE)  # fmt: skip
    if kind_of(question) == "definition":
        rest = re.sub(r"^.*[,:] what (?:exactly )?(?:is|are)\b", "", rest, flags=re.IGNORECASE)
        return stems(PLACED.sub("", rest)) or stems(rest)
    if kind_of(question) == "who-when":
        return stems(ASIDE.sub("", rest))
    return stems(rest)


def side_names(question: str) -> tuple[str, ...]:
    """The two things that are compared, as the question calls them; () where it does not say two."""
    found = SIDES.search(question.strip(" ?."))
    named = [ARTICLE.sub("", part.split(",")[0].strip()) for part in found.groups() if part] if found else []
    return tuple(named) if sides(question) and all(len(name) <= MOST_NAMED for name in named) else ()


def sides(question: str) -> tuple[frozenset[str], frozenset[str]] | None:
    """What is compared, each side by the stems that the other has not; None where the question does not say two."""
    found = SIDES.search(question.strip(" ?."))
    one, other = (stems(part) for part in found.groups() if part) if found else (frozenset[str](), frozenset[str]())
    return (one - other, other - one) if one - other and other - one else None


def side_heads(question: str) -> tuple[frozenset[str], frozenset[str]] | None:
    """The sides by what each is above all: of "sparse autoencoder" the autoencoder: much is sparse."""
    found, names = sides(question), side_names(question)
    if found is None or not names:
        return found
    heads = [[stem(w) for w in content_words(name) if stem(w) in side] for name, side in zip(names, found, strict=True)]
    short = [len(name.split()) <= SHORT_NAME and head for name, head in zip(names, heads, strict=True)]
    one, other = (frozenset(h[-1:]) if s else side for h, s, side in zip(heads, short, found, strict=True))
    return one, other


def suits(kind: QuestionKind, about: frozenset[str], sentence: str) -> float:
    """Bonus (0 to .25) of a sentence for being of the form that is asked for. `about` is its subject."""
    if kind == "definition":
        return _defines(about, sentence)
    if kind == "number":
        return _counts(about, REFERRED.sub("", sentence))
    if kind == "who-when":
        told = 0.1 if YEAR.search(sentence) or "et al." in sentence else 0.0
        return 0.25 if originates(about, sentence) else told
    if kind == "why":
        return 0.08 if CAUSE.search(sentence) else 0.0
    if kind == "yes-no":
        return 0.06 if DECIDES.search(sentence) else 0.0
    return 0.06 if kind == "comparison" and CONTRAST.search(sentence) else 0.0


def originates(about: frozenset[str], sentence: str) -> bool:
    """Whether a sentence says who had its subject first: "X was introduced by ...", "we introduce the X"."""
    for verb in ORIGIN.finditer(sentence):
        before, after = sentence[: verb.start()], sentence[verb.end() :]
        passive = re.fullmatch(r"(.*)\s(?:is|are|was|were|been)(?: \w+)?\s", before, re.IGNORECASE)
        told = stems(passive[1]) if passive else stems(" ".join(after.split()[: len(about) + 2]))
        if about and about <= told and len(told) <= len(about) + 2 and CREDIT.search(sentence):
            return True
    return False


def counted(sentence: str) -> frozenset[str]:
    """The numbers of a sentence that count something: not those of figures, sections and years of citations."""
    return numbers(REFERRED.sub("", sentence))


def _counts(about: frozenset[str], sentence: str) -> float:
    """.25 where something has a number of what is counted ("has 26 attention heads"), .2 where a number stands right
    before it, .12 where that is a part of them ("two of the three heads"), .1 for any other number."""
    tokens = re.findall(r"\d[\d,.]*%?|[^\W_]+", sentence)
    found = 0.1 if numbers(sentence) else 0.0
    for n, token in enumerate(tokens):
        part = PARTITIVE.search(" ".join(tokens[max(n - 3, 0) : n]))
        if (token[0].isdigit() or numbers(token)) and about & {stem(t) for t in tokens[n + 1 : n + 4]}:
            had = HAS.intersection(map(str.casefold, tokens[max(n - 3, 0) : n]))
            found = max(found, 0.12 if part else 0.25 if had else 0.2)
    return found


def defines(about: frozenset[str], sentence: str) -> bool:
    """Whether a sentence says what its subject is ("X is ...", "Informally, X (or Y) means ...") and has no other
    subject ("The appeal of X is ...", "A second X is ...", "X is not ...")."""
    said = DEFINES.search(sentence[:HEAD])
    head = re.split(r"\s?[(,]", OPENING.sub("", sentence[: said.start()]))[0] if said else ""
    if not said or not about or stems(head) != about:
        return False
    return not negations(sentence[said.start() :][:40])


def _defines(about: frozenset[str], sentence: str) -> float:
    """.25 for "X is ...", .12 for "... is called X", 0 where the sentence is not about X or denies."""
    if not about or not about <= stems(sentence):
        return 0.0
    return 0.25 if defines(about, sentence) else 0.12 if NAMED.search(sentence) else 0.0
