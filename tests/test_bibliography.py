"""On real papers: lists of references are kept apart whole, and the appendices behind them are text."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.bibliography import bibliographies
from ingest.chunk import chunk
from ingest.parse_pdf import ParseJob, parse_pdf

PAPERS = Path(__file__).resolve().parents[2] / "shared" / "papers"


@pytest.mark.shared
@pytest.mark.skipif(not PAPERS.is_dir(), reason="../shared/papers is not there")
@pytest.mark.parametrize("name", ["2209.10652", "2402.01618", "2410.05864"])
def test_references_are_kept_apart_and_appendices_are_text(name: str) -> None:
    pages = parse_pdf(ParseJob(name, PAPERS / f"{name}.pdf")).pages
    passages = chunk(pages, lambda text: len(text.split()))
    listed = [one for one in passages if one.kind == "references"]
    assert len(listed) > 5
    assert bibliographies(passages) == []
    if name != "2209.10652":  # which has none
        assert any(one.kind == "text" and one.order > listed[-1].order for one in passages)
