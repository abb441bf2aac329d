"""A page that others reach: nothing without signing in, a session no script can read, and no way around by a name."""

from __future__ import annotations

import base64
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from served_vault import served

from assistant.app.auth import FAILURES, Sessions
from assistant.app.launch import listen, reach_of
from assistant.app.server import Reach, fits, trusted
from assistant.app.users import Users
from ingest.errors import MivaultError, UsageError

PASSWORD = "correct horse battery"
PATHS = (
    "/", "/config", "/theme.css", "/source/sae", "/gradio_api/info", "/gradio_api/startup-events", "/assets/index.js",
    "/gradio_api/queue/data?session_hash=x", "/gradio_api/heartbeat/x", "/gradio_api/call/search_vault/x", "/mcp",
)  # fmt: skip


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> Users:
    users = Users(tmp_path_factory.mktemp("users") / "users")
    users.add("ada", PASSWORD)
    users.add("bob", PASSWORD + "2")
    return users


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, users: Users) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("page"), users=users, mcp=True) as address:
        yield address


@pytest.fixture
def site(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, headers={"accept": "text/html"}) as client:
        yield client


def sign_in(site: httpx.Client, name: str = "ada", password: str = PASSWORD) -> httpx.Response:
    return site.post("/login", data={"username": name, "password": password})


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_reached_without_signing_in(site: httpx.Client, path: str) -> None:
    answer = site.get(path)
    assert answer.status_code == (303 if path == "/" else 401)
    assert answer.status_code != 303 or answer.headers["location"] == "/login"
    assert "gradio" not in answer.text and "config" not in answer.text


@pytest.mark.parametrize("path", ["/mcp", "/gradio_api/queue/join", "/gradio_api/call/ask_vault", "/gradio_api/cancel"])
def test_nothing_can_be_sent_without_signing_in(site: httpx.Client, path: str) -> None:
    assert site.post(path, json={}).status_code == 401


def test_no_file_is_taken_without_signing_in(site: httpx.Client, url: str) -> None:
    own = {"origin": url.strip("/")}
    assert site.post("/gradio_api/upload", files={"files": b"x"}, headers=own).status_code == 401
    assert site.get("/gradio_api/upload_progress?upload_id=x").status_code == 401


def test_the_form_signs_in_and_out(site: httpx.Client) -> None:
    form = site.get("/login")
    assert form.status_code == 200 and '<label for="password">' in form.text
    assert "default-src 'none'" in form.headers["content-security-policy"] and "<script" not in form.text
    assert form.headers["referrer-policy"] == "same-origin"  # else the browser sends the form with "Origin: null"
    answer = sign_in(site)
    assert answer.status_code == 303 and answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and "path=/" in cookie
    assert "Sign out" in site.get("/").text and site.get("/config").json()["username"] == "ada"
    kept = dict(site.cookies)
    assert site.get("/logout").headers["location"] == "/login"
    assert site.get("/config").status_code == 401
    assert httpx.get(f"{site.base_url}config", cookies=kept).status_code == 401  # the server has forgotten it too


@pytest.mark.parametrize(
    ("name", "password"),
    [("ada", "wrong password"), ("eve", PASSWORD), ("", ""), ("ada", ""), ("ADA", PASSWORD), ("ada\0", PASSWORD),
     ("bob", PASSWORD)],
)  # fmt: skip
def test_a_wrong_name_or_password_says_the_same(site: httpx.Client, name: str, password: str) -> None:
    answer = sign_in(site, name, password)
    assert answer.status_code == 401 and "do not belong together" in answer.text
    assert "set-cookie" not in answer.headers


def test_a_form_that_is_no_form_is_refused(site: httpx.Client) -> None:
    assert site.post("/login", content=b"\xff" * 100).status_code == 401
    assert site.post("/login", content=b"username=" + b"a" * 10_000).status_code == 401
    assert (
        site.post(
            "/login", data={"username": "ada", "password": PASSWORD}, headers={"origin": "https://evil.example"}
        ).status_code
        == 403
    )


def test_a_made_up_cookie_is_nobodys(site: httpx.Client, url: str) -> None:
    port = url.rsplit(":", 1)[1].strip("/")
    for token in ("", "ada", "x" * 43):
        assert site.get("/config", cookies={f"mivault-{port}": token}).status_code == 401


def test_who_is_taken_out_is_signed_out_at_once(site: httpx.Client, users: Users) -> None:
    users.add("carl", PASSWORD)
    assert sign_in(site, "carl").status_code == 303
    assert site.get("/config").status_code == 200
    users.remove("carl")
    assert site.get("/config").status_code == 401
    users.add("carl", PASSWORD)
    assert site.get("/config").status_code == 401  # the old session does not come back to life


def test_many_wrong_passwords_from_one_address_have_to_wait(tmp_path: Path) -> None:
    users = Users(tmp_path / "users")
    users.add("ada", PASSWORD)
    sessions = Sessions(users)
    for _ in range(FAILURES):
        assert sessions.sign_in("ada", "wrong password", "10.0.0.1") is None
    with pytest.raises(MivaultError, match="too many"):
        sessions.sign_in("ada", PASSWORD, "10.0.0.1")
    with pytest.raises(MivaultError, match="too many"):
        sessions.user_of_basic("Basic " + base64.b64encode(f"ada:{PASSWORD}".encode()).decode(), "10.0.0.1")
    assert sessions.sign_in("ada", PASSWORD, "10.0.0.2")


