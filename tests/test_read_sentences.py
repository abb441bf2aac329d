from __future__ import annotations

import json

from benchmarks.read_sentences import READ, shares
from evals.choose import Choice, choose


def test_the_sentences_read_are_of_the_frozen_half_and_carry_no_text() -> None:
    frozen = {case.id for case in choose(Choice(half="test"))}
    rows = [json.loads(line) for line in READ.read_text(encoding="utf-8").splitlines()]
    assert len({(row["case"], row["sentence"]) for row in rows}) == len(rows) == 60
    assert all(row["case"] in frozen and set(row) <= {"case", "sentence", "note", *shares()} for row in rows)


def test_every_mark_is_a_share_of_all() -> None:
    assert all(0 <= share <= 1 and count == 60 for share, count in shares().values())
