"""Children that parse: whatever becomes of one, its file gets a reason, the others go on, and none is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Iterable, Iterator
from itertools import repeat
from pathlib import Path

import pytest
from pdf_body import Body, add_font
from pdf_maker import make_pdf

from ingest.errors import ParseError
from ingest.parse_pdf import Parsed, ParseJob
from ingest.worker import ParserPool

ROOT = Path(__file__).resolve().parents[1]
LIMIT = 8.0  # seconds, for two tries: a child needs .4 to start; 1.5 was once too little for 60 pages
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent that Windows does not have")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return make_pdf(tmp_path / "small.pdf", ["a page of text", "and another one"])


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2,500 pages: over 10 seconds of work."""
    page = "\n".join(["These are some words of a line that goes on for a while"] * 50)
    return make_pdf(tmp_path_factory.mktemp("slow") / "slow.pdf", [page] * 2500)


def bomb(path: Path) -> Path:
    """A page of 250 kB that unpacks to four million pieces of text."""
    packer = zlib.compressobj(9)
    piece = b"BT /F 9 Tf (word) Tj ET " * 40_000
    data = b"".join(packer.compress(piece) for _ in range(100)) + packer.flush()
    body = Body()
    tree = body.reserve()
    content = body.add_stream("/Filter /FlateDecode", data)
    fonts = f"/Resources << /Font << /F {add_font(body, 'Helvetica')} 0 R >> >> /MediaBox [0 0 612 792]"
    page = body.add(f"<< /Type /Page /Parent {tree} 0 R {fonts} /Contents {content} 0 R >>")
    body.put(tree, f"<< /Type /Pages /Count 1 /Kids [{page} 0 R] >>")
    path.write_bytes(body.file(body.add(f"<< /Type /Catalog /Pages {tree} 0 R >>"), None))
    return path


def jobs(paths: Iterable[Path]) -> list[ParseJob]:
    return [ParseJob(f"{number}-{path.stem}", path) for number, path in enumerate(paths)]


def outcomes(pool: ParserPool, wanted: Iterable[ParseJob]) -> dict[str, str]:
    """What came of each job: "parsed", or its error."""
    return {job.paper_id: "parsed" if isinstance(r, Parsed) else r.message for job, r in pool.parse(wanted)}


def pids(pool: ParserPool) -> list[int]:
    return [child._process.pid for child in pool._children if child._process]


def alive(pid: int) -> bool:
    """Whether a process still runs; one that ended and was not waited for does not."""
    status = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def gone(pid: int, seconds: float = 10.0) -> bool:
    """Whether a process ends within some seconds."""
    end = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not alive(pid)


def signalled(pool: ParserPool, small: Path, number: int) -> Iterator[ParseJob]:
    """Four jobs; the child that works on the first gets a signal as soon as it has its job."""
    yield ParseJob("victim", small)
    os.kill(pids(pool)[0], number)
    yield from (ParseJob(name, small) for name in "abc")


@pytest.mark.parametrize("workers", [1, 2])
def test_every_job_comes_back_once_with_its_own_outcome(tmp_path: Path, small: Path, workers: int) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"no PDF at all")
    wanted = jobs([small, broken, small, tmp_path / "missing.pdf", small])
    with ParserPool(workers=workers) as pool:
        found = outcomes(pool, wanted)
    assert sorted(found) == sorted(job.paper_id for job in wanted)
    assert [found[job.paper_id].split(":")[0] for job in wanted] == [
        "parsed",
        "not a PDF",
        "parsed",
        "cannot be opened",
        "parsed",
    ]


def test_a_child_gives_what_parsing_here_gives(small: Path) -> None:
    from ingest.parse_pdf import parse_pdf

    with ParserPool(workers=1) as pool:
        assert [result for _, result in pool.parse(jobs([small]))] == [parse_pdf(ParseJob("0-small", small))]


@pytest.mark.slow
def test_a_slow_file_is_too_slow_and_the_others_go_on(small: Path, slow: Path) -> None:
    with ParserPool(workers=2, seconds=LIMIT) as pool:
        began = time.monotonic()
        found = outcomes(pool, jobs([slow, small, small, small]))
        lasted = time.monotonic() - began
    assert found.pop("0-slow") in (f"too slow: parsing took over {LIMIT:g} seconds", "parsed")
    assert found == dict.fromkeys(("1-small", "2-small", "3-small"), "parsed")
    assert lasted < LIMIT + 2


