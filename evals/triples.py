"""Question, answer, contexts, reference: in and out, in the words of Ragas and of DeepEval.

In: answers that another system gave are scored as ours are (faithfulness to their contexts, facts of the reference);
what they do not have (citations, a ranking with known pages) is not scored. Out: a report for other people's tools.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assistant.records import Answer, Nearest, Recipe, Sentence
from assistant.sentences import split
from evals.judge import Judge
from evals.records import Case, CaseResult, Report
from evals.run import run, scores_hash
from evals.summary import summarize
from ingest.errors import MivaultError, UsageError
from ingest.vault import Vault

# What each tool calls the four: Ragas from 0.2, Ragas before that, DeepEval.
FORMS: Mapping[str, tuple[str, str, str, str]] = {
    "ragas": ("user_input", "response", "retrieved_contexts", "reference"),
    "plain": ("question", "answer", "contexts", "reference"),
    "deepeval": ("input", "actual_output", "retrieval_context", "expected_output"),
}
OLDER = {"ground_truth": "reference", "ground_truths": "reference"}
SCORED = frozenset(
    {"faithfulness", "fact_coverage", "correctness", "accuracy", "precision", "coverage", "answered"}
    | {"judged_relevancy", "judged_correctness"}
)


@dataclass(frozen=True, slots=True)
class Triple:
    """A question that was answered, from which contexts, and what the right answer is ("" where not told)."""

    question: str
    answer: str
    contexts: tuple[str, ...] = ()
    reference: str = ""


def is_triples(path: Path) -> bool:
    """Whether the first line of a file is such a row."""
    try:
        with path.open(encoding="utf-8") as lines:
            row = json.loads(next(lines))
    except (OSError, ValueError, StopIteration):
        return False
    return isinstance(row, dict) and any(names[0] in row and names[1] in row for names in FORMS.values())


def read_triples(path: Path) -> tuple[Triple, ...]:
    """The rows of a JSONL file. Raises UsageError naming the line that cannot be used."""
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            try:
                rows.append(_triple(json.loads(line)))
            except (ValueError, KeyError, TypeError) as error:
                message = f"{path.name}, line {number}: no question with answer and contexts ({error})"
                raise UsageError(message, "mend that line and try again") from error
    return tuple(rows)


def _triple(row: dict[str, Any]) -> Triple:
    row = {OLDER.get(name, name): value for name, value in row.items()}
    names = next((names for names in FORMS.values() if names[0] in row and names[1] in row), None)
    if names is None:
        raise KeyError("question, answer")
    question, answer, contexts, reference = (row.get(name) for name in names)
    if not isinstance(question, str) or not isinstance(answer, str):
        raise TypeError("question and answer must be texts")
    said = " ".join(reference) if isinstance(reference, list) else reference or ""
    return Triple(question, answer, tuple(map(str, contexts or ())), str(said))


def score_triples(triples: Sequence[Triple], *, judge: Judge, seed: int = 0, created: str = "") -> Report:
    """A report over recorded answers. A reference's sentences are the facts."""
    cases = [_case(number, triple) for number, triple in enumerate(triples, 1)]
    given = map(_answer, triples)  # each case is asked once, in order: two rows may have one question
    further = getattr(judge, "scores", None)
    report = run(
        cases,
        ask=lambda _: next(given),
        search=lambda question, *, k: [],  # noqa: ARG005 (nothing is searched for: the contexts are given)
        pages=lambda _: (),
        papers=(),
        seed=seed,
        created=created,
        judge=judge,
        further=further,
    )
    results = tuple(_without_rest(result) for result in report.results)
    summary = summarize(results, k=report.k, seed=seed)
    return replace(
        report, results=results, summary=tuple(s for s in summary if s.scored), scores_hash=scores_hash(results)
    )


def _without_rest(result: CaseResult) -> CaseResult:
    return replace(result, seconds=None, scores=tuple(s for s in result.scores if s.metric in SCORED))


def _case(number: int, triple: Triple) -> Case:
    facts = tuple(triple.reference[start:end] for start, end in split(triple.reference))
    return Case(f"row-{number}", "method", triple.question, facts=facts)


def _answer(triple: Triple) -> Answer:
    sentences = tuple(Sentence(triple.answer[start:end], (), "uncited") for start, end in split(triple.answer))
    contexts = tuple(Nearest("", "", None, "", "", "", text, 0.0, "given") for text in triple.contexts)
    return Answer(triple.question, sentences, not sentences, "", contexts, Recipe("", "", "recorded", ""))


# --- out -------------------------------------------------------------------------------------------------------------


def export(report: Report, vault: Vault, form: str) -> Iterable[dict[str, Any]]:
    """A row per answered case in the names of `form`. Raises UsageError for a form there is none of."""
    if form not in FORMS:
        raise UsageError(f"there is no form {form!r}", f"choose of {', '.join(FORMS)}")
    for result in report.results:
        if result.abstained is not None:
            answer = " ".join(sentence.text for sentence in result.sentences) or result.reason
            values = (result.case.asked, answer, _contexts(result, vault), ". ".join(result.case.facts))
            yield dict(zip(FORMS[form], values, strict=True)) | {"id": result.case.id}


def _contexts(result: CaseResult, vault: Vault) -> list[str]:
    """The passages that the answer cites, then those found, each once, as the vault has them now."""
    cited = [(c.paper_id, c.passage_id) for s in result.sentences for c in s.citations]
    wanted = dict.fromkeys([*cited, *((h.paper_id, h.passage_id) for h in result.hits)])
    texts = (_passage(vault, paper_id, passage_id) for paper_id, passage_id in wanted)
    return [text for text in texts if text]


def _passage(vault: Vault, paper_id: str | None, passage_id: str | None) -> str:
    try:
        passages = vault.passages(paper_id) if paper_id else []
    except MivaultError:
        return ""
    return next((p.text for p in passages if p.id == passage_id), "")
