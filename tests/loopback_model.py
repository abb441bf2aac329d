"""A language model's server on 127.0.0.1, speaking OpenAI's protocol (as Ollama does) and Anthropic's over real HTTP; a
test scripts what it says.

    with LoopbackModel(lambda request: "Superposition is a thing. [p1]") as server:
        ChatModel(ModelSettings("tiny", base_url=server.base_url))

The script gets the request as sent (`messages`, `model`, ...) and returns the answer's text, or a Reply gone wrong.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal

Request = Mapping[str, Any]
Fault = Literal["none", "broken", "silent", "garbage", "html", "error event", "whole"]


@dataclass(frozen=True)
class Reply:
    """What the server answers. With `status` other than 200 `text` is the error's message. `fault`: "broken" hangs up
    after half of the text, "silent" says half and then nothing more, "garbage" sends events that are no JSON, "html" a
    web page, "error event" an error in the middle of the stream, "whole" one JSON where a stream was asked for."""

    text: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Fault = "none"


class LoopbackModel:
    """Serves /v1/models, /v1/chat/completions (plain and streamed) and /v1/messages (streamed) while the `with` block
    lasts. Where `counts_tokens` is false, a request for token counts is refused, as old servers do. An event of a
    stream holds so many `words`."""

    def __init__(
        self, script: Callable[[Request], str | Reply], *, models: tuple[str, ...] = ("tiny",), key: str = "",
        counts_tokens: bool = True, words: int = 1,
    ) -> None:  # fmt: skip
        self.script = script
        self.models = models
        self.counts_tokens = counts_tokens
        self.piece = re.compile(rf"(?:\S+\s*){{1,{words}}}")
        self.key = key  # where set, other keys are refused with 401
        self.requests: list[Request] = []
        self.keys: list[str] = []
        self.closing = threading.Event()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> LoopbackModel:
        handler = type("Bound", (_Handler,), {"model": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    model: LoopbackModel

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "test"} for name in self.model.models]
        self._send(200, json.dumps({"object": "list", "data": data}))

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.model.requests.append(request)
        key = self.headers.get("x-api-key") or self.headers.get("Authorization", "").removeprefix("Bearer ")
        self.model.keys.append(key)
        reply = self._reply(request)
        self.anthropic = self.path.endswith("/messages")
        if reply.status != 200:
            self._send(reply.status, json.dumps({"error": {"message": reply.text}}), headers=reply.headers)
        elif reply.fault == "html":
            self._send(200, "<html><body>It works!</body></html>", kind="text/html")
        elif request.get("stream") and reply.fault != "whole":
            self._stream(reply)
        else:
            choice = {"index": 0, "message": {"role": "assistant", "content": reply.text}, "finish_reason": "stop"}
            body = {"id": "1", "object": "chat.completion", "created": 0, "model": "tiny", "choices": [choice]}
            self._send(200, json.dumps(body))

    def _reply(self, request: Request) -> Reply:
        if self.model.key and self.model.keys[-1] != self.model.key:
            return Reply("bad key", status=401)
        if request["model"] not in self.model.models:
            return Reply(f"model {request['model']!r} not found", status=404)
        if "stream_options" in request and not self.model.counts_tokens:
            return Reply("unknown field stream_options", status=400)
        said = self.model.script(request)
        return Reply(said) if isinstance(said, str) else said

    def _send(
        self, status: int, body: str, *, kind: str = "application/json", headers: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body.encode())), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def _stream(self, reply: Reply) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        if reply.fault == "broken":  # more is promised than will come
            self.send_header("Content-Length", "100000")
        self.end_headers()
        for event in self._anthropic_events(reply) if self.anthropic else self._events(reply):
            self.wfile.write(f"{event}\n\n".encode() if self.anthropic else f"data: {event}\n\n".encode())
            self.wfile.flush()
        if reply.fault == "silent":
            self.model.closing.wait(30)

    def _anthropic_events(self, reply: Reply) -> Iterator[str]:
        message: dict[str, Any] = {"id": "m", "type": "message", "role": "assistant", "model": "tiny", "content": []}
        message |= {"stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 40, "output_tokens": 1}}
        yield _named("message_start", message=message)
        yield _named("content_block_start", index=0, content_block={"type": "text", "text": ""})
        for piece in _pieces(reply, self.model.piece):
            yield _named("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
        if reply.fault == "garbage":
            yield "event: content_block_delta\ndata: {not json"
        elif reply.fault == "error event":
            yield _named("error", error={"type": "overloaded_error", "message": "out of memory"})
        elif reply.fault == "none":
            yield _named("content_block_stop", index=0)
            yield _named("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None},
                         usage={"output_tokens": 7})  # fmt: skip
            yield _named("message_stop")

    def _events(self, reply: Reply) -> Iterator[str]:
        for piece in _pieces(reply, self.model.piece):
            yield _event({"content": piece}, None)
        if reply.fault == "garbage":
            yield "{not json"
        elif reply.fault == "error event":
            yield json.dumps({"error": {"message": "out of memory"}})
        elif reply.fault == "none":
            yield _event({}, "stop")
            usage = {"prompt_tokens": 40, "completion_tokens": 7, "total_tokens": 47}
            yield json.dumps({**json.loads(_event({}, None)), "choices": [], "usage": usage})
            yield "[DONE]"


def _event(delta: dict[str, str], finish: str | None) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return json.dumps(
        {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "tiny", "choices": [choice]}
    )


def _pieces(reply: Reply, piece: re.Pattern[str]) -> list[str]:
    pieces = piece.findall(reply.text)
    return pieces[: len(pieces) // 2] if reply.fault in ("broken", "silent", "error event") else pieces


def _named(kind: str, **data: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}"
