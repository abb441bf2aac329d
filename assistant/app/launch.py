"""Opens the chat page on this machine until Ctrl-C: composes the page, the background sync and the server.

Door of uvicorn.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import sys
import webbrowser
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from assistant.app.asking import ask_within
from assistant.app.pictures import Pictures
from assistant.app.progress import SyncInBackground
from ingest.errors import MivaultError, UsageError
from ingest.page_pictures import PagePictures
from ingest.vault import Vault

if TYPE_CHECKING:
    import fastapi
    import uvicorn

    from assistant.app.rooms import Rooms
    from assistant.draft import Drafter
    from index.search import Search
    from index.status import EntryStatus

    OpenRooms = Callable[[Search, Drafter, SyncInBackground], Rooms]

HOST = "127.0.0.1"
PORT = 7860
LOOPBACK = ("127.0.0.1", "localhost", "::1")
NO_MODEL = "extractive, no language model configured"


class PortBusy(MivaultError):
    """Another program listens on the port."""


def chat_page(
    vault: Vault,
    *,
    search: Search,
    drafter: Drafter,
    say: Callable[[str], None],
    host: str = HOST,
    port: int = PORT,
    sync: bool = True,
    open_browser: bool = True,
    rooms: OpenRooms | None = None,
) -> None:
    """Serve the chat page until Ctrl-C; `sync` builds the vault in a process beside it, once the page is there; `rooms`
    opens what the tabs beside the chat need.

    `say` is told the address, and once how the sync ended. Raises PortBusy and UsageError as `listen` does, before
    anything slow.
    """
    background, drawer = SyncInBackground(vault.root, on_finished=say), PagePictures()

    def ready(url: str) -> None:
        say(f"mivault is at {url} (Ctrl-C ends it)")
        drawer.start()
        if sync:
            background.start()
        if open_browser:
            webbrowser.open(url)

    with contextlib.closing(listen(host, port)) as listening:
        try:
            app = _app(vault, search, drafter, background, Pictures(vault, drawer), rooms)
            serve(app, listening, on_ready=ready)
        finally:
            background.stop()
            drawer.close()


def serve(app: fastapi.FastAPI, listening: socket.socket, *, on_ready: Callable[[str], None]) -> None:
    """Serve an application until Ctrl-C, then return at once. `on_ready` is called with its address before it answers
    the first request; nothing is printed here."""
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn has closed everything, and hands the signal on
        _server(app, partial(on_ready, address(listening))).run(sockets=[listening])


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; `port` 0 takes any free one. Taken first, so that nobody can take the port in between.

    Raises PortBusy where the port is taken, UsageError for a host that is not this machine.
    """
    if host not in LOOPBACK:
        raise UsageError(f"{host!r} is not this machine", f"the page has no password; use {HOST}")
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":  # there, it would let two programs share the port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(128)
    except OverflowError as error:
        listening.close()
        raise UsageError(f"{port} is no port", "use a number from 1024 to 65535, or 0 for any free one") from error
    except OSError as error:
        listening.close()
        raise PortBusy(
            f"port {port} cannot be used: {error.strerror or error}",
            f"perhaps mivault is open already at http://{host}:{port}; or choose another: --port {port + 1}",
        ) from error
    return listening


def address(listening: socket.socket) -> str:
    """A socket's address, for a browser."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _app(
    vault: Vault,
    search: Search,
    drafter: Drafter,
    background: SyncInBackground,
    pictures: Pictures,
    rooms: OpenRooms | None,
) -> fastapi.FastAPI:
    from assistant.app.build import build_page, mount
    from assistant.app.server import make_app

    events = partial(ask_within, search=search, vault=vault, drafter=drafter)
    answerer = NO_MODEL if drafter.name == "extractive" else drafter.name
    page = build_page(
        vault,
        events=events,
        status=partial(_status, vault),
        progress=background,
        answerer=answerer,
        pictures=pictures,
        rooms=rooms(search, drafter, background) if rooms else None,
    )
    return mount(make_app(vault, pictures=pictures), page)


def _status(vault: Vault) -> Sequence[EntryStatus]:
    from index.status import status
    from ingest.manifest import load
    from ingest.own_texts import entries

    return status(vault, entries(vault, load(vault)))


def _server(app: fastapi.FastAPI, ready: Callable[[], None]) -> uvicorn.Server:
    """A uvicorn that says when it serves, and drops open connections when it ends: the page's event streams never
    close by themselves."""
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            ready()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # it would report each stream it drops
            await super().shutdown(sockets=sockets)

    return Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=0))
