"""The web application around the page: who may ask, for what, and the route to the local PDFs. Door of fastapi.

Gradio brings routes that fetch addresses, give files out and show monitoring; the page needs none of them. So what is
let through is listed here, and everything else is "not found", whatever a later Gradio adds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from assistant.app.intake import MOST_BYTES
from assistant.app.originals import local_pdf
from assistant.app.picture_route import add_pictures
from ingest.errors import MivaultError
from ingest.vault import Vault

if TYPE_CHECKING:
    import fastapi
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from assistant.app.pictures import Pictures

PATHS = frozenset(
    ["/", "/config", "/theme.css", "/favicon.ico", "/manifest.json", "/gradio_api/info", "/gradio_api/startup-events"]
    + [f"/gradio_api/{name}" for name in ("queue/join", "queue/data", "run/predict", "cancel", "reset")]
    + ["/gradio_api/upload_progress"]
)
# Files that are dropped on the Library tab. Gradio keeps them in a folder of its own, and gives none of them out.
UPLOAD = "/gradio_api/upload"
FOLDERS = ("/assets/", "/static/", "/source/", "/picture/", "/gradio_api/heartbeat/")
# A name of ours in a browser; any other host is a foreign page that made its own name point here (DNS rebinding).
HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
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


def allowed(path: str) -> bool:
    """Whether the page needs this path."""
    return ".." not in path and (path in PATHS or path == UPLOAD or path.startswith(FOLDERS))


def may_send(headers: Mapping[str, str], most: int = MOST_BYTES) -> bool:
    """Whether files may be sent: by a page that names itself (`trusted` says whether it is ours), and no more bytes
    than it says, which must be few enough; with some room for what stands between the files."""
    length = headers.get("content-length", "")
    few = length.isascii() and length.isdigit() and int(length) <= most + 2**16
    return few and "origin" in headers and "transfer-encoding" not in headers


def trusted(host: str, origin: str | None, own: frozenset[str] = HOSTS) -> bool:
    """Whether a request comes from our own page: its Host is ours, and its Origin, where it names one, the same."""
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    return name in own and (origin is None or urlsplit(origin).netloc == host)


class Guard:
    """ASGI middleware: refuses foreign pages and unlisted paths, and adds the security headers to the rest."""

    def __init__(self, app: ASGIApp, *, hosts: frozenset[str] = HOSTS) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        from starlette.datastructures import Headers, MutableHeaders
        from starlette.responses import PlainTextResponse

        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        if not trusted(headers.get("host", ""), headers.get("origin"), self._hosts):
            return await PlainTextResponse("not your page", 403)(scope, receive, send)
        if scope["type"] != "http" or not allowed(scope["path"]):
            return await PlainTextResponse("not found", 404)(scope, receive, send)
        if scope["path"] == UPLOAD and not may_send(headers):
            return await PlainTextResponse("too much, or not from the page", 413)(scope, receive, send)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer.update(HEADERS)
                # A PDF runs nothing here, and browsers' viewers break under a policy.
                if answer.get("content-type") != "application/pdf":
                    answer["content-security-policy"] = POLICY
            await send(message)

        return await self._app(scope, receive, send_with_headers)


def make_app(vault: Vault, *, hosts: frozenset[str] = HOSTS, pictures: Pictures | None = None) -> fastapi.FastAPI:
    """An application that serves a vault's PDFs and, with `pictures`, those of their pages, guarded; the page is
    mounted on it."""
    import fastapi
    from fastapi.responses import FileResponse, PlainTextResponse

    app = fastapi.FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

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
    app.add_middleware(Guard, hosts=hosts)
    return app
