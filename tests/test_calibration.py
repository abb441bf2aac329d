"""The calibration card: agreement worked by hand, the sets as they are read, and our own claims."""

from __future__ import annotations

import csv
import json
import random
from dataclasses import dataclass
from pathlib import Path

import pytest
from eval_examples import ARXIV, PAPERS, evidence, pages

from evals.agreement import Labelled, accuracy_interval, auc, balanced_accuracy, best_cut, spearman
from evals.calibration import OWN, LabelledClaim, agreement, card, labelled_sets, own_claims
from evals.cases import pdf_pages
from evals.judge import Judgement
from evals.report import agreement_line
from ingest.errors import UsageError
from ingest.records import Page, as_json

SHARED = Path(__file__).parents[2] / "shared"


def rows(*graded: tuple[float, bool]) -> list[Labelled]:
    return [Labelled(grade, true, str(n)) for n, (grade, true) in enumerate(graded)]


def test_balanced_accuracy_by_hand() -> None:
    # 2 of 3 supported ones graded 1; 1 of 2 others graded below it: (2/3 + 1/2) / 2. In part is not supported.
    some = rows((1, True), (1, True), (0.5, True), (1, False), (0, False))
    assert balanced_accuracy(some) == pytest.approx(7 / 12)
    assert balanced_accuracy(rows((1, True), (1, False))) == 0.5  # always yes
    assert balanced_accuracy(rows((1, True))) is None


def test_auc_by_hand() -> None:
    # Pairs (supported, other): .9 > .5, .9 > .1, .5 = .5 (half), .5 > .1: 3.5 of 4.
    assert auc([0.9, 0.5, 0.5, 0.1], [True, True, False, False]) == pytest.approx(3.5 / 4)
    assert auc([1.0], [True]) is None


def test_rank_correlation() -> None:
    assert spearman([1, 2, 3], [10, 20, 90]) == pytest.approx(1.0)
    assert spearman([1, 2, 3], [3, 2, 1]) == pytest.approx(-1.0)
    assert spearman([1, 2, 3], [5, 5, 5]) == 0.0


def test_the_baseline_may_choose_its_cut_and_its_direction() -> None:
    some = rows((0, True), (0, True), (0, False), (0, False))
    assert best_cut([10, 12, 40, 50], some) == 1.0  # shorter is supported
    assert best_cut([7, 7, 7, 7], some) == 0.5


def test_the_interval_covers_what_it_should() -> None:
    draw = random.Random(5)
    inside = 0
    for trial in range(60):
        sample = [
            Labelled(float(draw.random() < (0.8 if true else 0.3)), true, str(n))
            for n in range(60)
            for true in (n % 2 == 0,)
        ]
        interval = accuracy_interval(sample, seed=trial, resamples=300)
        assert interval is not None
        inside += interval.low <= 0.75 <= interval.high  # (.8 + .7) / 2
    assert inside >= 52


@dataclass(frozen=True)
class Scripted:
    """Says yes to claims that begin with "Yes", cannot be read on "?"."""

    name: str = "scripted"

    def support(self, claim: str, source: str) -> Judgement:
        del source
        return Judgement(None, "unreadable") if "?" in claim else Judgement(float(claim.startswith("Yes")), "")


def claim(text: str, supported: bool) -> LabelledClaim:
    return LabelledClaim(text, "A text.", supported, text)


def test_a_card_counts_what_cannot_be_read_and_leaves_it_out() -> None:
    claims = [claim("Yes one.", True), claim("No two.", False), claim("Yes three.", False), claim("Why four?", True)]
    found = agreement(Scripted(), "ours", claims)
    assert (found.claims, found.unread, found.accuracy) == (4, 1, 0.75)
    line = agreement_line(found)
    assert line.startswith("ours: 0.75 (")
    assert "4 claims, 1 unread; by the claim's length alone" in line


def test_every_sentence_of_a_summary_must_be_supported() -> None:
    found = agreement(
        Scripted(), "s", [claim("Yes it is so. No it is not so.", True), claim("Yes it was. Yes it is.", False)]
    )
    assert found.accuracy == 0.0


