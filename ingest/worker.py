"""Parsing in child processes that can be killed: hostile files hang, crash, or eat memory, and only the child pays.

Parent and child talk in lines of JSON over pipes, never in pickles: what comes back from a file is data.

    pool = ParserPool()                      a child is started when it is needed, and used again for the next file
    child: reads a job from its standard input, answers on its standard output, ends when its input closes
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import IO, Any

from ingest.errors import ParseError
from ingest.jobs import Parsed, ParseJob
from ingest.limits import alarm, limit_memory
from ingest.page_readers import cores as cores
from ingest.parse import parse
from ingest.records import from_json

ROOT = Path(__file__).resolve().parents[1]
CHILD = (
    "import sys; sys.path.insert(0, sys.argv[1]); from ingest.worker import serve; "
    "serve(int(sys.argv[2]), float(sys.argv[3]))"
)
GRACE = 5.0  # seconds that a child gives itself over its limit, in case the parent is no longer there to end it

Outcome = tuple[ParseJob, Parsed | ParseError]


class ParserPool:
    """Up to `workers` children (default: one per core), each held to `seconds` per file and `megabytes` of memory.

    A child over a limit, or one that crashed, has its PDF read again page by page in another; where that ends likewise,
    the file costs a ParseError. A try has half of the seconds, 15 times what the slowest of 62 files took; 1000 MB are
    three times what the largest needs.
    """

    def __init__(self, *, workers: int | None = None, seconds: float = 57.0, megabytes: int = 1000) -> None:
        self.seconds, self.megabytes = seconds, megabytes
        self._children = [_Child(megabytes, seconds) for _ in range(max(1, workers or cores()))]

    def __enter__(self) -> ParserPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all children at once."""
        for child in self._children:
            child.stop()

    def parse(self, jobs: Iterable[ParseJob]) -> Iterator[Outcome]:
        """Each job with what came of it, as they finish. Jobs are pulled when a child is free; no file raises."""
        waiting = iter(jobs)
        more = True
        try:
            while more or any(child.job for child in self._children):
                for child in self._children:
                    with self._away():  # pulling a job may mean downloading it
                        job = next(waiting, None) if more and not child.job else None
                    more = more and (job is not None or child.job is not None)
                    if job:
                        child.start(job)
                for outcome in self._finished():
                    with self._away():  # whoever gets it may take minutes to embed it
                        yield outcome
        finally:
            for child in self._children:
                if child.job:
                    child.stop()

    @contextlib.contextmanager
    def _away(self) -> Iterator[None]:
        """Time in which nobody reads the children's answers does not count against them: their own clocks go on."""
        left = time.monotonic()
        yield
        for child in self._children:
            child.deadline += time.monotonic() - left

    def _finished(self) -> Iterator[Outcome]:
        """Wait for the busy children, at most until the first is out of time; then what is done, or was ended."""
        busy = [child for child in self._children if child.job]
        if not busy:
            return
        with selectors.DefaultSelector() as selector:
            for child in busy:
                selector.register(child.output, selectors.EVENT_READ, child)
            patience = min(child.deadline for child in busy) - time.monotonic()
            ready = [key.data for key, _ in selector.select(max(patience, 0.0))]
        for child in busy:
            outcome = child.answer() if child in ready else child.overdue()
            if outcome:
                yield outcome


