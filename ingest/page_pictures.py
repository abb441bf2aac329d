"""Pictures of PDF pages, and where a quote stands on them: drawn in a child process that can be killed, as parsing is.

Parent and child talk in lines of JSON. The child ends when its input closes, so it never outlives its parent.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

from ingest import pdfium
from ingest.errors import ParseError
from ingest.limits import alarm, limit_memory
from ingest.page_boxes import Box, strip_around

ROOT = Path(__file__).resolve().parents[1]
CHILD = "import sys; sys.path.insert(0, sys.argv[1]); from ingest.page_pictures import serve; serve(int(sys.argv[2]))"
WIDTH = 1000  # pixels: a card is 500 wide, on screens with two pixels for each
MAX_PIXELS = 3_000_000  # of one picture: a page three times as high as wide still has the full width
MAX_QUOTE = 10_000  # characters of a quote that is looked for
GRACE = 2.0  # seconds that a child gives itself over its limit, in case the parent is no longer there to end it


class Strip(NamedTuple):
    """A part of a page, as wide as it: a WebP, and the boxes of what was looked for, as fractions of this part."""

    webp: bytes
    boxes: tuple[Box, ...]


class PagePictures:
    """Draws pages in a child, one at a time, held to `seconds` each and `megabytes` in all: 100 times what the slowest
    of 160 pages took. A child over a limit, or one that crashed, costs its page; the next one gets another child."""

    def __init__(self, *, seconds: float = 10.0, megabytes: int = 1000) -> None:
        self._seconds, self._megabytes = seconds, megabytes
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def picture(self, path: Path, page: int, *, width: int = WIDTH) -> bytes:
        """A PNG of page `page` (from 1), `width` pixels wide. Raises ParseError where it cannot be drawn."""
        answer = self._ask({"path": str(path), "page": page, "width": width})
        return base64.b64decode(answer["png"])

    def boxes(self, path: Path, page: int, quote: str) -> tuple[Box, ...]:
        """Where a quote stands on page `page` (from 1): a box for each line, () where it is not found there. Raises
        ParseError for a page that cannot be read."""
        answer = self._ask({"path": str(path), "page": page, "quote": quote[:MAX_QUOTE]})
        return tuple(Box(*map(float, row)) for row in answer["boxes"])

    def strip(self, path: Path, page: int, quote: str, *, width: int = WIDTH) -> Strip:
        """The part of page `page` (from 1) where a quote stands; the whole page where it is not found there. Raises
        ParseError for a page that cannot be drawn."""
        answer = self._ask({"path": str(path), "page": page, "around": quote[:MAX_QUOTE], "width": width})
        return Strip(base64.b64decode(answer["webp"]), tuple(Box(*map(float, row)) for row in answer["boxes"]))

    def start(self) -> None:
        """Have the child ready: it takes a third of a second, which the first picture would wait for."""
        with self._lock:
            self._running()

    def close(self) -> None:
        """End the child; a later picture starts another."""
        with self._lock:
            self._end()

    def _ask(self, job: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            line = self._answer(json.dumps(job | {"seconds": self._seconds + GRACE}).encode() + b"\n")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise ParseError(answer["error"], answer["hint"])
        return answer

    def _answer(self, job: bytes) -> bytes:
        process, deadline, received = self._running(), time.monotonic() + self._seconds, b""
        assert process.stdin is not None and process.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # it died: its closed output says so below
            process.stdin.write(job)
            process.stdin.flush()
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while not received.endswith(b"\n"):
                if not selector.select(max(deadline - time.monotonic(), 0.0)):
                    self._end()
                    raise ParseError(f"the page takes over {self._seconds:g} seconds to draw", "open the PDF itself")
                piece = os.read(process.stdout.fileno(), 1 << 20)
                if not piece:
                    self._end()
                    raise ParseError("the page cannot be drawn", "open the PDF itself")
                received += piece
        return received

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            # A session of its own: Ctrl-C in the terminal reaches the parent alone, who then ends it.
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", CHILD, str(ROOT), str(self._megabytes)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):  # closing flushes to a child that is gone
                if pipe:
                    pipe.close()


# --- in the child ---------------------------------------------------------------------------------------------------


def serve(megabytes: int) -> None:
    """Answer jobs until standard input closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limit_memory(megabytes)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not stand among the answers
    for line in sys.stdin.buffer:
        job = json.loads(line)
        alarm(job["seconds"])
        answer = json.dumps(_done(job)).encode() + b"\n"
        alarm(0.0)
        answers.write(answer)
        answers.flush()


def _done(job: dict[str, Any]) -> dict[str, Any]:
    try:
        with pdfium.opened(Path(job["path"]), None) as source:
            if not 1 <= job["page"] <= len(source):
                return {"error": f"there is no page {job['page']}", "hint": f"it has {len(source)} pages"}
            index = job["page"] - 1
            if "quote" in job:
                return {"boxes": source.boxes(index, job["quote"])}
            if "around" in job:
                return _strip(source, index, job["around"], job["width"])
            return _drawn(source, index, job["width"])
    except ParseError as error:
        return {"error": error.message, "hint": error.hint}
    except Exception as error:  # pdfium's own, a damaged page's, memory's: this page's reason, not the end of the child
        return {"error": f"the page cannot be drawn: {type(error).__name__}", "hint": "open the PDF itself"}


def _strip(source: pdfium.Document, index: int, quote: str, width: int) -> dict[str, Any]:
    top, bottom, boxes = strip_around(source.boxes(index, quote))
    webp = source.strip(index, width, max_pixels=MAX_PIXELS, top=top, bottom=bottom)
    return {"webp": base64.b64encode(webp).decode(), "boxes": boxes}


def _drawn(source: pdfium.Document, index: int, width: int) -> dict[str, Any]:
    return {"png": base64.b64encode(source.picture_of_width(index, width, max_pixels=MAX_PIXELS)).decode()}
