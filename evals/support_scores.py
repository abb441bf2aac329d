"""Is what the answer says supported: by what was retrieved, and by what each sentence cites?

The text behind a citation is read from the stored page it names: where its quote does not stand there, nothing is
behind it. Definitions of citation recall and precision are ALCE's (Gao et al. 2023, arXiv 2305.14627, section 3.2),
with the judge in use in the place of its entailment model and the quote in the place of its whole passage:

faithfulness         the share of sentences that the retrieved text supports (Ragas: faithfulness; sentences for its
                     statements). Retrieved text: the pages the answer cites, and the passages shown beside it
citation_recall      the share of sentences that their own citations, joined, support; one without a citation has none
citation_precision   the share of citations that are needed: the sentence is supported by all of them joined, and this
                     one supports it alone, or the others do not without it
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.records import Answer, Citation
from evals.judge import Judge, Judgement
from evals.quotes import Pages, quote_fault, stored_page
from evals.records import Score

SUPPORT_METRICS = ("faithfulness", "citation_recall", "citation_precision")


def support_scores(answer: Answer, pages: Pages, judge: Judge) -> tuple[Score, ...]:
    """The three scores of one answer; none without a sentence, no precision without a citation. A sentence on which
    the judge cannot be read leaves its metric unscored for this answer: a part is not the whole."""
    if not answer.sentences:
        return ()
    context = retrieved_text(answer, pages)
    cited = [[cited_text(c, pages) for c in sentence.citations] for sentence in answer.sentences]
    texts = [sentence.text for sentence in answer.sentences]
    found = [judge.support(text, context) for text in texts]
    recalls = [recall_of(text, sources, judge) for text, sources in zip(texts, cited, strict=True)]
    needed = [
        one
        for text, sources, recall in zip(texts, cited, recalls, strict=True)
        for one in precisions(text, sources, recall, judge)
    ]
    scores = (_share("faithfulness", found), _share("citation_recall", recalls), _share("citation_precision", needed))
    return tuple(score for score in scores if score is not None)


def retrieved_text(answer: Answer, pages: Pages) -> str:
    """What the answer had before it: each page it cites, once, and the passages shown beside it."""
    cited = [stored_page(c, pages) for sentence in answer.sentences for c in sentence.citations]
    texts = [page.text for page in cited if page] + [passage.text for passage in answer.nearest]
    return "\n\n".join(dict.fromkeys(texts))


def cited_text(citation: Citation, pages: Pages) -> str:
    """The quote, where it stands on the page it names; else nothing."""
    return citation.quote if citation.quote and not quote_fault(citation, pages) else ""


def recall_of(text: str, sources: Sequence[str], judge: Judge) -> Judgement:
    """Whether the sources, joined, support the sentence."""
    if not sources:
        return Judgement(0.0, "no citation")
    return judge.support(text, "\n".join(filter(None, sources)))


def precisions(text: str, sources: Sequence[str], recall: Judgement, judge: Judge) -> list[Judgement]:
    """Per citation, whether it is needed. All are irrelevant where together they do not support the sentence."""
    if recall.grade is None or not recall.supported:
        return [Judgement(recall.grade and 0.0, recall.reason) for _ in sources]
    return [_needed(text, sources, number, judge) for number in range(len(sources))]


def _needed(text: str, sources: Sequence[str], number: int, judge: Judge) -> Judgement:
    if len(sources) == 1:
        return Judgement(1.0, "the only citation")
    alone = judge.support(text, sources[number])
    if alone.grade is None or alone.supported:
        return alone
    others = judge.support(text, "\n".join(filter(None, [*sources[:number], *sources[number + 1 :]])))
    if others.grade is None:
        return others
    return Judgement(float(not others.supported), "the others support it without this one" if others.supported else "")


def _share(metric: str, judgements: Sequence[Judgement]) -> Score | None:
    if not judgements:
        return None
    lines = tuple(f"{n}: {_mark(j)} ({j.reason})" for n, j in enumerate(judgements, 1))
    unread = [j for j in judgements if j.grade is None]
    if unread:
        return Score(metric, None, reason=unread[0].reason, evidence=lines)
    return Score(metric, sum(j.supported for j in judgements) / len(judgements), len(judgements), evidence=lines)


def _mark(judgement: Judgement) -> str:
    return {1.0: "yes", 0.5: "in part", 0.0: "no", None: "unreadable"}.get(judgement.grade, "no")
