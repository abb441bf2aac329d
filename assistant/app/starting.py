"""Answers a port at once, while everything slow is imported, with a page that looks again by itself."""

from __future__ import annotations

import contextlib
import socket
import threading

from assistant.app.plain_page import POLICY, starting_html

LOOK_SECONDS = 0.1
PATIENCE_SECONDS = 2.0  # for a request that does not come: browsers open connections ahead of need
MOST_HEAD = 16 * 1024  # bytes


class Starting:
    """Shows the page on a listening socket inside a `with`; the socket is left as it was, for the server that follows.

    Every request gets the same page and nothing else, as 503 with Retry-After, which programs read.
    """

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mivault starting", daemon=True)

    def __enter__(self) -> Starting:
        self._listening.settimeout(LOOK_SECONDS)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self._listening.settimeout(None)

    def _run(self) -> None:
        while not self._done.is_set():
            try:
                connection, _ = self._listening.accept()
            except TimeoutError:
                continue
            except OSError:  # closed under us, or the peer was faster
                self._done.wait(LOOK_SECONDS)
                continue
            threading.Thread(target=_answer, args=(connection,), daemon=True).start()


def _answer(connection: socket.socket) -> None:
    with connection, contextlib.suppress(OSError):
        connection.settimeout(PATIENCE_SECONDS)
        head = b""
        while b"\r\n\r\n" not in head and len(head) < MOST_HEAD:
            piece = connection.recv(4096)
            if not piece:
                return
            head += piece
        connection.sendall(_response(head.startswith(b"HEAD ")))


def _response(head_only: bool) -> bytes:
    body = starting_html().encode()
    fields = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Length": str(len(body)),
        "Content-Security-Policy": POLICY,
        "Cache-Control": "no-store",
        "Retry-After": "1",
        "Connection": "close",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 503 Starting\r\n{head}\r\n".encode() + (b"" if head_only else body)
