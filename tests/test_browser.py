"""The page as a reader meets it: Chromium, keyboard, small screens, and not one request to another host."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from browsing import Visit, needs_chromium, one_screen, visiting
from page_fakes import EVIL, PARAGRAPH, QUOTE, Answerer, entries, make_vault, serve, until

from assistant.app.progress import Progress

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    from assistant.app.build import build_page, mount
    from assistant.app.server import make_app

    vault = make_vault(tmp_path_factory.mktemp("vault"))
    steps = iter(
        [Progress("embedding", 3, 10, "papers"), *[Progress("finished", message="no network", finished=True)] * 99]
    )
    page = build_page(
        vault, events=Answerer(vault), status=entries, progress=lambda: next(steps), answerer="extractive, no model"
    )
    with serve(mount(make_app(vault), page)) as address:
        yield address


@pytest.fixture(params=["light", "dark", "phone"])
def visit(request: pytest.FixtureRequest, chromium: Any, url: str) -> Iterator[Visit]:
    scheme: Literal["light", "dark"] = "dark" if request.param == "dark" else "light"
    with visiting(chromium, url, phone=request.param == "phone", scheme=scheme) as tab:
        tab.get_by_text("sources searchable").wait_for()
        yield tab


def test_a_conversation_asks_no_other_host_and_raises_no_complaint(visit: Visit, url: str) -> None:
    visit.ask("What is superposition?")
    visit.locator(".mv-marker").first.wait_for()
    visit.ask("weather")
    visit.locator(".mv-abstained").wait_for()
    visit.get_by_role("tab", name="Library").click()
    visit.get_by_role("row").nth(3).wait_for()
    assert len(visit.asked) > 20
    assert visit.elsewhere(url) == []
    assert visit.complaints == []
    assert visit.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_marker_opens_its_card_by_keyboard_and_escape_leaves_it(visit: Visit) -> None:
    visit.ask("What is superposition?")
    marker = visit.locator(".mv-marker").first
    marker.focus()
    visit.keyboard.press("Enter")
    card = visit.locator(".mv-card:popover-open")
    card.wait_for()
    assert card.locator("mark").inner_text() == QUOTE
    assert card.locator("blockquote").inner_text() == PARAGRAPH
    assert card.locator(".mv-verdict").inner_text().endswith("Supported: exact")
    box = card.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= visit.evaluate("window.innerWidth")
    visit.keyboard.press("Tab")
    assert card.locator(".mv-close").evaluate("e => e === document.activeElement")
    visit.keyboard.press("Escape")
    card.wait_for(state="hidden")
    assert marker.evaluate("e => e === document.activeElement")


def test_text_is_readable_on_its_ground(visit: Visit) -> None:
    """Contrast by WCAG 2's formula: 4.5 to 1 for every text of ours."""
    visit.ask("What is superposition?")
    visit.locator(".mv-marker").first.click()
    visit.locator(".mv-card:popover-open").wait_for()
    seen = visit.evaluate(CONTRAST)
    assert len(seen) > 15
    assert [what for what, ratio in seen if ratio < 4.5] == []


@one_screen
def test_attacks_are_shown_as_text(visit: Visit) -> None:
    visit.ask(EVIL.replace("\u202e", ""))
    visit.locator(".mv-marker").first.wait_for()
    assert visit.title() == "mivault"
    assert visit.locator(".mv-turn img, .mv-turn script, .mv-table img").count() == 0
    shown = visit.locator(".mv-turn").inner_text()
    assert "${document.title='owned'} {{value}}" in shown and "<img src=x" in shown


@one_screen
def test_stop_ends_a_slow_answer_and_the_next_question_works(visit: Visit) -> None:
    visit.ask("slow")
    visit.locator(".mv-writing").wait_for()
    visit.get_by_role("button", name="Stop").click()
    visit.locator(".mv-stopped").wait_for()
    visit.wait_for_timeout(500)
    assert visit.locator(".mv-writing").count() == 0
    visit.ask("weather")
    visit.locator(".mv-abstained").wait_for()
    assert visit.locator(".mv-turn").count() == 2


@one_screen
def test_a_second_question_beside_a_running_one_waits_in_its_box(visit: Visit) -> None:
    visit.get_by_role("button", name="What is superposition?").wait_for()
    visit.ask("slow")
    visit.locator(".mv-writing").wait_for()
    visit.get_by_label("Your question").fill("weather")
    visit.keyboard.press("Enter")
    visit.wait_for_timeout(500)
    assert visit.get_by_label("Your question").input_value() == "weather"
    assert visit.locator(".mv-turn").count() == 1
    visit.get_by_role("button", name="Stop").click()
    visit.locator(".mv-stopped").wait_for()


@one_screen
def test_errors_are_one_line_and_the_page_goes_on(visit: Visit) -> None:
    visit.ask("broken")
    visit.get_by_role("alert").filter(has_text="the model does not answer start it").wait_for()
    visit.ask("weather")
    visit.locator(".mv-abstained").wait_for()


@one_screen
def test_examples_ask_and_clear_forgets(visit: Visit) -> None:
    visit.get_by_role("button", name="What is superposition?").click()
    visit.locator(".mv-marker").first.wait_for()
    visit.get_by_role("button", name="New", exact=True).click()
    visit.locator(".mv-turn").wait_for(state="detached")
    visit.get_by_role("button", name="What is superposition?").wait_for()


@one_screen
def test_the_pdf_link_leads_to_the_cited_page(visit: Visit, url: str) -> None:
    visit.ask("What is superposition?")
    visit.locator(".mv-marker").first.click()
    link = visit.get_by_role("link", name="Open the PDF at page 4")
    address = link.evaluate("e => e.href")
    assert address == f"{url}source/toy-2022#page=4"
    assert visit.page.request.get(address).body().startswith(b"%PDF-")


def test_the_sync_is_shown_until_it_ended(chromium: Any, url: str) -> None:
    page = chromium.new_page()
    page.goto(url)
    page.get_by_text("no network").wait_for(timeout=15_000)
    until(lambda: page.get_by_text("sources searchable").count() == 1)
    page.close()


CONTRAST = """() => {
  const number = c => c.match(/[\\d.]+/g).map(Number);
  const light = c => { const [r, g, b] = number(c).map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    const n = number(c); if (n.length < 4 || n[3] > 0.99) return c; } return "rgb(255, 255, 255)"; };
  const own = e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  const found = [];
  for (const e of document.querySelectorAll(
      "#mv-head *, .mv-status *, .mv-turn *, .mv-card:popover-open *, #mv-examples *, #mv-ask button:enabled")) {
    if (!own(e) || !e.offsetParent) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    found.push([e.className || e.tagName, ratio]);
  }
  return found;
}"""