class _Child:
    """One child process and the job that it is busy with. It is started at its first job."""

    def __init__(self, megabytes: int, seconds: float) -> None:
        self.megabytes, self.seconds = megabytes, seconds
        self.job: ParseJob | None = None
        self.deadline = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._received = b""

    @property
    def output(self) -> IO[bytes]:
        process = self._process
        if process is None or process.stdout is None:
            raise RuntimeError("the child was not started")
        return process.stdout

    def start(self, job: ParseJob) -> None:
        """Give the child a job; a child that has died meanwhile is replaced."""
        limit = self.seconds / 2 if _has_two_tries(job) or job.careful else self.seconds
        job = replace(job, seconds=limit)
        line = json.dumps(asdict(job) | {"path": str(job.path)}).encode() + b"\n"
        self.job, self._received = job, b""
        if self._process is None or self._process.poll() is not None:
            self._spawn()
        self.deadline = time.monotonic() + limit
        with contextlib.suppress(BrokenPipeError):  # it died: its closed output says so to `answer`
            self._input().write(line)
            self._input().flush()

    def answer(self) -> Outcome | None:
        """The outcome once the whole answer is here, or the child has died; None before."""
        piece = os.read(self.output.fileno(), 1 << 20)
        self._received += piece
        if piece and not self._received.endswith(b"\n"):
            return self.overdue()
        if piece:
            answer = _read_answer(self._received)
            return self._lost(answer) if isinstance(answer, _OutOfMemory) else self._done(answer)
        code = self._stopped()
        return self._lost(
            ParseError(f"the parser crashed on it ({_death(code)})", "get the file again, or leave it out")
        )

    def overdue(self) -> Outcome | None:
        """The child ended and its outcome, where it is out of time; else None."""
        if time.monotonic() < self.deadline:
            return None
        self._stopped()
        return self._lost(
            ParseError(f"too slow: parsing took over {self.seconds:g} seconds", "leave it out, or split it")
        )

    def _lost(self, error: ParseError) -> Outcome | None:
        """A PDF that ended its process is read once more, page by page: what ended it may be one page."""
        if self.job is None or not _has_two_tries(self.job):
            return self._done(error)
        self.start(replace(self.job, careful=True))
        return None

    def stop(self) -> None:
        self.job = None
        self._stopped()

    def _done(self, outcome: Parsed | ParseError) -> Outcome:
        job = self.job
        self.job = None
        if job is None:
            raise RuntimeError("the child had no job")
        return job, outcome

    def _spawn(self) -> None:
        # A session of its own: Ctrl-C in the terminal reaches the parent alone, who then ends the children.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", CHILD, str(ROOT), str(self.megabytes), str(self.seconds + GRACE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _input(self) -> IO[bytes]:
        process = self._process
        if process is None or process.stdin is None:
            raise RuntimeError("the child was not started")
        return process.stdin

    def _stopped(self) -> int:
        """Kill the child, wait for it, and return its exit code (negative: the signal that ended it)."""
        process, self._process = self._process, None
        if process is None:
            return 0
        with contextlib.suppress(OSError):  # with what it started: readers of pages, OCR
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        code = process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):  # closing flushes to a child that is gone
                if pipe:
                    pipe.close()
        return code


def _has_two_tries(job: ParseJob) -> bool:
    return job.form == "pdf" and not job.first_page and not job.links and not job.careful and hasattr(os, "fork")


class _OutOfMemory(ParseError):
    """A child said that the memory it may have is not enough."""


def _death(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def _read_answer(line: bytes) -> Parsed | ParseError:
    data = json.loads(line)
    if "error" in data:
        if data.get("memory"):
            return _OutOfMemory(data["error"], data["hint"])
        return ParseError(data["error"], data["hint"])
    return from_json(Parsed, data)


# --- in the child ---------------------------------------------------------------------------------------------------


def serve(megabytes: int, seconds: float) -> None:
    """Answer jobs until standard input closes: that is how a child notices that its parent was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limit_memory(megabytes)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not stand among the answers
    jobs: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=(jobs,), daemon=True).start()
    while True:
        data = json.loads(jobs.get())
        job = ParseJob(**data | {"path": Path(data["path"])})
        alarm(seconds)
        answer = json.dumps(_answer(job, megabytes)).encode() + b"\n"
        alarm(0.0)  # writing may wait for a parent that is busy
        answers.write(answer)
        answers.flush()


def _listen(jobs: SimpleQueue[bytes]) -> None:
    for line in sys.stdin.buffer:
        jobs.put(line)
    os.killpg(os.getpid(), signal.SIGKILL)  # at once, even in the middle of a file, with what was started for it


def _answer(job: ParseJob, megabytes: int) -> dict[str, Any]:
    try:
        return asdict(parse(job))
    except ParseError as error:
        return {"error": error.message, "hint": error.hint}
    except MemoryError:
        return {
            "error": f"too large: parsing needs more than {megabytes} MB",
            "hint": "leave it out, or split it",
            "memory": True,
        }
    except Exception as error:  # a bug of ours or a library's: this file's reason, not the end of the run
        return {"error": f"the parser failed: {type(error).__name__}: {error}", "hint": "please report this file"}
