"""The page without a browser: nouns to HTML, the routes, the background work, and Gradio driven by its own client."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from page_fakes import (
    EVIL,
    PARAGRAPH,
    QUOTE,
    UNKNOWN,
    Answerer,
    answer,
    citation,
    entries,
    full_answer,
    make_vault,
    serve,
    until,
)

from assistant.app.background import in_thread
from assistant.app.evidence import Card, cards, surroundings
from assistant.app.intake import MOST_BYTES
from assistant.app.launch import PortBusy, listen
from assistant.app.library import counts_html, library_html, progress_html
from assistant.app.originals import local_pdf
from assistant.app.page import VERDICTS, esc, safe_url, turn_html
from assistant.app.progress import Progress, SyncInBackground, read_line
from assistant.app.server import may_send
from assistant.app.tab_library import LibraryTab
from assistant.app.turns import Turn, advance, fail, stop
from assistant.app.watch import Watch
from assistant.ask import Done, Retrieved, Text
from assistant.records import Answer, Sentence
from index.errors import IndexMissing
from index.status import EntryStatus
from ingest.errors import ManifestError, MivaultError, UsageError
from ingest.vault import Vault


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return make_vault(tmp_path_factory.mktemp("vault"))


def shown(vault: Vault, result: Answer, *, number: int = 1) -> str:
    return turn_html(Turn(number, result.question, "done", answer=result, cards=cards(result, vault)))


class Reader(HTMLParser):
    """A page's tags with their attributes, and the text inside a chosen tag."""

    def __init__(self, source: str, inside: str = "") -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._inside, self._depth = inside, 0
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._depth += tag == self._inside

    def handle_endtag(self, tag: str) -> None:
        self._depth -= tag == self._inside

    def handle_data(self, data: str) -> None:
        self.text += data if self._depth or not self._inside else ""

    @property
    def shape(self) -> list[tuple[str, tuple[str, ...]]]:
        """Tags with their attributes' names; the places of formulas aside, which a text may have or not."""
        return [(tag, tuple(names)) for tag, names in self.tags if names.get("class") != "mv-tex"]

    def all(self, attribute: str) -> list[str | None]:
        return [attributes[attribute] for _, attributes in self.tags if attribute in attributes]


MARKUP = st.sampled_from(
    ["<script>", "</p>", "<img onerror=x>", '"', "'", "&", "javascript:", "{{x}}", "${x}", "\u202e"]
)
TEXTS = st.lists(MARKUP | st.text(max_size=8), min_size=1, max_size=6).map("".join)


# --- answers --------------------------------------------------------------------------------------------------------


@given(question=TEXTS, text=TEXTS, title=TEXTS, reason=TEXTS, notice=TEXTS)
@settings(max_examples=60, deadline=None)
def test_no_text_changes_the_shape_of_the_page(
    vault: Vault, question: str, text: str, title: str, reason: str, notice: str
) -> None:
    def page(question: str, text: str, title: str, reason: str, notice: str) -> Reader:
        cited = citation(title=title, reason=reason)
        sentence = Sentence(text, (cited,), "partly", reason)
        return Reader(shown(vault, answer(question, sentence, notices=(notice,))))

    assert page(question, text, title, reason, notice).shape == page("q", "t", "t", "r", "n").shape


@given(TEXTS)
def test_escaped_text_reads_back_as_itself(text: str) -> None:
    read = Reader(f'<p title="{esc(text)}">{esc(text)}</p>')
    assert read.text == read.tags[0][1]["title"]
    assert set(read.text) <= set(text)


def test_attacks_in_titles_quotes_and_models_words_stay_text(vault: Vault) -> None:
    page = Reader(shown(vault, full_answer(EVIL)))
    assert not {"img", "script", "b"} & {tag for tag, _ in page.tags}
    assert "<img src=x onerror=" in page.text
    assert "\u202e" not in page.text


def test_every_marker_opens_a_card_that_is_there(vault: Vault) -> None:
    page = Reader(shown(vault, full_answer("q")))
    ids = page.all("id")
    assert len(ids) == len(set(ids))
    assert set(page.all("popovertarget")) <= set(ids)
    assert sum(tag == "button" and "aria-haspopup" in attributes for tag, attributes in page.tags) == 5


