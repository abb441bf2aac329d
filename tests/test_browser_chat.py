"""The chat as a reader works with it: the page behind a citation, follow-ups, filters, edits, formulas."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from browsing import Visit, needs_chromium, one_screen, visiting
from page_fakes import QUOTE, Answerer, answer, citation, entries, make_vault, serve
from pdf_maker import make_pdf

from assistant.ask import Done
from assistant.records import Sentence
from index.status import EntryStatus
from ingest.vault import Vault

pytestmark = needs_chromium
TEX = r"The loss is $\frac{a}{b}$, at $5 or $6, and $\undefined{x}$, and $\href{javascript:alert(1)}{x^2}$."
BOMB = r"$\def\a{\b\b\b\b\b\b\b\b}\def\b{\c\c\c\c\c\c\c\c}\def\c{\d\d\d\d\d\d\d\d}\def\d{xxxxxxxx}\a\a\a^2$"


class Talker(Answerer):
    """Writes formulas where it is asked for them; `pauses` are seconds before the next looks at what is there, which
    all wait while it is not `there`."""

    pauses: tuple[float, ...] = ()

    def __init__(self, vault: Vault) -> None:
        super().__init__(vault)
        self.there = threading.Event()
        self.there.set()

    def status(self) -> list[EntryStatus]:
        self.there.wait(10)
        pause, self.pauses = (self.pauses or (0.0,))[0], self.pauses[1:]
        time.sleep(pause)
        return entries()

    def __call__(self, question: str, **options: Any) -> Iterator[Any]:
        if "formula" in question:
            self.asked.append((question, tuple(options["history"]), options["where"]))
            said = (Sentence(TEX, (citation(),), "supported"), Sentence(BOMB, (), "uncited"))
            yield Done(answer(question, *said))
            return
        yield from super().__call__(question, **options)


@pytest.fixture(scope="module")
def talker(tmp_path_factory: pytest.TempPathFactory) -> Talker:
    vault = make_vault(tmp_path_factory.mktemp("vault") / "v")
    lines = f"2 Background\nSuperposition means that {QUOTE[:30]}\n{QUOTE[30:].strip()}, at a cost."
    for paper_id in ("toy-2022", "evil-2022"):
        make_pdf(vault.source(paper_id) / "original.pdf", ["one", "two", "three", lines])
    return Talker(vault)


@pytest.fixture(scope="module")
def url(talker: Talker) -> Iterator[str]:
    from assistant.app.build import build_page, mount
    from assistant.app.pictures import Pictures
    from assistant.app.server import make_app
    from ingest.page_pictures import PagePictures

    drawer = PagePictures()
    vault = talker.vault
    pictures = Pictures(vault, drawer)
    page = build_page(
        vault, events=talker, status=talker.status, progress=lambda: None, answerer="extractive", pictures=pictures
    )
    with serve(mount(make_app(vault, pictures=pictures), page)) as address:
        yield address
    drawer.close()


@pytest.fixture(params=["light", "phone"])
def visit(request: pytest.FixtureRequest, chromium: Any, url: str) -> Iterator[Visit]:
    with visiting(chromium, url, phone=request.param == "phone") as tab:
        tab.locator(".mv-welcome").wait_for()
        yield tab
        assert tab.elsewhere(url) == []
        assert tab.complaints == []


def test_a_citation_shows_its_page_with_the_quote_framed(visit: Visit) -> None:
    visit.ask("What is superposition?")
    visit.locator(".mv-marker").first.click()
    card = visit.locator(".mv-card:popover-open")
    image = card.get_by_role("img", name="Page 4 of Toy Models of Superposition")
    image.scroll_into_view_if_needed()
    image.evaluate("e => e.complete || new Promise(r => { e.onload = r; })")
    assert image.evaluate("e => e.naturalWidth") == 1000
    sheet, boxes = image.bounding_box(), card.locator(".mv-box").all()
    assert len(boxes) == 2
    for box in (b.bounding_box() for b in boxes):
        assert sheet["x"] < box["x"] and box["x"] + box["width"] < sheet["x"] + sheet["width"]
        assert sheet["y"] < box["y"] < sheet["y"] + 0.25 * sheet["height"]
    assert visit.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@one_screen
def test_arrows_lead_from_citation_to_citation_and_escape_closes(visit: Visit) -> None:
    visit.ask("What is superposition?")
    visit.locator(".mv-marker").first.click()
    card = visit.locator(".mv-card:popover-open")
    for key, number in (("ArrowRight", "[2]"), ("ArrowRight", "[3]"), ("ArrowLeft", "[2]")):
        visit.keyboard.press(key)
        card.get_by_role("heading").filter(has_text=number).wait_for()
        assert card.count() == 1
    visit.keyboard.press("Escape")
    card.wait_for(state="hidden")
    visit.keyboard.press("Alt+ArrowRight")
    assert visit.evaluate("document.activeElement.classList.contains('mv-marker')")


@one_screen
def test_a_follow_up_is_asked_with_its_history(visit: Visit, talker: Talker) -> None:
    visit.ask("What is superposition?")
    visit.locator(".mv-made").wait_for()
    visit.ask("And its cost?")
    visit.locator(".mv-made").nth(1).wait_for()
    question, history, where = talker.asked[-1]
    assert (question, history, bool(where)) == ("And its cost?", ("What is superposition?",), False)


def test_a_picked_paper_narrows_the_chat_until_it_is_taken_off(visit: Visit, talker: Talker) -> None:
    visit.ask("What is superposition?")
    visit.locator(".mv-marker").first.click()
    visit.locator(".mv-card:popover-open").get_by_role("button", name="Ask about this paper").click()
    line = visit.locator(".mv-filter")
    line.get_by_text("Toy Models of Superposition").wait_for()
    visit.evaluate("window.scrollTo(0, 0)")
    box = line.bounding_box()
    assert box["y"] > 0 and box["y"] + box["height"] < visit.evaluate("window.innerHeight")
    visit.ask("What is it about?")
    visit.get_by_text("Searched only: Toy Models of Superposition").wait_for()
    assert talker.asked[-1][2].papers == ("toy-2022",)
    line.get_by_role("button", name="Search everything").click()
    line.wait_for(state="detached")
    visit.ask("weather")
    visit.locator(".mv-abstained").wait_for()
    assert not talker.asked[-1][2]


@one_screen
def test_years_sections_and_kinds_narrow_the_chat_and_a_wrong_year_says_so(visit: Visit, talker: Talker) -> None:
    visit.get_by_role("button", name="Search only in").click()
    visit.get_by_label("Years").fill("20x2")
    visit.keyboard.press("Enter")
    visit.get_by_role("alert").filter(has_text="'20x2' is no year").wait_for()
    talker.pauses = (0.0, 0.6)  # what is asked second is answered last: it must not undo what came after it
    visit.get_by_label("Years").fill("2020-2022")
    visit.get_by_label("Words of a heading").fill("results")
    visit.get_by_label("Our note, not the paper itself").check()
    visit.page.get_by_label("Papers", exact=True).click()
    visit.get_by_role("option", name="Toy Models of Superposition").click()
    visit.locator(".mv-filter").get_by_text("Toy Models of Superposition").wait_for()
    visit.locator(".mv-filter").filter(has_text="sections about “results”").filter(has_text="Our note").wait_for()
    visit.wait_for_timeout(700)
    visit.ask("weather")
    visit.locator(".mv-abstained").wait_for()
    where = talker.asked[-1][2]
    assert (where.first_year, where.last_year, where.sections, where.kinds) == (2020, 2022, ("results",), ("note",))
    assert where.papers == ("toy-2022",)


@one_screen
def test_the_last_question_is_asked_again_and_edited_in_its_place(visit: Visit, talker: Talker) -> None:
    visit.ask("weather")
    visit.locator(".mv-abstained").wait_for()
    before = len(talker.asked)
    visit.get_by_role("button", name="Ask again").click()
    visit.locator(".mv-abstained").wait_for()
    visit.wait_for_timeout(300)
    assert [question for question, _, _ in talker.asked[before:]] == ["weather"]
    visit.get_by_role("button", name="Edit the question").click()
    visit.get_by_text("You edit the last question").wait_for()
    box = visit.get_by_label("Your question")
    assert box.input_value() == "weather"
    visit.ask("What is superposition?")
    visit.locator(".mv-marker").first.wait_for()
    assert visit.locator(".mv-turn").count() == 1


@one_screen
def test_escape_stops_an_answer(visit: Visit) -> None:
    visit.ask("slow")
    visit.locator(".mv-writing").wait_for()
    visit.keyboard.press("Escape")
    visit.locator(".mv-stopped").wait_for()


@one_screen
def test_answers_are_copied_as_markdown_and_works_as_bibtex(visit: Visit) -> None:
    visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit.ask("What is superposition?")
    visit.get_by_role("button", name="Copy as Markdown").click()
    visit.get_by_role("button", name="Copied").wait_for()
    assert visit.evaluate("navigator.clipboard.readText()").startswith("**What is superposition?**")
    visit.locator(".mv-marker").first.click()
    card = visit.locator(".mv-card:popover-open")
    card.get_by_role("button", name="Copy BibTeX").click()
    card.get_by_role("button", name="Copied").wait_for()
    assert visit.evaluate("navigator.clipboard.readText()").startswith("@misc{toy-2022,")


@one_screen
def test_a_reload_returns_to_the_conversation_and_the_list_reopens_others(visit: Visit) -> None:
    visit.ask("What is superposition?")
    visit.locator(".mv-made").wait_for()
    visit.ask("weather")
    visit.locator(".mv-abstained").wait_for()
    visit.wait_for_timeout(500)
    before = visit.locator("#mv-past .mv-turn").evaluate("e => e.outerHTML")
    visit.page.reload()
    visit.locator(".mv-abstained").wait_for()
    assert visit.locator("#mv-past .mv-turn").evaluate("e => e.outerHTML") == before
    visit.locator(".mv-marker").first.click()
    assert visit.locator(".mv-card:popover-open mark").inner_text() == QUOTE
    visit.keyboard.press("Escape")
    visit.get_by_role("button", name="New", exact=True).click()
    visit.locator(".mv-welcome").wait_for()
    visit.get_by_role("button", name="Conversations").click()
    first = visit.locator(".mv-talks li").first
    visit.page.once("dialog", lambda dialog: dialog.accept("About weather"))
    first.get_by_role("button", name="Rename").click()
    opened = visit.locator(".mv-talks li").first.get_by_role("button", name="About weather", exact=True)
    opened.click()
    visit.locator(".mv-turn").nth(1).wait_for()
    visit.page.once("dialog", lambda dialog: dialog.accept())
    visit.get_by_role("button", name="Delete About weather").click()
    visit.locator(".mv-turn").first.wait_for(state="detached")


def test_a_question_sent_while_the_page_still_opens_is_answered_and_not_wiped_away(
    chromium: Any, url: str, talker: Talker
) -> None:
    talker.there.clear()  # what the page shows when it opens cannot be told yet
    with visiting(chromium, url) as tab:
        tab.get_by_label("Your question").fill("weather")
        tab.keyboard.press("Enter")
        tab.wait_for_timeout(500)
        talker.there.set()
        tab.locator(".mv-abstained").wait_for()
        tab.evaluate("window.mvShown")
        tab.wait_for_timeout(500)
        assert tab.locator(".mv-abstained").count() == 1


@one_screen
def test_formulas_are_set_and_what_cannot_be_set_stays_text(visit: Visit) -> None:
    visit.ask("show a formula")
    answer = visit.locator(".mv-answer")
    answer.locator(".katex").first.wait_for()
    assert answer.locator(".katex").count() == 2  # the second without its link
    assert answer.locator("a").count() == 0
    said = answer.inner_text()
    assert "at $5 or $6" in said and r"$\undefined{x}$" in said and r"$\def\a" in said
    assert visit.evaluate("document.fonts.ready.then(() => document.fonts.check('12px KaTeX_Main'))")
