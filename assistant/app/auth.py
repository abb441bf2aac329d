"""Signing in: a session in a cookie that no script can read and no other site can send; programs send a name and a
password with each request (HTTP Basic). Without one of them nothing behind this is reached."""

from __future__ import annotations

import base64
import binascii
import hashlib
import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from assistant.app.plain_page import POLICY, sign_in_html
from assistant.app.users import Users
from ingest.errors import MivaultError

if TYPE_CHECKING:
    from anyio import CapacityLimiter
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

LOG = logging.getLogger(__name__)
LOGIN, LOGOUT = "/login", "/logout"
USER = "mivault.user"  # the key under which a request's scope names who sent it
SESSION_SECONDS = 24 * 3600.0  # since it was last used: a page is kept open all day
BASIC_SECONDS = 600.0  # for so long a program's password need not be hashed again
MOST_SESSIONS = 1000
MOST_FORM = 4096  # bytes
TRIES_AT_ONCE = 2
FAILURES, FAILURE_SECONDS = 10, 300.0  # wrong tries of one name from one address, and for how long they count


@dataclass(slots=True)
class _Session:
    """`proof` is what the users file said of the user's password: another one there ends the session."""

    user: str
    proof: str
    ends: float
    seconds: float


class Sessions:
    """Who is signed in, by the hash of what they carry. Lives as long as the program."""

    def __init__(self, users: Users) -> None:
        self.users = users
        self._held: dict[str, _Session] = {}
        self._failed: dict[tuple[str, str], deque[float]] = {}
        self._lock = threading.Lock()

    def sign_in(self, name: str, password: str, address: str) -> str | None:
        """A fresh token; None for a wrong name or password. Raises MivaultError after too many wrong ones of this name
        from this address."""
        token = secrets.token_urlsafe(32)
        return token if self._opened(token, name, password, address, SESSION_SECONDS) else None

    def user_of(self, token: str) -> str | None:
        """Who carries this token."""
        with self._lock:
            session = self._held.get(_hashed(token))
            now = time.monotonic()
            if session is None or session.ends < now or session.proof != self._proof(session.user):
                return None
            session.ends = now + session.seconds
            return session.user

    def user_of_basic(self, header: str, address: str) -> str | None:
        """Who sent this Authorization header; None for no or a wrong one."""
        scheme, _, value = header.partition(" ")
        if scheme.lower() != "basic":
            return None
        if user := self.user_of(header):
            return user
        try:
            name, _, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return name if self._opened(header, name, password, address, BASIC_SECONDS) else None

    def sign_out(self, token: str) -> None:
        with self._lock:
            self._held.pop(_hashed(token), None)

    def _opened(self, token: str, name: str, password: str, address: str, seconds: float) -> bool:
        if self._too_many((address, name)):
            raise MivaultError("too many wrong passwords", "wait five minutes")
        if not self.users.check(name, password):
            with self._lock:
                self._prune()
                self._failed.setdefault((address, name), deque(maxlen=FAILURES)).append(time.monotonic())
            return False
        with self._lock:
            self._held[_hashed(token)] = _Session(name, self._proof(name), time.monotonic() + seconds, seconds)
            self._prune()
        return True

    def _too_many(self, who: tuple[str, str]) -> bool:
        with self._lock:
            recent = self._failed.get(who)
            return recent is not None and len(recent) == FAILURES and recent[0] > time.monotonic() - FAILURE_SECONDS

    def _proof(self, name: str) -> str:
        try:
            return str(self.users[name] or "")
        except MivaultError as error:  # the file was broken while we run: nobody is let in by it
            LOG.error("%s", error)
            return ""

    def _prune(self) -> None:
        """Forget what has ended; then, if need be, who was here longest ago."""
        now = time.monotonic()
        self._held = {key: held for key, held in self._held.items() if held.ends > now}
        self._failed = {who: when for who, when in self._failed.items() if when[-1] > now - FAILURE_SECONDS}
        for key in sorted(self._held, key=lambda key: self._held[key].ends)[: max(0, len(self._held) - MOST_SESSIONS)]:
            del self._held[key]


