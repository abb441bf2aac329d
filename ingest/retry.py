"""What is tried again, and when.

FetchError
├── Unreachable     no connection, no DNS: the caller stops asking `host` for this run
├── RateLimited     the server counts requests, and ours are used up for now
└── BadStatus       the server answered with `status`; `retry_after` seconds, where it said so
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from ingest.errors import FetchError

# A server that asks for more than two minutes is better asked in the next run.
LONGEST_WAIT_SECONDS = 120.0
RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504, 507, 520, 521, 522, 523, 524})
REFUSING = frozenset({401, 402, 403, 407, 451})
T = TypeVar("T")


class Hindered(FetchError):
    """The proxy, the certificates, the disk or the line: trying again is for a later run."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message, hint, temporary=True)


class Unreachable(Hindered):
    """No connection to `host`, or no DNS at all: asking it again in this run is useless. `no_such_name`: the DNS
    answered that there is none, so that the line itself is not down."""

    def __init__(self, host: str, why: str, *, no_such_name: bool = False) -> None:
        super().__init__(f"cannot reach {host}: {why}", "check the internet connection")
        self.host, self.no_such_name = host, no_such_name


class RateLimited(Hindered):
    """`host` counts our requests, and gives no more until `reset` (seconds since 1970; None where it does not say)."""

    def __init__(self, host: str, reset: float | None) -> None:
        until = f" until {datetime.fromtimestamp(reset):%H:%M}" if reset is not None else ""
        hint = "sync again after that, or set GITHUB_TOKEN, with which GitHub allows more"
        super().__init__(f"the requests that {host} allows are used up{until}", hint)
        self.host = host


class BadStatus(FetchError):
    """The server answered, with an error. `temporary` for those that may go away by themselves."""

    def __init__(self, url: str, status: int, wait: float | None = None) -> None:
        temporary = status in RETRIED
        super().__init__(f"{url} answered HTTP {status}", _status_hint(status), temporary=temporary)
        self.status, self.retry_after = status, wait


def rate_limit(host: str, status: int, headers: Mapping[str, str]) -> RateLimited | None:
    """The error for an answer that says so in GitHub's headers; None for any other.

    https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
    """
    if status not in (403, 429) or headers.get("x-ratelimit-remaining") != "0":
        return None
    reset = headers.get("x-ratelimit-reset", "")
    return RateLimited(host, float(reset) if reset.isascii() and reset.isdigit() and len(reset) < 12 else None)


def with_retries(action: Callable[[], T], *, retries: int, sleep: Callable[[float], None]) -> T:
    """What `action` returns, tried `retries` times more while its FetchError is temporary and not Hindered."""
    for attempt in range(retries):
        try:
            return action()
        except Hindered:
            raise
        except FetchError as error:
            if not error.temporary:
                raise
            sleep(pause(attempt, error.retry_after if isinstance(error, BadStatus) else None))
    return action()


def retry_after(header: str | None, *, now: datetime | None = None) -> float | None:
    """Seconds a Retry-After header asks for, 0 to LONGEST_WAIT_SECONDS; None where it says nothing readable.

    The header holds seconds or an HTTP date (RFC 9110, 10.2.3).
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_WAIT_SECONDS)
    try:
        then = parsedate_to_datetime(text)
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return min(max((then - (now or datetime.now(UTC))).total_seconds(), 0.0), LONGEST_WAIT_SECONDS)


def pause(attempt: int, asked: float | None = None, *, jitter: Callable[[], float] = random.random) -> float:
    """Seconds to wait after failed attempt number `attempt` (from 0): 1, 2, 4, ... and up to half as much again.

    `asked` is what the server asked for: never less than that. `jitter` draws from 0 to 1.
    """
    backoff = min(2.0**attempt, LONGEST_WAIT_SECONDS / 2) * (1 + jitter() / 2)
    return max(backoff, asked or 0.0)


def _status_hint(status: int) -> str:
    if status in RETRIED:
        return "the server is busy; try again later"
    if status in REFUSING:
        return "it does not give this to programs; download it in a browser, then add the file"
    return "check the address" if status in (404, 410) else ""
