"""Watched folders: what is edited, renamed, deleted and added in them is told by content at the next sync."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pdf_maker import paper_pdf
from readable_embedder import ReadableEmbedder

from index.refresh import Refreshed, refresh
from index.state import read_state
from index.status import status
from ingest.add import add, remove
from ingest.first_page import first_pages
from ingest.jobs import ParseJob
from ingest.manifest import add_to_list, load
from ingest.tools import Tools, open_tools
from ingest.vault import Vault
from ingest.worker import Outcome, ParserPool

TEXT = "We find that {0} matter for the networks that we have, and {0} do not for the others. " * 8


class CountingPool(ParserPool):
    """The real parser, which remembers what it was asked to read."""

    def __init__(self) -> None:
        super().__init__(workers=1)
        self.read: list[str] = []

    def parse(self, jobs: Iterable[ParseJob]) -> Iterator[Outcome]:
        return super().parse(self._noted(jobs))

    def _noted(self, jobs: Iterable[ParseJob]) -> Iterator[ParseJob]:
        for job in jobs:
            self.read.append(job.paper_id)
            yield job


@pytest.fixture(scope="module")
def pool() -> Iterator[CountingPool]:
    running = CountingPool()
    with running:
        yield running


@pytest.fixture
def tools(pool: CountingPool) -> Iterator[Tools]:
    pool.read.clear()
    with open_tools(ReadableEmbedder().count_tokens) as opened:
        yield replace(opened, pool=pool)


@pytest.fixture
def folder(tmp_path: Path, vault: Vault) -> Path:
    """A watched folder with three PDFs and a note in Markdown."""
    for name in ("heads", "lenses", "probes"):
        pdf(tmp_path / "in" / f"{name}.pdf", name)
    (tmp_path / "in" / "deep").mkdir()
    (tmp_path / "in" / "deep" / "log.md").write_text("# A log\n\n" + TEXT.format("circuits"))
    with first_pages() as identify:
        assert not any(one.failed for one in add(vault, str(tmp_path / "in"), identify))
    return tmp_path / "in"


def pdf(path: Path, word: str) -> None:
    path.parent.mkdir(exist_ok=True)
    paper_pdf(path, f"On {word.title()}", ["Ada Byron"], [("Introduction", TEXT.format(word))], [])


def run(vault: Vault, tools: Tools, embedder: ReadableEmbedder | None = None, *, prune: bool = False) -> Refreshed:
    return refresh(vault, tools, embedder or ReadableEmbedder(), download=False, prune=prune)


def indexed(vault: Vault) -> set[str]:
    state = read_state(vault)
    return set(state.sources) if state else set()


def text_of(vault: Vault, entry_id: str) -> str:
    return " ".join(page.text for page in vault.pages(entry_id))


def test_one_edited_one_renamed_one_deleted_one_added(
    vault: Vault, folder: Path, tools: Tools, pool: CountingPool
) -> None:
    first = run(vault, tools)
    assert (first.parsed, first.embedded, first.folders.said) == (4, 4, ())
    embedder = ReadableEmbedder()
    assert run(vault, tools, embedder).parsed == 0
    asked_when_nothing_changed = embedder.embedded
    pool.read.clear()

    pdf(folder / "heads.pdf", "walnuts")
    (folder / "lenses.pdf").rename(folder / "deep" / "seen through.pdf")
    (folder / "probes.pdf").unlink()
    pdf(folder / "squirrels.pdf", "squirrels")
    before = vault.source("lenses").joinpath("state.json").stat().st_mtime_ns
    embedder = ReadableEmbedder()
    done = run(vault, tools, embedder)

    assert sorted(pool.read) == ["heads", "squirrels"]
    assert (done.parsed, done.embedded) == (2, 2)
    assert asked_when_nothing_changed == 0 < embedder.embedded
    assert done.folders.changed == ("heads",) and done.folders.renamed == ("lenses",)
    assert done.folders.gone == ("probes",) and done.folders.added == ("squirrels",)
    assert done.folders.said == (f"probes.pdf is gone from {folder}: still kept; mivault sync --prune removes it",)
    assert "walnuts" in text_of(vault, "heads") and "heads" not in text_of(vault, "heads").split()
    assert vault.source("lenses").joinpath("state.json").stat().st_mtime_ns == before
    assert {e.id: e.extra["from"] for e in load(vault).entries}["lenses"] == str(folder / "deep" / "seen through.pdf")
    assert indexed(vault) == {"heads", "lenses", "probes", "log", "squirrels"}
    assert len(list((vault.root / "files").iterdir())) == 5, "no file of before an edit stays"
    reasons = {row.id: row.reason for row in status(vault, load(vault).entries)}
    assert reasons.pop("probes") == done.folders.said[0]
    assert set(reasons.values()) == {""}

    pruned = run(vault, tools, prune=True)
    assert (pruned.folders.removed, pruned.folders.gone, pruned.embedded) == (("probes",), (), 0)
    assert indexed(vault) == {"heads", "lenses", "log", "squirrels"}
    assert "probes" not in {e.id for e in load(vault).entries} | set(vault.source_ids())
    assert len(list((vault.root / "files").iterdir())) == 4
    assert run(vault, tools, prune=True).folders.said == ()


@pytest.mark.parametrize("empty", [False, True])
def test_a_folder_that_is_not_mounted_removes_nothing(vault: Vault, folder: Path, tools: Tools, empty: bool) -> None:
    run(vault, tools)
    before = vault.manifest_path.read_bytes()
    away = folder.rename(folder.with_name("away"))
    if empty:  # as a mount point is
        folder.mkdir()
    done = run(vault, tools, prune=True)
    assert done.folders.said == (f"{folder} is not there, or is empty: nothing of it was changed or removed",)
    assert (done.folders.removed, len(indexed(vault))) == ((), 4)
    assert vault.manifest_path.read_bytes() == before
    assert {row.reason for row in status(vault, load(vault).entries)} == {""}
    shutil.rmtree(folder, ignore_errors=True)
    away.rename(folder)
    assert run(vault, tools).folders.said == ()


def test_names_that_were_swapped_are_two_renames(vault: Vault, folder: Path, tools: Tools, pool: CountingPool) -> None:
    run(vault, tools)
    pool.read.clear()
    (folder / "heads.pdf").rename(folder / "x.pdf")
    (folder / "lenses.pdf").rename(folder / "heads.pdf")
    (folder / "x.pdf").rename(folder / "lenses.pdf")
    assert sorted(run(vault, tools).folders.renamed) == ["heads", "lenses"]
    assert pool.read == []


def test_a_copy_is_no_second_entry_and_stands_in_when_the_first_goes(
    vault: Vault, folder: Path, tools: Tools, pool: CountingPool
) -> None:
    run(vault, tools)
    pool.read.clear()
    shutil.copy(folder / "heads.pdf", folder / "copy of heads.pdf")
    assert run(vault, tools).folders.added == ()
    (folder / "heads.pdf").unlink()
    done = run(vault, tools)
    assert (done.folders.renamed, done.folders.gone, pool.read) == (("heads",), (), [])


def test_a_change_that_cannot_be_read_is_said_and_what_was_read_stays(vault: Vault, folder: Path, tools: Tools) -> None:
    run(vault, tools)
    (folder / "heads.pdf").write_bytes(b"")
    (folder / "new.pdf").write_text("<html>Just a moment</html>")
    done = run(vault, tools)
    assert done.folders.changed == () == done.folders.added
    assert [("heads.pdf" in said, "new.pdf" in said) for said in done.folders.said] == [(True, False), (False, True)]
    assert "heads" in text_of(vault, "heads")


def test_what_was_removed_does_not_come_back(vault: Vault, folder: Path, tools: Tools) -> None:
    run(vault, tools)
    remove(vault, "heads")
    assert (folder / "heads.pdf").is_file()
    assert run(vault, tools).folders.added == ()
    assert indexed(vault) == {"lenses", "probes", "log"}


@pytest.mark.parametrize(
    "before", ["", "folders:\n", "folders: []\n", 'folders: ["/a"]\n', 'folders:\n  - "/a"\n  # why\n']
)
def test_a_list_of_vault_yaml_is_added_to_in_whatever_shape_it_is(vault: Vault, before: str) -> None:
    vault.manifest_path.write_text(f"# mine\n{before}format: 1\nentries: []\n")
    add_to_list(vault, "folders", '/b: "c"')
    add_to_list(vault, "folders", "/d")
    assert load(vault).folders == (*(["/a"] if "/a" in before else []), '/b: "c"', "/d")
    assert vault.manifest_path.read_text().startswith("# mine\n")