def test_cards_of_two_turns_do_not_share_ids(vault: Vault) -> None:
    first, second = (Reader(shown(vault, full_answer("q"), number=n)).all("id") for n in (1, 2))
    assert not set(first) & set(second)


def test_the_same_citation_twice_has_one_number(vault: Vault) -> None:
    numbered = cards(full_answer("q"), vault)
    assert [card.number for card in numbered] == [1, 2, 3, 4]
    assert [card.citation.paper_id for card in numbered] == ["toy-2022", "note-2022", "evil-2022", None]


def test_a_card_marks_the_quote_within_its_paragraph(vault: Vault) -> None:
    page = shown(vault, answer("q", Sentence("s", (citation(),), "supported")))
    assert Reader(page, "mark").text == QUOTE
    assert Reader(page, "blockquote").text == PARAGRAPH


def test_a_card_names_the_paper_its_place_and_its_links(vault: Vault) -> None:
    page = Reader(shown(vault, answer("q", Sentence("s", (citation(),), "supported"))))
    for word in ("Toy Models of Superposition", "Nelson Elhage, Tristan Hume", "2022", "Paper", "2 Background", "p. 4"):
        assert word in page.text
    assert page.all("href") == ["/source/toy-2022#page=4", "https://arxiv.org/abs/2209.10652"]


def test_a_note_is_called_one_and_has_no_pdf(vault: Vault) -> None:
    page = Reader(shown(vault, answer("q", Sentence("s", (citation("note-2022"),), "supported"))))
    assert "Our note, not the paper itself" in page.text
    assert not any(str(href).startswith("/source/") for href in page.all("href"))


def test_a_citation_without_quote_shows_the_cited_passage_unmarked(vault: Vault) -> None:
    page = shown(vault, answer("q", Sentence("s", (citation(quote=""),), "unsupported")))
    assert "No exact quote was found" in page
    assert PARAGRAPH in Reader(page, "blockquote").text
    assert "<mark>" not in page


@pytest.mark.parametrize("verdict", list(VERDICTS))
def test_a_verdict_is_said_in_words(vault: Vault, verdict: Any) -> None:
    cited = replace(citation(), verdict=verdict, reason="because")
    page = Reader(shown(vault, answer("q", Sentence("s", (cited,), verdict, "for a reason"))))
    assert f"{VERDICTS[verdict][1]}: because" in page.text
    assert (f"{VERDICTS[verdict][1]}: for a reason" in page.text) == (verdict != "supported")


def test_an_unknown_marker_has_a_card_that_says_so(vault: Vault) -> None:
    page = Reader(shown(vault, answer("q", Sentence("s", (UNKNOWN,), "unknown marker"))))
    assert "[p9] was not among the passages" in page.text


def test_an_abstention_looks_different_and_shows_what_was_nearest(vault: Vault) -> None:
    page = shown(vault, answer("q", reason="nothing is near"))
    assert "mv-abstained" in page and "mv-answer" not in page
    text = Reader(page).text
    assert "The vault has no answer" in text and "nothing is near" in text and "Toy Models" in text
    assert "<details" in page and " open>" in page


def test_notices_and_the_recipe_are_shown(vault: Vault) -> None:
    text = Reader(shown(vault, full_answer("q"))).text
    assert "the model was slow" in text
    assert "extractive · all-MiniLM-L6-v2 · 0.2 s · 1 of 4 sentences supported" in text


@pytest.mark.parametrize("url", ["https://arxiv.org/abs/1", "http://example.org", "HTTPS://example.org/a?b=c#d"])
def test_links_to_the_web_are_kept(url: str) -> None:
    assert safe_url(url) == url


@pytest.mark.parametrize(
    "url",
    [None, "", "javascript:alert(1)", "java\nscript:alert(1)", " https://x.org", "data:text/html,x", "file:///etc/passwd",
     "//x.org", "/source/x", "https://", "vbscript:x", "https://[", "https://x.org/\u202egpj"],
)  # fmt: skip
def test_other_links_are_not(url: str | None) -> None:
    assert safe_url(url) is None


def test_a_bad_address_or_arxiv_id_makes_no_link(vault: Vault) -> None:
    cited = replace(citation("note-2022"), arxiv_id='x" onclick="y', url="javascript:alert(1)")
    assert Reader(shown(vault, answer("q", Sentence("s", (cited,), "supported")))).all("href") == []


