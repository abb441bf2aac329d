"""Opens the chat page on this machine until Ctrl-C: composes the page, the background sync and the server.

Door of uvicorn.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import re
import socket
import sys
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from assistant.app.asking import ask_within
from assistant.app.auth import Sessions
from assistant.app.lanes import Lane
from assistant.app.pictures import Pictures
from assistant.app.programs import functions, mcp_server
from assistant.app.progress import SyncInBackground
from assistant.app.server import HOSTS, Reach
from assistant.app.starting import Starting
from assistant.app.users import Users
from ingest.errors import MivaultError, UsageError
from ingest.page_pictures import PagePictures
from ingest.vault import Vault

if TYPE_CHECKING:
    import fastapi
    import uvicorn

    from assistant.app.rooms import Rooms
    from assistant.draft import Drafter
    from assistant.tools import Tools
    from index.search import Search
    from index.status import EntryStatus

    OpenRooms = Callable[[Search, Drafter, SyncInBackground], Rooms]

HOST = "127.0.0.1"
PORT = 7860
LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Running and waiting questions of a lane. What is put together from the papers' own sentences is work for this
# machine's cores; a language model works elsewhere, and one that is slow keeps no search waiting.
SEARCHES = (2, 30)
ANSWERS = (8, 30)
NO_MODEL = "extractive, no language model configured"


class PortBusy(MivaultError):
    """Another program listens on the port."""


@dataclass(frozen=True, slots=True)
class Answering:
    """What answers a page's questions; opened while the starting page is shown."""

    search: Search
    drafter: Drafter
    tools: Tools


def chat_page(
    vault: Vault,
    *,
    answering: Callable[[], Answering],
    say: Callable[[str], None],
    host: str = HOST,
    port: int = PORT,
    users: Users | None = None,
    names: Sequence[str] = (),
    mcp: bool = False,
    sync: bool = True,
    open_browser: bool = True,
    rooms: OpenRooms | None = None,
) -> None:
    """Serve the chat page until Ctrl-C; `sync` builds the vault in a process beside it, once the page is there; `rooms`
    opens what the tabs beside the chat need.

    With `users` whoever asks signs in first, and `host` may be an address that other machines reach; `names` are then
    further names of this machine. `mcp` serves the vault's functions as MCP tools too. `say` is told the address, and
    once how the sync ended. Raises PortBusy and UsageError as `listen` does, before anything slow.
    """
    background, drawer = SyncInBackground(vault.root, on_finished=say), PagePictures()

    def ready(url: str) -> None:
        say(f"mivault is at {url} (Ctrl-C ends it)")
        drawer.start()
        if mcp:
            say(f"MCP tools are at {url.rstrip('/')}/mcp")
        if sync:
            background.start()

    with contextlib.closing(listen(host, port, signed_in=users is not None)) as listening:
        try:
            with Starting(listening):
                if open_browser:
                    webbrowser.open(address(listening))
                sessions = Sessions(users) if users else None
                reach, pictures = reach_of(host, names), Pictures(vault, drawer)
                app = _app(vault, answering(), background, pictures, reach, sessions, rooms, mcp=mcp)
            serve(app, listening, on_ready=ready)
        finally:
            background.stop()
            drawer.close()


def reach_of(host: str, names: Sequence[str] = ()) -> Reach:
    """By which names a page that listens on `host` is asked: on this machine alone its own three; else also by any
    number, this machine's name, and `names`."""
    if host in LOOPBACK:
        return Reach()
    own = socket.gethostname().lower()
    return Reach(HOSTS | {own, f"{own}.local", *(name.lower() for name in names)}, addresses=True)


def serve(app: fastapi.FastAPI, listening: socket.socket, *, on_ready: Callable[[str], None]) -> None:
    """Serve an application until Ctrl-C, then return at once. `on_ready` is called with its address before it answers
    the first request; nothing is printed here."""
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn has closed everything, and hands the signal on
        _server(app, partial(on_ready, address(listening))).run(sockets=[listening])


def listen(host: str, port: int, *, signed_in: bool = False) -> socket.socket:
    """A listening socket; `port` 0 takes any free one. Taken first, so that nobody can take the port in between.

    Raises PortBusy where the port is taken, UsageError for a host that other machines reach unless who asks is
    `signed_in`.
    """
    if host not in LOOPBACK and not signed_in:
        raise UsageError(
            f"on {host!r} other machines could read the vault", f"name who may: --auth FILE; or stay on {HOST}"
        )
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
    """A socket's address, for a browser on this machine."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": HOST, "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _app(
    vault: Vault,
    parts: Answering,
    background: SyncInBackground,
    pictures: Pictures,
    reach: Reach,
    sessions: Sessions | None,
    rooms: OpenRooms | None,
    *,
    mcp: bool,
) -> fastapi.FastAPI:
    from assistant.app.build import build_page, mount
    from assistant.app.server import make_app

    search, drafter = parts.search, parts.drafter
    events = partial(ask_within, search=search, vault=vault, drafter=drafter)
    answerer = NO_MODEL if drafter.name == "extractive" else drafter.name
    searches = Lane(*SEARCHES)
    answers = searches if drafter.name == "extractive" else Lane(*ANSWERS)
    programs = functions(parts.tools, searches, answers)
    page = build_page(
        vault,
        events=lambda *args, **options: answers.through(partial(events, *args, **options)),
        status=partial(_status, vault),
        progress=background,
        answerer=answerer,
        pictures=pictures,
        rooms=_for_users(rooms(search, drafter, background), sessions) if rooms else None,
        programs=programs,
        signed_in=sessions is not None,
    )
    app = make_app(vault, pictures=pictures, reach=reach, sessions=sessions, mcp=mcp_server(programs) if mcp else None)
    return mount(app, page, signed_in=sessions is not None)


def _for_users(rooms: Rooms, sessions: Sessions | None) -> Rooms:
    """The rooms, with what the file of users says of who may change what."""
    return replace(rooms, may_change=sessions.users.may_change) if sessions else rooms


def _status(vault: Vault) -> Sequence[EntryStatus]:
    from index.status import status
    from ingest.manifest import load
    from ingest.own_texts import entries

    with vault.here():
        return status(vault, entries(vault, load(vault)))


@contextlib.contextmanager
def cancelled_unsaid() -> Iterator[None]:
    """Keeps from the terminal the tracebacks of what is cancelled inside; whatever else is said comes afterwards."""
    try:
        with contextlib.redirect_stderr(io.StringIO()) as said:
            yield
    finally:
        parts = re.split(r"^(?=Traceback )", said.getvalue(), flags=re.MULTILINE)
        sys.stderr.write("".join(part for part in parts if "CancelledError" not in part))


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
            with cancelled_unsaid():
                await super().shutdown(sockets=sockets)
                await asyncio.sleep(0.05)  # what was cancelled ends, and Gradio prints a traceback of each

    return Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=0))
