"""What is tried again, and how long after."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import FetchError
from ingest.retry import LONGEST_WAIT_SECONDS, BadStatus, Hindered, Unreachable, pause, retry_after, with_retries

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        ("17", 17.0),
        (" 17 ", 17.0),
        ("86400", 120.0),
        (format_datetime(NOW + timedelta(seconds=30), usegmt=True), 30.0),
        (format_datetime(NOW - timedelta(seconds=30), usegmt=True), 0.0),
        (format_datetime(NOW + timedelta(days=9), usegmt=True), 120.0),
        ("Mon, 23 Nov 2026 12:00:05 -0000", 5.0),
        ("-3", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_seconds_and_as_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, now=NOW) == seconds


@given(st.text() | st.integers().map(str))
def test_any_retry_after_is_survived_and_bounded(header: str) -> None:
    seconds = retry_after(header)
    assert seconds is None or 0 <= seconds <= LONGEST_WAIT_SECONDS


@given(attempt=st.integers(0, 50), asked=st.none() | st.floats(0, 120), jitter=st.floats(0, 1))
def test_a_pause_is_never_shorter_than_what_the_server_asked_for(
    attempt: int, asked: float | None, jitter: float
) -> None:
    seconds = pause(attempt, asked, jitter=lambda: jitter)
    assert max(asked or 0, min(2.0**attempt, 60)) <= seconds <= LONGEST_WAIT_SECONDS


class Flaky:
    """Fails as it was told, then returns its number of calls."""

    def __init__(self, *errors: FetchError) -> None:
        self.errors, self.calls = list(errors), 0

    def __call__(self) -> int:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return self.calls


def test_what_is_temporary_is_tried_again_with_growing_pauses() -> None:
    naps: list[float] = []
    flaky = Flaky(FetchError("broke", temporary=True), BadStatus("u", 503), BadStatus("u", 429, 50.0))
    assert with_retries(flaky, retries=3, sleep=naps.append) == 4
    assert 1 <= naps[0] <= 1.5
    assert 2 <= naps[1] <= 3
    assert naps[2] == 50.0


@pytest.mark.parametrize(
    "error",
    [
        FetchError("no PDF"),
        BadStatus("u", 404),
        BadStatus("u", 403),
        Unreachable("arxiv.org", "no"),
        Hindered("p", "h"),
    ],
)
def test_what_cannot_get_better_is_tried_once(error: FetchError) -> None:
    flaky, naps = Flaky(error), list[float]()
    with pytest.raises(FetchError) as caught:
        with_retries(flaky, retries=3, sleep=naps.append)
    assert caught.value is error
    assert (flaky.calls, naps) == (1, [])


def test_the_last_error_is_told() -> None:
    flaky, naps = Flaky(*(BadStatus("u", status) for status in (500, 502, 503, 504))), list[float]()
    with pytest.raises(BadStatus, match="504"):
        with_retries(flaky, retries=3, sleep=naps.append)
    assert (flaky.calls, len(naps)) == (4, 3)


def test_errors_say_whether_a_later_run_may_succeed() -> None:
    assert Unreachable("arxiv.org", "no DNS").temporary
    assert Unreachable("arxiv.org", "no DNS").host == "arxiv.org"
    assert [BadStatus("u", status).temporary for status in (404, 403, 429, 500, 503)] == [
        False,
        False,
        True,
        True,
        True,
    ]
