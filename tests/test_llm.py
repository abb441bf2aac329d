from __future__ import annotations

import socket
import time

import pytest
from loopback_model import LoopbackModel, Reply, Request

from assistant.errors import ModelError
from assistant.llm import ChatModel, ModelSettings


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


def test_a_model_that_never_stops_is_cut() -> None:
    with LoopbackModel(lambda _: "again and again " * 4000) as server:
        assert len(said(server, naps=[])) < 21_000
