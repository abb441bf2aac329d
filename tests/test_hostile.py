"""What the network sends is data: every route is walked, nothing is had but the page and the vault's PDFs, and no file
is read because a request names it. What is written into papers is shown in test_app and test_browser."""

from __future__ import annotations

import contextlib
import http.client
import json
import string
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from page_fakes import EVIL, Answerer, entries, make_vault, serve

from assistant.app.server import FOLDERS, PATHS, allowed
from ingest.vault import Vault

SECRET = "a secret that only this test knows"


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    """A vault with something private beside, inside and above it."""
    root = tmp_path_factory.mktemp("place")
    vault = make_vault(root / "vault")
    for path in (
        "secret.txt",
        "vault/secret.txt",
        "vault/sources/toy-2022/secret.txt",
        "vault/conversations/ada/1.json",
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(SECRET)
    return vault


@pytest.fixture(scope="module")
def app(vault: Vault) -> Iterator[Any]:
    from served_vault import tools_over

    from assistant.app.build import build_page, mount
    from assistant.app.lanes import Lane
    from assistant.app.pictures import Pictures
    from assistant.app.programs import functions, mcp_server
    from assistant.app.server import make_app
    from ingest.page_pictures import PagePictures

    drawer = PagePictures()
    pictures = Pictures(vault, drawer)
    programs = functions(tools_over(vault), Lane(1, 1), Lane(1, 1))
    page = build_page(
        vault,
        events=Answerer(vault),
        status=entries,
        progress=lambda: None,
        answerer="x",
        programs=programs,
        pictures=pictures,
    )
    yield mount(make_app(vault, pictures=pictures, mcp=mcp_server(programs)), page)
    drawer.close()


@pytest.fixture(scope="module")
def site(app: Any) -> Iterator[httpx.Client]:
    with serve(app) as url, httpx.Client(base_url=url) as client:
        yield client


def routes(app: Any, prefix: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every route that the application has, ours and Gradio's, as (pattern, methods)."""
    for route in app.routes:
        path = prefix.rstrip("/") + getattr(route, "path", "")
        inner = getattr(route, "original_router", route)  # FastAPI keeps a router that was included whole
        if getattr(inner, "routes", None):
            yield from routes(inner, path)
        elif methods := getattr(route, "methods", None):
            yield path, tuple(methods)


def test_every_route_is_either_needed_or_not_found(app: Any, site: httpx.Client, vault: Vault) -> None:
    """Gradio's routes that read files, fetch addresses, take uploads or run code are among those that are closed."""
    root = vault.root.parent
    seen: dict[str, bool] = {}
    for pattern, methods in routes(app):
        for filling in (f"{root}/secret.txt", "https://example.org/x", "x"):
            path = filled(pattern, filling)
            for method in set(methods) & {"GET", "POST", "DELETE", "PUT"}:
                if method == "GET" and pattern.startswith(
                    ("/gradio_api/heartbeat", "/gradio_api/queue/data", "/gradio_api/call")
                ):
                    continue  # streams that wait for their session; their answers are the page's own
                answer = asked(site, method, path)
                seen[pattern] = seen.get(pattern, False) or answer.status_code != 404
                assert SECRET not in answer.text, (method, path)
    opened = {pattern for pattern, answered in seen.items() if answered}
    assert len(seen) > 60
    for closed in CLOSED:
        assert any(closed in pattern for pattern in seen), closed
        assert not any(closed in pattern for pattern in opened), closed
    assert {pattern for pattern in opened if not allowed(filled(pattern, "x"))} == set()


def asked(site: httpx.Client, method: str, path: str) -> httpx.Response:
    """Twice where the server hangs up: it does not wait for what it has refused."""
    try:
        return site.request(method, path, json=None if method == "GET" else {})
    except httpx.TransportError:
        return site.request(method, path, json=None if method == "GET" else {})


def filled(pattern: str, value: str) -> str:
    head, _, rest = pattern.partition("{")
    while rest:
        _, _, tail = rest.partition("}")
        more, _, rest = tail.partition("{")
        head += value + more
    return head


CLOSED = (
    *("file", "proxy", "stream", "component_server", "process_recording", "vibe", "custom_component"),
    *("monitoring", "runs", "deep_link", "login", "logout", "token", "openapi"),
)
TRICKS = (
    *("../secret.txt", "..%2fsecret.txt", "%2e%2e/secret.txt", "..%5csecret.txt", "....//secret.txt"),
    *("%252e%252e%252fsecret.txt", "toy-2022/secret.txt", "toy-2022/../../secret.txt", "toy-2022%00.pdf", "toy-2022/"),
    *("/etc/passwd", "%2fetc%2fpasswd", "C:%5cwindows%5cwin.ini", "..%c0%afsecret.txt", "toy-2022;/secret.txt"),
    *("toy-2022/1/../../secret.txt", "toy-2022/1%2f..%2f..%2fsecret.txt", "../secret.txt/1", "..%2f..%2fsecret.txt/1"),
    *("toy-2022/0", "toy-2022/-1", "toy-2022/1e9", "toy-2022/99999", "toy-2022/1%00", "%2fetc%2fpasswd/1", "\u0661/1"),
    *("~/secret.txt", "file:///etc/passwd", ""),
)


def got(site: httpx.Client, path: str) -> tuple[int, str]:
    """Status and text of a path sent as it is: httpx would tidy its dots away."""
    path = quote(path, safe=string.punctuation)
    connection = http.client.HTTPConnection(site.base_url.host, site.base_url.port, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        try:
            text = answer.read()
        except http.client.IncompleteRead as broken_off:  # a stream about nothing
            text = broken_off.partial
        return answer.status, text.decode("utf-8", "replace")


@pytest.mark.parametrize("trick", TRICKS)
def test_no_trick_with_a_path_leads_out(site: httpx.Client, trick: str) -> None:
    for folder in FOLDERS:
        if folder == "/gradio_api/heartbeat/":
            continue  # takes any name for a window, reads no file, and streams that it is alive
        status, text = got(site, folder + trick)
        assert status in (307, 400, 403, 404, 405) or folder == "/gradio_api/call/", folder
        assert SECRET not in text and "root:" not in text


@pytest.mark.parametrize(
    "path",
    ["//secret.txt", "/./secret.txt", "/assets/../../secret.txt", "/vault.yaml", "/conversations/ada/1.json",
     "/sources/toy-2022/pages.jsonl", "/index/state.json", "/.git/config", "/../secret.txt"],
)  # fmt: skip
def test_the_rest_of_the_vault_is_not_there(site: httpx.Client, path: str) -> None:
    status, text = got(site, path)
    assert status == 404 and SECRET not in text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_nothing_is_written_by_http(site: httpx.Client, vault: Vault, method: str) -> None:
    before = {path: path.read_bytes() for path in vault.root.rglob("*") if path.is_file()}
    for path in ("/", "/source/toy-2022", "/config", "/gradio_api/queue/join"):
        assert site.request(method, path).status_code in (404, 405)
    assert {path: path.read_bytes() for path in vault.root.rglob("*") if path.is_file()} == before


def test_a_file_named_in_a_question_is_not_read(site: httpx.Client, vault: Vault) -> None:
    """Gradio turns {"path": ...} with its marker into a file for components that take one; here it stays what it is."""
    lure = {"path": str(vault.root.parent / "secret.txt"), "meta": {"_type": "gradio.FileData"}}
    for body in ({"passage_id": lure}, {"passage_id": [lure]}, {"passage_id": json.dumps(lure)}):
        begun = site.post("/gradio_api/call/v2/get_passage", json=body)
        assert begun.status_code in (200, 400, 403, 422, 500)
        if begun.status_code == 200:
            told = site.get(f"/gradio_api/call/get_passage/{begun.json()['event_id']}", timeout=20).text
            assert SECRET not in told and "event: complete" not in told


@pytest.mark.parametrize(
    "text",
    [
        EVIL,
        "../../secret.txt",
        "file:///etc/passwd",
        "$" + "{" * 2000,
        "\0",
        "\ud800".encode("utf-8", "replace").decode(),
    ],
)
def test_a_hostile_question_is_answered_or_refused_in_a_line(site: httpx.Client, text: str) -> None:
    body = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "search_vault", "arguments": {"question": text}},
    }
    answer = site.post("/mcp", json=body, headers={"accept": "application/json, text/event-stream"}, timeout=20)
    assert answer.status_code in (200, 400)
    assert SECRET not in answer.text and "Traceback" not in answer.text


def test_nothing_that_is_needed_is_a_way_to_files_or_other_hosts() -> None:
    for word in ("file", "proxy", "stream", "component_server", "custom_component", "monitoring", "vibe"):
        assert not any(word in path for path in (*PATHS, *FOLDERS)), word


def test_no_answer_lets_a_browser_guess_or_frame(site: httpx.Client) -> None:
    for path in ("/", "/config", "/source/toy-2022", "/nothing"):
        headers = site.get(path).headers
        if path != "/nothing":
            assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
        assert "access-control-allow-origin" not in headers
