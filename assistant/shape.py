"""The shape of a sentence: what can stand in an answer by itself, and how it reads there.

All weights are factors on a score between 0 and 1. They are plain judgement, checked by reading answers; benchmarks may
move them.
"""

from __future__ import annotations

import re

from assistant.claims import content_words

MIN_WORDS, MAX_WORDS = 5, 75
LONG_WORDS = 45  # longer ones are mostly lists of citations, or two sentences that were not parted

HANGING = re.compile(
    r"^(?:(?:however|thus|hence|therefore|moreover|furthermore|instead|indeed|also|and|but|so|then|again|finally|here|"
    r"in particular|in contrast|in other words|as a result|for (?:example|instance)|similarly|conversely),?\s+)?"
    r"(?:this|that|these|those|it|its|they|their|them|such|he|she|his|her|both|the (?:former|latter|same|above))\b",
    re.IGNORECASE,
)
LINKED = re.compile(
    r"^(?:thus|hence|therefore|moreover|furthermore|in contrast|in other words|as a result|for (?:example|instance)|"
    r"similarly|conversely|instead|however|nevertheless|nonetheless|consequently|accordingly|specifically|that is|"
    r"likewise|for (?:this|these|that|the same) reasons?|to (?:this|that) end|"
    r"in (?:this|that|such|these) (?:way|sense|cases?)|by contrast|on the (?:other hand|contrary)|"
    r"none of (?:them|these|those)|(?:from )?each of (?:them|these|those)|we (?:do|did) (?:this|so)|"
    r"in (?:this|that) (?:phase|stage|step|setting)|in (?:so|this) doing|in addition|additionally|otherwise|as such)\b",
    re.IGNORECASE,
)  # fmt: skip
FINITE = re.compile(
    r"\b(?:is|are|was|were|be|been|has|have|had|do|does|did|can|could|will|would|may|might|must|should|we|they|it|you|let)\b"
    r"|\b(?:achiev|affect|allow|appear|appl|argu|becom|caus|chang|combin|compar|comput|contain|consist|contribut|correspond|"
    r"decreas|defin|demonstrat|depend|describ|differ|elicit|emerg|enabl|encod|exhibit|explain|extend|find|follow|giv|hold|"
    r"implement|impl|improv|includ|increas|indicat|introduc|involv|lead|learn|mak|match|measur|need|observ|obtain|occur|"
    r"outperform|perform|predict|produc|propos|provid|reach|recover|reduc|refer|remain|replac|report|represent|requir|"
    r"respond|reveal|seem|serv|show|stud|suggest|support|tak|tend|train|us|work|yield)(?:e|y|s|es|ies|ed|ied|d)?\b"
    r"|\b(?:found|gave|held|led|made|said|saw|took|trained|wrote|began|arises?|denotes?|means?)\b", re.IGNORECASE,
)  # fmt: skip
ALIASES = re.compile(
    r"\b(?:is|are) also (?:called|known as)\b[^.]*\.$|\bwas introduced or made known in:", re.IGNORECASE
)
EMPTY = re.compile(
    r"\(\s*(?:e\.?g\.?|i\.?e\.?)?[\s.,;]*\)|\(\s+[a-z]"
    r"|\b(?:where|with|and|of|by|if|in|to|for|at|than|is|are|from) ?[,.]$"
)  # a formula was lost here
CUT = re.compile(r"\w.*\b(?:figure|fig\.|table) [A-Z]?\d+[:.]", re.IGNORECASE)  # a caption ran into the sentence
FINDING = re.compile(
    r"\b(?:we|they|authors|results?|experiments?|analysis) (?:also |further |can |clearly )?(?:find|found|show|showed|"
    r"demonstrate|observe|observed|suggest|indicate|reveal|propose|introduce|define)s?\b", re.IGNORECASE,
)  # fmt: skip
INTENTION = re.compile(
    r"\b(?:goal|aim|purpose) (?:of|in|is)\b|\bwe (?:now |next |then |also |will )?(?:evaluate|investigate|study|ask|"
    r"examine|explore|aim|hope|want|would like)\b|\bto (?:assess|determine|test|evaluate) whether\b", re.IGNORECASE,
)  # fmt: skip
THANKS = re.compile(
    r"\b(?:grateful|acknowledge|thanks? to|helped with|contributed to|provided (?:feedback|comments))\b"
    r"|\bwe thank\b|\bwith help from\b", re.IGNORECASE,
)  # fmt: skip
SIDE_SECTION = re.compile(
    r"acknowledg|contribution|ethic|reproducib|broader impact|future work|open problem|checklist|funding", re.IGNORECASE
)
LABEL = re.compile(
    r"^(?:figure|fig\.|table) [A-Z]?\d+[.:] (?=We )", re.IGNORECASE
)  # a caption that says what was found
CAPTION = re.compile(r"^(?:\(?[a-z]\)\s|(?:figure|fig\.|table|algorithm|listing|box)\s*[A-Z]?\d)", re.IGNORECASE)
HEADED = re.compile(r"^[A-Z][\w-]*(?: [\w-]+){0,5}? (?=We [a-z])")  # "Evaluation We find ...": a heading run in
TABLE = re.compile(r"[↑↓]|^\d+: |^\d{1,2} \(")  # head of a table, a numbered example, a footnote
SIGNPOST = re.compile(
    r"\b(?:in|see|refer to|cf\.) (?:the )?(?:section|sec\.|appendix|figure|fig\.|table|app\.)"
    r"|^in this (?:section|paper|work|appendix)\b|\bwe (?:briefly )?(?:describe|discuss|review|provide)\b"
    r"|\b(?:remainder|rest) of (?:this|the) (?:paper|section)|\bwe (?:thank|refer the reader)|\bfuture work\b"
    r"|\b(?:section|appendix|figure|table|eq\.|equation) [A-Z]?\d", re.IGNORECASE,
)  # fmt: skip
FILLER = re.compile(  # announces what comes, and says nothing itself
    r"\b(?:in|throughout) (?:this|the (?:previous|next|following|remaining|rest of th\w+)) (?:sub)?(?:section|appendix|"
    r"paragraph|chapter|part),? we\b|\bwe (?:now|next|will|then|first|briefly)? ?(?:turn to|describe below|outline|"
    r"introduce (?:the )?(?:notation|following)|provide (?:more|further) details)\b"
    r"|\b(?:let us|let['’]s) (?:consider|look|suppose|now)\b|^our (?:main )?(?:goal|aim|hope)\b|\bwe (?:hope|wish)\b",
    re.IGNORECASE,
)  # fmt: skip
BIBLIOGRAPHY = re.compile(
    r"\barxiv preprint\b|\bpp\. ?\d|\bproceedings of\b|\bdoi\b|\burl https?\b|\bin advances in\b", re.I
)
FIRST_NAMES = re.compile(r"\b[A-Z][\w'’-]+(?: [A-Z]\.)+(?:,|$)|\bet al\.")
YEAR = re.compile(r"\b(?:19[5-9]|20[0-4])\d\b")


