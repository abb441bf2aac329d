"""A Chroma server in place of the embedded store: the same results, nothing lost when it goes, no password shown."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from loopback_chroma import LoopbackChroma
from readable_embedder import ReadableEmbedder
from small_vault import TEXTS, small_vault, write_source

from index import chroma_server
from index.build import build
from index.chroma_server import server_of
from index.errors import IndexDamaged, StoreUnreachable
from index.filters import Filter
from index.index_check import judge_index, look_at_index
from index.places import left_open, place_of
from index.search import Search
from index.state import read_state
from index.store import PassageStore
from ingest.errors import ManifestError
from ingest.vault import Vault

LONG = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)  # for a server that starts on a busy machine
QUESTIONS = ("sparse autoencoders", "name mover heads", "superposition of features", "text 7")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackChroma]:
    with LoopbackChroma(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chroma_server, "WAITS_SECONDS", (0.1, 0.2, 0.4))


def on(server: LoopbackChroma, vault: Vault) -> Vault:
    """The vault, with that server named."""
    vault.manifest_path.write_text(f"format: 1\nchroma: {server.url}\nentries: []\n")
    return vault


def collection(vault: Vault) -> PassageStore:
    state = read_state(vault)
    assert state is not None
    return place_of(vault, state).open()


def ids(vault: Vault) -> set[str]:
    store = collection(vault)
    found, _ = store.vectors()
    store.close()
    return set(found)


def wanted(vault: Vault) -> set[str]:
    return {one.id for source in vault.source_ids() for one in vault.passages(source) if one.kind == "text"}


def answers(vault: Vault) -> list[list[tuple[str, float]]]:
    search = Search(vault, ReadableEmbedder())
    found = [[(hit.passage.id, round(hit.score, 4)) for hit in search(one, k=6)] for one in QUESTIONS]
    found.append([(hit.passage.id, round(hit.score, 4)) for hit in search("text", where=Filter(papers=("toy",)))])
    search.close()
    return found


def test_a_server_answers_as_the_embedded_store_does(server: LoopbackChroma, tmp_path: Path) -> None:
    local, remote = small_vault(tmp_path / "local"), on(server, small_vault(tmp_path / "remote"))
    for vault in (local, remote):
        build(vault, ReadableEmbedder())
    assert answers(remote) == answers(local)
    assert not list(remote.index_path.glob("chroma-*")) and not list(remote.index_path.glob("generation-*/table"))
    for vault in (local, remote):
        write_source(vault, "new", "A New Paper", ["Transcoders replace the layers of a network."])
        write_source(vault, "sae", TEXTS["sae"][0], ["Read again, it has one passage."])
        shutil.rmtree(vault.source("ioi"))
        build(vault, ReadableEmbedder())
    assert answers(remote) == answers(local)
    assert ids(remote) == wanted(remote)
    assert not list(judge_index(look_at_index(remote, ReadableEmbedder()), "readable"))


def test_a_server_takes_over_and_gives_back_without_embedding(server: LoopbackChroma, tmp_path: Path) -> None:
    vault, embedder = small_vault(tmp_path), ReadableEmbedder()
    build(vault, embedder)
    expected, done = answers(vault), embedder.embedded
    on(server, vault)
    with pytest.raises(IndexDamaged, match="names a Chroma server") as caught:
        Search(vault, embedder)("sparse autoencoders")
    assert "mivault sync" in caught.value.hint
    build(vault, embedder)
    assert answers(vault) == expected
    vault.manifest_path.unlink()
    build(vault, embedder)
    assert answers(vault) == expected and embedder.embedded == done


def test_two_vaults_of_one_name_and_a_copy_do_not_mix(server: LoopbackChroma, tmp_path: Path) -> None:
    one, two = Vault(tmp_path / "a" / "papers"), on(server, small_vault(tmp_path / "b" / "papers"))
    write_source(one, "other", "Another Paper", ["Something else."])
    on(server, one)
    for vault in (one, two):
        build(vault, ReadableEmbedder())
    copy = Vault(shutil.copytree(two.root, tmp_path / "copy"))
    assert answers(copy) == answers(two)  # a copy may read what it was copied from
    shutil.rmtree(copy.source("ioi"))
    build(copy, ReadableEmbedder())
    assert (ids(one), ids(two), ids(copy)) == (wanted(one), wanted(two), wanted(copy))


def test_what_the_server_lost_is_put_again_without_embedding(server: LoopbackChroma, tmp_path: Path) -> None:
    vault, embedder = on(server, small_vault(tmp_path)), ReadableEmbedder()
    build(vault, embedder)
    done = embedder.embedded
    collection(vault).drop()
    with pytest.raises(IndexDamaged) as caught:
        Search(vault, ReadableEmbedder())("sparse autoencoders")
    assert "mivault sync" in caught.value.hint
    assert build(vault, embedder).rebuilt and embedder.embedded == done
    assert ids(vault) == wanted(vault)


@pytest.mark.slow
def test_a_server_of_five_thousand_passages_is_restarted_and_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chroma issue 7090 reports a server's index that a restart made unreadable."""
    with LoopbackChroma(tmp_path / "server") as server:
        vault, embedder = Vault(tmp_path / "vault"), ReadableEmbedder()
        for number in range(50):
            write_source(vault, f"p{number}", f"Paper {number}", [f"paper {number} text {i}" for i in range(100)])
        build(on(server, vault), embedder)
        before = answers(vault)
        server.kill()
        server.start()
        assert answers(vault) == before and len(ids(vault)) == 5_000
        assert not build(vault, embedder).rebuilt

        search = Search(vault, ReadableEmbedder())
        assert search("text 7")
        server.kill()
        threading.Timer(0.25, server.launch).start()
        with monkeypatch.context() as patient:
            patient.setattr(chroma_server, "WAITS_SECONDS", LONG)
            assert search("text 7")  # it was asked again

        write_source(vault, "new", "New", [f"new text {number}" for number in range(3_000)])
        began = threading.Event()

        def take_away(stage: str, done: int, total: int) -> None:  # noqa: ARG001
            if stage == "index" and not began.is_set():
                began.set()
                server.kill()

        with pytest.raises(StoreUnreachable) as caught:
            build(vault, embedder, on_progress=take_away)
        assert "\n" not in str(caught.value) and server.url in str(caught.value)
        state = read_state(vault)
        assert state is not None and left_open(vault, state) is not None
        with pytest.raises(StoreUnreachable):
            search("text 7")
        done = embedder.embedded
        server.start()
        assert build(vault, embedder).indexed == 1 and embedder.embedded == done
        assert ids(vault) == wanted(vault)
        assert search("new text 2999", k=1)[0].paper.id == "new"


