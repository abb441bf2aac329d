"""From a list to passages: what is obtained, read, kept, tried again, and said where it cannot be had."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback_arxiv import FakePaper, LoopbackArxiv
from pdf_maker import encrypt_pdf, image_pdf, paper_pdf
from readable_embedder import ReadableEmbedder

from ingest.add import add, remove
from ingest.first_page import first_pages
from ingest.manifest import add_entry, load
from ingest.parse_pdf import Identity
from ingest.starter import create
from ingest.sync import Outcome, sync
from ingest.tools import Tools, open_tools
from ingest.vault import Vault

CIRCUITS = "Circuits are subgraphs of a network that do one job. We find one of them and describe how it works. " * 6
LENSES = "The logit lens reads intermediate layers through the unembedding. We show where it fails and why. " * 6


def _identify(path: Path) -> Identity:
    with first_pages() as identify:
        return identify(path)


@pytest.fixture(scope="module")
def server() -> Iterator[LoopbackArxiv]:
    with LoopbackArxiv() as running:
        yield running


@pytest.fixture(scope="module")
def tools(server: LoopbackArxiv) -> Iterator[Tools]:
    with open_tools(
        ReadableEmbedder().count_tokens,
        api_url=server.api_url,
        pdf_url=server.pdf_url(""),
        allow_hosts=frozenset({server.host}),
        arxiv_seconds=0.01,
    ) as opened:
        yield opened


def pdf(path: Path, title: str, text: str = CIRCUITS, stamp: str | None = None) -> Path:
    sections = [("Introduction", text), ("Method", text)]
    return paper_pdf(path, title, ["Ada Byron", "Alan Turing"], sections, ["A. Byron. Notes. 1843."], stamp)


def put(vault: Vault, *paths: Path) -> list[str]:
    return [added.entry_id for path in paths for added in add(vault, str(path), _identify)]


def run(vault: Vault, tools: Tools) -> list[Outcome]:
    return list(sync(vault, tools))


def test_an_added_pdf_becomes_passages_with_title_authors_and_arxiv_id(
    vault: Vault, tools: Tools, tmp_path: Path
) -> None:
    [entry_id] = put(vault, pdf(tmp_path / "x.pdf", "Finding a Circuit", stamp="arXiv:2301.00001v2 [cs.LG] 3 Jan 2023"))
    assert run(vault, tools) == [Outcome(entry_id, parsed=True)]
    paper = vault.paper(entry_id)
    assert paper is not None
    assert (paper.title, paper.arxiv_id, paper.arxiv_version) == ("Finding a Circuit", "2301.00001", "v2")
    assert paper.authors == ("Ada Byron", "Alan Turing")
    passages = vault.passages(entry_id)
    assert {p.kind for p in passages} == {"text", "references"}
    pages = {page.number: page for page in vault.pages(entry_id)}
    for passage in passages:
        assert passage.text == "\n".join(pages[s.page].text[s.start : s.end] for s in passage.spans)


def test_a_second_sync_does_nothing(vault: Vault, tools: Tools, tmp_path: Path) -> None:
    put(vault, pdf(tmp_path / "x.pdf", "Finding a Circuit"))
    run(vault, tools)
    before = {p: p.stat().st_mtime_ns for p in vault.root.rglob("*") if p.is_file()}
    assert run(vault, tools) == []
    assert {p: p.stat().st_mtime_ns for p in vault.root.rglob("*") if p.is_file()} == before


def test_a_changed_file_is_read_again_and_only_that(vault: Vault, tools: Tools, tmp_path: Path) -> None:
    first, second = put(vault, pdf(tmp_path / "a.pdf", "A Paper"), pdf(tmp_path / "b.pdf", "B Paper", LENSES))
    run(vault, tools)
    file = next(e.file for e in load(vault).entries if e.id == second)
    assert file
    pdf(vault.inside(file), "B Paper Revised", CIRCUITS)
    assert run(vault, tools) == [Outcome(second, parsed=True)]
    assert vault.paper(second).title == "B Paper Revised"  # type: ignore[union-attr]
    assert vault.paper(first).title == "A Paper"  # type: ignore[union-attr]


def test_a_paper_is_looked_up_and_downloaded(vault: Vault, tools: Tools, server: LoopbackArxiv, tmp_path: Path) -> None:
    body = pdf(tmp_path / "l.pdf", "A Lens", LENSES).read_bytes()
    server.add(FakePaper("2303.00001", "A Lens", ("Nora Example", "Zed Example"), body, version="v3"))
    [added] = add(vault, "arXiv:2303.00001", _identify)
    assert run(vault, tools) == [Outcome(added.entry_id, parsed=True)]
    paper = vault.paper(added.entry_id)
    assert paper is not None
    assert (paper.title, paper.arxiv_version, paper.authors) == ("A Lens", "v3", ("Nora Example", "Zed Example"))
    asked = len(server.requests)
    assert run(vault, tools) == []
    assert len(server.requests) == asked


def test_an_unknown_id_is_named_and_the_others_go_on(
    vault: Vault, tools: Tools, server: LoopbackArxiv, tmp_path: Path
) -> None:
    server.add(FakePaper("2303.00002", "Known", pdf=pdf(tmp_path / "k.pdf", "Known").read_bytes()))
    add_entry(vault, {"id": "unknown", "arxiv": "2303.99999"})
    add_entry(vault, {"id": "known", "arxiv": "2303.00002"})
    outcomes = {o.entry_id: o for o in run(vault, tools)}
    assert outcomes["known"].reason == ""
    assert "2303.99999" in outcomes["unknown"].reason
    assert run(vault, tools) == []  # arXiv said that it does not exist: it is not asked again


def test_a_fault_that_passes_is_tried_again_by_the_next_sync(
    vault: Vault, tools: Tools, server: LoopbackArxiv, tmp_path: Path
) -> None:
    server.add(FakePaper("2303.00003", "Shy", pdf=pdf(tmp_path / "s.pdf", "Shy").read_bytes()))
    add_entry(vault, {"id": "shy", "arxiv": "2303.00003"})
    server.html("/pdf/2303.00003", times=2)
    [failed] = run(vault, tools)
    assert failed.reason
    assert run(vault, tools) == [Outcome("shy", parsed=True)]


def test_without_a_network_nothing_waits_and_what_is_here_is_read(vault: Vault, tmp_path: Path) -> None:
    put(vault, pdf(tmp_path / "x.pdf", "Here Already"))
    for number in range(3):
        add_entry(vault, {"id": f"far-{number}", "arxiv": f"2303.1000{number}"})
    nowhere = "http://127.0.0.1:9/"  # the discard port: nothing listens there
    with open_tools(
        ReadableEmbedder().count_tokens, api_url=nowhere, pdf_url=nowhere, allow_hosts=frozenset({"127.0.0.1"})
    ) as tools:
        outcomes = run(vault, tools)
    assert [o.entry_id for o in outcomes if not o.reason] == ["x"]
    far = [o for o in outcomes if o.entry_id.startswith("far-")]
    assert len(far) == 3
    assert all(o.offline and o.reason for o in far)


def test_every_broken_file_ends_with_a_named_reason(vault: Vault, tools: Tools, tmp_path: Path) -> None:
    locked = encrypt_pdf(pdf(tmp_path / "locked.pdf", "Locked"), "secret")
    scan = image_pdf(tmp_path / "scan.pdf")
    torn = tmp_path / "torn.pdf"
    torn.write_bytes(pdf(tmp_path / "whole.pdf", "Torn").read_bytes()[:200])
    ids = put(vault, locked, scan, torn)
    reasons = {o.entry_id: o.reason for o in run(vault, tools)}
    assert "password" in reasons[ids[0]]
    assert "OCR" in reasons[ids[1]]
    assert reasons[ids[2]]
    assert run(vault, tools) == []  # nothing has changed: not tried again


def test_a_password_in_the_manifest_opens_what_was_locked(vault: Vault, tools: Tools, tmp_path: Path) -> None:
    [entry_id] = put(vault, encrypt_pdf(pdf(tmp_path / "locked.pdf", "Locked"), "secret"))
    run(vault, tools)
    text = vault.manifest_path.read_text()
    vault.manifest_path.write_text(text.replace(f"- id: {entry_id}\n", f"- id: {entry_id}\n  password: secret\n"))
    assert run(vault, tools) == [Outcome(entry_id, parsed=True)]
    assert vault.paper(entry_id).title == "Locked"  # type: ignore[union-attr]


def test_an_entry_removed_leaves_nothing_behind(vault: Vault, tools: Tools, tmp_path: Path) -> None:
    one, two = put(vault, pdf(tmp_path / "a.pdf", "A Paper"), pdf(tmp_path / "b.pdf", "B Paper", LENSES))
    run(vault, tools)
    remove(vault, one)
    run(vault, tools)
    assert vault.source_ids() == [two]
    assert len(list((vault.root / "files").iterdir())) == 1


def test_our_own_texts_come_first(tmp_path: Path, tools: Tools) -> None:
    vault = create(tmp_path / "starter")
    outcomes = list(sync(vault, tools, download=False))
    kinds = {vault.paper(o.entry_id).kind for o in outcomes}  # type: ignore[union-attr]
    assert kinds == {"note", "glossary"}
    assert all(len(vault.passages(o.entry_id)) >= 1 for o in outcomes)


def test_naming_an_entry_tries_it_again_whatever_kept_it_before(
    vault: Vault, tools: Tools, server: LoopbackArxiv, tmp_path: Path
) -> None:
    """A refused address is not tried again by itself; once it is allowed, `sync ID` must have it."""
    url = server.page("/papers/late.pdf", pdf(tmp_path / "late.pdf", "Late").read_bytes())
    add_entry(vault, {"id": "late", "url": url, "sources": ["pdf"]})
    with open_tools(ReadableEmbedder().count_tokens, api_url=server.api_url) as strict:
        [refused] = run(vault, strict)
    assert refused.reason
    assert run(vault, tools) == []
    assert list(sync(vault, tools, only=frozenset({"late"}))) == [Outcome("late", parsed=True)]


def test_a_password_of_digits_is_a_password(vault: Vault, tools: Tools, tmp_path: Path) -> None:
    file = encrypt_pdf(pdf(tmp_path / "locked.pdf", "Locked"), "1234")
    [entry_id] = put(vault, file)
    text = vault.manifest_path.read_text()
    vault.manifest_path.write_text(text.replace(f"- id: {entry_id}\n", f"- id: {entry_id}\n  password: 1234\n"))
    assert run(vault, tools) == [Outcome(entry_id, parsed=True)]