@pytest.mark.slow
def test_a_child_that_hangs_is_killed_and_the_others_go_on(small: Path) -> None:
    with ParserPool(workers=2, seconds=LIMIT) as pool:
        found = {}
        for job, result in pool.parse(signalled(pool, small, signal.SIGSTOP)):
            found[job.paper_id] = "parsed" if isinstance(result, Parsed) else result.message
            if job.paper_id == "a":
                stopped = pids(pool)[0]
    assert found == dict.fromkeys(("victim", "a", "b", "c"), "parsed"), "it is read again in another child"
    assert not alive(stopped)


def test_a_child_that_dies_costs_its_own_file_only(small: Path) -> None:
    with ParserPool(workers=2) as pool:
        found = outcomes(pool, signalled(pool, small, signal.SIGKILL))
    assert found == dict.fromkeys(("victim", "a", "b", "c"), "parsed"), "it is read again in another child"


def test_a_child_that_died_between_two_files_costs_nothing(small: Path) -> None:
    with ParserPool(workers=1) as pool:
        assert outcomes(pool, jobs([small])) == {"0-small": "parsed"}
        process = pool._children[0]._process
        assert process
        process.kill()
        process.wait()
        assert outcomes(pool, jobs([small])) == {"0-small": "parsed"}


def test_a_file_that_unpacks_to_too_much_is_refused_and_the_next_one_read(tmp_path: Path, small: Path) -> None:
    with ParserPool(workers=1, megabytes=300, seconds=20) as pool:
        found = outcomes(pool, jobs([bomb(tmp_path / "bomb.pdf"), small]))
    assert found["1-small"] == "parsed"
    assert found["0-bomb"].startswith(("no page can be read: page 1 ", "too large", "too slow"))


@pytest.mark.slow
def test_a_consumer_that_takes_its_time_makes_no_file_too_slow(tmp_path: Path) -> None:
    """Time in which nobody reads counted against the children, and an answer that did not fit into the pipe of 64 KB
    came too late: files were "too slow" that had long been parsed."""
    page = "\n".join(["These are some words of a line that goes on for a while"] * 50)
    long = make_pdf(tmp_path / "long.pdf", [page] * 60)
    found = []
    with ParserPool(workers=2, seconds=LIMIT) as pool:
        for _, result in pool.parse(jobs([long] * 4)):
            found.append(result)
            if len(found) == 1:
                time.sleep(1.2 * LIMIT)
    assert [type(result) for result in found] == [Parsed] * 4


def test_jobs_are_pulled_when_a_child_is_free(small: Path) -> None:
    pulled = []

    def endless() -> Iterator[ParseJob]:
        for number, path in enumerate(repeat(small)):
            pulled.append(number)
            yield ParseJob(str(number), path)

    with ParserPool(workers=2) as pool:
        results = pool.parse(endless())
        for count in range(1, 6):
            next(results)
            assert len(pulled) <= count + 2


def test_an_interrupted_consumer_leaves_no_child(small: Path, slow: Path) -> None:
    with pytest.raises(KeyboardInterrupt), ParserPool(workers=2) as pool:
        for _ in pool.parse(jobs([slow, small, small])):
            children = pids(pool)
            raise KeyboardInterrupt
    assert len(children) == 2
    assert not any(map(alive, children))


def test_a_parse_that_is_given_up_leaves_the_pool_usable(small: Path, slow: Path) -> None:
    with ParserPool(workers=2, seconds=20) as pool:
        results = pool.parse(jobs([slow, small]))
        next(results)
        del results
        assert outcomes(pool, jobs([small, small])) == {"0-small": "parsed", "1-small": "parsed"}


PARENT = """
import sys
from pathlib import Path
from ingest.parse_pdf import ParseJob
from ingest.worker import ParserPool

pool = ParserPool(workers=2)
for job, result in pool.parse([ParseJob("slow", Path(sys.argv[1])), ParseJob("small", Path(sys.argv[2]))]):
    print(*(child._process.pid for child in pool._children), flush=True)
    sys.stdin.read()
"""


def test_children_end_when_their_parent_is_killed(small: Path, slow: Path) -> None:
    """One is in the middle of a file, one waits for its next."""
    command = [sys.executable, "-c", PARENT, str(slow), str(small)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        children = [int(word) for word in parent.stdout.readline().split()]
        assert len(children) == 2
        assert all(map(alive, children))
        parent.kill()
    assert all(map(gone, children))


def test_an_error_knows_what_to_do(tmp_path: Path) -> None:
    with ParserPool(workers=1) as pool:
        [(_, error)] = pool.parse(jobs([tmp_path / "missing.pdf"]))
    assert isinstance(error, ParseError)
    assert error.hint
