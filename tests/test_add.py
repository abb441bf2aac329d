"""What can be put into a vault, and what is said of the rest."""

from __future__ import annotations

from pathlib import Path

import pytest
from pdf_maker import paper_pdf

from ingest.add import add
from ingest.added import Added
from ingest.first_page import first_pages
from ingest.manifest import load
from ingest.parse_pdf import Identity
from ingest.starter import create
from ingest.vault import Vault


def _identify(path: Path) -> Identity:
    with first_pages() as identify:
        return identify(path)


def pdf(path: Path, title: str = "A Paper", stamp: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return paper_pdf(path, title, ["Ada Byron"], [("Introduction", "Some text about circuits. " * 20)], [], stamp)


def put(vault: Vault, what: Path | str) -> list[Added]:
    return list(add(vault, str(what), _identify))


def test_a_folder_gives_an_entry_for_each_file_below_it_that_can_be_read(vault: Vault, tmp_path: Path) -> None:
    pdf(tmp_path / "in" / "one.pdf", "One")
    pdf(tmp_path / "in" / "deep" / "2301.00001.pdf", "Two")
    (tmp_path / "in" / "notes.txt").write_text("My notes on circuits.")
    (tmp_path / "in" / "post.html").write_text("<!doctype html><html><body><p>A post.</p></body></html>")
    (tmp_path / "in" / "readme.md").write_text("# A tool")
    (tmp_path / "in" / "picture.png").write_bytes(b"\x89PNG")
    (tmp_path / "in" / ".git").mkdir()
    (tmp_path / "in" / ".git" / "description.txt").write_text("Unnamed repository")
    added = put(vault, tmp_path / "in")
    assert sorted(a.entry_id for a in added) == ["arxiv-2301.00001", "notes", "one", "post", "readme"]
    files = {e.id: vault.inside(e.file or "") for e in load(vault).entries}
    assert all(file.is_file() for file in files.values())
    assert [files[one].suffix for one in ("notes", "post", "readme", "one")] == [".txt", ".html", ".md", ".pdf"]


@pytest.mark.parametrize("what", ["", "  "])
def test_nothing_named_is_not_the_folder_one_stands_in(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    (tmp_path / "private.txt").write_text("Not meant for a vault. " * 20)
    monkeypatch.chdir(tmp_path)
    [added] = put(vault, what)
    assert added.failed and "nothing is named" in added.reason


def test_a_file_is_taken_for_what_it_holds_not_for_its_name(vault: Vault, tmp_path: Path) -> None:
    page = tmp_path / "saved.txt"
    page.write_text("<!DOCTYPE html>\n<html><body><p>A page.</p></body></html>")
    [added] = put(vault, page)
    assert (load(vault).entries[0].file or "").endswith(".html")
    noise = tmp_path / "noise.md"
    noise.write_bytes(bytes(range(256)))
    [refused] = put(vault, noise)
    assert added.entry_id == "saved" and refused.failed and "not a PDF, a web page, Markdown or text" in refused.reason


def test_the_same_file_is_added_once(vault: Vault, tmp_path: Path) -> None:
    file = pdf(tmp_path / "one.pdf")
    put(vault, file)
    [again] = put(vault, file)
    assert "already" in again.reason
    assert not again.failed
    assert len(load(vault).entries) == 1


def test_two_papers_of_one_name_get_two_ids(vault: Vault, tmp_path: Path) -> None:
    [one] = put(vault, pdf(tmp_path / "a" / "main.pdf", "One"))
    [two] = put(vault, pdf(tmp_path / "b" / "main.pdf", "Two"))
    assert (one.entry_id, two.entry_id) == ("main", "main-2")


def test_a_pdf_joins_the_entry_with_its_arxiv_id(tmp_path: Path) -> None:
    vault = create(tmp_path / "starter")
    file = pdf(tmp_path / "whatever.pdf", "Some Title", "arXiv:2309.08600v3 [cs.LG] 4 Oct 2023")
    [added] = put(vault, file)
    assert added.entry_id == "cunningham-2023-sae"
    entry = next(e for e in load(vault).entries if e.id == added.entry_id)
    assert entry.file
    assert len(load(vault).entries) == 107


@pytest.mark.parametrize("what", ["2309.08600", "arXiv:2309.08600v2", "https://arxiv.org/abs/2309.08600v1"])
def test_an_arxiv_id_in_any_form(vault: Vault, what: str) -> None:
    [added] = put(vault, what)
    assert added.entry_id == "arxiv-2309.08600"
    [again] = put(vault, "2309.08600")
    assert again.entry_id == added.entry_id


def test_a_url_is_kept_for_the_next_sync(vault: Vault) -> None:
    [added] = put(vault, "https://example.org/papers/A%20Paper.pdf?x=1")
    [entry] = load(vault).entries
    assert (entry.id, entry.sources) == (added.entry_id, ("pdf",))


@pytest.mark.parametrize(
    ("url", "entry_id", "kind", "sources"),
    [
        ("https://transformer-circuits.pub/2021/framework/index.html", "framework", "paper", ("html",)),
        (
            "https://github.com/TransformerLensOrg/TransformerLens",
            "transformerlens",
            "tool",
            ("github_readme", "github_docs"),
        ),
        ("https://youtu.be/XZX_CFfVgIc?t=3", "talk-xzx-cffvgic", "video", ("youtube_transcript",)),
        (
            "https://www.alignmentforum.org/posts/JvZhhzycHu2Yd57RN/causal-scrubbing",
            "causal-scrubbing",
            "paper",
            ("lesswrong_markdown_api", "html"),
        ),
    ],
)
def test_an_address_is_taken_for_what_its_site_gives(
    vault: Vault, url: str, entry_id: str, kind: str, sources: tuple[str, ...]
) -> None:
    put(vault, url)
    [entry] = load(vault).entries
    assert (entry.id, entry.kind, entry.sources) == (entry_id, kind, sources)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("empty.pdf", "empty"),
        ("page.pdf", "not a PDF"),
        ("nowhere.pdf", "no such file"),
        ("file:///etc/passwd", "http"),
        ("ftp://example.org/a.pdf", "http"),
        ("https://user:secret@example.org/a.pdf", "password"),
        ("nothing to do with anything", "no such file"),
        ("emptyfolder", "no PDF"),
    ],
)
def test_what_cannot_be_added_is_said_in_one_line(vault: Vault, tmp_path: Path, what: str, said: str) -> None:
    (tmp_path / "empty.pdf").touch()
    (tmp_path / "page.pdf").write_text("<html>Sign in</html>")
    (tmp_path / "emptyfolder").mkdir()
    here = tmp_path / what
    [added] = put(vault, here if ("." in what and "/" not in what) or what == "emptyfolder" else what)
    assert added.failed
    assert said in added.reason
    assert "\n" not in added.reason
    assert load(vault).entries == ()


def test_a_name_full_of_tricks_stays_inside_the_vault(vault: Vault, tmp_path: Path) -> None:
    file = pdf(tmp_path / "..%2f..%2fetc $(rm -rf) 'x' <b>.pdf")
    [added] = put(vault, file)
    kept = vault.inside(load(vault).entries[0].file or "")
    assert kept.is_relative_to(vault.root / "files")
    assert added.entry_id == "2f-2fetc-rm-rf-x-b"
