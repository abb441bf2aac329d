"""The page in Chromium: signing in, no finding of axe that matters on any tab, and nothing that was written into
papers, names or answers runs or is fetched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import axe_findings, needs_chromium
from page_fakes import EVIL, Answerer, answer, citation, entries, make_vault, serve
from served_vault import served

from assistant.app.users import Users
from assistant.ask import Done, Event
from assistant.records import Sentence
from ingest.vault import Vault

pytestmark = needs_chromium
PASSWORD = "correct horse battery"
ATTACKS = (
    EVIL.replace("\u202e", ""),
    "<script>document.title='owned'</script><svg onload=\"document.title='owned'\">",
    "![x](https://evil.example/x.png) <img src=https://evil.example/y.png> <link rel=stylesheet href=//evil.example/z>",
    "[click](javascript:document.title='owned') <a href=\"javascript:document.title='owned'\">click</a>",
    "<iframe src=https://evil.example></iframe><object data=//evil.example/o></object><base href=//evil.example>",
    "../../../etc/passwd file:///etc/passwd \\\\evil.example\\share /gradio_api/file=/etc/passwd",
    "$$" + "\\def\\a{\\a\\a}\\a" + "$$ $\\href{javascript:document.title='owned'}{x}$ $" + "{" * 500 + "$",
    "&lt;img src=x onerror=document.title='owned'&gt; &#60;script&#62; \" onmouseover=\"document.title='owned'",
)


class Attacking:
    """Answers with every attack in every place that a document or a model fills."""

    def __init__(self, vault: Vault) -> None:
        self._before = Answerer(vault)

    def __call__(self, question: str, **_: object) -> Iterator[Event]:
        yield from list(self._before("weather"))[:1]
        sentences = [
            Sentence(text, (citation(title=text, quote=text, reason=text),), "partly", text) for text in ATTACKS
        ]
        yield Done(answer(question, *sentences, notices=ATTACKS))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    from assistant.app.build import build_page, mount
    from assistant.app.server import make_app

    vault = make_vault(tmp_path_factory.mktemp("vault"))
    page = build_page(
        vault, events=Attacking(vault), status=entries, progress=lambda: None, answerer="extractive, no model"
    )
    with serve(mount(make_app(vault), page)) as address:
        yield address


def test_nothing_that_was_written_into_papers_names_or_answers_runs_or_is_fetched(chromium: Any, url: str) -> None:
    page = chromium.new_page()
    page.set_default_timeout(15_000)
    asked: list[str] = []
    opened: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: opened.append(dialog.message))  # those of the page's own are answered below
    page.context.on("page", lambda other: opened.append(other.url))
    page.goto(url)
    page.get_by_label("Your question").fill(ATTACKS[1])
    page.keyboard.press("Enter")
    page.locator(".mv-marker").first.wait_for()
    for marker in page.locator(".mv-marker").all():
        marker.click()
        page.locator(".mv-card:popover-open").wait_for()
        page.keyboard.press("Escape")
    hostile_quotes(page)
    hostile_names(page, opened)
    for tab in page.get_by_role("tab").all():
        tab.click()
        page.wait_for_timeout(300)
    assert page.title() != "owned" and opened == []
    assert [a for a in asked if not a.startswith((url, "data:", "blob:"))] == []
    assert not any("passwd" in a or "file=" in a for a in asked)
    links = page.evaluate("() => [...document.querySelectorAll('a[href]')].map(a => a.href)")
    assert links and not any(
        link.startswith(("javascript:", "data:", "file:")) or "evil.example" in link for link in links
    )
    page.close()


def hostile_quotes(page: Any) -> None:
    """A quote that is an attack stands marked in its card, letter by letter, with nothing made of it."""
    for number, quote in enumerate(ATTACKS, start=1):
        page.locator(f"[popovertarget=mv-card-1-{number}]").first.click()
        card = page.locator(".mv-card:popover-open")
        card.wait_for()
        if "$" not in quote:  # of what looks like a formula KaTeX may show another text
            assert card.locator("mark").inner_text().split() == quote.split()
        assert card.locator("mark").locator("img, script, svg, iframe, a, link, object, base").count() == 0
        page.keyboard.press("Escape")


def hostile_names(page: Any, opened: list[str]) -> None:
    """A conversation is named as an attack, listed, searched for, opened, asked about before it is deleted."""
    page.get_by_role("button", name="Conversations").click()
    for name in ATTACKS:
        page.once("dialog", lambda dialog, name=name: dialog.accept(name))
        page.locator(".mv-talks li").first.get_by_role("button", name="Rename").click()
        words = name.split()[0][:40]
        page.locator(".mv-talks li > button:first-child").filter(has_text=words).first.wait_for()
    assert page.locator(".mv-talks").locator("img, script, svg, iframe, a, link, object, base").count() == 0
    page.locator(".mv-talks li > button:first-child").first.click()
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.locator(".mv-talks li").first.get_by_role("button", name="Delete").click()
    assert len(opened) == len(ATTACKS) + 1  # a question of the page's own for each name, and one before deleting
    opened.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_chat_and_library(chromium: Any, url: str, scheme: str) -> None:
    context = chromium.new_context(color_scheme=scheme, viewport={"width": 1200, "height": 850})
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto(url)
    page.get_by_text("sources searchable").wait_for()
    page.get_by_label("Your question").fill("What is superposition?")
    page.keyboard.press("Enter")
    page.locator(".mv-marker").first.wait_for()
    tabs = page.get_by_role("tab").all()
    assert len(tabs) >= 2
    found = []
    for tab in tabs:
        tab.click()
        page.wait_for_timeout(400)
        found += [(tab.inner_text(), *one) for one in axe_findings(page)]
    context.close()
    assert found == []


def test_people_sign_in_by_keyboard_and_out_again(chromium: Any, tmp_path: Path) -> None:
    users = Users(tmp_path / "users")
    users.add("ada", PASSWORD)
    with served(tmp_path / "vault", users=users) as address:
        for scheme in ("light", "dark"):
            context = chromium.new_context(color_scheme=scheme, viewport={"width": 390, "height": 844})
            page = context.new_page()
            page.set_default_timeout(15_000)
            page.goto(address)
            assert page.url == f"{address}login" and axe_findings(page) == []
            page.keyboard.type("ada")
            page.keyboard.press("Tab")
            page.keyboard.type("wrong password")
            page.keyboard.press("Enter")
            page.get_by_role("alert").get_by_text("do not belong together").wait_for()
            page.get_by_label("Name").fill("ada")
            page.get_by_label("Password").fill(PASSWORD)
            page.keyboard.press("Enter")
            page.get_by_label("Your question").fill("What is superposition?")
            page.keyboard.press("Enter")
            page.locator(".mv-marker").first.wait_for()
            assert page.evaluate("document.cookie") == ""
            page.get_by_role("link", name="Sign out").click()
            page.get_by_label("Password").wait_for()
            context.close()
