"""Conversations kept in the vault: each a file of lines that only grows, so that a kill loses at most the line it met.

    conversations/<id>.jsonl            of the one who runs mivault
    conversations/<user>/<id>.jsonl     of each user of a page that several share

A line is a title or a turn with its whole answer: citations, quotes, recipe. Lines of two processes that write at once
stand one after the other. What a later version adds is ignored by an older one.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from assistant.records import Answer
from assistant.render import plain, to_text
from ingest.errors import UsageError
from ingest.records import as_json, from_json
from ingest.vault import Vault

VERSION = 1
TITLE_CHARACTERS = 80  # about a line of the list
ID = re.compile(r"[0-9a-f]{16}")
# A folder has this name: no separator, no dot in front, one case.
USER = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question and what came of it: an answer, or None with `error` and `hint` in words, both "" where it was
    stopped. `within` says in words what the search was narrowed to. `at` is when it ended, ISO 8601 in UTC."""

    question: str
    answer: Answer | None = None
    error: str = ""
    hint: str = ""
    at: str = ""
    within: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as it was left. `damaged` counts lines that could not be read."""

    id: str
    title: str
    exchanges: tuple[Exchange, ...]
    damaged: int = 0

    @property
    def changed(self) -> str:
        """When the last exchange ended, "" of a conversation without one."""
        return self.exchanges[-1].at if self.exchanges else ""


class Conversations:
    """The conversations of one user ("" for the one who runs mivault) in a vault."""

    def __init__(self, vault: Vault, user: str = "") -> None:
        """Raises UsageError for a name that is none."""
        if user and not USER.fullmatch(user):
            raise UsageError("a user's name is small letters, digits, - and _, 32 at most", "choose another name")
        self._all = vault.root / "conversations"
        self._folder = self._all / user if user else self._all

    def append(self, conversation_id: str, exchange: Exchange, *, instead_of_last: bool = False) -> str:
        """Put an exchange at a conversation's end, or, for "", begin one with it; returns the conversation's id. A
        question that was asked again or edited stands `instead_of_last`.

        Raises UsageError for an id of none (a conversation that was deleted meanwhile, say), OSError where nothing can
        be written.
        """
        row = {"version": VERSION, "exchange": as_json(_stamped(exchange)), "instead_of_last": instead_of_last}
        if conversation_id:
            self._add(self._present(conversation_id), row)
            return conversation_id
        new = secrets.token_hex(8)
        for folder in (self._all, self._folder):  # not the vault's own: where that is gone, it was moved away
            folder.mkdir(mode=0o700, exist_ok=True)
        self._add(self._path(new), {"version": VERSION, "title": title_of(exchange.question)}, row)
        return new

    def open(self, conversation_id: str) -> Conversation:
        """A conversation whole. Raises UsageError where there is none of this id."""
        return _read(self._present(conversation_id))

    def all(self) -> list[Conversation]:
        """Every conversation, the one that was changed last first."""
        return sorted(self._each(), key=lambda one: (one.changed, one.id), reverse=True)

    def search(self, words: str) -> list[Conversation]:
        """Those that have all of these words in title, questions or answers, the one that was changed last first."""
        wanted = words.casefold().split()
        return [one for one in self.all() if all(word in _text(one) for word in wanted)]

    def rename(self, conversation_id: str, title: str) -> None:
        """Raises UsageError for an empty title, and where there is no conversation of this id."""
        if not (title := title_of(title)):
            raise UsageError("the title is empty", "give it one")
        self._add(self._present(conversation_id), {"version": VERSION, "title": title})

    def delete(self, conversation_id: str) -> None:
        """Raises UsageError where there is none of this id."""
        self._present(conversation_id).unlink(missing_ok=True)

    def _each(self) -> Iterator[Conversation]:
        for path in self._folder.glob("*.jsonl"):
            if ID.fullmatch(path.stem) and path.is_file():
                yield _read(path)

    def _path(self, conversation_id: str) -> Path:
        return self._folder / f"{conversation_id}.jsonl"

    def _present(self, conversation_id: str) -> Path:
        path = self._path(conversation_id) if ID.fullmatch(conversation_id) else None
        if path is None or not path.is_file():
            raise UsageError("there is no such conversation", "mivault conversations list tells what is kept")
        return path

    def _add(self, path: Path, *rows: Mapping[str, Any]) -> None:
        """One write at the file's end: the system puts it after whatever another process wrote meanwhile. It begins a
        new line, since a line that a kill cut short has no end."""
        text = "".join(f"\n{json.dumps(row, ensure_ascii=True)}" for row in rows) + "\n"
        target = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(target, "ab", buffering=0) as file:
            data = text.encode()
            if file.write(data) != len(data):  # a disk that filled up in the middle
                raise OSError(28, "No space left on device", str(path))
            os.fsync(file.fileno())


class Kept:
    """The conversation that a question asked at the command line belongs to: a new one unless one is gone on in."""

    def __init__(self, vault: Vault, *, follow: bool = False, conversation: str = "") -> None:
        """`follow` goes on in the one that was changed last, `conversation` in the one of that id. Raises UsageError
        where there is none."""
        self._kept = Conversations(vault)
        if follow and not conversation:
            conversation = next((one.id for one in self._kept.all()), "")
            if not conversation:
                raise UsageError("no conversation is kept yet", "ask without --follow first")
        self._id = conversation
        self.history = questions(self._kept.open(conversation).exchanges) if conversation else ()

    def add(self, answer: Answer) -> str:
        """Keep the answer; "", or why it could not be kept. An answer is not lost for that."""
        try:
            self._id = self._kept.append(self._id, Exchange(answer.question, answer))
        except (OSError, UsageError) as error:
            return f"This is not kept among the conversations: {error}"
        return ""


def listed_json(found: Sequence[Conversation]) -> list[dict[str, Any]]:
    """What `conversations list --json` shows of each: `{id, title, changed, questions, damaged}`."""
    return [
        {
            "id": one.id,
            "title": one.title,
            "changed": one.changed,
            "questions": len(one.exchanges),
            "damaged": one.damaged,
        }
        for one in found
    ]


def listed_text(found: Sequence[Conversation], words: str = "") -> str:
    """A line for each that was found (with these `words`): id, when it was changed, how many questions, title."""
    lines = []
    for one in found:
        count = f"{len(one.exchanges)} question{'' if len(one.exchanges) == 1 else 's'}"
        lost = f" ({one.damaged} lines of its file cannot be read)" if one.damaged else ""
        lines.append(f"{one.id}  {one.changed[:16].replace('T', ' ')}  {count:>12}  {plain(one.title)}{lost}")
    none = f"No conversation has the words {plain(words)}." if words.strip() else "No conversation is kept here."
    return "\n".join(lines) or none


def conversation_text(conversation: Conversation) -> str:
    """Every question with its answer, as `ask` shows it."""
    parts = [plain(conversation.title)]
    for one in conversation.exchanges:
        ended = to_text(one.answer) if one.answer else f"{plain(one.error) or 'Stopped.'} {plain(one.hint)}".rstrip()
        parts += [f"> {plain(one.question)}", ended.rstrip()]
    return "\n\n".join(parts)


def title_of(question: str) -> str:
    """A question as a title: one line of printable characters, cut at a word."""
    line = " ".join("".join(c if c.isprintable() else " " for c in question).split())
    if len(line) <= TITLE_CHARACTERS:
        return line
    head, space, _ = line[:TITLE_CHARACTERS].rpartition(" ")
    return f"{head if space else line[: TITLE_CHARACTERS - 1]}…"


class Asked(Protocol):
    """An exchange as it is kept, or a turn of the page."""

    @property
    def question(self) -> str: ...

    @property
    def answer(self) -> Answer | None: ...


def questions(exchanges: Sequence[Asked]) -> tuple[str, ...]:
    """What a follow-up is understood from, oldest first: questions that were answered, as they were searched for."""
    return tuple(one.answer.asked_as or one.question for one in exchanges if one.answer)


def _stamped(exchange: Exchange) -> Exchange:
    if exchange.at:
        return exchange
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return replace(exchange, at=now)


def _read(path: Path) -> Conversation:
    """Line by line; what is no line of ours is counted, not raised."""
    title, damaged = "", 0
    exchanges: list[Exchange] = []
    for line in path.read_bytes().split(b"\n"):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if isinstance(row.get("title"), str):
                title = row["title"]
            if "exchange" in row:
                exchange = from_json(Exchange, row["exchange"])
                exchanges[len(exchanges) - (row.get("instead_of_last") is True) :] = [exchange]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            damaged += 1
    return Conversation(path.stem, title, tuple(exchanges), damaged)


def _text(one: Conversation) -> str:
    answers = (sentence.text for each in one.exchanges if each.answer for sentence in each.answer.sentences)
    return "\n".join((one.title, *(each.question for each in one.exchanges), *answers)).casefold()
