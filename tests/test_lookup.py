"""What arXiv knows of ids, asked of a loopback arXiv."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from loopback_arxiv import FEED, FakePaper, LoopbackArxiv

from ingest.errors import FetchError
from ingest.lookup import Lookup, Metadata
from ingest.polite import Gate
from ingest.retry import BadStatus, Unreachable

API = "/api/query"
SPARSE = FakePaper(
    "2309.08600", "Sparse autoencoders\n  find  features", ("Ada One", "Bo\n Two"), version="v3", year=2023
)
OLD = FakePaper("astro-ph/0601001", "Hot Jupiters", ("Cy Three",), year=2006, link=False)


def ask(
    server: LoopbackArxiv,
    ids: list[str],
    *,
    seconds: float = 0.0,
    naps: list[float] | None = None,
    retries: int = 3,
    timeout: float = 5.0,
) -> dict[str, Metadata | FetchError]:
    nap = (naps if naps is not None else []).append
    return Lookup(Gate(seconds), url=server.api_url, timeout_seconds=timeout, retries=retries, sleep=nap).metadata(ids)


def failure(found: Metadata | FetchError) -> FetchError:
    assert isinstance(found, FetchError)
    return found


def test_metadata_of_the_newest_version() -> None:
    with LoopbackArxiv([SPARSE]) as server:
        assert ask(server, ["2309.08600"]) == {
            "2309.08600": Metadata(
                arxiv_id="2309.08600",
                version="v3",
                title="Sparse autoencoders find features",
                authors=("Ada One", "Bo Two"),
                year=2023,
                licence="",
                pdf_url=server.pdf_url("2309.08600v3"),
                summary="An abstract.",
            )
        }


def test_a_pdf_url_is_built_where_the_feed_has_none() -> None:
    with LoopbackArxiv([OLD]) as server:
        found = ask(server, ["astro-ph/0601001"])["astro-ph/0601001"]
    assert isinstance(found, Metadata)
    assert found.pdf_url == "https://arxiv.org/pdf/astro-ph/0601001v1"


def test_every_id_is_a_key_as_it_was_written() -> None:
    ids = [
        "2309.08600v1",
        "arXiv:2309.08600",
        "2309.08600",
        "2309.99999",
        "nonsense",
        "astro-ph/0601001",
        "2309.08600v9",
    ]
    with LoopbackArxiv([SPARSE, OLD]) as server:
        found = ask(server, ids)
        asked = [seen.query["id_list"].split(",") for seen in server.hits(API)]
    assert list(found) == ids
    versions = [f.version if isinstance(f, Metadata) else f.message for f in found.values()]
    assert versions == [
        "v1",
        "v3",
        "v3",
        "arXiv does not know 2309.99999",
        "'nonsense' is not an arXiv id",
        "v1",
        "arXiv does not know 2309.08600v9",
    ]
    assert not any(f.temporary for f in found.values() if isinstance(f, FetchError))
    assert not any("nonsense" in batch for batch in asked)
    for batch in asked:  # two versions of one paper are never asked for together
        assert len({re.sub(r"v\d+$", "", name) for name in batch}) == len(batch)


def test_ids_are_asked_for_a_hundred_at_a_time() -> None:
    papers = [FakePaper(f"2301.{n:05}") for n in range(250)]
    with LoopbackArxiv(papers) as server:
        found = ask(server, [paper.id for paper in papers])
        sizes = [len(seen.query["id_list"].split(",")) for seen in server.hits(API)]
    assert sizes == [100, 100, 50]
    assert [f.arxiv_id for f in found.values() if isinstance(f, Metadata)] == [paper.id for paper in papers]


def test_an_id_that_arxiv_refuses_does_not_spoil_the_others() -> None:
    papers = [FakePaper(f"2301.{n:05}") for n in range(20)]
    with LoopbackArxiv(papers, malformed=["2301.00007"]) as server:
        found = ask(server, [paper.id for paper in papers])
        asked = len(server.requests)
    wrong = {name: f for name, f in found.items() if isinstance(f, FetchError)}
    assert list(wrong) == ["2301.00007"]
    assert "arXiv does not accept 2301.00007" in wrong["2301.00007"].message
    assert not wrong["2301.00007"].temporary
    assert asked <= 11  # halves, not twenty single requests


def test_no_ids_no_request() -> None:
    with LoopbackArxiv() as server:
        assert ask(server, []) == {}
        assert list(ask(server, ["nonsense"])) == ["nonsense"]
        assert server.requests == []


def test_a_busy_server_is_given_the_time_it_asks_for() -> None:
    naps: list[float] = []
    with LoopbackArxiv([SPARSE]) as server:
        server.fail(API, times=1, status=429, retry_after="40")
        server.fail(API, times=1, status=503, retry_after="86400")
        found = ask(server, ["2309.08600"], naps=naps)
    assert isinstance(found["2309.08600"], Metadata)
    assert naps == [40.0, 120.0]


def test_a_server_that_stays_busy_is_asked_again_in_a_later_run() -> None:
    with LoopbackArxiv([SPARSE]) as server:
        server.fail(API, status=503)
        error = failure(ask(server, ["2309.08600"], retries=2)["2309.08600"])
        assert len(server.requests) == 3
    assert error.temporary
    assert "HTTP 503" in error.message


def test_a_server_that_refuses_us_is_not_pressed() -> None:
    papers = [FakePaper(f"2301.{n:05}") for n in range(20)]
    with LoopbackArxiv(papers) as server:
        server.fail(API, status=403)
        found = ask(server, [paper.id for paper in papers])
        assert len(server.requests) == 1
    assert all(isinstance(f, BadStatus) and f.status == 403 and not f.temporary for f in found.values())


def test_requests_keep_their_distance_retries_and_redirects_too() -> None:
    with LoopbackArxiv([SPARSE, OLD]) as server:
        server.fail(API, times=1, status=500)
        server.redirect(API, server.api_url + "?id_list=2309.08600,astro-ph/0601001&max_results=100", times=1)
        ask(server, ["2309.08600", "astro-ph/0601001", "2309.08600v2"], seconds=0.15)
        assert len(server.requests) == 4
        # The gate is passed before a request travels, the server notes its time when it comes.
        assert min(server.gaps()) >= 0.15 - 0.02


def test_we_say_who_we_are() -> None:
    with LoopbackArxiv([SPARSE]) as server:
        Lookup(Gate(0), url=server.api_url, contact="ada@example.org").metadata(["2309.08600"])
        agent = server.requests[0].headers["user-agent"]
    assert re.fullmatch(r"mivault/\S+ \(research assistant; ada@example.org\)", agent)


def test_silence_ends() -> None:
    with LoopbackArxiv([SPARSE]) as server:
        server.silence(API)
        start = time.monotonic()
        error = failure(ask(server, ["2309.08600"], timeout=0.2, retries=1)["2309.08600"])
    assert time.monotonic() - start < 2
    assert error.temporary


@pytest.mark.parametrize("fault", ["html", "cut", "reset", "half"])
def test_a_spoilt_answer_is_not_taken_for_an_unknown_paper(fault: str) -> None:
    with LoopbackArxiv([SPARSE]) as server:
        if fault == "html":
            server.html(API, times=1)
        elif fault == "cut":
            server.cut(API, after=500, times=1)
        elif fault == "reset":
            server.reset(API, times=1)
        else:
            server.feed(server.body_of_feed(["2309.08600"]).partition("Bo")[0], times=1)  # one of two authors
        naps: list[float] = []
        found = ask(server, ["2309.08600"], naps=naps)
    assert isinstance(found["2309.08600"], Metadata)
    assert found["2309.08600"].authors == ("Ada One", "Bo Two")
    assert len(naps) == 1


def test_another_version_than_the_one_asked_for_is_not_taken() -> None:
    with LoopbackArxiv([SPARSE]) as server:
        server.feed(server.body_of_feed(["2309.08600v3"]))
        found = ask(server, ["2309.08600v2"])
    assert failure(found["2309.08600v2"]).message == "arXiv does not know 2309.08600v2"


def test_an_empty_feed_is_doubted_once() -> None:
    empty = FEED.format(per_page=100, total=0, start=0, entries="")
    with LoopbackArxiv([SPARSE]) as server:
        server.feed(empty, times=1)
        assert isinstance(ask(server, ["2309.08600"])["2309.08600"], Metadata)
        server.feed(empty)
        assert "does not know" in failure(ask(server, ["2309.08600"])["2309.08600"]).message


def test_an_entry_without_a_date_costs_only_itself() -> None:
    with LoopbackArxiv([SPARSE, OLD]) as server:
        good = server.body_of_feed(["2309.08600", "astro-ph/0601001"])
        server.feed(re.sub(r"<published>2006[^<]*</published>", "", good), times=1)
        server.feed(FEED.format(per_page=100, total=2, start=1, entries=""), times=1)
        found = ask(server, ["2309.08600", "astro-ph/0601001"])
    assert isinstance(found["2309.08600"], Metadata)
    assert "does not know" in failure(found["astro-ph/0601001"]).message


def test_an_entry_the_package_stumbles_over_costs_only_itself() -> None:
    with LoopbackArxiv([SPARSE, OLD]) as server:
        good = server.body_of_feed(["2309.08600", "astro-ph/0601001"])
        server.feed(good.replace("2006-05-26T17:59:46Z", "long ago"), times=1)
        found = ask(server, ["2309.08600", "astro-ph/0601001"])
    assert all(isinstance(f, Metadata) for f in found.values())  # asked for one by one, both are well


def test_no_server_is_known_at_once() -> None:
    with LoopbackArxiv() as server:
        pass
    naps: list[float] = []
    start = time.monotonic()
    with pytest.raises(Unreachable) as caught:
        ask(server, ["2309.08600"], naps=naps)
    assert time.monotonic() - start < 1
    assert (naps, caught.value.temporary, caught.value.host) == ([], True, "127.0.0.1")


class ClosingGate(Gate):
    """Closes the server before the second request passes."""

    def __init__(self, server: LoopbackArxiv) -> None:
        super().__init__(0.0)
        self.server, self.passed = server, 0

    def wait(self) -> None:
        self.passed += 1
        if self.passed == 2:
            self.server.__exit__(None, None, None)


def test_a_network_that_goes_away_costs_only_the_rest() -> None:
    papers = [FakePaper(f"2301.{n:05}") for n in range(150)]
    with LoopbackArxiv(papers) as server:
        found = Lookup(ClosingGate(server), url=server.api_url).metadata([paper.id for paper in papers])
    kinds = [type(f) for f in found.values()]
    assert kinds == [Metadata] * 100 + [Unreachable] * 50


def test_without_a_network_it_gives_up_at_once() -> None:
    probe = ["unshare", "-rn", sys.executable, "-c"]
    if subprocess.run([*probe, ""], capture_output=True).returncode:
        pytest.skip("unshare -rn does not work here, so there is no network to take away")
    code = """if True:
        import time
        from ingest.lookup import Lookup
        from ingest.polite import Gate
        from ingest.retry import Unreachable
        start = time.monotonic()
        try:
            Lookup(Gate()).metadata(["2309.08600"])
        except Unreachable as error:
            assert time.monotonic() - start < 2, time.monotonic() - start
            print(error)
    """
    done = subprocess.run([*probe, code], capture_output=True, text=True, timeout=20, cwd=Path(__file__).parents[1])
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("cannot reach export.arxiv.org")
