"""A small vault and an answerer that says what it is told: what the page's tests show."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import uvicorn

from assistant.app.asking import EVERYTHING
from assistant.app.launch import address, listen
from assistant.ask import Done, Event, Retrieved, Text
from assistant.errors import ModelError
from assistant.records import Answer, Citation, Nearest, Recipe, Sentence
from index.filters import Filter
from index.records import Hit
from index.status import EntryStatus
from ingest.records import Page, Paper, PaperKind, Passage, Span
from ingest.vault import Vault

QUOTE = "models represent more features than they have dimensions"
PARAGRAPH = f"We study toy models. Superposition means that {QUOTE}, at the cost of interference."
TEXT = f"2 Background\n\n{PARAGRAPH}\n\nAnother paragraph."
# Every way in that we know of: tags, attributes, both template languages of gr.HTML, a turned writing direction.
EVIL = "<img src=x onerror=\"document.title='owned'\"> ${document.title='owned'} {{value}} \u202e'\"></mark>&lt;b&gt;"
RECIPE = Recipe(vault_lock="abc", embedding_model="all-MiniLM-L6-v2", chat_model="extractive", prompts="")
TITLES: dict[str, tuple[str, PaperKind]] = {
    "toy-2022": ("Toy Models of Superposition", "paper"),
    "note-2022": ("Our note on toy models", "note"),
    "evil-2022": (EVIL, "paper"),
}


def make_vault(root: Path) -> Vault:
    """Three sources of one page each: a paper, a note, and a paper whose title attacks the page."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "vault.yaml").write_text("name: test\n", encoding="utf-8")
    vault = Vault.open(root)
    for paper_id, (title, kind) in TITLES.items():
        file = "original.pdf" if kind == "paper" else "original.md"
        paper = Paper(paper_id, kind, title, ("Nelson Elhage", "Tristan Hume"), 2022, "2209.10652", file=file)
        passage = Passage(
            f"{paper_id}-p", paper_id, 0, ("2 Background",), "p. 4", "p. 4", TEXT, (Span(4, 0, len(TEXT)),)
        )
        vault.write_paper(paper)
        vault.write_pages(paper_id, [Page(paper_id, 4, "p. 4", TEXT)])
        vault.write_passages(paper_id, [passage])
        (vault.source(paper_id) / file).write_bytes(b"%PDF-1.4\n%%EOF\n" if kind == "paper" else b"# A note\n")
    return vault


def citation(paper_id: str = "toy-2022", *, title: str = "", quote: str = QUOTE, reason: str = "exact") -> Citation:
    """A citation of one of the vault's sources."""
    name, kind = TITLES[paper_id]
    return Citation(
        key="p1",
        passage_id=f"{paper_id}-p",
        paper_id=paper_id,
        arxiv_id="2209.10652",
        title=title or name,
        locator="p. 4",
        page=4,
        quote=quote,
        verdict="supported" if quote else "unsupported",
        reason=reason,
        kind=kind,
        authors=("Nelson Elhage", "Tristan Hume"),
        year=2022,
        section="2 Background",
    )


UNKNOWN = Citation("p9", None, None, None, "", "", None, "", "unknown marker", "[p9] was not among the passages")


def answer(question: str, *sentences: Sentence, reason: str = "", notices: tuple[str, ...] = ()) -> Answer:
    """An answer of these sentences; without any, an abstention."""
    near = Nearest("x", "toy-2022", None, "Toy Models of Superposition", "2 Background", "p. 4", TEXT, 0.4, "meaning")
    return Answer(question, sentences, not sentences, reason, (near,), RECIPE, notices, 0.25)


def full_answer(question: str) -> Answer:
    """A sentence for every verdict."""
    return answer(
        question,
        Sentence(f"Superposition means that {QUOTE}.", (citation(),), "supported"),
        Sentence("The cost is interference.", (citation("note-2022"), citation()), "partly", "a number is missing"),
        Sentence(f"An attack: {EVIL}", (citation("evil-2022", quote=""), UNKNOWN), "unsupported", "nothing says this"),
        Sentence("A thought of its own.", (), "uncited", "it names no passage"),
        notices=("the model was slow",),
    )


class Answerer:
    """Events by what is asked: "slow" writes for seconds, "weather" has no answer, "broken" and "bug" raise."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self.asked: list[tuple[str, tuple[str, ...], Filter]] = []
        self._hits = tuple(Hit(vault.passages(i)[0], paper, 0.9) for i in TITLES if (paper := vault.paper(i)))

    def __call__(self, question: str, *, history: Sequence[str] = (), where: Filter = EVERYTHING) -> Iterator[Event]:
        self.asked.append((question, tuple(history), where))
        if "broken" in question:
            raise ModelError("the model does not answer", "start it")
        if "bug" in question:
            raise ValueError("an inner detail")
        yield Retrieved(self._hits)
        if "weather" in question:
            yield Done(answer(question, reason="no passage is about the weather"))
            return
        for _ in range(200 if "slow" in question else 3):
            yield Text("More features than dimensions [p1]. ")
            time.sleep(0.05 if "slow" in question else 0)
        yield Done(full_answer(question))


def entries() -> list[EntryStatus]:
    """A searchable paper and term, a failed paper and a tool that is only listed."""
    return [
        EntryStatus(
            "toy-2022", "paper", TITLES["toy-2022"][0], ("Nelson Elhage",), "2209.10652", "searchable", 1, 1, ""
        ),
        EntryStatus("term-superposition", "term", "Superposition", (), None, "searchable", 1, 1, ""),
        EntryStatus("evil-2022", "paper", EVIL, (EVIL,), None, "failed", 0, 0, f"no text layer {EVIL}"),
        EntryStatus("tool", "tool", "A tool", (), None, "listed", 0, 0, "only its page is listed"),
    ]


@contextlib.contextmanager
def serve(app: Any) -> Iterator[str]:
    """An application served on a free port of this machine; gives its address."""
    with contextlib.closing(listen("127.0.0.1", 0)) as listening, serve_on(app, listening):
        yield address(listening)


@contextlib.contextmanager
def serve_on(app: Any, listening: socket.socket) -> Iterator[None]:
    """An application served on a socket that listens."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        until(lambda: server.started)
        yield
    finally:
        server.should_exit = True
        thread.join(10)


def until(true: Callable[[], bool], seconds: float = 10) -> None:
    """Wait until something is so; an AssertionError where it does not become so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
