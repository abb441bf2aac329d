"""Where a download may go: judged addresses only, at every hop, and by a proxy where the environment names one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from loopback_arxiv import FakePaper, LoopbackArxiv

from ingest.errors import FetchError
from ingest.fetch import Fetcher, Unreachable

PATH = "/pdf/2309.08600"
PDF = b"%PDF-1.7\n%%EOF\n"
PAPER = FakePaper("2309.08600", pdf=PDF)


class Names:
    """A DNS that a test can read and change: each answer is used once, the last one for ever."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers, self.asked = list(answers), list[str]()

    def __call__(self, host: str, _port: int) -> list[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "2130706433", "0x7f000001", "127.1", "[::ffff:127.0.0.1]", "localhost", "LOCALHOST"],
)
def test_this_machine_is_not_asked_however_it_is_spelt(tmp_path: Path, host: str) -> None:
    with LoopbackArxiv([PAPER]) as server:
        with pytest.raises(FetchError, match="not on the public internet") as caught:
            Fetcher().pdf(f"http://{host}:{server.port}{PATH}", tmp_path / "a.pdf")
        assert server.requests == []
    assert not caught.value.temporary
    assert caught.value.hint


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "192.168.1.1", "169.254.169.254", "::1", "fe80::1%eth0", "64:ff9b::7f00:1", "224.0.0.1"]
)
def test_a_name_that_leads_into_a_private_network_is_refused(tmp_path: Path, address: str) -> None:
    fetcher = Fetcher(resolve=Names([address]), trust_env=False)
    with pytest.raises(FetchError, match=r"papers\.example is not on the public internet"):
        fetcher.pdf("https://papers.example/a.pdf", tmp_path / "a.pdf")


def test_one_private_address_among_public_ones_is_enough_to_refuse(tmp_path: Path) -> None:
    fetcher = Fetcher(resolve=Names(["8.8.8.8", "127.0.0.1"]), trust_env=False)
    with pytest.raises(FetchError, match=r"127\.0\.0\.1"):
        fetcher.pdf("https://papers.example/a.pdf", tmp_path / "a.pdf")


def test_the_connection_goes_to_the_address_that_was_judged(tmp_path: Path) -> None:
    names = Names(["127.0.0.1"], ["127.9.9.9"])  # a second answer, which must never be asked for
    with LoopbackArxiv([PAPER]) as server:
        fetcher = Fetcher(allow_hosts=frozenset({"papers.example"}), resolve=names, trust_env=False)
        url = f"http://papers.example:{server.port}{PATH}"
        assert fetcher.pdf(url, tmp_path / "a.pdf").url == url
        assert server.requests[0].headers["host"] == f"papers.example:{server.port}"
    assert names.asked == ["papers.example"]


def test_the_other_family_is_tried_where_the_first_has_no_route(tmp_path: Path) -> None:
    with LoopbackArxiv([PAPER]) as server:  # listens on IPv4 only
        names = Names(["::1", "127.0.0.1"])
        fetcher = Fetcher(allow_hosts=frozenset({"papers.example"}), resolve=names, trust_env=False)
        fetcher.pdf(f"http://papers.example:{server.port}{PATH}", tmp_path / "a.pdf")
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "to", ["http://localhost:{port}/x", "http://2130706433:{port}/x", "http://10.0.0.1/x", "//0/x"]
)
def test_a_redirect_into_a_private_network_is_refused(tmp_path: Path, to: str) -> None:
    with LoopbackArxiv([PAPER]) as server:
        server.redirect(PATH, to.format(port=server.port))
        with pytest.raises(FetchError, match="not on the public internet"):
            Fetcher(allow_hosts=frozenset({"127.0.0.1"})).pdf(server.pdf_url("2309.08600"), tmp_path / "a.pdf")
        assert len(server.requests) == 1


def test_an_allowed_name_is_judged_again_when_it_redirects(tmp_path: Path) -> None:
    with LoopbackArxiv([PAPER]) as server:
        server.redirect(PATH, f"http://other.example:{server.port}/x")
        fetcher = Fetcher(allow_hosts=frozenset({"papers.example"}), resolve=Names(["127.0.0.1"]), trust_env=False)
        with pytest.raises(FetchError, match=r"other\.example is not on the public internet"):
            fetcher.pdf(f"http://papers.example:{server.port}{PATH}", tmp_path / "a.pdf")


