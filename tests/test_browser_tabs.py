"""The tabs beside the chat as a reader meets them: `mivault chat` itself over a vault of PDFs that the tests made."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import Visit, axe_findings, needs_chromium, visiting
from pdf_maker import paper_pdf

from ingest.starter import create
from ingest.vault import Vault

pytestmark = needs_chromium
PROBES = "Probing classifiers read a property off the activations of a layer. We find that they do not show its use. "
PATCHES = "Activation patching replaces one activation by another. We show that patching a head changes the answer. "
TURNIPS = (
    "We measure how turnips store water in winter. We find that turnips store nine litres of water in their roots. "
)
ANSWERED = (
    ("own-1", "definition", "What do probing classifiers read?", "2101.00001"),
    ("own-2", "method", "What does activation patching replace?", "2101.00002"),
)
REFUSED = {"id": "own-3", "kind": "unanswerable", "question": "Who won the chess match?", "must_abstain": True}
CASES: list[dict[str, Any]] = [{**REFUSED, "why_unanswerable": "absent fact"}]
CASES += [{"id": i, "kind": kind, "question": q, "expected_papers": [paper]} for i, kind, q, paper in ANSWERED]


def pdf(path: Path, title: str, text: str, arxiv: str = "") -> Path:
    stamp = f"arXiv:{arxiv}v1 [cs.LG] 1 Jan 2021" if arxiv else None
    sections = [("Introduction", text * 5), ("Results", text * 5)]
    return paper_pdf(path, title, ["Ada Byron"], sections, ["A. Byron. Notes. 1843."], stamp)


@pytest.fixture(scope="module")
def env(model_cache: Path) -> dict[str, str]:
    root = str(Path(__file__).resolve().parent.parent)
    dead = {f"MIVAULT_ARXIV_{name}": f"http://127.0.0.1:9/{name}/" for name in ("API", "PDF", "HTML")}  # no network
    return {**os.environ, **dead, "PYTHONPATH": root, "MIVAULT_CACHE": str(model_cache)}


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory, env: dict[str, str]) -> Vault:
    folder = tmp_path_factory.mktemp("tabs")
    vault = create(folder / "vault", empty=True)
    (vault.root / "glossary.yaml").write_text(
        "- id: term-probe\n  term: Probing classifier\n  definition: A classifier over activations.\n", encoding="utf-8"
    )
    (vault.root / "cases").mkdir()
    (vault.root / "cases" / "own.jsonl").write_text("".join(json.dumps(case) + "\n" for case in CASES), "utf-8")
    files = [
        pdf(folder / "probes.pdf", "Probing Classifiers Layer by Layer", PROBES, "2101.00001"),
        pdf(folder / "patches.pdf", "Activation Patching of Heads", PATCHES, "2101.00002"),
    ]
    mivault(env, "add", *map(str, files), "--vault", str(vault.root))
    mivault(env, "sync", "--no-download", "--vault", str(vault.root))
    return vault


def mivault(env: dict[str, str], *words: str) -> None:
    subprocess.run([sys.executable, "-m", "mivault", *words], env=env, check=True, capture_output=True, timeout=100)


@pytest.fixture(scope="module")
def url(vault: Vault, env: dict[str, str]) -> Iterator[str]:
    command = [sys.executable, "-m", "mivault", "chat", "--vault", str(vault.root), "--port", "0", "--no-browser"]
    child = subprocess.Popen([*command, "--no-sync"], env=env, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        found = re.search(r"http://\S+", child.stdout.readline())
        assert found
        yield found[0]
    finally:
        child.terminate()
        child.wait(10)


@pytest.fixture
def visit(chromium: Any, url: str) -> Iterator[Visit]:
    with visiting(chromium, url, seconds=30, console=False) as tab:
        tab.get_by_text("sources searchable").wait_for()
        yield tab
        assert tab.complaints == []
        assert tab.elsewhere(url) == []


def choose(visit: Visit, label: str, words: str) -> None:
    """Choose the first entry of a list with these words."""
    visit.page.get_by_label(label, exact=True).click()
    visit.page.get_by_role("option", name=re.compile(words)).first.click()


def test_a_dropped_pdf_is_read_and_answers_a_question(visit: Visit, vault: Vault, tmp_path: Path) -> None:
    visit.get_by_role("tab", name="Library").click()
    sent = pdf(tmp_path / "turnips.pdf", "Turnips in Winter", TURNIPS)
    visit.locator("#mv-upload input[type=file]").set_input_files(str(sent))
    visit.get_by_text("in the vault as turnips").wait_for()
    visit.get_by_role("row", name=re.compile("Turnips in Winter.*Searchable")).wait_for(timeout=60_000)
    assert vault.inside("files").is_dir()
    visit.get_by_role("tab", name="Chat").click()
    visit.ask("How many litres of water do turnips store?")
    visit.get_by_text("nine litres").first.wait_for()


def test_the_library_is_narrowed_and_an_entry_removed_only_when_sure(visit: Visit, tmp_path: Path) -> None:
    visit.get_by_role("tab", name="Library").click()
    rows = visit.locator("#mv-library-table tbody tr")
    visit.get_by_role("row", name=re.compile("Activation Patching")).wait_for()
    visit.get_by_label("Find", exact=True).fill("probing layer")
    visit.get_by_role("row", name=re.compile("Activation Patching")).wait_for(state="detached")
    assert rows.count() == 1
    visit.get_by_label("Find", exact=True).fill("")
    visit.locator("#mv-upload input[type=file]").set_input_files(
        str(pdf(tmp_path / "gone.pdf", "Soon to be Gone", TURNIPS.replace("turnips", "leeks")))
    )
    visit.get_by_role("row", name=re.compile("Soon to be Gone.*Searchable")).wait_for(timeout=60_000)
    choose(visit, "Entry", "Soon to be Gone")
    visit.get_by_role("button", name="Remove…").click()
    visit.get_by_text(re.compile("Remove Soon to be Gone")).wait_for()
    visit.get_by_role("button", name="Keep it").click()
    visit.get_by_role("button", name="Keep it").wait_for(state="hidden")
    assert visit.get_by_role("row", name=re.compile("Soon to be Gone")).count() == 1
    visit.get_by_role("button", name="Remove…").click()
    visit.get_by_role("button", name="Remove it").click()
    visit.get_by_text("Removed gone.").wait_for()
    visit.get_by_role("row", name=re.compile("Soon to be Gone")).wait_for(state="detached")


def test_another_paper_is_held_back_until_it_is_accepted(visit: Visit, vault: Vault, tmp_path: Path) -> None:
    visit.get_by_role("tab", name="Library").click()
    sent = pdf(tmp_path / "cabbage.pdf", "A Garden of Cabbages", TURNIPS.replace("turnips", "cabbages"), "1901.00007")
    shutil.copy(sent, vault.root / "files" / "cabbage.pdf")
    with (vault.root / "vault.yaml").open("a", encoding="utf-8") as file:
        file.write(
            "- id: tuned\n  kind: paper\n  title: Eliciting Latent Predictions with the Tuned Lens\n"
            "  authors: [Nora Belrose]\n  file: files/cabbage.pdf\n"
        )
    visit.get_by_role("button", name="Sync now").click()
    visit.get_by_role("row", name=re.compile("Tuned Lens.*Another paper")).wait_for(timeout=60_000)
    choose(visit, "Entry", "Tuned Lens")
    visit.get_by_role("button", name="Try again").wait_for()
    assert not visit.get_by_role("button", name="Ask about this", exact=True).is_visible()  # it has no text yet
    visit.get_by_role("button", name="It is the right paper").click()
    visit.get_by_role("row", name=re.compile("Tuned Lens.*Searchable")).wait_for(timeout=60_000)


def test_a_paper_is_opened_from_its_row_in_the_library_and_summarized(visit: Visit) -> None:
    visit.get_by_role("tab", name="Library").click()
    visit.locator("#mv-library-table").get_by_role("button", name="Activation Patching").click()
    visit.locator("#mv-entry-detail").get_by_text("Ada Byron").wait_for()
    visit.get_by_role("button", name="Open", exact=True).click()
    visit.get_by_role("heading", name="Activation Patching of Heads").last.wait_for()
    visit.get_by_role("button", name="Summarize").click()
    visit.get_by_role("heading", name="What it finds").wait_for()
    visit.locator(".mv-quote summary").first.click()
    link = visit.get_by_role("link", name="Open the page").first
    assert visit.page.request.get(link.evaluate("e => e.href")).body().startswith(b"%PDF-")
    visit.get_by_text(re.compile(r"^Pages \(")).click()
    picture = visit.get_by_role("img", name="Page 1", exact=True)
    picture.scroll_into_view_if_needed()
    visit.wait_for_function("document.querySelector('.mv-pages img').naturalWidth > 100")


def test_a_paper_chosen_in_the_library_limits_the_chat_to_it(visit: Visit) -> None:
    visit.get_by_role("tab", name="Library").click()
    choose(visit, "Entry", "Activation Patching")
    visit.get_by_role("button", name="Ask about this", exact=True).click()
    visit.locator(".mv-filter").get_by_text("Activation Patching of Heads").wait_for()
    visit.get_by_label("Your question").wait_for()
    visit.get_by_role("tab", name="Paper").click()
    choose(visit, "Paper", "Probing Classifiers")
    visit.locator("#mv-paper-do").get_by_role("button", name="Ask about this paper").click()
    visit.locator(".mv-filter").get_by_text("Probing Classifiers Layer by Layer").wait_for()


def test_a_term_is_found_with_the_papers_that_use_it(visit: Visit) -> None:
    visit.get_by_role("tab", name="Glossary").click()
    visit.get_by_label("Find a term").fill("probing")
    visit.get_by_role("heading", name="Probing classifier").wait_for()
    visit.get_by_label("Find a term").fill("")
    visit.locator(".mv-terms").get_by_role("button", name="Probing classifier").click()
    visit.locator(".mv-uses").get_by_role("button", name="Probing Classifiers Layer by Layer").first.click()
    visit.get_by_role("heading", name="Probing Classifiers Layer by Layer").last.wait_for()


@pytest.mark.parametrize(
    ("tab", "field", "said"),
    [
        ("Library", "Entry", ""),
        ("Paper", "Paper", "gone"),
        ("Glossary", "Term", ""),
        ("Evals", "Report", "there is no report 'gone'"),
        ("Evals", "Compare with (as the first)", ""),
    ],
)
def test_what_was_removed_a_moment_ago_is_told_and_no_error(visit: Visit, tab: str, field: str, said: str) -> None:
    """A list in an open page may still name it; `visit` holds that no request fails."""
    visit.get_by_role("tab", name=tab).click()
    box = visit.page.get_by_label(field, exact=True)
    box.fill("gone")
    visit.keyboard.press("Enter")
    visit.keyboard.press("Tab")
    if said:
        visit.get_by_role("alert").filter(has_text=said).wait_for()
    visit.wait_for_timeout(300)


def wait_for_reports(vault: Vault, count: int) -> None:
    """Until so many runs were written: "3 cases measured." may still be the one before's."""
    limit = time.monotonic() + 60
    while len(list((vault.root / "reports").glob("*.json"))) < count:
        assert time.monotonic() < limit, f"there are no {count} reports"
        time.sleep(0.1)
    time.sleep(1)  # the page takes over what was written


