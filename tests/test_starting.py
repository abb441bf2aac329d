"""The page that is there while everything else is being imported."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys

import httpx
from page_fakes import serve_on, until

from assistant.app.launch import address, listen
from assistant.app.starting import Starting


def test_the_port_answers_before_the_application_is_there_and_after() -> None:
    with contextlib.closing(listen("127.0.0.1", 0)) as listening:
        url = address(listening)
        with Starting(listening):
            answer = httpx.get(url)
            assert answer.status_code == 503 and answer.headers["retry-after"] == "1"
            assert "starting" in answer.text and 'http-equiv="refresh"' in answer.text
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert httpx.get(f"{url}gradio_api/file=/etc/passwd").text == answer.text
            assert httpx.head(url).text == ""
        with serve_on(_application, listening):
            assert httpx.get(url).text == "here"


async def _application(scope: object, receive: object, send: object) -> None:
    from starlette.responses import PlainTextResponse

    await PlainTextResponse("here")(scope, receive, send)  # type: ignore[arg-type]


def test_a_connection_that_says_nothing_keeps_nobody_waiting() -> None:
    with contextlib.closing(listen("127.0.0.1", 0)) as listening, Starting(listening):
        where = listening.getsockname()[:2]
        with socket.create_connection(where), socket.create_connection(where) as rude:
            rude.sendall(b"\0" * 100)
            assert httpx.get(address(listening), timeout=1).status_code == 503


def test_a_command_that_cannot_start_gives_the_port_back() -> None:
    with contextlib.closing(listen("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        with contextlib.suppress(ValueError), Starting(listening):
            raise ValueError
        assert listening.gettimeout() is None
    until(lambda: _free(port))


def _free(port: int) -> bool:
    with contextlib.suppress(Exception), contextlib.closing(listen("127.0.0.1", port)):
        return True
    return False


def test_gradio_is_imported_without_what_the_page_does_not_need() -> None:
    script = (
        "import sys; from assistant.app.load_gradio import load_gradio; gr = load_gradio();"
        "print(type(gr.Blocks).__name__, 'mcp' in sys.modules, gr.component_meta.create_or_modify_pyi(1, 2, 3));"
        "import mcp; print(mcp.__name__)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["BlocksMeta", "False", "None", "mcp"]
