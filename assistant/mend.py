"""What happens to sentences that their passages do not support: rewritten once, kept and marked, or left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from assistant.check import RANKING, Pages, check
from assistant.draft import Assisting
from assistant.records import Draft, DraftSentence, Sentence, Usage

Unsupported = Literal["rewrite", "keep", "drop"]
MOST = 4  # sentences rewritten in one answer: each costs a request


@dataclass(frozen=True, slots=True)
class Mended:
    """Checked sentences, what was done to them in words, and what that took of the model."""

    sentences: tuple[Sentence, ...]
    notices: tuple[str, ...] = ()
    usage: Usage | None = None


def mended(draft: Draft, pages: Pages, model: Assisting | None, unsupported: Unsupported) -> Mended:
    """The draft checked, and its unsupported sentences dealt with as the user sets. "drop" tries to rewrite first."""
    checked = check(draft, pages)
    rewritten = _rewritten(draft, checked, pages, model) if model and unsupported != "keep" else Mended(checked)
    return _without_unsupported(rewritten) if unsupported == "drop" else rewritten


def borne_out(mended: Mended) -> bool:
    """Whether a passage says at least part of any of the sentences."""
    return any(sentence.verdict in ("supported", "partly") for sentence in mended.sentences)


def _rewritten(draft: Draft, checked: tuple[Sentence, ...], pages: Pages, model: Assisting) -> Mended:
    """A sentence is replaced only where its new form is checked and found better."""
    kept, usage, count = list(checked), None, 0
    weak = [n for n, s in enumerate(checked) if s.verdict in ("partly", "unsupported")]
    for n in weak[:MOST]:
        new, took = model.rewrite(draft.sentences[n], checked[n].reason, draft.shown)
        usage = took if usage is None else usage + took if took else usage
        again = check(replace(draft, sentences=(new,)), pages)[0] if isinstance(new, DraftSentence) else None
        if again and RANKING.index(again.verdict) < RANKING.index(checked[n].verdict):
            kept[n], count = again, count + 1
    notice = f"{_sentences(count)} rewritten, because the passages did not support the first wording"
    return Mended(tuple(kept), (notice,) if count else (), usage)


def _without_unsupported(mended: Mended) -> Mended:
    kept = tuple(s for s in mended.sentences if s.verdict == "supported")
    count = len(mended.sentences) - len(kept)
    notice = f"{_sentences(count)} left out, because no passage fully supports what was written"
    return Mended(kept, (*mended.notices, notice) if count else mended.notices, mended.usage)


def _sentences(count: int) -> str:
    return "1 sentence was" if count == 1 else f"{count} sentences were"
