"""Downloads that break, and servers that are busy, silent or gone."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fetching import LOOPBACK, PAPER, PATH, PDF, fetch, left_behind, ranges
from loopback_arxiv import FakePaper, LoopbackArxiv

from ingest.errors import FetchError
from ingest.fetch import BadStatus, Fetcher, Unreachable
from ingest.polite import Gate

# --- breaks and resuming ---------------------------------------------------------------------------------------------


def test_a_broken_download_goes_on_where_it_broke(tmp_path: Path) -> None:
    naps: list[float] = []
    with LoopbackArxiv([PAPER]) as server:
        server.cut(PATH, after=100_000, times=1)
        server.cut(PATH, after=50_000, times=1)
        fetched = fetch(server, tmp_path / "a.pdf", naps=naps)
        assert ranges(server) == [None, "bytes=100000-", "bytes=150000-"]
    assert (
        fetched.sha256
        == hashlib.sha256(PDF).hexdigest()
        == hashlib.sha256((tmp_path / "a.pdf").read_bytes()).hexdigest()
    )
    assert len(naps) == 2
    assert naps[1] > naps[0] >= 1


@pytest.mark.parametrize("kind", ["no ranges", "no etags"])
def test_a_server_that_cannot_resume_is_asked_anew(tmp_path: Path, kind: str) -> None:
    with LoopbackArxiv([PAPER], ranges=kind != "no ranges", etags=kind != "no etags") as server:
        server.cut(PATH, after=100_000, times=1)
        fetch(server, tmp_path / "a.pdf")
        assert ranges(server) == [None, "bytes=100000-" if kind == "no ranges" else None]
    assert (tmp_path / "a.pdf").read_bytes() == PDF


def test_a_file_that_changed_in_between_is_not_pieced_together(tmp_path: Path) -> None:
    newer = b"%PDF-1.7\n" + b"newer" * 50_000
    with LoopbackArxiv([PAPER]) as server:
        server.cut(PATH, after=100_000, times=1)
        with pytest.raises(FetchError, match="connection broke") as caught:
            fetch(server, tmp_path / "a.pdf", retries=0)
        assert caught.value.temporary
        server.add(FakePaper("2309.08600", pdf=newer))
        fetch(server, tmp_path / "a.pdf")
        assert ranges(server) == [None, "bytes=100000-"]
    assert (tmp_path / "a.pdf").read_bytes() == newer


def test_a_length_that_is_a_lie_is_survived(tmp_path: Path) -> None:
    with LoopbackArxiv([PAPER]) as server:
        server.wrong_length(PATH, by=10, times=1)
        fetch(server, tmp_path / "a.pdf")  # cut off; nothing is left to resume (416); whole
        assert ranges(server) == [None, f"bytes={len(PDF)}-", None]
    assert (tmp_path / "a.pdf").read_bytes() == PDF


def test_a_length_that_is_always_a_lie_is_an_error(tmp_path: Path) -> None:
    with LoopbackArxiv([PAPER]) as server:
        server.wrong_length(PATH, by=10)
        with pytest.raises(FetchError) as caught:
            fetch(server, tmp_path / "a.pdf", retries=2)
    assert caught.value.temporary
    assert not (tmp_path / "a.pdf").exists()


def test_another_urls_part_is_not_gone_on_with(tmp_path: Path) -> None:
    with LoopbackArxiv([PAPER]) as server:
        server.cut(PATH, after=100_000, times=1)
        with pytest.raises(FetchError):
            fetch(server, tmp_path / "a.pdf", retries=0)
        fetch(server, tmp_path / "a.pdf", server.pdf_url("2309.08600v1"))
        assert ranges(server) == [None, None]


def test_ctrl_c_leaves_what_can_be_gone_on_with(tmp_path: Path) -> None:
    def interrupt(done: int, _total: int | None) -> None:
        if done > 100_000:
            raise KeyboardInterrupt

    with LoopbackArxiv([PAPER]) as server:
        fetcher = Fetcher(allow_hosts=LOOPBACK)
        with pytest.raises(KeyboardInterrupt):
            fetcher.pdf(server.pdf_url("2309.08600"), tmp_path / "a.pdf", on_bytes=interrupt)
        assert left_behind(tmp_path) == ["a.pdf.part", "a.pdf.part.json"]
        got = (tmp_path / "a.pdf.part").stat().st_size
        fetch(server, tmp_path / "a.pdf")
        assert got > 100_000
        assert ranges(server) == [None, f"bytes={got}-"]
    assert (tmp_path / "a.pdf").read_bytes() == PDF
    assert left_behind(tmp_path) == ["a.pdf"]


def test_a_killed_download_is_gone_on_with(tmp_path: Path) -> None:
    code = f"""if True:
        import sys
        from pathlib import Path
        from ingest.fetch import Fetcher
        Fetcher(allow_hosts=frozenset({{"127.0.0.1"}})).pdf(sys.argv[1], Path({str(tmp_path / "a.pdf")!r}))
    """
    part = tmp_path / "a.pdf.part"
    with LoopbackArxiv([PAPER]) as server:
        server.slow(PATH, piece=20_000, seconds=0.05, times=1)
        url = server.pdf_url("2309.08600")
        child = subprocess.Popen([sys.executable, "-c", code, url], cwd=Path(__file__).parents[1])
        deadline = time.monotonic() + 10
        while (not part.exists() or part.stat().st_size < 50_000) and time.monotonic() < deadline:
            time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
        child.wait()
        got = part.stat().st_size
        fetch(server, tmp_path / "a.pdf")
        assert ranges(server) == [None, f"bytes={got}-"]
    assert (tmp_path / "a.pdf").read_bytes() == PDF


# --- servers that are busy, silent or gone ---------------------------------------------------------------------------


def test_a_busy_server_is_given_the_time_it_asks_for(tmp_path: Path) -> None:
    naps: list[float] = []
    with LoopbackArxiv([PAPER]) as server:
        server.fail(PATH, times=1, status=429, retry_after="40")
        server.fail(PATH, times=1, status=503, retry_after="Mon, 23 Nov 2099 12:00:00 GMT")
        server.reset(PATH, times=1)
        fetch(server, tmp_path / "a.pdf", naps=naps)
    assert naps[:2] == [40.0, 120.0]
    assert 4 <= naps[2] <= 6


@pytest.mark.parametrize(
    ("status", "tries", "temporary"), [(404, 1, False), (403, 1, False), (500, 3, True), (429, 3, True)]
)
def test_a_status_says_whether_to_try_again(tmp_path: Path, status: int, tries: int, temporary: bool) -> None:
    with LoopbackArxiv([PAPER]) as server:
        server.fail(PATH, status=status)
        with pytest.raises(BadStatus, match=f"answered HTTP {status}") as caught:
            fetch(server, tmp_path / "a.pdf", retries=2)
        assert len(server.requests) == tries
    assert caught.value.temporary is temporary
    assert caught.value.hint
    assert left_behind(tmp_path) == []


def test_silence_ends(tmp_path: Path) -> None:
    with LoopbackArxiv([PAPER]) as server:
        server.silence(PATH)
        start = time.monotonic()
        with pytest.raises(FetchError, match="stopped answering") as caught:
            fetch(server, tmp_path / "a.pdf", timeout=0.2, retries=1)
    assert time.monotonic() - start < 2
    assert caught.value.temporary


def test_a_dripping_server_is_left(tmp_path: Path) -> None:
    with LoopbackArxiv([PAPER]) as server:
        server.slow(PATH, piece=20, seconds=0.05)
        with pytest.raises(FetchError, match="too slowly") as caught:
            fetch(server, tmp_path / "a.pdf", timeout=0.3, retries=0)
    assert caught.value.temporary


def test_a_slow_line_is_borne(tmp_path: Path) -> None:
    with LoopbackArxiv([PAPER]) as server:
        server.slow(PATH, piece=30_000, seconds=0.06)  # longer than the time allowed for silence, all in all
        assert fetch(server, tmp_path / "a.pdf", timeout=0.3, retries=0).size == len(PDF)


def test_no_server_is_known_at_once(tmp_path: Path) -> None:
    with LoopbackArxiv([PAPER]) as server:
        pass
    naps: list[float] = []
    start = time.monotonic()
    with pytest.raises(Unreachable) as caught:
        fetch(server, tmp_path / "a.pdf", naps=naps)
    assert time.monotonic() - start < 1
    assert (naps, caught.value.host, caught.value.temporary) == ([], "127.0.0.1", True)


def test_a_name_that_cannot_be_resolved_is_known_before_the_gate(tmp_path: Path) -> None:
    def no_dns(_host: str, _port: int) -> list[str]:
        raise OSError("Temporary failure in name resolution")

    gate = Gate(60.0)
    gate.wait()
    fetcher = Fetcher(gates={"arxiv.org": gate}, resolve=no_dns, trust_env=False)
    with pytest.raises(Unreachable, match="cannot be resolved"):
        fetcher.pdf("https://arxiv.org/pdf/2309.08600", tmp_path / "a.pdf")


def test_requests_keep_their_distance_retries_and_redirects_too(tmp_path: Path) -> None:
    with LoopbackArxiv([PAPER]) as server:
        server.fail(PATH, times=1)
        server.redirect(PATH, "/pdf/2309.08600v1", times=1)
        server.cut(PATH, after=1000, times=1)
        fetch(server, tmp_path / "a.pdf", gate=Gate(0.15))
        assert len(server.requests) == 4
        assert min(server.gaps()) >= 0.15 - 0.02
