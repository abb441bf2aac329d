"""Claim: the page opens fast, shows a citation's page at once, and asks no other host for anything.

`python -m benchmarks.page --vault DIR [--questions N]`: a real `mivault chat` over a synced vault in Chromium: seconds
to a page that takes a question; from the click on a citation's number to its page's picture, drawn (asked: 95 % within
300 ms); requests to other hosts (asked: 0), over questions, cards and every tab. The peer in the same run is the same
click where the picture was shown before, which is what the browser alone takes.
"""

from __future__ import annotations

import argparse
import shutil
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.served import free_port, percentile, started, until_ready

QUESTIONS = (
    "What is superposition?", "How are sparse autoencoders evaluated?", "What is an induction head?",
    "What does activation patching show about a circuit?", "How does GPT-2 small identify indirect objects?",
    "Why are neurons polysemantic?", "What are dead latents?", "How do transcoders compare with autoencoders?",
)  # fmt: skip
# From the click to the frame after the one in which the picture is there, whole.
CLICK = """async (chip) => {
  const card = document.getElementById(chip.getAttribute("popovertarget"));
  const picture = card && card.querySelector("img");
  if (!picture) return null;
  const began = performance.now();
  chip.click();
  await picture.decode();
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  const took = performance.now() - began;
  card.hidePopover();
  return took;
}"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--vault", type=Path, required=True)
    options.add_argument("--questions", type=int, default=len(QUESTIONS))
    chosen = options.parse_args()
    from playwright.sync_api import sync_playwright

    with started(chosen.vault, free_port()) as served, sync_playwright() as playwright:
        until_ready(served)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        print(visit(page, served.url, QUESTIONS[: chosen.questions]))
        elsewhere = [url for url in asked if not url.startswith((served.url, "data:", "blob:"))]
        print(f"{len(asked)} requests, {len(elsewhere)} of them to other hosts {elsewhere[:3] or ''}")
        browser.close()


def visit(page: Any, url: str, questions: tuple[str, ...]) -> str:
    """Ask, open every citation twice, look at every tab; what was measured, in words."""
    began = time.perf_counter()
    page.goto(url)
    page.get_by_label("Your question").wait_for()
    opened = time.perf_counter() - began
    first: list[float] = []
    again: list[float] = []
    for question in questions:
        chips = answered(page, question)
        for clicks in (first, again):
            took = [page.evaluate(CLICK, chip) for chip in chips]
            clicks += [one for one in took if one is not None]
    for tab in page.get_by_role("tab").all():
        tab.click()
        page.wait_for_timeout(500)
    pictures = f"{len(first)} clicks to a picture"
    if first:
        pictures += f": median {median(first):.0f} ms, 95 % within {percentile(first, 0.95):.0f} ms; "
        pictures += f"shown before, 95 % within {percentile(again, 0.95):.0f} ms"
    return f"a question can be asked {opened:.2f} s after the page was called\n{pictures}"


def answered(page: Any, question: str) -> list[Any]:
    """The numbers of the answer's citations, each once."""
    page.get_by_label("Your question").fill(question)
    page.keyboard.press("Enter")
    turn = page.locator("section.mv-turn", has=page.get_by_role("heading", name=question)).last
    turn.locator(".mv-made, .mv-abstained").first.wait_for(timeout=60_000)
    handles = turn.locator("[popovertarget^=mv-card].mv-marker").element_handles()
    return list({handle.get_attribute("popovertarget"): handle for handle in handles}.values())


if __name__ == "__main__":
    main()