def test_redirects_are_followed_five_times(tmp_path: Path) -> None:
    with LoopbackArxiv([PAPER]) as server:
        fetcher = Fetcher(allow_hosts=frozenset({"127.0.0.1"}))
        server.redirect(PATH, PATH + "v1", times=5)
        assert fetcher.pdf(server.pdf_url("2309.08600"), tmp_path / "a.pdf").url == server.pdf_url("2309.08600v1")
        server.redirect(PATH, PATH)
        with pytest.raises(FetchError, match="redirects more than 5 times") as caught:
            fetcher.pdf(server.pdf_url("2309.08600"), tmp_path / "a.pdf")
    assert not caught.value.temporary


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("file:///etc/passwd", "not a web address"),
        ("ftp://example.org/a.pdf", "not a web address"),
        ("javascript:alert(1)", "not a web address"),
        ("example.org/a.pdf", "not a web address"),
        ("http://", "not a web address"),
        ("", "not a web address"),
        ("http://[::1/", "not a URL"),
        ("http://a\x00b/", "not a URL"),
        ("http://0177.0.0.1/", "not a URL"),
        ("https://user:secret@example.org/a.pdf", "credentials"),
    ],
)
def test_only_plain_web_addresses_are_asked_for(tmp_path: Path, url: str, why: str) -> None:
    with pytest.raises(FetchError, match=why) as caught:
        Fetcher().pdf(url, tmp_path / "a.pdf")
    assert not caught.value.temporary
    assert "secret" not in str(caught.value)


def test_a_redirect_to_something_else_than_the_web_is_refused(tmp_path: Path) -> None:
    with LoopbackArxiv([PAPER]) as server:
        server.redirect(PATH, "file:///etc/passwd")
        with pytest.raises(FetchError, match="not a web address"):
            Fetcher(allow_hosts=frozenset({"127.0.0.1"})).pdf(server.pdf_url("2309.08600"), tmp_path / "a.pdf")


def test_a_message_shows_no_query(tmp_path: Path) -> None:
    with LoopbackArxiv([PAPER]) as server:
        server.fail(PATH, status=404)
        with pytest.raises(FetchError) as caught:
            Fetcher(allow_hosts=frozenset({"127.0.0.1"})).pdf(
                server.pdf_url("2309.08600") + "?token=secret", tmp_path / "a.pdf"
            )
    assert "secret" not in str(caught.value)


# --- proxies of the environment --------------------------------------------------------------------------------------


def test_a_proxy_is_asked_for_names_it_alone_resolves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with LoopbackArxiv([PAPER]) as server:
        monkeypatch.setenv("http_proxy", server.base_url)
        monkeypatch.setenv("no_proxy", "direct.example")
        never = Names(["127.0.0.1"])
        fetcher = Fetcher(resolve=never)
        fetcher.pdf("http://papers.example/pdf/2309.08600", tmp_path / "a.pdf")
        assert server.requests[0].headers["host"] == "papers.example"
        assert never.asked == []
        with pytest.raises(FetchError, match="not on the public internet"):
            fetcher.pdf("http://direct.example/pdf/2309.08600", tmp_path / "b.pdf")
        assert never.asked == ["direct.example"]


def test_a_proxy_is_not_asked_for_private_addresses_or_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LoopbackArxiv([PAPER]) as server:
        monkeypatch.setenv("http_proxy", server.base_url)
        for host in ("10.0.0.1", "2130706433", "localhost", "169.254.169.254"):
            with pytest.raises(FetchError, match="not on the public internet"):
                Fetcher().pdf(f"http://{host}/a.pdf", tmp_path / "a.pdf")
        assert server.requests == []


def test_a_proxy_that_refuses_is_a_matter_for_a_later_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with LoopbackArxiv([PAPER]) as server:
        monkeypatch.setenv("https_proxy", server.base_url)  # it has no CONNECT
        naps: list[float] = []
        with pytest.raises(FetchError, match=r"the proxy refuses arxiv\.org") as caught:
            Fetcher(sleep=naps.append).pdf("https://arxiv.org/pdf/2309.08600", tmp_path / "a.pdf")
    assert (caught.value.temporary, naps) == (True, [])


def test_a_proxy_that_is_gone_is_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with LoopbackArxiv() as server:
        monkeypatch.setenv("https_proxy", server.base_url)
    with pytest.raises(Unreachable):
        Fetcher().pdf("https://arxiv.org/pdf/2309.08600", tmp_path / "a.pdf")


def test_without_a_network_it_gives_up_at_once(tmp_path: Path) -> None:
    probe = ["unshare", "-rn", sys.executable, "-c"]
    if subprocess.run([*probe, ""], capture_output=True).returncode:
        pytest.skip("unshare -rn does not work here, so there is no network to take away")
    code = """if True:
        import sys, time
        from pathlib import Path
        from ingest.fetch import Fetcher, Unreachable
        for url in ("https://arxiv.org/pdf/2309.08600", "https://8.8.8.8/a.pdf"):
            start = time.monotonic()
            try:
                Fetcher(trust_env=False).pdf(url, Path(sys.argv[1]))
            except Unreachable as error:
                assert time.monotonic() - start < 2, time.monotonic() - start
                print(error)
    """
    to = str(tmp_path / "a.pdf")
    done = subprocess.run([*probe, code, to], capture_output=True, text=True, timeout=20, cwd=Path(__file__).parents[1])
    assert done.returncode == 0, done.stderr
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == [
        "cannot reach arxiv.org",
        "cannot reach 8.8.8.8",
    ]