def test_a_card_has_the_sets_that_have_claims_and_draws_by_its_seed() -> None:
    many = [claim(f"Yes {n}.", n % 2 == 0) for n in range(30)]
    (one,) = card(Scripted(), {"empty": [], "many": many}, most=10, seed=1)
    assert (one.name, one.claims) == ("many", 10)
    assert card(Scripted(), {"many": many}, most=10, seed=1) == (one,)


def test_the_sets_of_a_folder(tmp_path: Path) -> None:
    for name in ("wice", "summedits", "cliff"):
        (tmp_path / name).mkdir()
    labels = ("supported", "partially_supported", "not_supported")
    wice = [json.dumps({"label": label, "claim": "C.", "evidence": ["A.", "B."]}) for label in labels]
    (tmp_path / "wice" / "dev.jsonl").write_text("\n".join(wice))
    (tmp_path / "summedits" / "x.json").write_text(
        json.dumps([{"doc": "D", "summary": "S.", "label": n} for n in (1, 0)])
    )
    with (tmp_path / "cliff" / "val.csv").open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerows([["id", "doc", "summ", "error_type"], ["1", "D", "S.", "correct"], ["2", "D", "S.", "['x']"]])
    sets = labelled_sets(lambda _: (), tmp_path)
    assert {name: [c.supported for c in claims] for name, claims in sets.items()} == {
        "our 100 claims": [],
        "WiCE": [True, False, False],
        "SummEdits": [True, False],
        "CLIFF": [True, False],
    }
    assert sets["WiCE"][0].source == "A.\nB."
    with pytest.raises(UsageError, match="none of wice"):
        labelled_sets(lambda _: (), tmp_path / "wice")


def test_our_claims_carry_the_passage_they_are_about(tmp_path: Path) -> None:
    item = evidence("grok", 2, "Weight decay drives the cleanup phase.")
    lost = {**as_json(item), "sha256": "0" * 64}
    written = [
        {
            "id": "a",
            "claim": "The cleanup phase is driven by weight decay.",
            "supported": True,
            "evidence": as_json(item),
        },
        {"id": "b", "claim": "Dropout drives it.", "supported": False, "fault": "swapped name", "evidence": lost},
    ]
    path = tmp_path / "claims.jsonl"
    path.write_text("\n".join(map(json.dumps, written)))

    def by_arxiv(arxiv_id: str) -> tuple[Page, ...]:
        return tuple(p for paper in PAPERS if paper.arxiv_id == arxiv_id for p in pages(paper.id))

    (only,) = own_claims(by_arxiv, path)
    assert (only.source, only.supported, only.cluster) == ("Weight decay drives the cleanup phase", True, ARXIV["grok"])


def test_the_claims_that_ship_are_fifty_true_and_fifty_false_and_say_how() -> None:
    written = [json.loads(line) for line in OWN.read_text().splitlines()]
    assert len({row["id"] for row in written}) == len(written) == 100
    assert sum(row["supported"] for row in written) == 50
    faults = {row["fault"] for row in written if not row["supported"]}
    assert faults == {"number", "negation", "swapped name", "direction", "wrong scope", "wrong cause"}
    assert all(len(row["evidence"][end].split()) <= 5 for row in written for end in ("first", "last"))


@pytest.mark.shared
@pytest.mark.slow
def test_the_claims_that_ship_point_at_text_in_the_real_papers() -> None:
    folder = SHARED / "papers"
    if not folder.is_dir():
        pytest.skip(f"{folder} is missing")
    ids = {json.loads(line)["evidence"]["arxiv_id"] for line in OWN.read_text().splitlines()}
    some = set(sorted(ids)[:4])
    read = pdf_pages(folder)
    found = own_claims(lambda arxiv_id: read(arxiv_id) if arxiv_id in some else ())
    wanted = [line for line in OWN.read_text().splitlines() if json.loads(line)["evidence"]["arxiv_id"] in some]
    assert len(found) == len(wanted) > 0
