"""A bundle shows an answer with all that it rests on, loads and runs nothing, and is checked again by `replay`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from answering_vault import SmallSearch
from pdf_maker import paper_pdf
from readable_embedder import ReadableEmbedder

from assistant.ask import ask
from assistant.bundle import answer_as, overview_as
from assistant.extract import ExtractiveDrafter
from assistant.paper_text import from_vault
from assistant.records import Answer
from assistant.render_overview import summary_text
from assistant.replay import Replay, read_bundle, replay, replay_text
from assistant.summarize import summarize
from ingest.add import add
from ingest.first_page import first_pages
from ingest.starter import create
from ingest.sync import sync
from ingest.tools import open_tools
from ingest.vault import Vault, read_jsonl, write_jsonl

HOSTILE = "</script><script>alert(1)</script><img src=http://evil.example/x onerror=alert(2)>"
FOUND = "We find that walnut heads copy the name of the indirect object in 26 of 144 cases. "
REST = "Other heads of the network do nothing of that kind, and we leave them alone here. " * 4


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    made = create(tmp_path / "vault", empty=True)
    path = paper_pdf(tmp_path / "w.pdf", "On Walnut Heads", ["Ada Byron"], [("Findings", FOUND + REST)], [], None)
    with first_pages() as identify:
        list(add(made, str(path), identify))
    with open_tools(ReadableEmbedder().count_tokens) as tools:
        assert not [outcome.reason for outcome in sync(made, tools, download=False) if outcome.reason]
    yield made


def answered(vault: Vault, question: str = "What do walnut heads copy?") -> Answer:
    drafter = ExtractiveDrafter()
    return ask(question, search=SmallSearch(vault), vault=vault, drafter=drafter, embedding_model="readable")


def again(text: str, vault: Vault, tmp_path: Path) -> Replay:
    file = tmp_path / "answer.html"
    file.write_text(text)
    return replay(file, vault)


class _Elements(HTMLParser):
    """Every element with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_it_shows_the_quote_in_its_page_on_its_picture_and_holds(vault: Vault, tmp_path: Path) -> None:
    answer = answered(vault)
    assert answer.sentences and answer.sentences[0].verdict == "supported"
    text = answer_as(answer, "html", vault)
    assert "<mark>We find that walnut heads copy the name of the indirect object in 26 of 144 cases.</mark>" in text
    elements = _Elements(text).found
    pictures = [attributes["src"] or "" for tag, attributes in elements if tag == "img"]
    assert pictures and all(source.startswith("data:image/webp;base64,") for source in pictures)
    assert any(tag == "i" and "left:" in (attributes.get("style") or "") for tag, attributes in elements)
    assert "@misc{" in text and answer.recipe.chat_model in text
    result = again(text, vault, tmp_path)
    assert result.holds and result.checked == len([c for s in answer.sentences for c in s.citations])
    assert result.changes == () and "all of it holds" in replay_text(result)


def test_pictures_stop_where_a_bundle_is_full_and_it_is_said(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = answered(vault)
    shown = answer_as(answer, "html", vault).count("<img ")
    monkeypatch.setattr("assistant.bundle.MOST_BYTES", 1_000)
    text = answer_as(answer, "html", vault)
    assert shown and "<img " not in text and f"The pictures of {shown} quotes were left out" in text


def test_it_runs_nothing_and_loads_nothing_whatever_stands_in_it(vault: Vault) -> None:
    text = answer_as(answered(vault, f"What do walnut heads copy? {HOSTILE}"), "html", vault)
    elements = _Elements(text).found
    scripts = [attributes for tag, attributes in elements if tag == "script"]
    assert scripts == [{"type": "application/json", "id": "mivault-bundle"}]
    assert not [a for _, attributes in elements for a in attributes if a.startswith("on")]
    loaded = [a["src"] for _, a in elements if a.get("src")]
    assert all(str(source).startswith("data:image/webp") for source in loaded)
    assert not [tag for tag, _ in elements if tag in ("link", "iframe", "object", "embed", "form", "base")]
    policy = next(a["content"] for tag, a in elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy and policy.startswith("default-src 'none'")


def test_a_quote_that_is_gone_a_source_that_is_gone_and_a_changed_sentence_are_told(
    vault: Vault, tmp_path: Path
) -> None:
    text = answer_as(answered(vault), "html", vault)
    forged = again(
        text.replace("in 26 of 144", "in 62 of 144", 1).replace(
            '"text": "We find that walnut heads copy the name of the indirect object in 26',
            '"text": "We find that walnut heads copy the name of the indirect object in 62',
        ),
        vault,
        tmp_path,
    )
    assert not forged.holds and any("today's check says" in change.what for change in forged.changes)
    pages = vault.source("w") / "pages.jsonl"
    write_jsonl(pages, [row | {"text": row["text"].replace("26 of 144", "27 of 144")} for row in read_jsonl(pages)])
    changed = again(text, vault, tmp_path)
    assert not changed.holds and any("stands nowhere" in change.what for change in changed.changes)
    other = create(tmp_path / "other", empty=True)
    gone = again(text, other, tmp_path)
    assert not gone.holds and any("not in this vault" in change.what for change in gone.changes)
    assert "not all of it holds" in replay_text(gone)


def test_summaries_are_bundled_too(vault: Vault, tmp_path: Path) -> None:
    source = from_vault(vault, "w")
    summary = summarize(source.paper, source.pages, source.passages, glossary={})
    text = overview_as(summary, summary_text, "html", vault)
    assert again(text, vault, tmp_path).title == "On Walnut Heads"
    assert overview_as(summary, summary_text, "bibtex", vault).startswith("@misc{w,")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>",
        '<script type="application/json" id="mivault-bundle">[1]</script>',
        '<script type="application/json" id="mivault-bundle">{"version": 99}</script>',
        '<script type="application/json" id="mivault-bundle">{"version": 1, "groups": 3}</script>',
        '<script type="application/json" id="mivault-bundle">{nonsense</script>',
    ],
)
def test_what_is_no_bundle_is_one_line(text: str, vault: Vault, tmp_path: Path) -> None:
    from ingest.errors import UsageError

    with pytest.raises(UsageError):
        again(text, vault, tmp_path)


def test_a_bundle_that_somebody_made_up_reads_no_file_outside_the_vault(vault: Vault, tmp_path: Path) -> None:
    text = answer_as(answered(vault), "html", vault)
    data = re.sub('"paper_id": "[^"]*"', '"paper_id": "../../secret"', text)
    result = again(data, vault, tmp_path)
    assert not result.holds and json.dumps(read_bundle(tmp_path / "answer.html"))
