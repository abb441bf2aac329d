"""Downloads: what comes well, and what is no PDF."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest
from fetching import LOOPBACK, PAPER, PATH, PDF, fetch, left_behind
from loopback_arxiv import FakePaper, LoopbackArxiv

from ingest.errors import FetchError
from ingest.fetch import Fetched, Fetcher
from ingest.polite import Gate

# --- what comes well -------------------------------------------------------------------------------------------------


def test_a_pdf_is_stored_whole_and_named_last(tmp_path: Path) -> None:
    to, counts = tmp_path / "sources" / "a" / "original.pdf", list[tuple[int, int | None]]()
    with LoopbackArxiv([PAPER]) as server:
        fetcher = Fetcher(allow_hosts=LOOPBACK)
        fetched = fetcher.pdf(
            server.pdf_url("2309.08600"), to, on_bytes=lambda done, total: counts.append((done, total))
        )
    assert to.read_bytes() == PDF
    assert fetched == Fetched(to, hashlib.sha256(PDF).hexdigest(), len(PDF), server.pdf_url("2309.08600"))
    assert left_behind(to.parent) == ["original.pdf"]
    assert counts == sorted(counts)
    assert counts[-1] == (len(PDF), len(PDF))


def test_we_ask_openly_and_uncompressed(tmp_path: Path) -> None:
    with LoopbackArxiv([PAPER]) as server:
        Fetcher(allow_hosts=LOOPBACK, contact="ada@example.org").pdf(server.pdf_url("2309.08600"), tmp_path / "a.pdf")
        headers = server.requests[0].headers
    assert headers["user-agent"].startswith("mivault/")
    assert "ada@example.org" in headers["user-agent"]
    assert headers["accept-encoding"] == "identity"


def test_a_file_of_unsaid_length_comes_too(tmp_path: Path) -> None:
    with LoopbackArxiv([PAPER]) as server:
        server.unsized(PATH)
        assert fetch(server, tmp_path / "a.pdf").size == len(PDF)


def test_a_header_may_come_a_little_late(tmp_path: Path) -> None:
    with LoopbackArxiv([FakePaper("2309.08600", pdf=b"\x00" * 1000 + PDF)]) as server:
        assert fetch(server, tmp_path / "a.pdf").size == len(PDF) + 1000


def test_an_older_file_is_replaced_only_by_a_whole_one(tmp_path: Path) -> None:
    to = tmp_path / "a.pdf"
    to.write_bytes(b"old")
    with LoopbackArxiv([PAPER]) as server:
        server.cut(PATH, after=1000, times=1)
        with pytest.raises(FetchError):
            fetch(server, to, retries=0)
        assert to.read_bytes() == b"old"
        fetch(server, to)
    assert to.read_bytes() == PDF


# --- what is no PDF --------------------------------------------------------------------------------------------------


def test_a_web_page_is_named_for_what_it_is(tmp_path: Path) -> None:
    with LoopbackArxiv([PAPER]) as server:
        server.html(PATH, title="Are you\n a <robot>? &amp; co \x1b[31m")
        with pytest.raises(FetchError, match=r"is a web page, not a PDF: 'Are you a'") as caught:
            fetch(server, tmp_path / "a.pdf")
        assert len(server.requests) == 1
    assert not caught.value.temporary
    assert left_behind(tmp_path) == []


def test_arxiv_is_asked_once_more_after_a_web_page(tmp_path: Path) -> None:
    with LoopbackArxiv([PAPER]) as server:
        server.html(PATH, times=1)
        assert fetch(server, tmp_path / "a.pdf", gate=Gate(0)).size == len(PDF)
        server.html(PATH)
        with pytest.raises(FetchError, match="web page") as caught:
            fetch(server, tmp_path / "b.pdf", gate=Gate(0))
        assert len(server.requests) == 4
    assert caught.value.temporary


@pytest.mark.parametrize("body", [b"PK\x03\x04 a zip", b"\x00" * 5000 + PDF, b"%PD"])
def test_what_is_no_pdf_is_not_kept(tmp_path: Path, body: bytes) -> None:
    with LoopbackArxiv([FakePaper("2309.08600", pdf=body)]) as server:
        with pytest.raises(FetchError, match="is not a PDF") as caught:
            fetch(server, tmp_path / "a.pdf")
        assert len(server.requests) == 1
    assert not caught.value.temporary
    assert left_behind(tmp_path) == []


def test_an_empty_file_is_tried_again(tmp_path: Path) -> None:
    with LoopbackArxiv([FakePaper("2309.08600", pdf=b"")]) as server:
        with pytest.raises(FetchError, match="empty") as caught:
            fetch(server, tmp_path / "a.pdf", retries=1)
        assert len(server.requests) == 2
    assert caught.value.temporary


def test_a_web_page_is_left_before_it_has_all_come(tmp_path: Path) -> None:
    page, counts = b"<html><head><title>Big</title>" + b"x" * 10_000_000, [0]
    with LoopbackArxiv() as server:
        url = server.page("/big", page, "text/html")
        with pytest.raises(FetchError, match="web page, not a PDF: 'Big'"):
            Fetcher(allow_hosts=LOOPBACK).pdf(url, tmp_path / "a.pdf", on_bytes=lambda done, _: counts.append(done))
    assert max(counts) < 1_000_000
    assert left_behind(tmp_path) == []


def test_too_large_is_refused_by_its_announcement(tmp_path: Path) -> None:
    with LoopbackArxiv([PAPER]) as server:
        with pytest.raises(FetchError, match="larger than 0 MB") as caught:
            fetch(server, tmp_path / "a.pdf", max_bytes=len(PDF) - 1)
        assert len(server.requests) == 1
    assert not caught.value.temporary
    assert left_behind(tmp_path) == []


def test_too_large_is_refused_while_it_comes(tmp_path: Path) -> None:
    with LoopbackArxiv([PAPER]) as server:
        server.unsized(PATH, copies=100)
        with pytest.raises(FetchError, match="larger than 1 MB"):
            fetch(server, tmp_path / "a.pdf", max_bytes=1_000_000)
    assert left_behind(tmp_path) == []


def test_a_compressed_answer_is_unpacked_and_its_length_is_the_file_s(tmp_path: Path) -> None:
    with LoopbackArxiv() as server:
        url = server.page("/a.pdf", gzip.compress(PDF), content_encoding="gzip")
        assert fetch(server, tmp_path / "a.pdf", url).size == len(PDF)
        assert (tmp_path / "a.pdf").read_bytes() == PDF


def test_a_compressed_bomb_is_stopped_at_the_limit(tmp_path: Path) -> None:
    bomb = gzip.compress(b"%PDF-1.7\n" + bytes(60_000_000))
    assert len(bomb) < 100_000
    with LoopbackArxiv() as server:
        url = server.page("/bomb.pdf", bomb, content_encoding="gzip")
        with pytest.raises(FetchError, match="larger than 10 MB"):
            fetch(server, tmp_path / "a.pdf", url)
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize(("encoding", "body", "reason"), [("br", PDF, "compressed"), ("gzip", PDF, "unpacked")])
def test_a_compression_that_cannot_be_undone_is_named(tmp_path: Path, encoding: str, body: bytes, reason: str) -> None:
    with LoopbackArxiv() as server:
        url = server.page("/a.pdf", body, content_encoding=encoding)
        with pytest.raises(FetchError, match=reason):
            fetch(server, tmp_path / "a.pdf", url)


def test_a_compressed_answer_that_is_cut_off_is_no_file(tmp_path: Path) -> None:
    with LoopbackArxiv() as server:
        url = server.page("/a.pdf", gzip.compress(PDF)[:-2000], content_encoding="gzip")
        with pytest.raises(FetchError, match="cut off") as caught:
            fetch(server, tmp_path / "a.pdf", url)
    assert caught.value.temporary


def test_a_disk_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with LoopbackArxiv([PAPER]) as server, pytest.raises(FetchError, match="cannot be written") as caught:
        fetch(server, tmp_path / "file" / "a.pdf")
    assert caught.value.temporary
