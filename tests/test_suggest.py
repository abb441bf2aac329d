"""What lists name that a vault lacks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback_arxiv import FakePaper
from loopback_sites import LoopbackSites

from index.status import status
from ingest.lists import key_of
from ingest.manifest import add_entry, load
from ingest.starter import create
from ingest.suggest import Suggested, suggest, suggestions_text, unread_lists
from ingest.sync import sync
from ingest.tools import Tools, open_tools
from ingest.vault import Vault

POST = "NfFST5Mio7BCAQHPA"
README = """# Awesome ![badge](https://img.shields.io/x) list

[Contributing](https://github.com/ada/awesome/blob/main/CONTRIBUTING.md) and [our site](https://example.org/)

| Title | Link |
|---|---|
| [Sparse Autoencoders Find Features](https://arxiv.org/abs/2309.00001) | [code](https://github.com/ada/Tool) |
| Dissecting Recall of Facts | [Dissecting Recall of Factual Associations](https://arxiv.org/abs/2202.05262) |

- [Toy Models](https://transformer-circuits.pub/2022/toy_model/index.html), [talk](https://youtu.be/XZX_CFfVgIc)
- In the vault already: [Held](https://arxiv.org/pdf/2301.00001v2) and [unknown](https://arxiv.org/abs/2312.99999)
- [Slides](https://example.org/slides.pdf), [tweet](https://twitter.com/x/status/1), [odd](http://[broken)
"""
FAVOURITES = """# Favourites

* By [Ada](/users/ada)

Read [this one](https://arxiv.org/abs/2309.00001v3) first, then
[a post](https://www.alignmentforum.org/posts/JvZhhzycHu2Yd57RN/causal-scrubbing).
"""


@pytest.fixture
def server() -> Iterator[LoopbackSites]:
    running = LoopbackSites()
    with running:
        running.repo("ada/awesome", {"README.md": README, "docs/more.md": "[x](https://arxiv.org/abs/2309.00009)"})
        running.post(POST, FAVOURITES)
        running.channel("/@ada", {"gzwj0jWbvbo": "A Walkthrough"})
        running.add(FakePaper("2309.00001", "Sparse Autoencoders Find Highly Interpretable Features"))
        running.add(FakePaper("2202.05262", "Locating and Editing Factual Associations in GPT"))
        yield running


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    vault = create(tmp_path / "vault", empty=True)
    forum = f"https://www.alignmentforum.org/posts/{POST}/favourites"
    add_entry(vault, {"id": "held", "arxiv": "2301.00001"})
    add_entry(vault, {"id": "list-a", "kind": "list", "url": "https://github.com/ada/awesome"})
    add_entry(vault, {"id": "list-b", "kind": "list", "url": forum, "sources": ["lesswrong_markdown_api"]})
    channel = {"kind": "person", "url": "https://www.youtube.com/@ada", "sources": ["youtube_index"]}
    add_entry(vault, {"id": "channel", **channel})
    return vault


@pytest.fixture
def tools(server: LoopbackSites) -> Iterator[Tools]:
    with open_tools(
        len,
        sites=server.sites,
        allow_hosts=frozenset({server.host}),
        arxiv_seconds=0.001,
        workers=1,
        sleep=lambda _: None,
    ) as opened:
        yield opened


def ask(vault: Vault, tools: Tools, *, refresh: bool = False, download: bool = True) -> Suggested:
    return suggest(vault, tools, load(vault).entries, refresh=refresh, download=download)


def test_lists_name_what_the_vault_lacks_the_most_named_first(vault: Vault, tools: Tools) -> None:
    found = ask(vault, tools)
    assert found.failed == {}
    by_id = {one.id: one for one in found.suggestions}
    assert found.suggestions[0].id == "2309.00001"
    assert set(by_id) == {
        *("2309.00001", "2202.05262", "2312.99999", "https://github.com/ada/tool", "https://example.org/slides.pdf"),
        *("https://transformer-circuits.pub/2022/toy_model", "https://www.youtube.com/watch?v=XZX_CFfVgIc"),
        *("https://www.lesswrong.com/posts/JvZhhzycHu2Yd57RN", "https://www.youtube.com/watch?v=gzwj0jWbvbo"),
    }
    first = by_id["2309.00001"]
    assert (first.title, first.checked, first.named_by, first.note) == (
        "Sparse Autoencoders Find Highly Interpretable Features",
        True,
        ("list-a", "list-b"),
        "",
    )
    assert by_id["https://www.youtube.com/watch?v=gzwj0jWbvbo"].title == "A Walkthrough"


def test_a_wrong_id_of_a_list_is_seen_before_it_is_added(vault: Vault, tools: Tools) -> None:
    by_id = {one.id: one for one in ask(vault, tools).suggestions}
    wrong, unknown = by_id["2202.05262"], by_id["2312.99999"]
    assert wrong.title == "Locating and Editing Factual Associations in GPT"
    assert wrong.note == "the list calls it: Dissecting Recall of Factual Associations"
    assert not unknown.checked and "does not know" in unknown.note


def test_lists_are_got_once_a_week_and_ids_asked_for_once(vault: Vault, tools: Tools, server: LoopbackSites) -> None:
    first = ask(vault, tools)
    asked = len(server.requests)
    assert ask(vault, tools) == first and len(server.requests) == asked
    ask(vault, tools, refresh=True)
    assert len(server.requests) > asked and len(server.hits("/api/query")) == 1


def test_a_list_that_cannot_be_had_is_named_and_what_it_named_is_kept(
    vault: Vault, tools: Tools, server: LoopbackSites
) -> None:
    before = ask(vault, tools).suggestions
    server.fail(f"/api/post/{POST}", status=404)
    found = ask(vault, tools, refresh=True)
    assert found.suggestions == before
    assert "404" in found.failed["list-b"]


def test_a_list_is_never_read_as_passages_and_status_says_what_it_is_for(vault: Vault, tools: Tools) -> None:
    ask(vault, tools)
    list(sync(vault, tools, only=frozenset({"list-a", "list-b", "channel"})))
    rows = status(vault, load(vault).entries)[1:]
    assert [(row.state, row.passages) for row in rows] == [("listed", 0)] * 3
    assert all("mivault suggest" in row.reason for row in rows)


def test_without_a_network_what_is_not_known_is_said_to_be_unchecked(
    vault: Vault, tools: Tools, server: LoopbackSites
) -> None:
    server.fail("/api/query")
    found = ask(vault, tools)
    first = next(one for one in found.suggestions if one.id == "2309.00001")
    assert not first.checked and "not checked" in suggestions_text(found, 40)
    assert ask(vault, tools, download=False).suggestions == found.suggestions


def test_the_text_shows_the_first_and_counts_the_rest(vault: Vault, tools: Tools) -> None:
    text = suggestions_text(ask(vault, tools), 2)
    assert text.startswith("2309.00001  Sparse Autoencoders Find") and "and 7 more" in text
    assert "suggest --add ID" in text


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://arxiv.org/pdf/2309.08600v3.pdf", "2309.08600"),
        ("https://github.com/A/B.git", "https://github.com/a/b"),
        ("https://github.com/A/B/issues/3", ""),
        ("https://distill.pub/2020/circuits/zoom-in/", "https://distill.pub/2020/circuits/zoom-in"),
        ("https://openreview.net/forum?id=abc", "https://openreview.net/forum?id=abc"),
        ("https://example.org/about", ""),
        ("javascript:alert(1)", ""),
        ("#anchor", ""),
    ],
)
def test_an_address_is_spelled_one_way(url: str, key: str) -> None:
    assert key_of(url) == key


def test_a_missing_network_is_told_once_for_all_lists() -> None:
    why = "its name cannot be resolved (check the internet connection)"
    failed = {"a": f"cannot reach one.org: {why}", "b": f"cannot reach two.org: {why}", "c": "it answered 404"}
    told = unread_lists(Suggested((), {**failed, "d": failed["a"]}, 0))
    assert told == [
        f"a, b, d could not be had: cannot reach one.org, two.org: {why}",
        "c could not be had: it answered 404",
    ]
