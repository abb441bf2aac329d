"""What the page does to its vault: adds, removes, accepts, one writer at a time; and what a browser may not name."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from page_fakes import until
from pdf_maker import paper_pdf
from readable_embedder import ReadableEmbedder

from assistant.app.desk import Desk
from assistant.app.library import counts_html
from assistant.app.progress import SyncInBackground
from index.refresh import refresh
from index.similar import similar
from index.status import status
from ingest.errors import UsageError, VaultMissing
from ingest.manifest import load
from ingest.one_writer import other_writer
from ingest.starter import create
from ingest.tools import Tools, open_tools
from ingest.vault import Vault

# In the place of the sync: says for which entries it was started.
ECHO = "import json, sys; print(json.dumps({'finished': True, 'message': ' '.join(sys.argv[1:]) or 'all'}))"
SPEECH = "Probing classifiers read a property off the activations of a layer. They cannot say that it is used. "


class Room:
    """A vault with a desk, and what its syncs were started for."""

    def __init__(self, folder: Path) -> None:
        self.vault, self.embedder, self.synced = create(folder / "vault", empty=True), ReadableEmbedder(), list[str]()
        self.background = SyncInBackground(
            self.vault.root, command=[sys.executable, "-c", ECHO], on_finished=self.synced.append
        )
        self.desk = Desk(self.vault, self.background, self.embedder, self.tools)

    @contextlib.contextmanager
    def tools(self) -> Iterator[Tools]:
        with open_tools(self.embedder.count_tokens, workers=1) as tools:
            yield tools

    def index(self) -> None:
        with self.tools() as tools:
            refresh(self.vault, tools, self.embedder, download=False)

    def states(self) -> dict[str, str]:
        return {row.id: row.state for row in status(self.vault, load(self.vault).entries)}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    room.background.stop()


def pdf(path: Path, title: str, word: str = "Probing") -> Path:
    text = SPEECH.replace("Probing", word) * 6
    return paper_pdf(
        path, title, ["Ada Byron"], [("Introduction", text), ("Results", text)], ["A. Byron. Notes. 1843."]
    )


def test_a_dropped_file_is_copied_under_a_name_of_ours_synced_and_forgotten(room: Room, tmp_path: Path) -> None:
    sent = pdf(tmp_path / "..%2f..%2fetc; rm -rf x.pdf", "Probing Layer by Layer")
    lines = list(room.desk.add_files([sent]))
    [entry] = load(room.vault).entries
    assert f"in the vault as {entry.id}" in lines[-1]
    assert entry.file and entry.file.startswith("files/") and room.vault.inside(entry.file).is_file()
    assert not sent.exists()
    until(lambda: room.synced == [entry.id])


def test_what_is_no_pdf_is_said_and_nothing_is_synced(room: Room, tmp_path: Path) -> None:
    sent = tmp_path / "paper.pdf"
    sent.write_bytes(b"<html><body>Please sign in</body></html>")
    assert "is not a PDF" in list(room.desk.add_files([sent]))[-1]
    assert load(room.vault).entries == () or not list(load(room.vault).entries)
    assert not sent.exists() and room.background() is None


@pytest.mark.parametrize("name", ["/etc/passwd", "~", ".", "/etc/not-there", "words"])
def test_a_browser_names_no_file_of_this_machine(room: Room, name: str) -> None:
    with pytest.raises(UsageError, match="no arXiv id"):
        list(room.desk.add([name]))
    assert not list(load(room.vault).entries)


def test_an_arxiv_id_is_listed_and_synced(room: Room) -> None:
    assert "in the vault as" in list(room.desk.add(["2209.10652"]))[-1]
    assert [entry.arxiv for entry in load(room.vault).entries] == ["2209.10652"]
    until(lambda: len(room.synced) == 1)


def test_removing_takes_an_entry_and_its_passages_out(room: Room, tmp_path: Path) -> None:
    files = [pdf(tmp_path / "a.pdf", "Probing Layer by Layer"), pdf(tmp_path / "b.pdf", "Patching Heads", "Patching")]
    list(room.desk.add_files(files))
    room.index()
    assert set(room.states().values()) == {"searchable"}
    one, other = room.states()
    assert list(room.desk.remove(one))[-1] == f"Removed {one}."
    assert list(room.states()) == [other] and not room.vault.source(one).exists()
    with pytest.raises(UsageError):
        list(room.desk.remove(one))


def test_the_nearest_papers_come_first(room: Room, tmp_path: Path) -> None:
    words = {"Probing Layers": "Probing", "Probing Attention": "Probing", "Wholly Others": "Gardens"}
    list(room.desk.add_files([pdf(tmp_path / f"{title}.pdf", title, word) for title, word in words.items()]))
    room.index()
    ids = list(room.states())
    found = similar(room.vault, ids[0], ids)
    assert [one for one, _ in found] == ids[1:] and 1 >= found[0][1] > found[1][1]
    assert similar(room.vault, "not-here", ids) == []


def test_another_process_that_writes_is_named_and_a_dead_one_is_not(room: Room) -> None:
    script = (
        "import sys; from pathlib import Path; from ingest.vault import Vault\n"
        "with Vault.open(Path(sys.argv[1])).writing(): print('held', flush=True); sys.stdin.read()"
    )
    assert other_writer(room.vault.root) == ""
    with room.vault.writing():
        assert other_writer(room.vault.root) == ""
    command = [sys.executable, "-c", script, str(room.vault.root)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent)
    assert child.stdout is not None and child.stdin is not None
    child.stdout.readline()
    try:
        assert f"pid {child.pid}" in other_writer(room.vault.root)
        assert "writes to the vault" in counts_html([], "extractive", other_writer(room.vault.root))
    finally:
        child.kill()
        child.wait(10)
    assert other_writer(room.vault.root) == ""


def test_a_second_writer_says_for_whom_it_waits_and_goes_on(room: Room) -> None:
    lines, release = list[str](), threading.Event()
    other = Vault.open(room.vault.root)
    held = threading.Event()

    def writes() -> None:
        with other.writing():
            held.set()
            release.wait(10)

    threading.Thread(target=writes, daemon=True).start()
    assert held.wait(10)
    work = threading.Thread(target=lambda: lines.extend(room.desk.add(["2209.10652"])), daemon=True)
    work.start()
    work.join(0.5)
    assert work.is_alive()
    release.set()
    work.join(10)
    assert "Waiting for it" in lines[0] and "in the vault as" in lines[-1]


def test_nothing_is_written_where_the_vault_was_moved_away_from(room: Room) -> None:
    room.vault.root.rename(room.vault.root.with_name("elsewhere"))
    for does in (
        lambda: list(room.desk.add(["2209.10652"])),
        lambda: list(room.desk.sync()),
        lambda: list(room.desk.remove("one")),
        lambda: room.desk.suggest(),
        lambda: load(room.vault),
    ):
        with pytest.raises(VaultMissing, match="no longer at"):
            does()
    assert not room.vault.root.exists()