@given(
    st.text(alphabet="ab \n", max_size=80), st.text(alphabet="ab ", min_size=1), st.text(alphabet="ab \n", max_size=80)
)
def test_surroundings_are_a_stretch_of_the_page(head: str, quote: str, tail: str) -> None:
    text = head + quote + tail
    before, middle, after = surroundings(text, len(head), len(head) + len(quote), limit=20)
    assert middle == quote
    assert before.lstrip("…") + middle + after.rstrip("…") in text
    assert len(before) <= 21 and len(after) <= 21
    assert "\n\n" not in before and "\n\n" not in after


# --- turns ----------------------------------------------------------------------------------------------------------


def no_cards(answer: Answer) -> tuple[Card, ...]:  # noqa: ARG001
    return ()


def test_events_lead_a_turn_from_question_to_answer(vault: Vault) -> None:
    hits = next(event.hits for event in Answerer(vault)("q") if isinstance(event, Retrieved))
    turn = Turn(1, "q")
    assert "Searching" in turn_html(turn)
    turn = advance(turn, Retrieved(hits), no_cards)
    assert "Reading 3 passages" in turn_html(turn)
    for delta in ("<think>hm</think>One ", "two."):
        turn = advance(turn, Text(delta), no_cards)
    assert ">One two.</p>" in turn_html(turn) and "not checked yet" in turn_html(turn)
    turn = advance(turn, Done(full_answer("q")), lambda a: cards(a, vault))
    assert turn.ended and "One two." not in turn_html(turn)


def test_an_error_is_one_line_with_its_hint() -> None:
    page = Reader(turn_html(fail(Turn(1, "q"), IndexMissing("nothing is indexed", "run mivault sync"))))
    assert page.text.startswith("qnothing is indexed run mivault sync")


def test_an_unexpected_error_keeps_its_details_to_the_terminal() -> None:
    page = turn_html(fail(Turn(1, "q"), ValueError("secret")))
    assert "ValueError" in page and "secret" not in page and "Traceback" not in page


def test_stop_marks_what_runs_and_leaves_what_ended(vault: Vault) -> None:
    assert "Stopped." in turn_html(stop(Turn(1, "q")))
    done = Turn(1, "q", "done", answer=full_answer("q"), cards=cards(full_answer("q"), vault))
    assert stop(done) == done


# --- library --------------------------------------------------------------------------------------------------------


def test_the_status_line_counts_and_names_the_answerer() -> None:
    assert Reader(counts_html(entries(), "extractive")).text == "2 of 4 sources searchable, 1 failedAnswers: extractive"


def test_the_table_says_each_state_with_its_reason_and_escapes() -> None:
    page = Reader(library_html(entries()))
    for words in (
        "Searchable",
        "Failed",
        "no text layer",
        "Listed only",
        "only its page is listed",
        "arXiv:2209.10652",
    ):
        assert words in page.text
    assert "img" not in {tag for tag, _ in page.tags}
    assert "lists nothing yet" in library_html([])


def test_a_vault_that_cannot_be_read_just_now_is_one_line(site: httpx.Client) -> None:  # noqa: ARG001
    import gradio

    def status() -> list[EntryStatus]:
        raise ManifestError("vault.yaml, line 3: not a list", "mend it")

    seen, counts = Watch(gradio, status, lambda: None, "extractive").entries("old")
    assert "line 3: not a list" in counts and "mend it" in counts and seen == counts
    with gradio.Blocks():
        _, table, _ = LibraryTab(gradio, status, None).shown("old", "", "all", "", None)
    assert "line 3: not a list" in table


def test_progress_is_shown_while_it_runs_and_how_it_ended() -> None:
    running = progress_html(Progress("embedding", 3, 10, EVIL))
    assert 'max="10" value="3"' in running and "embedding 3 of 10" in running and "<img" not in running
    assert "no network" in progress_html(Progress("finished", message="no network", finished=True))
    assert progress_html(None) == ""
    assert "<progress" not in progress_html(Progress("starting"))


# --- background work ------------------------------------------------------------------------------------------------


