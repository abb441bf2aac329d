"""The gate between two requests."""

from __future__ import annotations

import itertools
import threading
import time

from hypothesis import given
from hypothesis import strategies as st

from ingest.polite import Gate


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