@pytest.mark.slow
def test_a_sync_in_which_the_server_comes_back_in_time_ends_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chroma_server, "WAITS_SECONDS", LONG)
    with LoopbackChroma(tmp_path / "server") as server:
        vault = on(server, small_vault(tmp_path / "vault"))
        build(vault, ReadableEmbedder())
        write_source(vault, "new", "New", ["Transcoders replace the layers."])

        def restart(stage: str, done: int, total: int) -> None:  # noqa: ARG001
            if stage == "index":
                server.kill()
                server.launch()

        build(vault, ReadableEmbedder(), on_progress=restart)
        assert ids(vault) == wanted(vault)


class Stranger(BaseHTTPRequestHandler):
    """Answers everything with `status`; with 0, not at all for a while."""

    status = 200

    def do_GET(self) -> None:
        if not self.status:
            time.sleep(1.5)
        self.send_response(self.status or 200)
        self.end_headers()
        with contextlib.suppress(BrokenPipeError):
            self.wfile.write(b"hello")

    def log_message(self, *args: object) -> None:
        """Says nothing."""


@pytest.mark.parametrize(("status", "said"), [(200, "is no Chroma server"), (401, "refuses us"), (0, "it is silent")])
def test_what_is_no_chroma_server_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, said: str
) -> None:
    monkeypatch.setattr(chroma_server, "HELLO_SECONDS", 0.3)
    monkeypatch.setattr(chroma_server, "WAITS_SECONDS", ())
    monkeypatch.setattr(Stranger, "status", status)
    vault = small_vault(tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        vault.manifest_path.write_text(f"chroma: http://127.0.0.1:{site.server_port}\nentries: []\n")
        with pytest.raises(StoreUnreachable, match=said):
            build(vault, ReadableEmbedder())
        site.shutdown()


@pytest.mark.parametrize(
    "named",
    [
        "http://me:se-cret@127.0.0.1:9",
        "{url: 'http://127.0.0.1:9', token: se-cret}",
        "{url: 'http://127.0.0.1:9', token_file: t}",
    ],
)
def test_no_password_is_ever_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    monkeypatch.setattr(chroma_server, "WAITS_SECONDS", ())
    vault = small_vault(tmp_path)
    (tmp_path / "t").write_text("se-cret\n")
    vault.manifest_path.write_text(f"chroma: {named}\nentries: []\n")
    server = server_of(vault)
    assert server is not None and server.headers["Authorization"].startswith(("Basic ", "Bearer se-cret"))
    began = time.monotonic()
    with pytest.raises(StoreUnreachable) as caught:
        build(vault, ReadableEmbedder())
    assert time.monotonic() - began < 30
    assert "se-cret" not in f"{caught.value} {server} {server!r}" and "http://127.0.0.1:9" in str(caught.value)


@pytest.mark.parametrize(
    "named",
    [
        "5",
        "[a]",
        "ftp://host",
        "'http://'",
        "http://host:port",
        "{host: a}",
        "{url: 'http://h', token_file: none}",
        "http://u:se-cret@h/x",
    ],
)
def test_a_setting_that_is_none_names_what_to_write(tmp_path: Path, named: str) -> None:
    vault = Vault(tmp_path)
    vault.manifest_path.write_text(f"chroma: {named}\nentries: []\n")
    with pytest.raises(ManifestError) as caught:
        server_of(vault)
    assert "chroma" in caught.value.hint and "se-cret" not in str(caught.value)