@given(st.text() | st.just('{"done": -1}') | st.just('{"stage": 3, "total": "x"}') | st.just("[1]"))
def test_no_line_of_a_child_breaks_its_reader(line: str) -> None:
    after = read_line(line, Progress("before"))
    assert after.done >= 0 and after.total >= 0 and not after.finished


@contextlib.contextmanager
def sync(script: str, tmp_path: Path, said: list[str] | None = None) -> Iterator[SyncInBackground]:
    tell = None if said is None else said.append
    background = SyncInBackground(tmp_path, command=[sys.executable, "-c", script], on_finished=tell)
    assert background() is None
    background.start()
    try:
        yield background
    finally:
        background.stop()


def test_a_sync_tells_how_far_it_is_and_how_it_ended(tmp_path: Path) -> None:
    lines = '{"stage": "fetch", "done": 1, "total": 2}', '{"finished": true, "message": "no network"}'
    said: list[str] = []
    with sync(f"print({lines[0]!r}); print({lines[1]!r})", tmp_path, said) as background:
        assert background.wait(10)
        assert background() == Progress("finished", 1, 2, "no network", finished=True)
    assert said == ["no network"]


def test_a_second_sync_follows_the_first_with_all_that_was_asked_for(tmp_path: Path) -> None:
    told = "{'finished': True, 'message': ' '.join(sys.argv[1:]) or 'all'}"
    script = f"import json, sys, time; time.sleep(.3); print(json.dumps({told}))"
    said: list[str] = []
    with sync(script, tmp_path, said) as background:
        background.start(["b"])
        background.start(["a"])
        until(lambda: len(said) == 2)
        assert said == ["all", "a b"]
        background.start(["c"])
        until(lambda: len(said) == 3)
        assert said[2] == "c"


def test_a_sync_that_dies_says_why(tmp_path: Path) -> None:
    with sync("raise SystemExit('vault.yaml, line 3: not a list')", tmp_path) as background:
        assert background.wait(10)
        last = background()
    assert last is not None and last.finished
    assert "exit code 1" in last.message and "line 3" in last.message


def test_leaving_ends_a_running_sync(tmp_path: Path) -> None:
    with sync('import time; print(\'{"stage": "parse"}\', flush=True); time.sleep(60)', tmp_path) as background:
        until(lambda: background() == Progress("parse"))
    assert background.wait(5)
    assert (last := background()) is not None and last.finished


def test_items_of_a_thread_come_in_order() -> None:
    async def collect() -> list[int]:
        return [item async for item in in_thread(lambda: iter(range(100)), asyncio.Event())]

    assert asyncio.run(collect()) == list(range(100))


def test_an_error_in_the_thread_is_raised_here() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise IndexMissing("nothing is indexed")

    async def collect() -> list[int]:
        return [item async for item in in_thread(items, asyncio.Event())]

    with pytest.raises(IndexMissing):
        asyncio.run(collect())


def test_stop_ends_a_silent_thread_at_once_and_tells_it() -> None:
    silence, told = threading.Event(), threading.Event()

    def items() -> Iterator[int]:
        try:
            yield 1
            silence.wait(20)
            yield 2
            yield 3
        finally:
            told.set()

    async def collect() -> list[int]:
        stop_button = asyncio.Event()
        asyncio.get_running_loop().call_later(0.2, stop_button.set)
        return [item async for item in in_thread(items, stop_button)]

    start = time.monotonic()
    assert asyncio.run(collect()) == [1]
    assert time.monotonic() - start < 5
    silence.set()
    assert told.wait(5)


# --- routes ---------------------------------------------------------------------------------------------------------


def test_only_the_original_pdf_of_a_source_is_found(tmp_path: Path) -> None:
    vault = make_vault(tmp_path / "vault")
    assert local_pdf("toy-2022", vault) == vault.source("toy-2022") / "original.pdf"
    assert local_pdf("note-2022", vault) is None
    assert local_pdf("nobody", vault) is None
    (vault.source("evil-2022") / "original.pdf").write_bytes(b"<html><script>alert(1)</script>")
    assert local_pdf("evil-2022", vault) is None
    for name in ("../vault", "..", "a/b", ""):
        with pytest.raises(MivaultError):
            local_pdf(name, vault)


