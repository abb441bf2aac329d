"""The whole page over a small vault that answers, served on this machine: for its API, its MCP tools, its users."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

from answering_vault import SmallSearch, answering_vault
from page_fakes import serve

from assistant.app.asking import ask_within
from assistant.app.auth import Sessions
from assistant.app.build import build_page, mount
from assistant.app.lanes import Lane
from assistant.app.programs import functions, mcp_server
from assistant.app.rooms import Rooms
from assistant.app.server import Reach, make_app
from assistant.app.users import Users
from assistant.ask import Searcher
from assistant.draft import Drafter
from assistant.extract import ExtractiveDrafter
from assistant.records import Draft
from assistant.tools import Tools
from index.filters import Filter
from index.records import Hit
from ingest.errors import UsageError
from ingest.vault import Vault


class NarrowingSearch(SmallSearch):
    """The small search, which can be told what to look at."""

    def within(self, where: Filter) -> Searcher:
        narrowed = SmallSearch.__new__(SmallSearch)
        narrowed.embedder, narrowed.words = self.embedder, self.words
        narrowed.rows = [(p, paper) for p, paper in self.rows if paper and where.keeps(paper, p, str.split)]
        if not narrowed.rows:
            raise UsageError(f"nothing that can be searched is called {where.papers}", "mivault status")
        return narrowed


class SlowDrafter:
    """A language model that says nothing until it is let go."""

    name = "slow"

    def __init__(self) -> None:
        self.asked, self.go = threading.Event(), threading.Event()

    def draft(self, question: str, hits: Sequence[Hit], *, on_text: Callable[[str], None] | None = None) -> Draft:
        self.asked.set()
        self.go.wait(20)
        return ExtractiveDrafter().draft(question, hits, on_text=on_text)


def tools_over(vault: Vault, drafter: Drafter | None = None) -> Tools:
    extractive = ExtractiveDrafter()
    return Tools(vault, NarrowingSearch(vault), drafter or extractive, extractive)


@contextlib.contextmanager
def served(
    root: Path,
    *,
    drafter: Drafter | None = None,
    users: Users | None = None,
    mcp: bool = False,
    reach: Reach = Reach(),
    rooms: Callable[[Vault], Rooms] | None = None,
) -> Iterator[str]:
    """The page's address. One question and one search run at a time."""
    vault = answering_vault(root)
    search, drafter = NarrowingSearch(vault), drafter or ExtractiveDrafter()
    events = partial(ask_within, search=cast(Any, search), vault=vault, drafter=drafter)
    answers, searches = Lane(1, 3), Lane(1, 20)
    programs = functions(tools_over(vault, drafter), searches, answers)
    page = build_page(
        vault,
        events=lambda question, **options: answers.through(functools.partial(events, question, **options)),
        status=lambda: [],
        progress=lambda: None,
        answerer="extractive",
        programs=programs,
        rooms=rooms(vault) if rooms else None,
        signed_in=users is not None,
    )
    sessions = Sessions(users) if users else None
    app = make_app(vault, reach=reach, sessions=sessions, mcp=mcp_server(programs) if mcp else None)
    with serve(mount(app, page, signed_in=users is not None)) as address:
        yield address
