"""A page for several people: a reader asks and reads; the library and the evals are changed by the others alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any, cast

import httpx
import pytest
from readable_embedder import ReadableEmbedder
from served_vault import NarrowingSearch, served

from assistant.app.desk import Desk
from assistant.app.progress import SyncInBackground
from assistant.app.rooms import Rooms
from assistant.app.users import Users
from assistant.extract import ExtractiveDrafter
from assistant.records import Summary
from evals.for_page import PageRuns
from ingest.vault import Vault

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    users = Users(tmp_path_factory.mktemp("users") / "users")
    users.add("ada", PASSWORD)
    users.add("bob", PASSWORD, reader=True)

    def rooms(vault: Vault) -> Rooms:
        search: Any = NarrowingSearch(vault)
        desk = Desk(vault, SyncInBackground(vault.root), cast(Any, ReadableEmbedder()), cast(Any, nullcontext))
        runs = PageRuns(vault, search, ExtractiveDrafter())
        return Rooms(desk, search, lambda _: cast(Summary, None), runs, users.may_change)

    with served(tmp_path_factory.mktemp("page"), users=users, rooms=rooms) as address:
        yield address


def pressed(url: str, user: str, button: str, data: list[Any], *, queued: bool = True) -> str:
    """What the page's server says to a user's browser where it presses this button: all that is sent back."""
    with httpx.Client(base_url=url, auth=(user, PASSWORD), timeout=20) as client:
        config = client.get("/config").json()
        own = {one["id"] for one in config["components"] if one["props"].get("value") == button}
        event = next(
            one for one in config["dependencies"] if any(t[0] in own and t[1] == "click" for t in one["targets"])
        )
        sent = {"fn_index": event["id"], "data": data, "session_hash": f"{user}{button}", "event_data": None}
        if not queued:
            return client.post("/gradio_api/run/predict", json=sent).text
        assert client.post("/gradio_api/queue/join", json=sent).status_code == 200
        said = []
        with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": sent["session_hash"]}) as stream:
            for line in stream.iter_lines():
                said.append(line)
                if "process_completed" in line:
                    return "".join(said)
        return "".join(said)


@pytest.mark.parametrize(
    ("button", "data"),
    [("Add", ["no paper"]), ("Sync now", []), ("Add these", [[]]), ("Try again", ["sae"]), ("Remove it", ["sae"]),
     ("It is the right paper", ["sae"]), ("Look", [])],
)  # fmt: skip
def test_a_reader_changes_no_library(url: str, button: str, data: list[Any]) -> None:
    assert "you may ask and read here" in pressed(url, "bob", button, data)


def test_the_others_do(url: str) -> None:
    said = pressed(url, "ada", "Add", ["no paper"])
    assert "is no arXiv id" in said and "you may ask" not in said


def test_a_reader_runs_no_evals(url: str) -> None:
    assert "you may ask and read here" in pressed(url, "bob", "Run", [["starter"], [], 5], queued=False)
    assert "you may ask" not in pressed(url, "ada", "Run", [[], [], 5], queued=False)


def test_a_reader_still_asks(url: str) -> None:
    with httpx.Client(base_url=url, auth=("bob", PASSWORD), timeout=20) as client:
        begun = client.post("/gradio_api/call/v2/search_vault", json={"question": "What is superposition?"})
        told = client.get(f"/gradio_api/call/search_vault/{begun.json()['event_id']}").text
    assert "more features than a layer has dimensions" in json.loads(told.partition("data: ")[2])[0][0]["text"]