def wellformed(sentence: str) -> float:
    """0 for what cannot stand in an answer (fragment, heading, table row, equation, question, bibliography), else about
    1: findings are worth a little more; captions, signposts ("see Section 3"), plans, thanks and long ones less."""
    tokens = sentence.split()
    if not MIN_WORDS <= len(tokens) <= MAX_WORDS or not _complete(sentence) or _debris(sentence, tokens):
        return 0.0
    worth = 1.0
    worth *= 0.7 if captioned(sentence) else 1.0
    worth *= 0.85 if SIGNPOST.search(sentence) else 1.0
    worth *= 1.08 if FINDING.search(sentence) else 0.85 if INTENTION.search(sentence) else 1.0
    worth *= 0.5 if THANKS.search(sentence) else 1.0
    worth *= 1.0 if FINITE.search(sentence) else 0.75
    worth *= 0.6 if ALIASES.search(sentence) or EMPTY.search(sentence) else 1.0
    worth *= 0.6 if sentence.count("(") > sentence.count(")") or CUT.search(sentence) else 1.0
    worth *= 0.85 if len(tokens) > LONG_WORDS or len(tokens) < 8 else 1.0
    return worth


def captioned(paragraph: str) -> bool:
    """Whether a paragraph, or a sentence, begins as the caption of a figure or table does."""
    return bool(CAPTION.match(paragraph))


def filler(sentence: str) -> bool:
    """Whether a whole sentence still adds nothing to an answer: it announces what comes, thanks, has lost a formula,
    has a caption run into it, or only lists other names."""
    return any(pattern.search(sentence) for pattern in (FILLER, EMPTY, CUT, ALIASES, THANKS))


def beside_the_point(section: tuple[str, ...]) -> bool:
    """Whether a section holds thanks, who did what, ethics or plans rather than what was found."""
    return any(SIDE_SECTION.search(title) for title in section)


def _complete(sentence: str) -> bool:
    first = sentence.lstrip("\"“‘'([")[:1]
    ends = re.search(r"[.!][\"”’')\]]*$", sentence)
    opened = sentence.count("“") >= sentence.count("”") and sentence.count("(") >= sentence.count(")")
    opened = opened and sentence.count("{") == sentence.count("}")
    return bool(ends) and opened and (first.isupper() or first.isdigit()) and len(content_words(sentence)) >= 3


def _debris(sentence: str, tokens: list[str]) -> bool:
    """Whether the text is table cells, an equation, a list of citations or part of a bibliography."""
    dense = sentence.replace(" ", "")
    letters = sum(c.isalpha() for c in dense) / len(dense)
    short = sum(len(t.strip(".,;:()")) <= 1 and t not in ("a", "A", "I", "i") for t in tokens) / len(tokens)
    named = len(FIRST_NAMES.findall(sentence))
    return (
        letters < 0.68
        or short > 0.3
        or "@" in sentence
        or bool(TABLE.search(sentence))
        or bool(BIBLIOGRAPHY.search(sentence))
        or len(YEAR.findall(sentence)) > 5
        or named > 5
        or sentence.count("|") > 1
        or not re.search(r"\b[a-z]{2,}\b", sentence)
    )


def hangs(sentence: str) -> bool:
    """Whether the sentence leans on the one before it ("This shows", "However, they")."""
    return bool(HANGING.match(sentence) or LINKED.match(sentence))


def reading(text: str) -> str:
    """A stretch of a paper as it reads in an answer: one line, without footnote marks and bracketed reference numbers
    (an answer has numbered marks of its own)."""
    text = " ".join(text.split())
    text = re.sub(r"\s?\[\d{1,3}(?:\s?[,;–-]\s?\d{1,3})*\]", "", text)
    text = re.sub(r"(?<=[a-z)\]”][.!])\d{1,2}(?=\s|$)", "", text)
    text = re.sub(r"^\d{1,2}(?=[A-Z][a-z])", "", text)
    return re.sub(r"\s+([,.;:!?])", r"\1", text)
