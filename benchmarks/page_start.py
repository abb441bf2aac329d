"""Claim: the port answers at once, and the page is there in half the time of a plain `import gradio`.

`python -m benchmarks.page_start --vault DIR [--runs N] [--browser]`: a real `mivault chat` over a synced vault, on a
warm disk: seconds from the command to the first answer on its port (asked: 3), to the page's own HTML, and with
`--browser` (Chromium, opened before) to a page that takes a question (asked: 6); with the server's CPU seconds, which
other work on the machine changes little. The peer in the same run: Gradio imported as it comes, and as we import it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from benchmarks.process_tree import measure, python
from benchmarks.served import Served, free_port, started

PLAIN = "import fastapi, uvicorn, gradio"
OURS = "import fastapi, uvicorn; from assistant.app.load_gradio import load_gradio; load_gradio()"
GIVE_UP_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds since the command was given; CPU seconds of the server when the page was there."""

    answer: float
    page: float
    usable: float | None
    cpu: float


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--vault", type=Path, required=True)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--browser", action="store_true")
    chosen = options.parse_args()
    with chromium() if chosen.browser else nobody() as usable:
        starts = [start(chosen.vault, usable) for _ in range(chosen.runs + 1)][1:]  # the first one warms the disk
    print(told(starts))
    plain, ours = ([measure(python("-c", script), env=os.environ).cpu_seconds for _ in range(chosen.runs)]
                   for script in (PLAIN, OURS))  # fmt: skip
    print(f"import gradio: {median(plain):.2f} CPU seconds as it comes, {median(ours):.2f} as we do it")


def start(vault: Path, usable: Callable[[str], None] | None) -> Start:
    with started(vault, free_port()) as served:
        answer = _until(served, (200, 503))
        if usable:
            usable(served.url)
            ready = time.perf_counter() - served.began
            return Start(answer, ready, ready, served.cpu_seconds())
        return Start(answer, _until(served, (200,)), None, served.cpu_seconds())


def _until(served: Served, statuses: tuple[int, ...]) -> float:
    while time.perf_counter() - served.began < GIVE_UP_SECONDS:
        try:
            if httpx.get(served.url, timeout=5).status_code in statuses:
                return time.perf_counter() - served.began
        except httpx.HTTPError:
            time.sleep(0.02)
        time.sleep(0.03)
    raise RuntimeError("the page never came")


@contextmanager
def nobody() -> Iterator[None]:
    yield None


@contextmanager
def chromium() -> Iterator[Callable[[str], None]]:
    """Opens an address in a browser that runs already, and returns when a question can be asked there."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])

        def usable(url: str) -> None:
            page: Any = browser.new_page()
            page.goto(url)
            box = page.get_by_label("Your question")
            box.wait_for(timeout=GIVE_UP_SECONDS * 1000)
            page.wait_for_function("() => !document.querySelector('#mv-submit').disabled")
            page.close()

        yield usable
        browser.close()


def told(starts: list[Start]) -> str:
    usable = [one.usable for one in starts if one.usable is not None]
    page = f"a question can be asked after {median(usable):.2f} s" if usable else "the browser was not asked"
    return (
        f"first answer after {median(one.answer for one in starts):.2f} s, the page after "
        f"{median(one.page for one in starts):.2f} s, {page}; {median(one.cpu for one in starts):.2f} CPU seconds"
    )


if __name__ == "__main__":
    main()
