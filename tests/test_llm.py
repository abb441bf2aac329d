from __future__ import annotations

import socket
import time

import pytest
from loopback_model import LoopbackModel, Reply, Request

from assistant.errors import ModelError
from assistant.llm import AGAIN_SECONDS, ChatModel, ModelSettings
from assistant.models import overview, settings_of, to_text
from assistant.providers import Price
from assistant.records import Usage
from ingest.errors import UsageError


def said(server: LoopbackModel, *, timeout: float = 5.0, model: str = "tiny", key: str = "", naps: list[float]) -> str:
    settings = ModelSettings(model, base_url=server.base_url, api_key=key, timeout_seconds=timeout)
    return "".join(ChatModel(settings, sleep=naps.append).stream("be brief", "what is it?"))


def failure(reply: Reply, *, timeout: float = 5.0) -> ModelError:
    with LoopbackModel(lambda _: reply) as server, pytest.raises(ModelError) as raised:
        said(server, timeout=timeout, naps=[])
    assert "\n" not in str(raised.value) and raised.value.hint
    return raised.value


def test_streams_the_answer_in_pieces() -> None:
    with LoopbackModel(lambda _: "One thing. [p1] Another. [p2]") as server:
        pieces = list(ChatModel(ModelSettings("tiny", base_url=server.base_url)).stream("be brief", "what?"))
    assert "".join(pieces) == "One thing. [p1] Another. [p2]" and len(pieces) > 3
    assert [m["role"] for m in server.requests[0]["messages"]] == ["system", "user"]


def test_an_openai_key_of_the_environment_goes_to_no_other_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-private")
    monkeypatch.setenv("OPENAI_API_BASE", "http://127.0.0.1:9/v1")
    with LoopbackModel(lambda _: "Fine.") as server:
        assert said(server, naps=[]) == "Fine."
    assert server.keys == ["none"]


def test_a_wrong_key_is_named_and_the_right_one_sent() -> None:
    with LoopbackModel(lambda _: "Fine.", key="right") as server:
        with pytest.raises(ModelError, match=r"refused the key \(401\).*MIVAULT_API_KEY"):
            said(server, key="wrong", naps=[])
        assert said(server, key="right", naps=[]) == "Fine."


def test_an_unknown_model_is_named_with_what_the_server_offers() -> None:
    with (
        LoopbackModel(lambda _: "Fine.", models=("small", "large")) as server,
        pytest.raises(ModelError, match=r"does not know the model 'tiny'.*large, small"),
    ):
        said(server, naps=[])


def test_waits_as_long_as_the_server_asks_and_tries_once_more() -> None:
    naps: list[float] = []

    def script(_: Request) -> str | Reply:
        return Reply("slow down", status=429, headers={"Retry-After": "2"}) if not naps else "Now."

    with LoopbackModel(script) as server:
        assert said(server, naps=naps) == "Now."
    assert naps == [2.0] and len(server.requests) == 2


def test_does_not_wait_for_minutes() -> None:
    naps: list[float] = []
    with (
        LoopbackModel(lambda _: Reply("quota", status=429, headers={"Retry-After": "600"})) as server,
        pytest.raises(ModelError, match="429") as raised,
    ):
        said(server, naps=naps)
    assert naps == [] and raised.value.temporary and len(server.requests) == 1


def test_a_failing_server_is_one_line_with_its_message() -> None:
    error = failure(Reply("CUDA\nout of\nmemory", status=500))
    assert "(500)" in str(error) and "CUDA out of memory" in str(error) and error.temporary


def test_a_stream_that_breaks_off_is_no_answer() -> None:
    assert "broke off" in str(failure(Reply("one two three four five six", fault="broken")))


def test_an_error_in_the_middle_of_a_stream_is_no_answer() -> None:
    assert "out of memory" in str(failure(Reply("one two three four", fault="error event")))


def test_silence_ends_after_the_timeout() -> None:
    started = time.monotonic()
    error = failure(Reply("one two three four", fault="silent"), timeout=0.5)
    assert "silent for 0.5 s" in str(error) and time.monotonic() - started < 4


def test_a_server_that_is_none_is_named() -> None:
    for fault in ("garbage", "html"):
        assert "/v1" in failure(Reply("", fault=fault)).hint


def test_a_refused_connection_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    settings = ModelSettings("tiny", base_url=f"http://127.0.0.1:{port}/v1", timeout_seconds=2)
    with pytest.raises(ModelError, match=f"no language model answers at http://127.0.0.1:{port}/v1") as raised:
        list(ChatModel(settings).stream("be brief", "what?"))
    assert raised.value.temporary


def test_a_server_that_does_not_stream_is_read_in_one_piece() -> None:
    with LoopbackModel(lambda _: Reply("Superposition is a thing.", fault="whole")) as server:
        assert said(server, naps=[]) == "Superposition is a thing."
    with LoopbackModel(lambda _: Reply("", fault="whole")) as server, pytest.raises(ModelError, match="with nothing"):
        said(server, naps=[])


