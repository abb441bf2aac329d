"""A browser window, which Gradio knows by its session hash, is its first user's alone: what it shows and holds is
theirs, whoever else should come to know the hash."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from assistant.app.auth import USER

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEARTBEAT = "/gradio_api/heartbeat/"
MOST_WINDOWS = 10_000


class OwnWindows:
    """ASGI middleware behind SignIn: refuses a request for another user's window."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._owners: OrderedDict[str, str] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        from starlette.datastructures import Headers
        from starlette.responses import PlainTextResponse

        user = scope.get(USER)
        if scope["type"] != "http" or user is None or not scope["path"].startswith("/gradio_api/"):
            return await self._app(scope, receive, send)
        spoken = Headers(scope=scope).get("content-type", "").startswith("application/json")  # no file that is sent
        body = await _body(receive) if spoken else b""
        for window in {*_in_address(scope), *_in_body(body)}:
            if not self._owns(user, window):
                return await PlainTextResponse("another's window", 403)(scope, receive, send)
        again = _again(body, receive) if spoken else receive
        return await self._app(scope, again, send)

    def _owns(self, user: str, window: str) -> bool:
        owner = self._owners.setdefault(window, user)
        self._owners.move_to_end(window)
        while len(self._owners) > MOST_WINDOWS:
            self._owners.popitem(last=False)
        return owner == user


def _in_address(scope: Scope) -> list[str]:
    asked = parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", [])
    return [*asked, scope["path"].removeprefix(HEARTBEAT)] if scope["path"].startswith(HEARTBEAT) else asked


def _in_body(body: bytes) -> list[str]:
    try:
        sent = json.loads(body) if body else None
    except (ValueError, RecursionError):
        return []
    window = sent.get("session_hash") if isinstance(sent, dict) else None
    return [window] if isinstance(window, str) else []


async def _body(receive: Receive) -> bytes:
    """All that is sent; the Guard before us has seen how much that can be."""
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body"):
            return body


def _again(body: bytes, receive: Receive) -> Receive:
    """What was read, once more, and then whatever else comes."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def read() -> Message:
        return messages.pop() if messages else await receive()

    return read