def test_evals_run_stop_and_are_compared(visit: Visit, vault: Vault) -> None:
    visit.get_by_role("tab", name="Evals").click()
    for times in (1, 2):
        visit.get_by_role("button", name="Run", exact=True).click()
        visit.get_by_text("3 cases measured.").wait_for(timeout=60_000)
        wait_for_reports(vault, times)
        visit.locator(".mv-report svg").first.wait_for()
    assert len(list((vault.root / "reports").glob("*.json"))) == 2
    choose(visit, "Case", "chess")
    visit.get_by_role("heading", name="Found, best first").wait_for()
    visit.page.get_by_label("Compare with (as the first)").click()
    visit.page.get_by_role("option").last.click()
    visit.get_by_role("heading", name="Second minus first").wait_for()
    visit.get_by_text("0 answers changed").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_tab_fits_a_phone(chromium: Any, url: str, scheme: str) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page = context.new_page()
    page.goto(url)
    page.get_by_text("sources searchable").wait_for()
    for name in ("Library", "Paper", "Glossary", "Evals"):
        if not page.get_by_role("tab", name=name).is_visible():
            page.locator("#mv-tabs .overflow-menu > button").click()
            page.locator("#mv-tabs .overflow-dropdown button", has_text=name).click()
        else:
            page.get_by_role("tab", name=name).click()
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_the_tabs_beside_the_chat(chromium: Any, url: str, scheme: Any) -> None:
    """Each with something chosen, so that all it can show is there."""
    with visiting(chromium, url, scheme=scheme, seconds=30, console=False) as visit:
        found = []
        for name, field, words, shown in (
            ("Library", "Entry", "Activation Patching", "#mv-entry-detail"),
            ("Paper", "Paper", "Activation Patching", "#mv-paper"),
            ("Glossary", "Term", "Probing", "#mv-term-uses li"),
            ("Evals", "", "", "#mv-report"),
        ):
            visit.get_by_role("tab", name=name).click()
            if field:
                choose(visit, field, words)
            visit.locator(shown).first.wait_for()
            visit.wait_for_timeout(400)  # what fades in has its colours
            if name == "Paper":
                for part in visit.locator("#mv-paper summary").all():
                    part.click()
            found += [(name, *one) for one in axe_findings(visit.page)]
        assert found == []
