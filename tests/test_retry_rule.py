"""A failure is met again when it may pass: the network is back, the parser is another, the file changed. Else not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

import pytest
from loopback_arxiv import LoopbackArxiv
from pdf_maker import image_pdf, paper_pdf
from readable_embedder import ReadableEmbedder

from ingest import parse_jobs, write_source
from ingest.add import add
from ingest.first_page import first_pages
from ingest.manifest import add_entry
from ingest.parse import PARSERS
from ingest.starter import create
from ingest.sync import sync
from ingest.tools import Tools, open_tools
from ingest.vault import Vault

TEXT = "Circuits are subgraphs of a network that do one job. We find one of them and describe how it works. " * 6


@pytest.fixture(scope="module")
def server() -> Iterator[LoopbackArxiv]:
    with LoopbackArxiv() as running:
        yield running


@pytest.fixture(scope="module")
def tools(server: LoopbackArxiv) -> Iterator[Tools]:
    allowed = frozenset({server.host})
    with open_tools(
        ReadableEmbedder().count_tokens, api_url=server.api_url, allow_hosts=allowed, arxiv_seconds=0.01
    ) as opened:
        yield opened


@pytest.fixture
def vault(tmp_path: Path, tools: Tools) -> Vault:
    """With one paper that was read, `good`, and two files that were refused for good: `scan` and `torn`."""
    made = create(tmp_path / "vault", empty=True)
    good = paper_pdf(tmp_path / "good.pdf", "A Good Paper", ["Ada Byron"], [("Introduction", TEXT)], [], None)
    torn = tmp_path / "torn.pdf"
    torn.write_bytes(good.read_bytes()[:200])
    with first_pages() as identify:
        for path in (good, image_pdf(tmp_path / "scan.pdf"), torn):
            list(add(made, str(path), identify))
    assert ended(made, tools) == {"good": "", "scan": "OCR", "torn": "refused"}
    return made


def ended(vault: Vault, tools: Tools) -> dict[str, str]:
    """What a sync took up, and how each ended: "" read, "OCR", or refused."""
    outcomes = {outcome.entry_id: outcome.reason for outcome in sync(vault, tools)}
    return {one: "" if not why else "OCR" if "OCR" in why else "refused" for one, why in outcomes.items()}


def newer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A later release whose PDF parser has another version."""
    parsers = MappingProxyType({**PARSERS, "pdf": "a newer parser"})
    for module in (parse_jobs, write_source):
        monkeypatch.setattr(module, "PARSERS", parsers)


def test_nothing_is_taken_up_again_while_nothing_changed(vault: Vault, tools: Tools) -> None:
    assert ended(vault, tools) == {}
    assert ended(vault, tools) == {}


def test_a_newer_parser_takes_up_what_was_refused_and_what_was_read_once(
    vault: Vault, tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer(monkeypatch)
    assert ended(vault, tools) == {"good": "", "scan": "OCR", "torn": "refused"}
    assert ended(vault, tools) == {}


def test_a_file_that_changed_is_taken_up_alone(vault: Vault, tools: Tools) -> None:
    file = next(path for path in (vault.root / "files").iterdir() if "torn" in path.name)
    file.write_bytes(file.read_bytes() + b"more")
    assert ended(vault, tools) == {"torn": "refused"}


@pytest.mark.parametrize(("status", "again"), [(503, True), (404, False), (403, False)])
def test_a_download_is_tried_again_only_where_the_failure_may_pass(
    vault: Vault,
    tools: Tools,
    server: LoopbackArxiv,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    again: bool,
) -> None:
    monkeypatch.setattr("ingest.retry.pause", lambda *_: 0.0)  # within a run; how long it is, test_retry.py asks
    whole = paper_pdf(tmp_path / "far.pdf", "A Far Paper", ["Ada Byron"], [("Introduction", TEXT)], [], None)
    url = server.page(f"/papers/{status}.pdf", whole.read_bytes())
    server.fail(f"/papers/{status}.pdf", status=status)
    add_entry(vault, {"id": "far", "url": url, "sources": ["pdf"]})
    assert ended(vault, tools) == {"far": "refused"}
    server.mend()
    assert ended(vault, tools) == ({"far": ""} if again else {})