def test_a_link_out_of_the_vault_is_not_followed(tmp_path: Path) -> None:
    vault = make_vault(tmp_path / "vault")
    outside = tmp_path / "outside.pdf"
    outside.write_bytes(b"%PDF-1.4 private")
    file = vault.source("toy-2022") / "original.pdf"
    file.unlink()
    file.symlink_to(outside)
    assert local_pdf("toy-2022", vault) is None


def test_a_paper_cannot_name_a_file_elsewhere(tmp_path: Path) -> None:
    vault = make_vault(tmp_path / "vault")
    (tmp_path / "vault" / "private.pdf").write_bytes(b"%PDF-1.4 private")
    paper = vault.paper("toy-2022")
    assert paper is not None
    vault.write_paper(replace(paper, file="../../private.pdf"))
    assert local_pdf("toy-2022", vault) is None


@pytest.fixture(scope="module")
def url(vault: Vault) -> Iterator[str]:
    """The whole page, served on this machine."""
    from assistant.app.build import build_page, mount
    from assistant.app.server import make_app

    page = build_page(vault, events=Answerer(vault), status=entries, progress=lambda: None, answerer="extractive")
    with serve(mount(make_app(vault), page)) as address:
        yield address


@pytest.fixture(scope="module")
def site(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url) as client:
        yield client


def test_a_pdf_is_shown_in_the_browser_and_as_nothing_else(site: httpx.Client) -> None:
    answer = site.get("/source/toy-2022")
    assert answer.status_code == 200 and answer.content.startswith(b"%PDF-")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith("inline")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    ["/source/note-2022", "/source/nobody", "/source/toy-2022/pages.jsonl", "/source/..%2fvault.yaml", "/source/",
     "/source/%2e%2e/%2e%2e/vault.yaml", "/source/toy-2022%2f..%2f..%2fvault.yaml"],
)  # fmt: skip
def test_nothing_else_of_the_vault_is_served(site: httpx.Client, path: str) -> None:
    assert site.get(path).status_code == 404


def test_gradios_own_routes_reach_no_file_and_no_other_host(site: httpx.Client, vault: Vault) -> None:
    for path in (vault.manifest_path, vault.source("toy-2022") / "original.pdf", "https://example.org/x"):
        assert site.get(f"/gradio_api/file={path}").status_code == 404
        assert site.get(f"/gradio_api/proxy={path}").status_code == 404
    assert site.get("/monitoring").status_code == 404
    assert site.get("/gradio_api/runs").status_code == 404


def test_files_come_from_our_own_page_and_none_is_too_large(site: httpx.Client) -> None:
    own = {"origin": str(site.base_url).rstrip("/")}
    sent = site.post("/gradio_api/upload", files={"files": ("../../x.pdf", b"x")}, headers=own)
    assert sent.status_code == 200
    [kept] = sent.json()
    assert Path(kept).name == "x.pdf" and ".." not in kept
    assert site.get(f"/gradio_api/file={kept}").status_code == 404
    assert site.post("/gradio_api/upload", files={"files": b"x"}).status_code == 413
    foreign = {"origin": "https://evil.example"}
    assert site.post("/gradio_api/upload", files={"files": b"x"}, headers=foreign).status_code == 403
    assert site.post("/gradio_api/upload", content=iter([b"x"]), headers=own).status_code == 413
    assert not may_send({**own, "content-length": str(MOST_BYTES * 2)})
    assert not may_send({**own, "content-length": "-1"}) and not may_send({**own, "content-length": ""})


def test_a_foreign_page_is_refused(site: httpx.Client) -> None:
    assert site.get("/", headers={"host": "rebound.example:7860"}).status_code == 403
    assert site.get("/", headers={"host": "["}).status_code == 403
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1"):
        assert site.post("/gradio_api/queue/join", json={}, headers={"origin": origin}).status_code == 403
    assert site.get("/", headers={"origin": str(site.base_url).rstrip("/")}).status_code == 200


def test_the_page_may_reach_no_other_host(site: httpx.Client) -> None:
    answer = site.get("/")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'self' ") and "http" not in policy and "*" not in policy
    for outside in ("fonts.googleapis", "cdnjs", "jsdelivr", "unpkg", "api.gradio.app"):
        assert outside not in answer.text
    assert "http" not in site.get("/theme.css").text.replace("http://www.w3.org", "")


