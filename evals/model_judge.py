"""A language model as judge, with our own prompts: support of a claim, relevancy and correctness of an answer.

Any server that `assistant.llm.ChatModel` speaks to; it may be another model than the one that answers. What models get
wrong as judges is looked at: correctness is asked with the facts before the answer and after it, and the difference is
told (position bias, Wang et al. 2023, arXiv 2305.17926); so is how far the grade follows the answer's length.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import fmean
from string import Template

from assistant.records import Answer
from evals.agreement import spearman
from evals.judge import GRADES, Judgement
from evals.prompts import load
from evals.records import Case, CaseResult, Score
from evals.replies import Replies

VERDICT = re.compile(r"^\W*verdict\W*:\W*(\w+)\W*$", re.IGNORECASE | re.MULTILINE)
FENCE = re.compile(r"<(?=/?\s*(?:text|claim|question|answer|facts))", re.IGNORECASE)
MODEL_METRICS = ("judged_relevancy", "judged_correctness")
FIRST, AFTER = "facts first", "answer first"


class ModelJudge:
    """Judges by asking a model. An unreadable reply gives no grade."""

    def __init__(self, replies: Replies) -> None:
        self.replies = replies
        self.name = replies.speaker.name

    def support(self, claim: str, source: str) -> Judgement:
        """The model's verdict on a claim beside its text. An empty text needs no model."""
        if not source.strip():
            return Judgement(0.0, "there is no text to support it")
        word, reason = self._verdict("support", source=source, claim=claim)
        grades = {**GRADES, "unsupported": 0.0}
        return _graded(word, reason, grades)

    def scores(self, case: Case, answer: Answer) -> tuple[Score, ...]:
        """Relevancy (0 or 1) of an answer, and correctness (0 to 1) where the case has facts. None for a refusal."""
        if not answer.sentences:
            return ()
        text = " ".join(sentence.text for sentence in answer.sentences)
        word, reason = self._verdict("relevancy", question=case.asked, answer=text)
        relevant = _graded(word, reason, {"yes": 1.0, "no": 0.0})
        scores = [Score("judged_relevancy", relevant.grade, reason=_why(relevant), evidence=(relevant.reason,))]
        return (*scores, self._correctness(case, text)) if case.facts else tuple(scores)

    def _correctness(self, case: Case, text: str) -> Score:
        """The mean of the grades in both orders, (n - 1) / 4 each; unscored where either cannot be read."""
        facts = "\n".join(f"- {fact}" for fact in case.facts)
        blocks = [f"<facts>\n{_fenced(facts)}\n</facts>", f"<answer>\n{_fenced(text)}\n</answer>"]
        grades = {str(n): (n - 1) / 4 for n in range(1, 6)}
        both = []
        for order in (blocks, blocks[::-1]):
            user = Template(load("correctness_user")).substitute(question=_fenced(case.asked), parts="\n\n".join(order))
            both.append(_graded(*self._asked("correctness", user), grades))
        lines = tuple(f"{name}: {j.grade} ({j.reason})" for name, j in zip((FIRST, AFTER), both, strict=True))
        unread = next((j for j in both if j.grade is None), None)
        if unread:
            return Score("judged_correctness", None, reason=unread.reason, evidence=lines)
        return Score("judged_correctness", fmean(j.grade or 0.0 for j in both), evidence=lines)

    def _verdict(self, name: str, **parts: str) -> tuple[str | None, str]:
        user = Template(load(f"{name}_user")).substitute({key: _fenced(text) for key, text in parts.items()})
        return self._asked(name, user)

    def _asked(self, name: str, user: str) -> tuple[str | None, str]:
        """The word after the last VERDICT:, with the reply's own reason; None and why where there is none."""
        said, fault = self.replies.reply(load(f"{name}_system"), user)
        if said is None:
            return None, fault
        found = VERDICT.findall(said)
        if not found:
            return None, f"the judge's reply cannot be read: {_line(said)}"
        return found[-1].casefold(), _line(VERDICT.sub("", said)) or "no reason given"


def biases(results: Sequence[CaseResult]) -> tuple[str, ...]:
    """What the judge's grades lean on besides the facts, in lines; none where it graded too little to tell."""
    graded = [(r, s) for r in results if (s := r.values.get("judged_correctness")) and s.value is not None]
    if len(graded) < 5:
        return ()
    orders = [[float(line.split(": ")[1].split(" ")[0]) for line in score.evidence] for _, score in graded]
    shift = fmean(first - after for first, after in orders)
    lengths = [float(sum(len(s.text) for s in r.sentences)) for r, _ in graded]
    follows = spearman(lengths, [score.value or 0.0 for _, score in graded])
    return (
        f"position bias of the judge: correctness {shift:+.3f} with the facts first rather than after the answer",
        f"length bias of the judge: correctness follows the answer's length with rank correlation {follows:+.2f}",
    )


def _graded(word: str | None, reason: str, grades: dict[str, float]) -> Judgement:
    if word is None:
        return Judgement(None, reason)
    if word not in grades:
        return Judgement(None, f"the judge's verdict is {word!r}, not one of {', '.join(grades)}")
    return Judgement(grades[word], reason)


def _why(judgement: Judgement) -> str:
    return judgement.reason if judgement.grade is None else ""


def _fenced(text: str) -> str:
    """A quotation that cannot close its own tag."""
    return FENCE.sub("‹", text)


def _line(text: str, most: int = 200) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"
