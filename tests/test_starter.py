"""The vault that ships: whole, consistent, and answering from its own texts before anything was downloaded."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ingest.errors import ManifestError, UsageError
from ingest.manifest import load, read_yaml
from ingest.own_texts import entries, own_texts
from ingest.starter import create
from ingest.vault import Vault

THE_TEN_TERMS = {
    *("polysemanticity", "superposition", "circuit", "logit-lens", "activation-patching", "feature", "induction-head"),
    *("universality", "microscope-ai", "faithfulness"),
}


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return create(tmp_path_factory.mktemp("starter") / "vault")


def test_every_section_of_the_list_has_its_entries(starter: Vault) -> None:
    manifest = load(starter)
    assert len(manifest.entries) == 107
    assert {e.section for e in manifest.entries} == set(manifest.sections)
    kinds = {e.kind for e in manifest.entries}
    assert kinds == {"paper", "tool", "list", "person", "video", "term"}


def test_what_is_unverified_is_marked_and_not_guessed(starter: Vault) -> None:
    doubtful = {e.id: e for e in load(starter).entries if not e.verified}
    assert set(doubtful) == {"gist-s3-modular-reas-truncated", "vid-nanda-on-mi"}
    assert doubtful["gist-s3-modular-reas-truncated"].arxiv is None
    assert all(e.extra["candidates"] for e in doubtful.values())


def test_the_ten_terms_have_definitions_of_our_own(starter: Vault) -> None:
    terms = {
        t.entry.id.removeprefix("term-"): t for t in own_texts(starter, load(starter)) if t.paper.kind == "glossary"
    }
    assert terms.keys() >= THE_TEN_TERMS
    assert all(len(t.page.text.split()) > 40 for t in terms.values())


def test_glossary_and_notes_point_to_what_exists(starter: Vault) -> None:
    known = {e.id for e in load(starter).entries}
    rows = read_yaml(starter.root / "glossary.yaml")
    known |= {row["id"] for row in rows}
    pointed = {i for row in rows for key in ("introduced_in", "see_also") for i in row.get(key) or ()}
    pointed |= {path.stem for path in (starter.root / "notes").glob("*.md")}
    assert pointed - known == set()


def test_notes_are_short_and_unchecked_ones_carry_no_numbers(starter: Vault) -> None:
    for path in (starter.root / "notes").glob("*.md"):
        head, body = path.read_text().split("\n---\n", 1)
        assert 80 <= len(body.split()) <= 150, path.name
        if "not checked" in head:
            numbers = re.findall(r"\d+(?:\.\d+)?\s?%|\b(?!20[0-2]\d\b)\d{2,}\b", body)
            assert numbers == [], path.name


def test_notes_and_terms_are_cited_as_what_they_are(starter: Vault) -> None:
    texts = own_texts(starter, load(starter))
    assert {t.paper.kind for t in texts} == {"note", "glossary"}
    for text in texts:
        assert text.page.locator == text.paper.kind
        assert text.paper.title.startswith(("Note on: ", "Glossary: "))
        assert text.paper.arxiv_id is None


def test_ids_are_shown_as_titles(starter: Vault) -> None:
    ids = {e.id for e in load(starter).entries}
    for text in own_texts(starter, load(starter)):
        assert ids & set(re.findall(r"\w+(?:-\w+)+", text.page.text)) == set()


def test_every_own_text_is_listed_once(starter: Vault) -> None:
    ids = [e.id for e in entries(starter, load(starter))]
    assert len(ids) == len(set(ids))
    assert {t.entry.id for t in own_texts(starter, load(starter))} <= set(ids)


def test_a_vault_is_never_made_over_another(starter: Vault, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="already"):
        create(starter.root)
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="is a file"):
        create(tmp_path / "file")


@pytest.mark.parametrize("text", ["- term: no id\n  definition: x\n", "just words\n", "- id: a\n"])
def test_a_malformed_glossary_names_file_and_line(tmp_path: Path, text: str) -> None:
    vault = create(tmp_path / "v", empty=True)
    (vault.root / "glossary.yaml").write_text(text)
    with pytest.raises(ManifestError, match=r"glossary\.yaml, line 1"):
        own_texts(vault, load(vault))


def test_a_note_that_is_no_text_is_named(tmp_path: Path) -> None:
    vault = create(tmp_path / "v", empty=True)
    (vault.root / "notes").mkdir()
    (vault.root / "notes" / "scan.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ManifestError, match=r"notes/scan\.md is not UTF-8"):
        own_texts(vault, load(vault))
