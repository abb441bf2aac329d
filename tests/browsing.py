"""Chromium for the page's tests: where it is, and a tab that remembers what it asked for and complained about."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)
OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
]
needs_chromium = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="THE PAGE WAS NOT TESTED: no Chromium here (apt-get install chromium)"),
]
one_screen = pytest.mark.parametrize("visit", ["light"], indirect=True)
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1200, "height": 850}

WORST = ("serious", "critical")
# Gradio's own, which we cannot change from outside: named here one by one, with where they are.
THEIRS: dict[str, str] = {}


@dataclass
class Visit:
    """A tab, with every address it asked for and everything it complained about."""

    page: Any
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def ask(self, question: str) -> None:
        self.page.get_by_label("Your question").fill(question)
        self.page.keyboard.press("Enter")
        self.page.get_by_role("heading", name=question).last.wait_for()

    def elsewhere(self, url: str) -> list[str]:
        """What was asked of another host than the page's."""
        return [address for address in self.asked if not address.startswith((url, "data:", "blob:"))]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.page, name)


@contextlib.contextmanager
def visiting(
    chromium: Any,
    url: str,
    *,
    phone: bool = False,
    scheme: Literal["light", "dark"] = "light",
    seconds: float = 15,
    console: bool = True,
) -> Iterator[Visit]:
    """A tab at an address, which waits `seconds` for what it is told to find; warnings on its `console` are
    complaints."""
    context = chromium.new_context(viewport=PHONE if phone else DESK, color_scheme=scheme)
    tab = Visit(context.new_page())
    tab.page.set_default_timeout(1000 * seconds)
    tab.page.on("request", lambda r: tab.asked.append(r.url))
    tab.page.on("response", lambda r: tab.complaints.append(f"{r.status} {r.url}") if r.status >= 400 else None)
    tab.page.on("pageerror", lambda e: tab.complaints.append(str(e)))
    if console:
        tab.page.on("console", lambda m: tab.complaints.append(m.text) if m.type in ("error", "warning") else None)
    tab.page.goto(url)
    yield tab
    context.close()


def axe_findings(page: Any) -> list[tuple[str, str, str]]:
    """What axe finds serious or critical on the page as it stands, as (rule, where, why); Gradio's own aside."""
    from axe_playwright_python.sync_playwright import Axe

    violations: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        (one["id"], str(node["target"]), node["failureSummary"][:300])
        for one in violations
        if one["impact"] in WORST
        for node in one["nodes"]
        if THEIRS.get(one["id"], "\0") not in str(node["target"])
    ]