def test_programs_sign_in_with_each_request(url: str) -> None:
    for auth, status in ((("ada", PASSWORD), 200), (("ada", "wrong password"), 401), (("", ""), 401)):
        assert httpx.get(f"{url}config", auth=auth).status_code == status
    for header in ("Basic", "Basic !", "Basic YQ==", "Bearer x"):
        assert httpx.get(f"{url}config", headers={"authorization": header}).status_code == 401
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    accept = {"accept": "application/json, text/event-stream"}
    assert "search_vault" in httpx.post(f"{url}mcp", json=body, headers=accept, auth=("ada", PASSWORD)).text


def test_gradios_own_client_signs_in(url: str) -> None:
    from gradio_client import Client  # type: ignore[import-untyped]

    session: Any = Client(url, auth=("ada", PASSWORD), verbose=False, analytics_enabled=False)
    assert session.predict("superposition", api_name="/search_vault")
    with pytest.raises(Exception, match=r"[Cc]redentials|login"):
        Client(url, auth=("ada", "wrong password"), verbose=False, analytics_enabled=False)


# --- from where -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.1", "example.org"])
def test_other_machines_are_let_in_only_where_they_sign_in(host: str) -> None:
    with pytest.raises(UsageError, match="other machines") as caught:
        listen(host, 0)
    assert "--auth" in caught.value.hint


def test_with_users_it_listens_for_others() -> None:
    with listen("0.0.0.0", 0, signed_in=True) as listening:
        assert listening.getsockname()[0] == "0.0.0.0"


def test_a_page_for_others_is_asked_by_number_or_by_a_known_name_only() -> None:
    own = reach_of("0.0.0.0", ["Papers.example.org"])
    for host in (
        "192.168.0.7:7860",
        "[fe80::1]:7860",
        "127.0.0.1:7860",
        "papers.example.org",
        f"{socket.gethostname().lower()}:7860",
    ):
        assert trusted(host, None, own) and trusted(host, f"http://{host}", own), host
    for host in ("rebound.example:7860", "192.168.0.7.evil.example", "", "[", "papers.example.org.evil.example"):
        assert not trusted(host, None, own), host
    assert not trusted("192.168.0.7:7860", "http://evil.example", own)
    assert not trusted("192.168.0.7:7860", "http://192.168.0.7:80", own)


def test_a_page_for_this_machine_is_asked_by_its_three_names_only() -> None:
    assert reach_of("127.0.0.1", ["other"]) == Reach()
    assert not trusted("192.168.0.7:7860", None)
    assert all(trusted(host, None) for host in ("127.0.0.1:1", "localhost", "[::1]:7860"))


@pytest.mark.parametrize(
    ("headers", "fit"),
    [({}, True), ({"content-length": "100"}, True), ({"content-length": "99999999"}, False),
     ({"content-length": "-1"}, False), ({"content-length": "٣"}, False), ({"transfer-encoding": "chunked"}, False)],
)  # fmt: skip
def test_what_is_sent_is_bounded(headers: dict[str, str], fit: bool) -> None:
    assert fits(headers) is fit


def test_an_endless_request_is_cut_off(site: httpx.Client) -> None:
    sign_in(site)
    assert site.post("/gradio_api/queue/join", content=iter([b"x" * 1000] * 3)).status_code == 413


def test_a_window_is_its_first_users_alone(url: str) -> None:
    ada, bob = (httpx.Client(base_url=url, headers={"accept": "text/html"}) for _ in range(2))
    sign_in(ada)
    sign_in(bob, "bob", PASSWORD + "2")
    name = next(d for d in ada.get("/config").json()["dependencies"] if d["api_name"] == "search_vault")["id"]
    sent = {"data": ["superposition", 2, None, "", None, None], "fn_index": name, "session_hash": "adaswindow"}
    assert ada.post("/gradio_api/queue/join", json=sent).status_code == 200
    assert bob.post("/gradio_api/queue/join", json=sent).status_code == 403
    for path in ("queue/data?session_hash=adaswindow", "heartbeat/adaswindow"):
        assert bob.get(f"/gradio_api/{path}").status_code == 403
    assert bob.post("/gradio_api/cancel", json={"session_hash": "adaswindow"}).status_code == 403
    with ada.stream("GET", "/gradio_api/queue/data", params={"session_hash": "adaswindow"}) as told:
        assert any("process_completed" in line for line in told.iter_lines())
    for client in (ada, bob):
        client.close()


# --- whose question it is -------------------------------------------------------------------------------------------


def test_gradio_knows_who_asks(site: httpx.Client) -> None:
    """What keeps conversations apart: the name comes from the session, whatever the request says."""
    sign_in(site, "bob", PASSWORD + "2")
    answer = site.get("/config", headers={"mivault.user": "ada", "x-forwarded-user": "ada"})
    assert answer.json()["username"] == "bob"
    assert re.search(r'"username": ?"bob"', site.get("/").text)