def test_gradio_is_told_not_to_call_home_and_to_record_nothing(site: httpx.Client) -> None:
    config = site.get("/config").json()
    assert config["footer_links"] == []
    assert config["analytics_enabled"] is False
    assert not config.get("stylesheets")


# --- Gradio, driven by its own client ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client(url: str) -> Any:
    """Opens a window."""
    from gradio_client import Client  # type: ignore[import-untyped]

    return lambda: Client(url, verbose=False, analytics_enabled=False)


def live(result: Any) -> str:
    """The turn that a question shows: the second output after the hidden state."""
    return next(str(value) for value in result if isinstance(value, str) and "mv-turn" in value)


def test_a_question_is_answered_in_steps(client: Any) -> None:
    job = client().submit("What is superposition?", api_name="/ask")
    assert "mv-marker" in live(job.result(timeout=20))
    steps = [live(step) for step in job.outputs()]
    assert "Searching" in steps[0] and any("Reading 3 passages" in step for step in steps)


def test_errors_reach_the_page_as_one_line(client: Any) -> None:
    session = client()
    assert "the model does not answer" in live(session.predict("broken", api_name="/ask"))
    page = live(session.predict("bug", api_name="/ask"))
    assert "ValueError" in page and "inner detail" not in page


def test_a_window_answers_one_question_at_a_time(client: Any) -> None:
    session = client()
    slow = session.submit("slow", api_name="/ask")
    until(lambda: len(slow.outputs()) > 1)
    assert not any("mv-turn" in str(value) for value in session.predict("weather", api_name="/ask"))
    slow.cancel()


def test_two_windows_do_not_see_each_other(client: Any) -> None:
    first, second = client(), client()
    first.predict("What is superposition?", api_name="/ask")
    assert 'id="mv-turn-1"' in live(second.predict("weather", api_name="/ask"))
    second_of_first = first.submit("weather", api_name="/ask")
    assert 'id="mv-turn-2"' in live(second_of_first.result(timeout=20))
    assert "What is superposition?" in str(second_of_first.outputs()[0])


# --- launch ---------------------------------------------------------------------------------------------------------


def test_a_busy_port_is_one_line_with_a_hint() -> None:
    with contextlib.closing(listen("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortBusy) as caught:
            listen("127.0.0.1", port)
    assert str(port) in caught.value.message and "--port" in caught.value.hint


@pytest.mark.parametrize(("host", "port"), [("0.0.0.0", 7860), ("192.168.0.1", 7860), ("127.0.0.1", 99999)])
def test_the_page_is_for_this_machine_only(host: str, port: int) -> None:
    with pytest.raises(UsageError):
        listen(host, port)


ENDLESS = """
import asyncio, fastapi, time, traceback
from fastapi.responses import StreamingResponse
from assistant.app.launch import listen, serve
app = fastapi.FastAPI()
def words():
    while True:
        yield b"word "
        time.sleep(0.1)
async def event():  # as Gradio runs the events of a page
    try:
        print("asked", flush=True)
        await asyncio.sleep(60)
    except BaseException:
        traceback.print_exc()
app.add_api_route("/", lambda: StreamingResponse(words()))
app.add_api_route("/event", event)
serve(app, listen("127.0.0.1", 0), on_ready=lambda url: print(url, flush=True))
print("ended")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
def test_ctrl_c_ends_it_at_once_and_silently_with_a_page_open_and_another_loading() -> None:
    root = Path(__file__).parents[1]
    child = subprocess.Popen(
        [sys.executable, "-c", ENDLESS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=root
    )
    try:
        assert child.stdout is not None
        port = int(child.stdout.readline().rsplit(":", 1)[1].strip("/\n"))
        reached = [socket.create_connection(("127.0.0.1", port)) for _ in range(2)]
        with reached[0] as page, reached[1] as loading:
            page.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert page.recv(100).startswith(b"HTTP/1.1 200")
            loading.sendall(b"GET /event HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert child.stdout.readline() == "asked\n"
            start = time.monotonic()
            child.send_signal(signal.SIGINT)
            said, complained = child.communicate(timeout=10)
        assert time.monotonic() - start < 3
    finally:
        child.kill()
    assert (child.returncode, said, complained) == (0, "ended\n", "")
