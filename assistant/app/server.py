"""The web application around the page: who may ask, for what, and the route to the local PDFs. Door of fastapi.

Gradio brings routes that fetch addresses, give files out and show monitoring; the page needs none of them. So what is
let through is listed here, and everything else is "not found", whatever a later Gradio adds.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from assistant.app.auth import LOGIN, LOGOUT, Sessions, SignIn
from assistant.app.intake import MOST_BYTES
from assistant.app.originals import local_pdf
from assistant.app.picture_route import add_pictures
from assistant.app.programs import MCP_PATH, mcp_app
from assistant.app.windows import OwnWindows
from ingest.errors import MivaultError
from ingest.vault import Vault

if TYPE_CHECKING:
    import fastapi
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from assistant.app.pictures import Pictures
    from assistant.app.programs import McpServer

PATHS = frozenset(
    ["/", "/config", "/theme.css", "/favicon.ico", "/manifest.json", "/gradio_api/info", "/gradio_api/startup-events"]
    + [f"/gradio_api/{name}" for name in ("queue/join", "queue/data", "run/predict", "cancel", "reset")]
    + ["/gradio_api/upload_progress", "/gradio_api/app_id"]  # the second tells an open page that we are back
)
# Files that are dropped on the Library tab. Gradio keeps them in a folder of its own, and gives none of them out.
UPLOAD = "/gradio_api/upload"
FOLDERS = ("/assets/", "/static/", "/source/", "/picture/", "/gradio_api/heartbeat/", "/gradio_api/call/")
# A name of ours in a browser; any other host is a foreign page that made its own name point here (DNS rebinding).
HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
MOST_BODY = 4 * 1024 * 1024  # bytes of what is sent here
# Gradio's page has inline scripts and styles, and compiles its templates: without the two `unsafe-` it stays empty.
# What this keeps out is every other host: fonts, scripts, pictures, requests.
POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'none'; base-uri 'self'; "
    "form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}


@dataclass(frozen=True, slots=True)
class Reach:
    """From where the page may be asked: by one of these names; with `addresses` also by any of this machine's numbers,
    which no foreign page's name can be made to look like."""

    names: frozenset[str] = HOSTS
    addresses: bool = False

    def __contains__(self, name: str | None) -> bool:
        return name is not None and (name in self.names or (self.addresses and _is_address(name)))


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def allowed(path: str, more: frozenset[str] = frozenset()) -> bool:
    """Whether the page needs this path."""
    return ".." not in path and (path in PATHS or path in more or path == UPLOAD or path.startswith(FOLDERS))


def may_send(headers: Mapping[str, str], most: int = MOST_BYTES) -> bool:
    """Whether files may be sent: by a page that names itself (`trusted` says whether it is ours), and no more bytes
    than it says, which must be few enough; with some room for what stands between the files."""
    length = headers.get("content-length", "")
    few = length.isascii() and length.isdigit() and int(length) <= most + 2**16
    return few and "origin" in headers and "transfer-encoding" not in headers


def trusted(host: str, origin: str | None, own: Reach = Reach()) -> bool:
    """Whether a request comes from our own page: its Host is ours, and its Origin, where it names one, the same."""
    try:
        name = urlsplit(f"//{host}").hostname
        return name in own and (origin is None or urlsplit(origin).netloc == host)
    except ValueError:
        return False


def fits(headers: Mapping[str, str], most: int = MOST_BODY) -> bool:
    """Whether a request says how long it is, and is no longer than that; one without a body needs not."""
    if "transfer-encoding" in headers:
        return False
    length = headers.get("content-length", "0")
    return length.isascii() and length.isdigit() and int(length) <= most


class Guard:
    """ASGI middleware: refuses foreign pages and unlisted paths, and adds the security headers to the rest. `more` are
    paths that this page has beside PATHS."""

    def __init__(self, app: ASGIApp, *, reach: Reach = Reach(), more: frozenset[str] = frozenset()) -> None:
        self._app = app
        self._reach, self._more = reach, more

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        from starlette.datastructures import Headers, MutableHeaders
        from starlette.responses import PlainTextResponse

        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        if not trusted(headers.get("host", ""), headers.get("origin"), self._reach):
            return await PlainTextResponse("not your page", 403)(scope, receive, send)
        if scope["type"] != "http" or not allowed(scope["path"], self._more):
            return await PlainTextResponse("not found", 404)(scope, receive, send)
        if scope["path"] == UPLOAD and not may_send(headers):
            return await PlainTextResponse("too much, or not from the page", 413)(scope, receive, send)
        if scope["path"] != UPLOAD and not fits(headers):
            return await PlainTextResponse("too much", 413)(scope, receive, send)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    answer.setdefault(name, value)
                # A PDF runs nothing here, and browsers' viewers break under a policy.
                if answer.get("content-type") != "application/pdf":
                    answer.setdefault("content-security-policy", POLICY)
            await send(message)

        return await self._app(scope, receive, send_with_headers)


def make_app(
    vault: Vault,
    *,
    reach: Reach = Reach(),
    sessions: Sessions | None = None,
    pictures: Pictures | None = None,
    mcp: McpServer | None = None,
) -> fastapi.FastAPI:
    """An application that serves a vault's PDFs and, where they are given, the `pictures` of their pages and the MCP
    server, guarded; the page is mounted on it. With `sessions` nobody gets past the form for signing in without one."""
    import fastapi
    from fastapi.responses import FileResponse, PlainTextResponse

    @contextlib.asynccontextmanager
    async def lifespan(_: fastapi.FastAPI) -> AsyncIterator[None]:
        async with mcp.session_manager.run() if mcp else contextlib.nullcontext():
            yield

    app = fastapi.FastAPI(openapi_url=None, docs_url=None, redoc_url=None, lifespan=lifespan)

    def source(paper_id: str) -> fastapi.Response:
        try:
            path = local_pdf(paper_id, vault)
        except MivaultError:
            path = None
        if path is None:
            return PlainTextResponse("there is no PDF of this source", 404)
        name = f"{paper_id}.pdf"
        return FileResponse(path, media_type="application/pdf", filename=name, content_disposition_type="inline")

    app.add_api_route("/source/{paper_id}", source, methods=["GET", "HEAD"], response_model=None)
    if pictures:
        add_pictures(app, pictures)
    if mcp:
        app.router.routes.extend(mcp_app(mcp).routes)
    if sessions:
        app.add_middleware(OwnWindows)
        app.add_middleware(SignIn, sessions=sessions)
    more = ({LOGIN, LOGOUT} if sessions else set()) | ({MCP_PATH} if mcp else set())
    app.add_middleware(Guard, reach=reach, more=frozenset(more))
    return app
