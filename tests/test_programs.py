"""The vault's functions for programs: as they are, over Gradio's API with its own client, over MCP with the official
client; always over real HTTP on this machine."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from answering_vault import IOI_PAGES, SAE_PAGES, answering_vault
from served_vault import SlowDrafter, served, tools_over

from assistant.tools import Tools
from ingest.errors import UsageError

NAMES = {"search_vault", "ask_vault", "get_passage", "locate_quote", "check_claim", "summarize_paper"}
QUOTE = "Dead latents appear because some encoder directions never activate."


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Tools:
    return tools_over(answering_vault(tmp_path_factory.mktemp("vault")))


def test_search_finds_passages_and_can_be_narrowed(tools: Tools) -> None:
    found = tools.search_vault("What is superposition?", k=3)
    assert len(found) == 3 and found[0].text and found[0].score is not None and found[0].passage_id
    assert {hit.paper_id for hit in tools.search_vault("heads", papers=["2211.00593"])} <= {"ioi", "note-ioi"}
    assert {hit.kind for hit in tools.search_vault("superposition", kinds=["glossary"])} == {"glossary"}


@pytest.mark.parametrize("k", [0, 51, -1])
def test_search_gives_no_more_than_it_should(tools: Tools, k: int) -> None:
    with pytest.raises(UsageError):
        tools.search_vault("superposition", k=k)


def test_a_passage_is_had_by_its_id(tools: Tools) -> None:
    hit = tools.search_vault("attention heads", k=1)[0]
    passage = tools.get_passage(hit.passage_id)
    assert (passage.text, passage.paper_id, passage.score) == (hit.text, hit.paper_id, None)
    for nothing in ("", "no", "../vault"):
        with pytest.raises(UsageError):
            tools.get_passage(nothing)


def test_a_quote_is_found_on_its_page_and_nowhere_else(tools: Tools) -> None:
    for paper in ("sae", "2309.08600", ""):
        found = tools.locate_quote(QUOTE.upper(), paper)
        assert [(place.paper_id, place.page, place.quote) for place in found.places] == [("sae", 2, QUOTE)]
    nowhere = tools.locate_quote("this sentence stands nowhere at all", "sae")
    assert not nowhere.found and nowhere.looked_in == ("sae",)
    with pytest.raises(UsageError):
        tools.locate_quote("a b", "sae")


def test_a_claim_is_held_against_the_nearest_passages(tools: Tools) -> None:
    true = tools.check_claim(QUOTE)
    assert true.verdict == "supported" and true.citations[0].quote == QUOTE
    wrong = tools.check_claim("The circuit has 29 attention heads in seven classes.")
    assert wrong.verdict != "supported"
    assert 1 <= len(wrong.citations) <= 5


def test_an_answer_has_checked_citations_and_an_abstention_a_reason(tools: Tools) -> None:
    answer = tools.ask_vault("What is superposition?")
    assert answer.sentences and all(s.citations for s in answer.sentences)
    assert tools.ask_vault("When was the Battle of Hastings?").reason


def test_a_summary_is_of_the_vaults_papers_alone(tools: Tools, tmp_path: Path) -> None:
    assert tools.summarize_paper("sae").title == "Sparse Autoencoders Find Features"
    outside = tmp_path / "private.pdf"
    outside.write_bytes(b"%PDF-1.4")
    for name in (str(outside), "../sae", "nobody"):
        with pytest.raises(UsageError):
            tools.summarize_paper(name)


# --- Gradio's API ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("page"), mcp=True) as address:
        yield address


def client(url: str) -> Any:
    from gradio_client import Client  # type: ignore[import-untyped]

    return Client(url, verbose=False, analytics_enabled=False)


def test_the_api_names_the_functions_with_what_they_take(url: str) -> None:
    api = client(url).view_api(return_format="dict")["named_endpoints"]
    assert {f"/{name}" for name in NAMES} <= set(api)
    (question, k, *_) = api["/search_vault"]["parameters"]
    assert (question["parameter_name"], question["parameter_has_default"]) == ("question", False)
    assert (k["parameter_name"], k["parameter_default"], k["type"]["type"]) == ("k", 8, "integer")
    assert "nearest to a question" in json.dumps(api["/search_vault"])


def test_each_function_answers_over_the_api(url: str) -> None:
    session = client(url)
    found = session.predict("What is superposition?", api_name="/search_vault")
    passage = session.predict(found[0]["passage_id"], api_name="/get_passage")
    assert passage["text"] == found[0]["text"]
    assert session.predict("What is superposition?", api_name="/ask_vault")["sentences"][0]["citations"]
    assert session.predict(QUOTE, "sae", api_name="/locate_quote")["places"][0]["page"] == 2
    assert session.predict(QUOTE, api_name="/check_claim")["verdict"] == "supported"
    assert session.predict("sae", api_name="/summarize_paper")["paper_id"] == "sae"


def test_an_error_of_ours_is_told_and_another_is_not(url: str) -> None:
    with pytest.raises(Exception, match="there is no passage"):
        client(url).predict("nothing", api_name="/get_passage")
    with pytest.raises(Exception) as caught:
        client(url).predict({"no": "text"}, api_name="/get_passage")
    assert "Traceback" not in str(caught.value) and "assistant/" not in str(caught.value)


def test_the_api_can_be_asked_with_nothing_but_http(url: str) -> None:
    begun = httpx.post(f"{url}gradio_api/call/v2/search_vault", json={"question": "superposition", "k": 2})
    assert begun.status_code == 200
    told = httpx.get(f"{url}gradio_api/call/search_vault/{begun.json()['event_id']}", timeout=20).text
    data = next(line for line in told.splitlines() if line.startswith("data: "))
    assert "event: complete" in told and len(json.loads(data.removeprefix("data: "))[0]) == 2


def test_a_call_leaves_no_browser_session_behind(url: str) -> None:
    from gradio.state_holder import SessionState

    def sessions() -> int:
        return sum(isinstance(one, SessionState) for one in gc.get_objects())

    test_the_api_can_be_asked_with_nothing_but_http(url)
    gc.collect()
    before = sessions()
    for _ in range(5):
        test_the_api_can_be_asked_with_nothing_but_http(url)
    gc.collect()
    assert sessions() <= before + 1  # the last one may still be in use


# --- MCP ------------------------------------------------------------------------------------------------------------


def test_the_official_client_finds_and_calls_every_tool(url: str) -> None:
    async def visit() -> None:
        from mcp.client import Client

        async with Client(f"{url}mcp") as session:
            listed = {tool.name: tool for tool in (await session.list_tools()).tools}
            assert set(listed) == NAMES
            assert listed["search_vault"].input_schema["required"] == ["question"]
            assert listed["get_passage"].output_schema and listed["get_passage"].output_schema["properties"]["text"]

            async def call(name: str, **arguments: object) -> Any:
                result = await session.call_tool(name, arguments)
                assert not result.is_error, result.content
                return result.structured_content

            found = (await call("search_vault", question="What is superposition?", k=2))["result"]
            passage = await call("get_passage", passage_id=found[0]["passage_id"])
            assert passage["text"] == found[0]["text"]
            answer = await call("ask_vault", question="What is superposition?", use_model=False)
            assert answer["sentences"][0]["citations"][0]["quote"] in " ".join(SAE_PAGES)
            assert (await call("locate_quote", quote=QUOTE))["places"][0]["locator"] == "p. 2"
            assert (await call("check_claim", claim=QUOTE, paper="sae"))["verdict"] == "supported"
            assert (await call("summarize_paper", paper="ioi"))["parts"]

            wrong = await session.call_tool("get_passage", {"passage_id": "nothing"})
            assert wrong.is_error and "there is no passage 'nothing'" in wrong.content[0].text
            wrong = await session.call_tool("search_vault", {"k": "many"})
            assert wrong.is_error and "Traceback" not in str(wrong.content)

    asyncio.run(visit())
    assert IOI_PAGES


@pytest.mark.parametrize("headers", [{"host": "rebound.example"}, {"origin": "https://evil.example"}])
def test_a_foreign_page_cannot_call_a_tool(url: str, headers: dict[str, str]) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    accept = {"accept": "application/json, text/event-stream"}
    assert httpx.post(f"{url}mcp", json=body, headers=accept).status_code == 200
    assert httpx.post(f"{url}mcp", json=body, headers=accept | headers).status_code == 403


def test_without_mcp_there_is_no_mcp(tmp_path: Path) -> None:
    with served(tmp_path / "vault") as address:
        assert httpx.post(f"{address}mcp", json={}).status_code == 404


# --- lanes ----------------------------------------------------------------------------------------------------------


def test_a_slow_model_holds_up_neither_search_nor_extractive_answers_and_the_line_is_told(tmp_path: Path) -> None:
    slow = SlowDrafter()
    with served(tmp_path / "vault", drafter=slow, mcp=True) as address:
        session = client(address)
        first = session.submit("What is superposition?", api_name="/ask")
        assert slow.asked.wait(10)
        second = client(address).submit("What is a circuit?", api_name="/ask")
        other = client(address)
        assert other.predict("superposition", api_name="/search_vault")
        assert other.predict("What is superposition?", use_model=False, api_name="/ask_vault")["sentences"]
        assert not first.done() and not second.done()
        _until_said(second, "0 before it in the line")
        slow.go.set()
        assert "mv-marker" in str(first.result(timeout=20)) and "mv-turn" in str(second.result(timeout=20))


def test_a_full_line_says_so(tmp_path: Path) -> None:
    slow = SlowDrafter()
    with served(tmp_path / "vault", drafter=slow) as address:
        waiting = [client(address).submit("What is superposition?", api_name="/ask") for _ in range(4)]
        _until_said(waiting[-1], "before it in the line")
        with pytest.raises(Exception, match="3 questions are waiting already"):
            client(address).predict("What is superposition?", api_name="/ask_vault")
        slow.go.set()
        for job in waiting:
            job.result(timeout=20)


def _until_said(job: Any, words: str) -> None:
    from page_fakes import until

    until(lambda: any(words in str(step) for step in job.outputs()))
