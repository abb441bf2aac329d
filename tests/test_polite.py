"""The gate between two requests."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import FetchError
from ingest.polite import Gate, SharedGate

ROOT = Path(__file__).resolve().parent.parent


class FakeTime:
    """A clock that goes only when somebody sleeps or works; a sleep may be interrupted, or last too long."""

    def __init__(self, slips: list[float]) -> None:
        self.now, self.slips = 0.0, slips

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        slip = self.slips.pop() if self.slips else 1.0
        self.now += max(seconds * slip, 1e-6)


@given(
    seconds=st.floats(0.01, 100),
    work=st.lists(st.floats(0, 200), min_size=1, max_size=30),
    slips=st.lists(st.floats(0.1, 3), max_size=60),
)
def test_a_gate_never_lets_two_through_within_its_seconds(
    seconds: float, work: list[float], slips: list[float]
) -> None:
    fake = FakeTime(slips)
    gate = Gate(seconds, clock=fake.clock, sleep=fake.sleep)
    passed = []
    for pause in work:
        gate.wait()
        passed.append(fake.now)
        fake.now += pause
    assert all(after - before >= seconds - 1e-9 for before, after in itertools.pairwise(passed))


@given(work=st.lists(st.floats(3.001, 200), min_size=1, max_size=10))
def test_a_gate_does_not_hold_up_who_is_slow_already(work: list[float]) -> None:
    fake = FakeTime([])
    gate = Gate(3.0, clock=fake.clock, sleep=fake.sleep)
    for pause in work:
        before = fake.now
        gate.wait()
        assert fake.now == before
        fake.now += pause


def test_threads_share_a_gate() -> None:
    gate, passed = Gate(0.03), list[float]()

    def go() -> None:
        gate.wait()
        passed.append(time.monotonic())

    threads = [threading.Thread(target=go) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # 8 passages take 7 waits; how soon a thread notes its time after passing is the scheduler's business.
    assert len(passed) == 8
    assert max(passed) - min(passed) >= 7 * 0.03 - 0.02


ASKING = """
import sys
from pathlib import Path
from ingest.polite import SharedGate
gate = SharedGate(float(sys.argv[2]), Path(sys.argv[1]))
for _ in range(3):
    gate.wait()
    print(Path(sys.argv[1]).read_text(), flush=True)
    gate.done()
"""


def test_processes_share_a_gate(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ASKING, str(tmp_path / "asked"), "0.3"]
    asking = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(3)]
    passed = sorted(float(line) for process in asking for line in process.communicate()[0].split())
    assert len(passed) == 9
    assert all(after - before >= 0.299 for before, after in itertools.pairwise(passed))


def test_one_connection_at_a_time_over_all_processes(tmp_path: Path) -> None:
    mine, other = SharedGate(0.0, tmp_path / "asked"), SharedGate(0.0, tmp_path / "asked")
    other.PATIENCE_SECONDS = 0.2
    mine.wait()
    with pytest.raises(FetchError, match="another mivault is asking") as caught:
        other.wait()
    assert caught.value.temporary
    mine.done()
    other.wait()


@pytest.mark.parametrize("noise", ["", "tomorrow", "1e300", "nan"])
def test_a_time_that_cannot_be_stops_nobody(tmp_path: Path, noise: str) -> None:
    (tmp_path / "asked").write_text(noise)
    fake = FakeTime([])
    SharedGate(3.0, tmp_path / "asked", clock=fake.clock, sleep=fake.sleep).wait()
    assert fake.now <= 3.0


def test_where_the_file_cannot_be_used_the_process_keeps_its_own_times(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    gate = SharedGate(0.05, tmp_path / "file" / "asked")
    began = time.monotonic()
    gate.wait()
    gate.wait()
    gate.done()
    assert time.monotonic() - began >= 0.05
