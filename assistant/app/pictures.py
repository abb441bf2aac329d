"""The pictures of cited pages: drawn once, kept in memory, ahead of the card that will show them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from assistant.app.originals import local_pdf
from ingest.errors import MivaultError
from ingest.page_boxes import Box
from ingest.vault import Vault

MOST_BYTES = 96 * 2**20  # of pictures kept in memory: a page has a quarter of a megabyte
MOST_QUOTES = 4000  # whose rectangles are kept
AHEAD = 8  # pages of one answer that are drawn before anybody opened their card


class Drawer(Protocol):
    """What `ingest.page_pictures.PagePictures` does. Raises ParseError for a page that cannot be drawn or read."""

    def picture(self, path: Path, page: int) -> bytes: ...
    def boxes(self, path: Path, page: int, quote: str) -> tuple[Box, ...]: ...


Key = tuple[str, int, int, str]  # path, time of its last change, page, quote


class Pictures:
    """Pages of a vault's original PDFs, by paper id and page (from 1); safe to use from several threads.

    Two threads that ask for one page at once may have it drawn twice; nobody waits for a lock while a page is drawn.
    """

    def __init__(self, vault: Vault, drawer: Drawer, *, most_bytes: int = MOST_BYTES) -> None:
        self._vault, self._drawer, self._most_bytes = vault, drawer, most_bytes
        self._lock = threading.Lock()
        self._drawn: OrderedDict[Key, bytes] = OrderedDict()
        self._boxes: OrderedDict[Key, tuple[Box, ...]] = OrderedDict()
        self._bytes = 0

    def picture(self, paper_id: str, page: int) -> bytes | None:
        """A PNG of a page; None where there is no such page, or none that can be drawn."""
        key = self._key(paper_id, page)
        if key is None:
            return None
        with self._lock:
            if key in self._drawn:
                self._drawn.move_to_end(key)
                return self._drawn[key]
        try:
            png = self._drawer.picture(Path(key[0]), page)
        except MivaultError:
            return None
        self._keep(key, png)
        return png

    def boxes(self, paper_id: str, page: int, quote: str) -> tuple[Box, ...]:
        """Where a quote stands on a page's picture; () where it does not, or cannot be told."""
        key = self._key(paper_id, page, quote)
        if key is None or not quote:
            return ()
        with self._lock:
            if key in self._boxes:
                return self._boxes[key]
        try:
            found = self._drawer.boxes(Path(key[0]), page, quote)
        except MivaultError:
            found = ()
        with self._lock:
            self._boxes[key] = found
            while len(self._boxes) > MOST_QUOTES:
                self._boxes.popitem(last=False)
        return found

    def ahead(self, pages: Sequence[tuple[str, int]]) -> threading.Thread:
        """Draw pages in the background, so that their cards open at once."""
        wanted = list(dict.fromkeys(pages))[:AHEAD]
        work = threading.Thread(target=self._draw, args=(wanted,), name="pictures ahead", daemon=True)
        work.start()
        return work

    def _draw(self, pages: Sequence[tuple[str, int]]) -> None:
        for paper_id, page in pages:
            self.picture(paper_id, page)

    def _keep(self, key: Key, png: bytes) -> None:
        with self._lock:
            self._bytes += len(png) - len(self._drawn.get(key, b""))
            self._drawn[key] = png
            while self._bytes > self._most_bytes and len(self._drawn) > 1:
                _, old = self._drawn.popitem(last=False)
                self._bytes -= len(old)

    def _key(self, paper_id: str, page: int, quote: str = "") -> Key | None:
        try:
            path = local_pdf(paper_id, self._vault)
            return (str(path), path.stat().st_mtime_ns, page, quote) if path else None
        except (MivaultError, OSError):
            return None
