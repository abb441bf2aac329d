"""Every kind of source, from its entry to passages with a place to follow, off a loopback copy of its site."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from loopback_arxiv import FakePaper
from loopback_sites import PROSE, LoopbackSites, arxiv_page, blog_page
from pdf_maker import paper_pdf
from readable_embedder import ReadableEmbedder

from index.status import status
from ingest.add import add
from ingest.identify import Identity
from ingest.links import page_link
from ingest.manifest import add_entry, load
from ingest.parse_jobs import Outcome
from ingest.sites import Sites
from ingest.sync import sync
from ingest.tools import Tools, open_tools
from ingest.vault import Vault

POST, VIDEO, TOOL = "JvZhhzycHu2Yd57RN", "XZX_CFfVgIc", "https://github.com/ada/tool"
MARKDOWN = f"""# Causal Scrubbing

* By [Ada Byron](/users/ada), [Alan Turing](/users/alan)
* 2022-12-03
* 206 points
* Tag: [Interpretability](/w/interpretability)
* Frontpage
* Comments: 34
* Post URL (HTML): [x](https://www.lesswrong.com/posts/x)

{PROSE}

## Why $x_i * y_i$ matters?

{PROSE} See [the code](https://github.com/o/r).

## Top Comments Index

### Comment by somebody

I have opinions about it.
"""


@pytest.fixture
def server() -> Iterator[LoopbackSites]:
    running = LoopbackSites()
    with running:
        yield running


def opened(sites: Sites, host: str) -> AbstractContextManager[Tools]:
    """Tools that ask `host` alone, without pauses between requests."""
    return open_tools(
        ReadableEmbedder().count_tokens,
        sites=sites,
        allow_hosts=frozenset({host}),
        arxiv_seconds=0.01,
        workers=1,
        sleep=lambda _: None,
    )


@pytest.fixture
def tools(server: LoopbackSites) -> Iterator[Tools]:
    with opened(server.sites, server.host) as tools:
        yield tools


def entry(vault: Vault, **fields: object) -> str:
    add_entry(vault, {"kind": "paper", **fields})
    return str(fields["id"])


def run(vault: Vault, tools: Tools) -> list[Outcome]:
    return list(sync(vault, tools))


def places(vault: Vault, source_id: str) -> list[tuple[str, str | None]]:
    """Locator and link of each passage."""
    paper = vault.paper(source_id)
    assert paper is not None
    return [(p.first_locator, page_link(paper, p.spans[0].page, p.link)) for p in vault.passages(source_id)]


def text(vault: Vault, source_id: str) -> str:
    return "\n".join(passage.text for passage in vault.passages(source_id))


# --- arXiv -----------------------------------------------------------------------------------------------------------


def arxiv_paper(tmp_path: Path, *, html: bool = True) -> FakePaper:
    file = paper_pdf(tmp_path / "p.pdf", "Finding a Circuit", ["Ada Byron"], [("Introduction", PROSE * 3)], [])
    page = arxiv_page("Finding a Circuit", ("Introduction", PROSE), ("Method", PROSE)) if html else b""
    return FakePaper("2401.00001", "Finding a Circuit", pdf=file.read_bytes(), version="v2", html=page)


def test_an_arxiv_paper_is_read_from_its_html(
    vault: Vault, tools: Tools, server: LoopbackSites, tmp_path: Path
) -> None:
    server.add(arxiv_paper(tmp_path))
    one = entry(vault, id="circuit", arxiv="2401.00001", sources=["arxiv_html", "arxiv_pdf"])
    assert run(vault, tools) == [Outcome(one, parsed=True)]
    paper = vault.paper(one)
    assert paper is not None
    assert (paper.form, paper.arxiv_version, paper.licence) == ("html", "v2", "CC BY 4.0")
    assert ("§ 2", "https://arxiv.org/html/2401.00001v2#S2") in places(vault, one)
    assert "$x_{1}$" in text(vault, one) and "tracker" not in text(vault, one)
    assert [p.kind for p in vault.passages(one)][-1] == "references"
    assert not server.hits("/pdf/2401.00001")
    assert run(vault, tools) == []


def test_a_paper_without_html_is_read_from_its_pdf_and_the_html_not_asked_for_again(
    vault: Vault, tools: Tools, server: LoopbackSites, tmp_path: Path
) -> None:
    server.add(arxiv_paper(tmp_path, html=False))
    server.fail("/pdf/2401.00001", times=10)
    one = entry(vault, id="circuit", arxiv="2401.00001")
    [failed] = run(vault, tools)
    assert failed.reason
    server.mend()
    assert run(vault, tools) == [Outcome(one, parsed=True)]
    assert len(server.hits("/html/2401.00001")) == 1
    assert places(vault, one)[0] == ("p. 1", "https://arxiv.org/pdf/2401.00001v2#page=1")


# --- pages, posts, repositories, talks -------------------------------------------------------------------------------


def test_a_blog_s_passages_open_at_their_headings_and_hold_nothing_hidden(
    vault: Vault, tools: Tools, server: LoopbackSites
) -> None:
    url = server.page(
        "/blog/lens", blog_page("A Lens", ("what", "What it is", PROSE), ("why", "Why", PROSE)), "text/html"
    )
    one = entry(vault, id="lens", url=url, sources=["html"])
    assert run(vault, tools) == [Outcome(one, parsed=True)]
    assert ("§ Why", f"{url}#why") in places(vault, one)
    for hidden in ("tracker", "Ignore all", "Menu of everything", "Copyright of nobody"):
        assert hidden not in text(vault, one)
    paper = vault.paper(one)
    assert paper is not None and (paper.title, paper.authors) == ("A Lens", ("Ada Byron",))


def test_distill_s_formulas_footnotes_and_anchors(vault: Vault, tools: Tools, server: LoopbackSites) -> None:
    page = (
        '<html><head><title>x</title></head><body><d-front-matter><script type="text/json">{"title": "Toy Models", '
        '"authors": [{"author": "Ada Byron"}]}</script></d-front-matter>'
        "<d-title><h1>Toy Models</h1></d-title><d-article>"
        f"<p>{PROSE} In <d-math>W^TW</d-math> they stand<d-footnote>A side remark.</d-footnote>.</p>"
        f'<h2 id="sparsity">Sparsity</h2><p>{PROSE}</p></d-article></body></html>'
    )
    url = server.page("/2022/toy_model/index.html", page.encode(), "text/html")
    one = entry(vault, id="toy", url=url, sources=["html", "arxiv_html"])
    assert run(vault, tools) == [Outcome(one, parsed=True)]
    assert "$W^TW$" in text(vault, one) and "Footnote: A side remark." in text(vault, one)
    assert ("§ Sparsity", f"{url}#sparsity") in places(vault, one)
    paper = vault.paper(one)
    assert paper is not None and (paper.title, paper.authors) == ("Toy Models", ("Ada Byron",))


def test_an_address_that_leads_to_a_pdf_gives_its_pages(
    vault: Vault, tools: Tools, server: LoopbackSites, tmp_path: Path
) -> None:
    url = server.page("/paper", arxiv_paper(tmp_path).pdf)
    one = entry(vault, id="paper", url=url, sources=["html"])
    assert run(vault, tools) == [Outcome(one, parsed=True)]
    assert places(vault, one)[0][0] == "p. 1"


def test_a_forum_s_post_comes_as_markdown_without_its_comments(
    vault: Vault, tools: Tools, server: LoopbackSites
) -> None:
    server.post(POST, MARKDOWN)
    url = f"https://www.alignmentforum.org/posts/{POST}/causal-scrubbing"
    one = entry(vault, id="scrubbing", url=url, sources=["lesswrong_markdown_api", "html"])
    assert run(vault, tools) == [Outcome(one, parsed=True)]
    paper = vault.paper(one)
    assert paper is not None
    assert (paper.title, paper.authors, paper.year) == ("Causal Scrubbing", ("Ada Byron", "Alan Turing"), 2022)
    assert ("§ Why $x_i * y_i$ matters?", f"{url}#Why__x_i___y_i__matters_") in places(vault, one)
    for other in ("opinions", "points", "Post URL", "Tag:"):
        assert other not in text(vault, one)


def test_a_repository_is_read_at_a_commit(vault: Vault, tools: Tools, server: LoopbackSites) -> None:
    files = {
        "README.md": f"# A Tool\n\n{PROSE}\n\n## How to `install` it?\n\npip install tool. {PROSE}",
        "docs/usage.md": f"# Usage\n\n{PROSE}",
        "docs/empty.md": "",
        "docs/changes.md": "# Changes\n\nTaken out.",
        "src/main.py": "print('no document')",
        "CONTRIBUTING.md": "# Not asked for",
    }
    commit = server.repo("ada/tool", files, {"docs/changes.md": 5_000_000})
    one = entry(
        vault, id="tool", kind="tool", url="https://github.com/ada/tool", sources=["github_readme", "github_docs"]
    )
    assert run(vault, tools) == [Outcome(one, parsed=True)]
    paper = vault.paper(one)
    assert paper is not None and (paper.commit, paper.form, len(paper.warnings)) == (commit, "repo", 1)
    blob = f"https://github.com/ada/tool/blob/{commit}"
    assert ("README.md, § How to install it?", f"{blob}/README.md#how-to-install-it") in places(vault, one)
    assert ("docs/usage.md, § Usage", f"{blob}/docs/usage.md#usage") in places(vault, one)
    assert {p.section[0] for p in vault.passages(one)} == {"README.md", "docs/usage.md"}
    assert "Not asked for" not in text(vault, one)


def test_a_token_goes_to_github_s_api_alone(vault: Vault, server: LoopbackSites) -> None:
    server.repo("ada/tool", {"README.md": f"# A Tool\n\n{PROSE}"})
    entry(vault, id="tool", kind="tool", url="https://github.com/ada/tool")
    sites = replace(server.sites, github_token="secret-token")
    with opened(sites, server.host) as tools:
        run(vault, tools)
    sent = {
        seen.path.split("/")[1] for seen in server.requests if "secret-token" in seen.headers.get("authorization", "")
    }
    assert sent == {"repos"}


def test_when_github_gives_no_more_the_hour_is_named_and_nothing_else_is_asked(
    vault: Vault, tools: Tools, server: LoopbackSites
) -> None:
    for name in ("one", "two"):
        server.repo(f"ada/{name}", {"README.md": f"# {name}\n\n{PROSE}"})
        entry(vault, id=name, kind="tool", url=f"https://github.com/ada/{name}")
    server.rate_limited("/repos/ada/one/commits/HEAD", 1_800_000_000)
    first, second = run(vault, tools)
    assert "used up until" in first.reason and "GITHUB_TOKEN" in first.reason and second.reason == first.reason
    assert len(server.requests) == 1
    assert [o.reason for o in run(vault, tools)] == ["", ""]


CAPTIONS = [(float(at), f"At {at} seconds we speak of circuits and of heads.") for at in range(0, 200, 5)]


def test_a_talk_s_passages_open_at_their_second(vault: Vault, tools: Tools, server: LoopbackSites) -> None:
    server.talk(VIDEO, "On Circuits", CAPTIONS, generated=True)
    url = f"https://youtu.be/{VIDEO}"
    one = entry(vault, id="talk", kind="video", url=url, sources=["youtube_transcript"])
    assert run(vault, tools) == [Outcome(one, parsed=True)]
    paper = vault.paper(one)
    assert paper is not None
    assert (paper.title, paper.authors) == ("On Circuits", ("Ada Byron",))
    pages = vault.pages(one)
    assert "made by a program" in paper.warnings[0]
    assert {page.warning for page in pages} == {paper.warnings[0]}, "what cites it says so"
    assert [page.locator for page in pages] == ["0:00", "0:30", "1:00", "1:30", "2:00", "2:30", "3:00"]
    assert pages[3].link == f"https://www.youtube.com/watch?v={VIDEO}&t=90s"
    assert "At 90 seconds" in pages[3].text
    assert places(vault, one)[0] == ("0:00", f"https://www.youtube.com/watch?v={VIDEO}&t=0s")


@pytest.mark.parametrize(("video", "said"), [("silent_____", "no captions"), ("unknown____", "video unavailable")])
def test_a_talk_that_cannot_be_had_is_named(
    vault: Vault, tools: Tools, server: LoopbackSites, video: str, said: str
) -> None:
    server.silent_talk("silent_____")
    server.page("/watch", b'<html>"INNERTUBE_API_KEY": "loop-key"</html>', "text/html")
    entry(vault, id="talk", kind="video", url=f"https://www.youtube.com/watch?v={video}")
    [outcome] = run(vault, tools)
    assert said in outcome.reason
    assert run(vault, tools) == []


def test_talks_in_another_language_are_read_in_it(vault: Vault, tools: Tools, server: LoopbackSites) -> None:
    server.talk(VIDEO, "Über Schaltkreise", CAPTIONS, to="de")
    one = entry(vault, id="talk", kind="video", url=f"https://www.youtube.com/watch?v={VIDEO}")
    assert run(vault, tools) == [Outcome(one, parsed=True)]


# --- versions --------------------------------------------------------------------------------------------------------


def test_a_newer_version_is_reported_and_read_only_when_asked_for(
    vault: Vault, tools: Tools, server: LoopbackSites, tmp_path: Path
) -> None:
    server.add(arxiv_paper(tmp_path))
    one = entry(vault, id="circuit", arxiv="2401.00001")
    run(vault, tools)
    page = arxiv_page("Finding a Circuit", ("New", PROSE), stamp="arXiv:2401.00001v3 [cs.LG] 05 Mar 2024")
    server.add(replace(arxiv_paper(tmp_path), version="v3", html=page))
    asked = len(server.requests)
    assert run(vault, tools) == [] and len(server.requests) == asked  # it was asked about this week
    assert list(sync(vault, tools, check=True)) == []
    assert len(server.requests) == asked + 1
    [row] = status(vault, load(vault).entries)
    assert row.reason == "arXiv has v3, v2 was read (mivault sync --newest circuit)"
    assert vault.paper(one).arxiv_version == "v2"  # type: ignore[union-attr]
    assert list(sync(vault, tools, newest=True)) == [Outcome(one, parsed=True)]
    assert vault.paper(one).arxiv_version == "v3"  # type: ignore[union-attr]
    assert ("§ 1", "https://arxiv.org/html/2401.00001v3#S1") in places(vault, one)
    [row] = status(vault, load(vault).entries)
    assert row.reason == ""


def test_a_file_that_was_added_stays_whatever_arxiv_has(
    vault: Vault, tools: Tools, server: LoopbackSites, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.pdf"
    stamp = "arXiv:2401.00001v1 [cs.LG] 1 Jan 2024"
    paper_pdf(mine, "Finding a Circuit", ["Ada Byron"], [("Introduction", PROSE * 3)], [], stamp)
    list(add(vault, str(mine), lambda _: Identity("", (), "2401.00001", "v1", 2024)))
    server.add(arxiv_paper(tmp_path))
    run(vault, tools)
    [row] = status(vault, load(vault).entries)
    assert row.reason.startswith("arXiv has v2, v1 was read")
    assert list(sync(vault, tools, newest=True)) == []
    assert not server.hits("/html/2401.00001")


def test_a_withdrawn_paper_is_named(vault: Vault, tools: Tools, server: LoopbackSites, tmp_path: Path) -> None:
    note = "This paper has been withdrawn by the authors: Theorem 2 is wrong."
    server.add(replace(arxiv_paper(tmp_path), comment=note))
    server.add(FakePaper("2401.00002", "Gone", comment="Withdrawn."))
    one = entry(vault, id="circuit", arxiv="2401.00001")
    entry(vault, id="gone", arxiv="2401.00002", sources=["arxiv_html"])
    assert [o.reason for o in run(vault, tools) if o.reason and o.entry_id == one] == []
    first, second = status(vault, load(vault).entries)
    assert "Theorem 2 is wrong" in first.reason
    paper = vault.paper(one)
    assert paper is not None and "Theorem 2 is wrong" in paper.withdrawn
    assert second.state == "failed" and "withdrawn from arXiv (Withdrawn.)" in second.reason and "v1" in second.reason


def test_a_version_that_vault_yaml_names_is_the_one_that_is_read(
    vault: Vault, tools: Tools, server: LoopbackSites, tmp_path: Path
) -> None:
    server.add(arxiv_paper(tmp_path, html=False))
    one = entry(vault, id="circuit", arxiv="2401.00001v1")
    run(vault, tools)
    paper = vault.paper(one)
    assert paper is not None and (paper.arxiv_id, paper.arxiv_version) == ("2401.00001", "v1")
    assert places(vault, one)[0][1] == "https://arxiv.org/pdf/2401.00001v1#page=1"
