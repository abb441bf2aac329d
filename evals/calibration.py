"""The calibration card: how far the judge in use agrees with people, on claims that people have labelled.

Sets: WiCE (Kamoi et al. 2023), SummEdits (Laban et al. 2023), CLIFF (Cao and Wang 2021) from a local folder, and a
hundred claims of ours over passages of the papers (claims.jsonl: each with a passage's place and hash, a label by hand,
and how the false ones are false).
"""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.sentences import split
from evals.agreement import Labelled, accuracy_interval, auc, balanced_accuracy, best_cut
from evals.cases import check_evidence
from evals.judge import CheckJudge, Judge
from evals.records import Agreement, Case, Evidence
from ingest.errors import UsageError
from ingest.records import Page, from_json

OWN = Path(__file__).parent / "calibration" / "claims.jsonl"
MOST = 100  # claims of one set that are judged, drawn by the seed: more would move the interval by little


@dataclass(frozen=True, slots=True)
class LabelledClaim:
    """A claim, the text it is about, and whether people say that the text supports it."""

    claim: str
    source: str
    supported: bool
    cluster: str


def card(
    judge: Judge, sets: dict[str, Sequence[LabelledClaim]], *, most: int = MOST, seed: int = 0
) -> tuple[Agreement, ...]:
    """The judge's agreement with people on each set that has claims."""
    return tuple(agreement(judge, name, _drawn(claims, most, seed)) for name, claims in sets.items() if claims)


def agreement(judge: Judge, name: str, claims: Sequence[LabelledClaim]) -> Agreement:
    """Every claim judged; unreadable judgements are counted, and left out of the figures."""
    graded = [(claim, grade) for claim in claims if (grade := judged(judge, claim)) is not None]
    rows = [Labelled(grade, claim.supported, claim.cluster) for claim, grade in graded]
    lengths = [float(len(claim.claim)) for claim, _ in graded]
    interval, labels = accuracy_interval(rows), [row.true for row in rows]
    return Agreement(
        name=name,
        claims=len(claims),
        unread=len(claims) - len(graded),
        accuracy=balanced_accuracy(rows),
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        auc=auc([finer(judge, claim, grade) for claim, grade in graded], labels),
        by_length=best_cut(lengths, rows),
        by_length_auc=auc(lengths, labels),
    )


def finer(judge: Judge, claim: LabelledClaim, grade: float) -> float:
    """The judge's own number for putting claims in order, else its grade."""
    return judge.likely(claim.claim, claim.source) if isinstance(judge, CheckJudge) else grade


def judged(judge: Judge, claim: LabelledClaim) -> float | None:
    """The worst grade of the claim's sentences: a summary is supported where all of it is. None where one cannot be
    read."""
    sentences = [claim.claim[start:end] for start, end in split(claim.claim)] or [claim.claim]
    grades = [judge.support(sentence, claim.source).grade for sentence in sentences]
    return None if any(grade is None for grade in grades) else min(grade for grade in grades if grade is not None)


# --- the sets --------------------------------------------------------------------------------------------------------


def labelled_sets(
    pages_of: Callable[[str], Sequence[Page]], folder: Path | None = None
) -> dict[str, Sequence[LabelledClaim]]:
    """Our own claims whose papers are held, and what a folder has of the other three. Raises UsageError where a folder
    is named that has none of them."""
    sets: dict[str, Sequence[LabelledClaim]] = {"our 100 claims": own_claims(pages_of)}
    if folder is None:
        return sets
    found = {
        "WiCE": wice(folder / "wice"),
        "SummEdits": summedits(folder / "summedits"),
        "CLIFF": cliff(folder / "cliff"),
    }
    if not any(found.values()):
        raise UsageError(f"{folder} has none of wice, summedits and cliff", "name the folder that holds them")
    return {**sets, **found}


def own_claims(pages_of: Callable[[str], Sequence[Page]], path: Path = OWN) -> list[LabelledClaim]:
    """The claims of ours whose passage is found where it says, with an equal hash."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    evidence = [from_json(Evidence, row["evidence"]) for row in rows]
    cases = [
        Case(row["id"], "method", row["claim"], evidence=(item,)) for row, item in zip(rows, evidence, strict=True)
    ]
    return [
        LabelledClaim(row["claim"], check.text, row["supported"], check.evidence.arxiv_id)
        for row, check in zip(rows, check_evidence(cases, pages_of), strict=True)
        if check.found
    ]


def wice(folder: Path) -> list[LabelledClaim]:
    """Claims of Wikipedia beside sentences of the cited page; partial support is not support."""
    return [
        LabelledClaim(row["claim"], "\n".join(row["evidence"]), row["label"] == "supported", str(number))
        for path in sorted(folder.glob("*.jsonl"))
        for number, row in enumerate(map(json.loads, path.read_text(encoding="utf-8").splitlines()))
    ]


def summedits(folder: Path) -> list[LabelledClaim]:
    """Summaries of which some had one fact changed; label 1 is consistent."""
    rows = [row for path in sorted(folder.glob("*.json")) for row in json.loads(path.read_text(encoding="utf-8"))]
    return [LabelledClaim(row["summary"], row["doc"], row["label"] == 1, row["doc"][:80]) for row in rows]


def cliff(folder: Path) -> list[LabelledClaim]:
    """Model-written summaries of news; any error makes one unsupported."""
    path = folder / "val.csv"
    if not path.is_file():
        return []
    csv.field_size_limit(1 << 24)
    with path.open(encoding="utf-8", newline="") as lines:
        return [
            LabelledClaim(row["summ"], row["doc"], row["error_type"] == "correct", row["id"])
            for row in csv.DictReader(lines)
        ]


def _drawn(claims: Iterable[LabelledClaim], most: int, seed: int) -> list[LabelledClaim]:
    rows = list(claims)
    return rows if len(rows) <= most else random.Random(seed).sample(rows, most)
