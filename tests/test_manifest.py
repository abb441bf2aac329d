"""vault.yaml is read with line numbers and changed without losing what people wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.errors import ManifestError, UsageError
from ingest.manifest import add_entry, load, remove_entry, set_file
from ingest.starter import create
from ingest.vault import Vault

MANIFEST = """\
# my comment at the top
format: 1
name: Mine
entries:
- id: first   # a remark
  kind: paper
  title: The First
# a comment about the second
- id: second
  title: "Second: with a colon"
  arxiv: "2309.08600"
  authors: [A, B]
  odd_key: {kept: true}

# the end
"""


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    (tmp_path / "vault.yaml").write_text(MANIFEST)
    return Vault.open(tmp_path)


def test_entries_are_read_with_what_is_unknown_kept(vault: Vault) -> None:
    first, second = load(vault).entries
    assert (first.id, first.kind, first.title) == ("first", "paper", "The First")
    assert second.authors == ("A", "B")
    assert second.extra["odd_key"] == {"kept": True}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("entries:\n- id: a\n  title: [unclosed\n", "line 4"),
        ("entries:\n- id: a\n- title: no id\n", "line 3"),
        ("entries:\n- id: a\n- id: b\n- id: a\n", "line 4"),
        ("entries:\n- id: ../../etc\n", "line 2"),
        ("entries:\n- id: a\n  kind: spaceship\n", "line 2"),
        ("entries:\n- id: a\n  year: soon\n", "line 2"),
        ("entries:\n- id: a\n  authors: one string\n", "line 2"),
        ("a: b: c\n", "line 1"),
        ("", "line 1"),
        ("\tentries:\n", "line 1"),
        ("name: x\nentries: {a: b}\n", "line 2"),
        ("entries:\n- id: a\n- [1]\n", "line 3"),
        ("entries: []\nsections: [a]\n", "line 2"),
        ("entries: []\nallow_hosts: 5\n", "line 2"),
        ("entries: []\nembedding_model: [x]\n", "line 2"),
        ("entries:\n- id: a\n  title: {x: 1}\n", "line 2"),
        ("entries:\n- id: a\n  file: ../../etc/passwd\n", "line 2"),
        ("entries:\n- id: a\n  file: /etc/passwd\n", "line 2"),
    ],
)
def test_a_malformed_manifest_names_its_line(tmp_path: Path, text: str, line: str) -> None:
    (tmp_path / "vault.yaml").write_text(text)
    with pytest.raises(ManifestError, match=line) as raised:
        load(Vault.open(tmp_path))
    assert raised.value.exit_code == 2
    assert "\n" not in str(raised.value)


def test_adding_keeps_every_line_that_was_there(vault: Vault) -> None:
    add_entry(vault, {"id": "third", "title": "Ünïcode: yes"})
    text = vault.manifest_path.read_text()
    assert [line for line in MANIFEST.splitlines() if line not in text.splitlines()] == []
    assert [e.id for e in load(vault).entries] == ["first", "second", "third"]
    assert text.rstrip().endswith("# the end")


def test_adding_to_an_empty_vault(tmp_path: Path) -> None:
    vault = create(tmp_path / "v", empty=True)
    add_entry(vault, {"id": "one"})
    add_entry(vault, {"id": "two"})
    assert [e.id for e in load(vault).entries] == ["one", "two"]


def test_a_file_is_set_and_set_again(vault: Vault) -> None:
    set_file(vault, "first", "files/a.pdf")
    set_file(vault, "first", 'files/"b".pdf')
    assert load(vault).entries[0].file == 'files/"b".pdf'
    assert vault.manifest_path.read_text().count("file:") == 1


def test_removing_leaves_the_others_as_they_were(vault: Vault) -> None:
    remove_entry(vault, "first")
    assert [e.id for e in load(vault).entries] == ["second"]
    assert "# a comment about the second" in vault.manifest_path.read_text()
    remove_entry(vault, "second")
    assert load(vault).entries == ()
    add_entry(vault, {"id": "again"})
    assert [e.id for e in load(vault).entries] == ["again"]


def test_removing_what_is_not_there_is_an_error_in_words(vault: Vault) -> None:
    with pytest.raises(UsageError, match="no entry 'nobody'"):
        remove_entry(vault, "nobody")


def test_a_bad_addition_leaves_the_file_alone(vault: Vault) -> None:
    with pytest.raises(ManifestError):
        add_entry(vault, {"id": "first", "title": "taken"})
    assert vault.manifest_path.read_text() == MANIFEST


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab:", max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = ("id", "kind", "title", "authors", "sources", "year", "file", "password", "odd")


@given(
    st.dictionaries(st.sampled_from(["sections", "allow_hosts", "embedding_model", "name", "format"]), values),
    st.lists(st.dictionaries(st.sampled_from(KEYS), values, max_size=4) | values, max_size=3) | values,
)
def test_any_yaml_is_read_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, top: dict[str, object], entries: object
) -> None:
    root = tmp_path_factory.mktemp("vault")
    (root / "vault.yaml").write_text(yaml.safe_dump({**top, "entries": entries}))
    try:
        load(Vault.open(root))
    except ManifestError as error:
        assert "\n" not in str(error)


printable = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")), max_size=60)


@given(titles=st.lists(printable, min_size=1, max_size=4), dropped=st.integers(0, 3))
@settings(deadline=None)
def test_any_title_survives_adding_and_removing(
    tmp_path_factory: pytest.TempPathFactory, titles: list[str], dropped: int
) -> None:
    vault = create(tmp_path_factory.mktemp("vault") / "v", empty=True)
    for number, title in enumerate(titles):
        add_entry(vault, {"id": f"e{number}", "title": title})
    assert [e.title for e in load(vault).entries] == titles
    remove_entry(vault, f"e{dropped % len(titles)}")
    kept = [t for n, t in enumerate(titles) if n != dropped % len(titles)]
    assert [e.title for e in load(vault).entries] == kept