def test_a_model_that_never_stops_is_cut() -> None:
    with LoopbackModel(lambda _: "again and again " * 4000) as server:
        assert len(said(server, naps=[])) < 21_000


# --- Anthropic's own protocol, and Ollama ----------------------------------------------------------------------------


def claude(server: LoopbackModel, *, key: str = "right", timeout: float = 5.0, price: Price | None = None) -> ChatModel:
    address = server.base_url.removesuffix("/v1")
    settings = ModelSettings("tiny", address, key, timeout, provider="anthropic", price=price)
    return ChatModel(settings, sleep=lambda _: None)


def whole(model: ChatModel) -> tuple[str, Usage]:
    said, pieces = "", model.stream("be brief", "what is it?")
    while True:
        try:
            said += next(pieces)
        except StopIteration as end:
            return said, end.value


def test_anthropic_streams_and_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "private")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-private")
    with LoopbackModel(lambda _: "One thing. [p1] Another. [p2]", key="right") as server:
        said, usage = whole(claude(server, price=Price(3, 15, "USD")))
    assert said == "One thing. [p1] Another. [p2]" and server.requests[0]["system"] and server.keys == ["right"]
    assert (usage.tokens_read, usage.tokens_written, usage.requests) == (40, 7, 1)
    assert usage.cost == pytest.approx((40 * 3 + 7 * 15) / 1e6) and usage.currency == "USD"


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Reply("bad key", status=401), r"refused the key \(401\)"),
        (Reply("no such model", status=404), r"does not know the model 'tiny' \(404\).*it offers: tiny"),
        (Reply("slow down", status=429), r"allows no more requests now \(429\)"),
        (Reply("overloaded", status=529), r"busy"),
        (Reply("oops", status=500), r"failed \(500\): .*oops"),
        (Reply("one two three four", fault="broken"), "broke off"),
        (Reply("one two three four", fault="error event"), "out of memory"),
        (Reply("one two three four", fault="silent"), r"silent for 0\.5 s"),
        (Reply("", fault="html"), "answered with nothing|cannot be read"),
    ],
)
def test_anthropics_faults_are_named(reply: Reply, says: str) -> None:
    with LoopbackModel(lambda _: reply) as server, pytest.raises(ModelError, match=says) as raised:
        whole(claude(server, timeout=0.5))
    assert "\n" not in str(raised.value) and raised.value.hint


def test_openai_counts_tokens_and_costs_only_what_was_priced() -> None:
    with LoopbackModel(lambda _: "One. [p1]") as server:
        free = whole(ChatModel(ModelSettings("tiny", server.base_url)))[1]
        paid = whole(ChatModel(ModelSettings("tiny", server.base_url, price=Price(1, 2))))[1]
    assert free.tokens == 47 and free.cost is None and paid.cost == pytest.approx(54 / 1e6)


def test_a_server_that_cannot_count_tokens_answers_all_the_same() -> None:
    with LoopbackModel(lambda _: "One. [p1]", counts_tokens=False) as server:
        said, usage = whole(ChatModel(ModelSettings("tiny", server.base_url), sleep=lambda _: None))
    assert said == "One. [p1]" and usage.tokens_read == 40 and "stream_options" not in server.requests[-1]


def test_a_server_that_failed_once_is_asked_once_more() -> None:
    replies: list[str | Reply] = [Reply("oops", status=500), "Now."]
    naps: list[float] = []
    with LoopbackModel(lambda _: replies.pop(0)) as server:
        assert said(server, naps=naps) == "Now." and naps == [AGAIN_SECONDS]


def test_what_is_there_is_found_and_tried() -> None:
    with LoopbackModel(lambda _: "ready", models=("llama3.1", "tiny")) as server:
        settings = settings_of("tiny", provider="ollama", base_url=server.base_url, price="3/15 USD")
        assert settings and settings.price == Price(3, 15, "USD")
        seen = overview(settings, ["anthropic"], ollama=server.base_url)
        unset = overview(None, [], ollama=server.base_url)
        broken = overview(settings_of("huge", base_url=server.base_url), [], ollama="http://127.0.0.1:9/v1")
    assert seen.tried and seen.tried.answers and seen.tried.tokens == 47 and "for every role" in seen.used
    assert [f.provider for f in seen.found] == ["anthropic"] and len(server.requests) == 2
    assert unset.tried is None and unset.found[0].models == ("llama3.1", "tiny")
    assert "MIVAULT_PROVIDER=ollama MIVAULT_MODEL=llama3.1" in to_text(unset) and "own sentences" in unset.used
    assert broken.tried and "llama3.1, tiny" in broken.tried.error and "own sentences, until" in to_text(broken)


def test_settings_that_are_none_are_named() -> None:
    with pytest.raises(UsageError, match="MIVAULT_PROVIDER"):
        settings_of("tiny", provider="skynet")
    with pytest.raises(UsageError, match="MIVAULT_PRICE"):
        settings_of("tiny", price="cheap")
    assert settings_of("") is None
