"""The page where things are not as they should be: an empty vault, a model that dies while it writes, another process
that writes, a vault that was moved away. Each says what to do. `mivault chat` itself, from the first start on."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import needs_chromium
from loopback_model import LoopbackModel, Reply, Request
from page_fakes import Answerer, entries, make_vault, serve_on
from test_browser_tabs import TURNIPS, env, pdf  # noqa: F401

from assistant.app.launch import listen
from ingest.starter import create
from ingest.vault import Vault

pytestmark = needs_chromium
SAID = "Turnips store nine litres of water in their roots [p1]. " * 6


HOLDS = """
import sys
from pathlib import Path
from ingest.vault import Vault
with Vault.open(Path(sys.argv[1])).writing():
    print("held", flush=True)
    input()
"""


def dying(request: Request) -> Reply:
    """Hangs up in the middle of what it writes."""
    return Reply(SAID, fault="broken") if request.get("stream") else Reply("", status=500)


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return create(tmp_path_factory.mktemp("states") / "vault", empty=True)


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the server writes to its terminal when something goes wrong."""
    return tmp_path_factory.mktemp("terminal") / "stderr"


@pytest.fixture(scope="module")
def page(chromium: Any, vault: Vault, env: dict[str, str], complaints: Path) -> Iterator[Any]:  # noqa: F811
    with LoopbackModel(dying) as model, complaints.open("w") as stderr:
        own = {**env, "MIVAULT_MODEL": "tiny", "MIVAULT_BASE_URL": model.base_url}
        command = [sys.executable, "-m", "mivault", "chat", "--vault", str(vault.root), "--port", "0", "--no-browser"]
        command += ["--no-sync"]
        child = subprocess.Popen(command, env=own, stdout=subprocess.PIPE, stderr=stderr, text=True)
        try:
            assert child.stdout is not None
            found = re.search(r"http://\S+", child.stdout.readline())
            assert found
            page = chromium.new_page()
            page.set_default_timeout(30_000)
            page.goto(found[0])
            yield page
            page.close()
        finally:
            child.terminate()
            child.wait(10)


def test_a_page_that_stayed_open_goes_on_when_the_server_is_back(chromium: Any, tmp_path: Path) -> None:
    vault, page = make_vault(tmp_path), chromium.new_page()
    page.set_default_timeout(30_000)
    port = 0
    for turn in (1, 2):
        with contextlib.closing(listen("127.0.0.1", port)) as listening, serve_on(app_over(vault), listening):
            port = listening.getsockname()[1]
            if turn == 1:
                page.goto(f"http://127.0.0.1:{port}/")
                ask(page, "What is superposition?")
                page.locator(".mv-marker").first.wait_for()
            else:
                page.get_by_text("Connection to the server was lost").wait_for(state="detached")
                ask(page, "weather")
                page.locator(".mv-abstained").wait_for()
                assert page.locator(".mv-turn").count() == 2  # it is the same conversation
                page.close()
        if turn == 1:
            page.get_by_text("Connection to the server was lost").wait_for()


def app_over(vault: Vault) -> Any:
    from assistant.app.build import build_page, mount
    from assistant.app.server import make_app

    page = build_page(vault, events=Answerer(vault), status=entries, progress=lambda: None, answerer="extractive")
    return mount(make_app(vault), page)


def ask(page: Any, question: str) -> None:
    page.get_by_label("Your question").fill(question)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=question).last.wait_for()


def test_a_first_start_leads_to_the_library_where_a_pdf_is_dropped(page: Any, tmp_path: Path) -> None:
    page.get_by_role("heading", name="This vault is empty").wait_for()
    ask(page, "How many litres of water do turnips store?")
    error = page.get_by_role("alert").filter(has_text="nothing has been indexed")
    error.wait_for()
    error.get_by_role("button", name="Open the Library").click()
    page.locator("#mv-upload input[type=file]").set_input_files(str(pdf(tmp_path / "t.pdf", "Turnips", TURNIPS)))
    page.get_by_role("row", name=re.compile("Turnips.*Searchable")).wait_for(timeout=60_000)


def test_a_model_that_dies_in_the_middle_of_its_answer_is_told_and_the_papers_answer(page: Any) -> None:
    page.get_by_role("tab", name="Chat").click()
    ask(page, "How much water do turnips store in winter?")
    page.locator(".mv-notice").filter(has_text="tiny").wait_for()
    page.locator(".mv-answer").get_by_text("nine litres").first.wait_for()
    page.locator(".mv-marker").first.wait_for()
    assert page.locator("#mv-live").get_by_role("alert").count() == 0


def test_another_process_that_writes_is_named(page: Any, vault: Vault) -> None:
    root = str(Path(__file__).resolve().parent.parent)
    command = [sys.executable, "-c", HOLDS]
    with subprocess.Popen([*command, str(vault.root)], cwd=root, stdin=-1, stdout=-1, text=True) as other:
        assert other.stdout and other.stdout.readline()
        page.reload()
        page.get_by_text("writes to the vault").wait_for()
        other.communicate("\n", timeout=10)
    page.reload()
    page.get_by_text("sources searchable").wait_for()
    assert page.get_by_text("writes to the vault").count() == 0


def test_a_vault_that_was_moved_away_is_named_and_found_again(page: Any, vault: Vault, complaints: Path) -> None:
    away = vault.root.with_name("away")
    page.reload()
    vault.root.rename(away)  # while the page opens
    ask(page, "Where did the turnips go?")
    page.locator("#mv-live").get_by_role("alert").filter(has_text="no longer at").wait_for()
    page.reload()
    for tab in ("Library", "Paper", "Glossary"):
        page.get_by_role("tab", name=tab).click()
        told = page.get_by_role("tabpanel").get_by_role("alert").filter(has_text="no longer at")
        told.filter(has_text="move it back").first.wait_for()
    page.get_by_role("tab", name="Library").click()
    page.get_by_role("button", name="Sync now").click()
    page.locator("#mv-library-said").get_by_role("alert").filter(has_text="no longer at").wait_for()
    page.get_by_role("tab", name="Chat").click()
    ask(page, "Where did the turnips go?")
    page.locator("#mv-live").get_by_role("alert").filter(has_text="move it back").wait_for()
    assert not vault.root.exists()  # nothing is written where it was
    assert "Traceback" not in complaints.read_text()
    away.rename(vault.root)
    page.get_by_role("button", name="Ask again").click()
    page.locator(".mv-made").last.wait_for()