class SignIn:
    """ASGI middleware: names each request's user in its scope, under USER; without one there is only the form."""

    def __init__(self, app: ASGIApp, *, sessions: Sessions) -> None:
        self._app, self._sessions = app, sessions
        self._trying: CapacityLimiter | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        from starlette.requests import Request

        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        request = Request(scope, receive)
        if scope["path"] in (LOGIN, LOGOUT):
            answer = await (self._login(request) if scope["path"] == LOGIN else self._logout(request))
            return await answer(scope, receive, send)
        user = await self._user(request)
        if user is None:
            return await _refused(request)(scope, receive, send)
        return await self._app({**scope, USER: user}, receive, send)

    async def _try(self, function: Callable[..., str | None], *args: str) -> str | None:
        """In a thread; few at once, so that many tries leave the threads to those who are signed in."""
        from anyio import CapacityLimiter
        from anyio.to_thread import run_sync

        self._trying = self._trying or CapacityLimiter(TRIES_AT_ONCE)
        return await run_sync(function, *args, limiter=self._trying)

    async def _user(self, request: Request) -> str | None:
        if user := self._sessions.user_of(request.cookies.get(_cookie(request), "")):
            return user
        header = request.headers.get("authorization", "")
        try:
            return await self._try(self._sessions.user_of_basic, header, _address(request)) if header else None
        except MivaultError:
            return None

    async def _login(self, request: Request) -> Response:
        from starlette.responses import RedirectResponse

        if request.method != "POST":
            return _form("", 200)
        fields = parse_qs((await _body(request)).decode("utf-8", "replace"))
        name, password = (fields.get(field, [""])[0] for field in ("username", "password"))
        try:
            token = await self._try(self._sessions.sign_in, name.strip(), password, _address(request))
        except MivaultError as error:
            return _form(str(error), 429)
        if token is None:
            return _form("That name and password do not belong together.", 401)
        # gradio_client takes the cookie of a success and follows nothing; a browser is sent on to the page.
        status = 303 if "text/html" in request.headers.get("accept", "") else 200
        answer = RedirectResponse("/", status_code=status)
        secure = request.url.scheme == "https"
        answer.set_cookie(_cookie(request), token, httponly=True, samesite="strict", secure=secure)
        return answer

    async def _logout(self, request: Request) -> Response:
        from starlette.responses import RedirectResponse

        self._sessions.sign_out(request.cookies.get(_cookie(request), ""))
        answer = RedirectResponse(LOGIN, status_code=303)
        answer.delete_cookie(_cookie(request), httponly=True, samesite="strict")
        return answer


def _refused(request: Request) -> Response:
    from starlette.responses import PlainTextResponse, RedirectResponse

    if request.url.path == "/" and request.method in ("GET", "HEAD"):
        return RedirectResponse(LOGIN, status_code=303)
    # No "Basic" here: browsers would put up a window of their own.
    return PlainTextResponse("sign in first", 401, headers={"www-authenticate": 'Form realm="mivault"'})


def _form(message: str, status: int) -> Response:
    from starlette.responses import HTMLResponse

    # Under "no-referrer" a browser would send the form as from nowhere, and the Guard would not know it for ours.
    headers = {"content-security-policy": POLICY, "cache-control": "no-store", "referrer-policy": "same-origin"}
    return HTMLResponse(sign_in_html(message), status, headers=headers)


async def _body(request: Request) -> bytes:
    """The body, as far as a form may be long."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_FORM:
            return b""
    return body


def _cookie(request: Request) -> str:
    """Cookies know no ports: two of us on one machine would sign each other out."""
    return f"mivault-{(request.scope.get('server') or ('', 0))[1]}"


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
