"""What a summary looks for in a paper, and by which words and headings a sentence is known to tell it."""

from __future__ import annotations

import re
from dataclasses import dataclass

LINES = 3  # of each aspect: a reader wants a page, not the paper again
FINDINGS = 6
NEVER = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class Aspect:
    """`cue` are words that tell it anywhere in a paper, `weak` those that do under a heading that fits (`section`).
    Under one that is called so (`named`) each sentence may. Up to `lines` lines of it are shown, none that
    is worth under `least` (of about 1.5)."""

    name: str
    cue: re.Pattern[str]
    weak: re.Pattern[str]
    section: re.Pattern[str]
    named: re.Pattern[str] = NEVER
    lines: int = LINES
    least: float = 0.0

    def fits(self, section: str) -> bool:
        return bool(self.section.search(section) or self.named.search(section))

    def cues(self, text: str, section: str) -> int:
        """How many signs of it a sentence has; 0 where it does not tell it at all."""
        found = len(self.cue.findall(text))
        found += len(self.weak.findall(text)) if self.fits(section) else 0
        return found or int(bool(self.named.search(section)))


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)


def _heading(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


WANTING = re.compile(  # says that something is missing, cannot be done or is not known
    r"\b(?:not|no|nor|only|cannot|fail\w*|limit\w*|unable|unclear|unknown|lack\w*|difficult|hard|expensive|costly|slow|"
    r"open|beyond|restricted|caveat\w*|drawback\w*|shortcoming\w*|flaw\w*|imperfect\w*|incomplete|ideally|challenge|"
    r"noisy|bias\w*|miss(?:es|ing)?|ignor\w*|without|leave|left|remains?|however|although|while|despite)\b"
    r"|n['’]t\b", re.IGNORECASE,
)  # fmt: skip
ELSEWHERE = re.compile(r"\b(?:we|our) (?:generally )?recommend|\bnot contradict|\blimitations\.$", re.IGNORECASE)
OWN = re.compile(r"\b(?:we|our|ours|us|this|these|here)\b", re.IGNORECASE)

ASPECTS: tuple[Aspect, ...] = (
    Aspect(
        "question",
        _words(
            r"we (?:ask|investigate|study|aim|seek|address|explore|examine)|in this (?:paper|work),? we"
            r"|this (?:paper|work|study) (?:asks|studies|investigates|addresses|aims|explores|examines)"
            r"|(?:our|the) (?:goal|aim|question|objective)|research questions?|it (?:is|remains) (?:unclear|unknown)"
        ),
        _words(r"whether|problems?|challenges?|in this (?:paper|work)|little is known|poorly understood|need to"),
        _heading(r"abstract|introduction|^1\b|overview|motivation"),
    ),
    Aspect(
        "method",
        _words(
            r"we (?:propose|introduce|train|use|apply|develop|present|define|compute|construct|measure|design|build)"
            r"|our (?:method|approach|technique|framework|procedure)|is (?:trained|computed|defined|obtained)"
            r"|consists of"
        ),
        NEVER,
        _heading(r"abstract|introduction|method|approach|setup|set-up|experiment|model|training|background"),
    ),
    Aspect(
        "findings",
        _words(
            r"we (?:find|found|show|observe|demonstrate|discover|see|achieve|conclude)|results? (?:show"
            r"|suggest|indicate)|outperforms?|achieves?|reveals?|as shown|significantly|suggests? that|accounts? for"
        ),
        NEVER,
        _heading(r"abstract|introduction|result|finding|experiment|evaluation|analysis|discussion|conclusion"),
        lines=FINDINGS,
    ),
    Aspect(
        "limits",
        _words(
            r"limitations? (?:of (?:our|this|the (?:present|current))|is|are|include)"
            r"|(?:a|one|another|main|our) limitation|has (?:several |some |a few )?limitations"
            r"|(?:left|leave \w+|leave \w+ \w+) (?:for|to) future (?:work|research)"
            r"|(?:our|this) (?:work|paper|study|analysis|method|approach|results?|findings?) "
            r"(?:is|are|was|were|do|does) (?:only|limited|restricted|not)|beyond the scope"
            r"|(?:our|this) (?:work|paper|study|analysis|methods?|approach|experiments?) "
            r"(?:only|neither|does not|do not)"
            r"|we (?:only|have only|have not|did not|could not|were (?:not able|unable))"
            r"(?! (?:wish|want|need|find|show|see))|appl(?:y|ies) only|(?<!not )limited (?:to|by)"
            r"|we do not (?:test|study|evaluate|consider|investigate|explore|examine|cover|address|compare)"
        ),
        _words(
            r"limitations?|limited|we (?:do|can) ?not(?! (?:wish|strive|want|need|find|only))"
            r"|not (?:able|clear|yet|fully|optimi[sz]e\w*|normali[sz]e\w*|consider\w*)"
            r"|fails? to|future (?:work|research|studies)|caveats?|drawbacks?|shortcomings?|only|unclear|cannot"
            r"|remains? (?:open|to be|unclear)|restricted|may not|might not|open (?:question|problem)s?"
            r"|(?:a|an|the|main|key|future|remaining|open) (?:\w+ )?challenges?"
        ),
        _heading(r"discussion|conclusion|outlook"),
        named=_heading(
            r"^(?!.*related).*(?:limitation|future (?:work|direction|research)"
            r"|caveat|shortcoming|open (?:question|problem))"
        ),
        least=0.8,  # read on 13 papers: what is worth less was mostly a step of the method, or a hope
    ),
)
