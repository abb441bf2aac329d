"""Faults at every site: each source ends as read once the fault has passed, and is named until then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from loopback_arxiv import FakePaper
from loopback_sites import PROSE, LoopbackSites, arxiv_page, blog_page
from readable_embedder import ReadableEmbedder

from index.status import status
from ingest.manifest import add_entry, load
from ingest.obtain import Line
from ingest.parse_jobs import Outcome
from ingest.retry import Unreachable
from ingest.sites import Sites
from ingest.starter import create
from ingest.sync import sync
from ingest.tools import Tools, open_tools
from ingest.vault import Vault

ARXIV, POST, VIDEO = "2401.00001", "JvZhhzycHu2Yd57RN", "XZX_CFfVgIc"
REPO = {"README.md": f"# A Tool\n\n{PROSE}", "docs/a.md": f"# More\n\n{PROSE}"}
ENTRIES: dict[str, dict[str, object]] = {
    "arxiv": {"arxiv": ARXIV},
    "blog": {"sources": ["html"]},
    "forum": {"url": f"https://www.lesswrong.com/posts/{POST}/x", "sources": ["lesswrong_markdown_api"]},
    "github": {"kind": "tool", "url": "https://github.com/ada/tool"},
    "talk": {"kind": "video", "url": f"https://www.youtube.com/watch?v={VIDEO}"},
}
Fault = Callable[[LoopbackSites, str], None]
FAULTS: dict[str, Fault] = {
    "429": lambda server, path: server.fail(path, status=429, retry_after="1"),
    "503": lambda server, path: server.fail(path, status=503),
    "cut off": lambda server, path: server.cut(path, after=60),
    "a page instead": lambda server, path: server.html(path),
    "wrong length": lambda server, path: server.wrong_length(path, by=50),
    "reset": lambda server, path: server.reset(path),
}


@pytest.fixture(scope="module")
def server() -> Iterator[LoopbackSites]:
    running = LoopbackSites()
    with running:
        page = arxiv_page("Finding a Circuit", ("Introduction", PROSE), ("Method", PROSE))
        running.add(FakePaper(ARXIV, "Finding a Circuit", version="v2", html=page))
        running.page("/blog/lens", blog_page("A Lens", ("what", "What", PROSE), ("why", "Why", PROSE)), "text/html")
        running.post(POST, f"# A Post\n\n* By [Ada](/u/a)\n\n{PROSE}\n\n## Why\n\n{PROSE}")
        commit = running.repo("ada/tool", REPO)
        running.talk(VIDEO, "A talk", [(float(at), f"At {at} seconds we speak.") for at in range(0, 90, 5)])
        PATHS["github"] = ["/repos/ada/tool/commits/HEAD", f"/repos/ada/tool/git/trees/{commit}"]
        PATHS["github"] += [f"/raw/ada/tool/{commit}/README.md", f"/raw/ada/tool/{commit}/docs/a.md"]
        yield running


@pytest.fixture(scope="module")
def tools(server: LoopbackSites) -> Iterator[Tools]:
    with open_tools(
        ReadableEmbedder().count_tokens,
        sites=server.sites,
        allow_hosts=frozenset({server.host}),
        arxiv_seconds=0.001,
        workers=1,
        sleep=lambda _: None,
    ) as opened:
        yield opened


PATHS: dict[str, list[str]] = {
    "arxiv": ["/api/query", f"/html/{ARXIV}"],
    "blog": ["/blog/lens"],
    "forum": [f"/api/post/{POST}"],
    "github": [],
    "talk": ["/watch", "/youtubei/v1/player", f"/captions/{VIDEO}"],
}


def vault_with(root: Path, kind: str, server: LoopbackSites) -> Vault:
    vault = create(root, empty=True)
    own = {"url": f"{server.base_url}/blog/lens"} if kind == "blog" else {}
    add_entry(vault, {"id": kind, **ENTRIES[kind], **own})
    return vault


@pytest.mark.parametrize("kind", ENTRIES)
def test_a_fault_is_named_and_the_source_read_when_it_has_passed(
    kind: str, server: LoopbackSites, tools: Tools, tmp_path: Path
) -> None:
    for name, fault in FAULTS.items():
        for path in PATHS[kind]:
            vault = vault_with(tmp_path / name / path.replace("/", "_"), kind, server)
            fault(server, path)
            [failed] = sync(vault, tools)
            assert failed.reason, (name, path)
            [row] = status(vault, load(vault).entries)
            assert (row.state, row.reason) == ("listed", failed.reason), (name, path)
            server.mend()
            assert list(sync(vault, tools)) == [Outcome(kind, parsed=True)], (name, path)


@pytest.mark.parametrize("kind", ENTRIES)
def test_a_fault_that_passes_by_itself_is_waited_out(
    kind: str, server: LoopbackSites, tools: Tools, tmp_path: Path
) -> None:
    vault = vault_with(tmp_path / "vault", kind, server)
    for path in PATHS[kind]:
        server.fail(path, times=2, status=503)
        server.slow(path, piece=400, seconds=0.001, times=1)
    assert list(sync(vault, tools)) == [Outcome(kind, parsed=True)]


def test_arxiv_s_page_that_ends_early_is_not_taken_for_the_paper(
    server: LoopbackSites, tools: Tools, tmp_path: Path
) -> None:
    """A Content-Length that is too small cuts a page without any error of the connection."""
    vault = vault_with(tmp_path / "vault", "arxiv", server)
    server.wrong_length(f"/html/{ARXIV}", by=-300)
    [failed] = sync(vault, tools)
    assert "cut off" in failed.reason
    server.mend()
    assert list(sync(vault, tools)) == [Outcome("arxiv", parsed=True)]


def test_a_page_that_ends_early_carries_a_warning(server: LoopbackSites, tools: Tools, tmp_path: Path) -> None:
    vault = vault_with(tmp_path / "vault", "blog", server)
    server.wrong_length("/blog/lens", by=-100)
    assert list(sync(vault, tools)) == [Outcome("blog", parsed=True)]
    server.mend()
    paper = vault.paper("blog")
    assert paper is not None and "only in part" in paper.warnings[0]


def test_without_a_network_every_kind_is_one_line_and_nothing_waits(tmp_path: Path) -> None:
    vault = create(tmp_path / "vault", empty=True)
    for kind, fields in ENTRIES.items():
        add_entry(vault, {"id": kind, "url": "https://nowhere.invalid/post", **fields})
    nowhere = "http://nowhere.invalid"
    sites = Sites(f"{nowhere}/api", f"{nowhere}/pdf/", f"{nowhere}/html/", nowhere, nowhere, nowhere, nowhere)
    with open_tools(ReadableEmbedder().count_tokens, sites=sites) as tools:
        outcomes = list(sync(vault, tools))
    assert len(outcomes) == len(ENTRIES)
    assert all(outcome.offline and "\n" not in outcome.reason for outcome in outcomes)


@pytest.mark.parametrize("kind", ["forum", "github", "talk", "blog"])
def test_a_redirect_to_a_private_address_is_refused_for_every_kind(
    kind: str, server: LoopbackSites, tools: Tools, tmp_path: Path
) -> None:
    vault = vault_with(tmp_path / "vault", kind, server)
    server.redirect(PATHS[kind][0], "http://169.254.169.254/latest/meta-data")
    [failed] = sync(vault, tools)
    server.mend()
    assert "not on the public internet" in failed.reason


def test_names_that_are_gone_do_not_stop_the_others(server: LoopbackSites, tools: Tools, tmp_path: Path) -> None:
    vault = create(tmp_path / "vault", empty=True)
    line = Line()
    for number in range(6):
        line.lost[f"gone-{number}"] = Unreachable(f"gone-{number}", "no such name", no_such_name=True)
    line.check("alive")
    for number in range(4):
        line.lost[f"silent-{number}"] = Unreachable(f"silent-{number}", "no answer")
    with pytest.raises(Unreachable, match="neither could"):
        line.check("alive")
    line.reached = True
    line.check("alive")
    with pytest.raises(Unreachable, match="no answer"):
        line.check("silent-1")
    add_entry(vault, {"id": "alive", "url": f"{server.base_url}/blog/lens", "sources": ["html"]})
    assert list(sync(vault, tools)) == [Outcome("alive", parsed=True)]
