"""Answers that arXiv once gave, read again."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from loopback_arxiv import LoopbackArxiv

from ingest.lookup import Lookup, Metadata, find_arxiv_id
from ingest.polite import Gate

RECORDED = Path(__file__).parents[1] / ".." / "shared" / "arxiv" / "api-responses"


@pytest.mark.shared
def test_answers_recorded_from_arxiv_are_read() -> None:
    files = sorted(RECORDED.glob("id_*.json")) if RECORDED.is_dir() else []
    if not files:
        pytest.skip("../shared/arxiv/api-responses is not here")
    for file in files:
        recorded = json.loads(file.read_text())
        asked = parse_qs(urlsplit(recorded["url"]).query)["id_list"][0].split(",")
        with LoopbackArxiv() as server:
            if recorded["status_code"] == 200:
                server.feed(recorded["body"])
            found = Lookup(Gate(0), url=server.api_url).metadata(asked)
        known = [str(find_arxiv_id(link)) for link in re.findall(r"<id>(http://arxiv.org/abs/[^<]*)", recorded["body"])]
        got = [f"{f.arxiv_id}{f.version}" for f in found.values() if isinstance(f, Metadata)]
        assert got == known, file.name
        for metadata in found.values():
            if isinstance(metadata, Metadata):
                assert metadata.title == " ".join(metadata.title.split())
                assert metadata.authors
                assert metadata.pdf_url == f"https://arxiv.org/pdf/{metadata.arxiv_id}{metadata.version}"
