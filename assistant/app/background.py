"""An iterator that blocks, read without blocking: what lets Stop and Ctrl-C work while a model is silent."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class _Got(Generic[Item]):
    item: Item


@dataclass(frozen=True, slots=True)
class _Ended:
    error: Exception | None


async def in_thread(start: Callable[[], Iterator[Item]], stop: asyncio.Event) -> AsyncIterator[Item]:
    """The items of `start()`, made in a daemon thread; its exception is raised here. Ends early, at once, when `stop`
    is set; the thread is told, and ends at its next item.

    A daemon, because neither a worker thread of asyncio nor one of anyio would let the program end while a model is
    silent.
    """
    loop = asyncio.get_running_loop()
    inbox: asyncio.Queue[_Got[Item] | _Ended] = asyncio.Queue()
    closed = threading.Event()

    def put(message: _Got[Item] | _Ended) -> None:
        if not closed.is_set():
            loop.call_soon_threadsafe(inbox.put_nowait, message)

    threading.Thread(target=_pump, args=(start, put, closed), name="mivault answer", daemon=True).start()
    try:
        while isinstance(message := await _first(inbox, stop), _Got):
            yield message.item
        if message.error is not None:
            raise message.error
    finally:
        closed.set()


async def _first(inbox: asyncio.Queue[_Got[Item] | _Ended], stop: asyncio.Event) -> _Got[Item] | _Ended:
    """The next message, or the end when `stop` is set before it comes."""
    getting, stopping = asyncio.ensure_future(inbox.get()), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({getting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return _Ended(None) if stopping.done() else getting.result()
    finally:
        getting.cancel()
        stopping.cancel()


def _pump(
    start: Callable[[], Iterator[Item]], put: Callable[[_Got[Item] | _Ended], None], closed: threading.Event
) -> None:
    try:
        for item in start():
            if closed.is_set():
                return
            put(_Got(item))
    except Exception as error:  # carried over to the reader, which raises it
        put(_Ended(error))
    else:
        put(_Ended(None))
