"""The list of conversations, kept in the vault: reopened with their citations, searched, renamed, deleted."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from assistant.app.card import do_button
from assistant.app.evidence import Quotes, cards
from assistant.app.page import error_html
from assistant.app.plain import plain
from assistant.app.safe import esc
from assistant.app.turns import Turn
from assistant.conversations import Conversation, Conversations, Exchange
from ingest.errors import MivaultError
from ingest.vault import Vault

LOG = logging.getLogger(__name__)
SHOWN = 30  # conversations in the list: the others are found by their words
AT_ONCE = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}

# The conversations of who asks: the page's request names the user where people sign in.
ForUser = Callable[[str], Conversations]


def exchange_of(turn: Turn) -> Exchange:
    """A turn that has ended, as it is kept."""
    return Exchange(turn.question, turn.answer, turn.error, turn.hint, within=turn.within)


def turns_of(conversation: Conversation, vault: Vault, quotes: Quotes | None = None) -> tuple[Turn, ...]:
    """The turns of a conversation as they were, with cards from what the vault holds now: a citation whose paper is
    gone keeps its quote."""
    return tuple(_turn(number, one, vault, quotes) for number, one in enumerate(conversation.exchanges, start=1))


def _turn(number: int, one: Exchange, vault: Vault, quotes: Quotes | None) -> Turn:
    turn = Turn(number, one.question, error=one.error, hint=one.hint, within=one.within)
    if one.answer:
        return replace(turn, stage="done", answer=one.answer, cards=cards(one.answer, vault, quotes))
    return replace(turn, stage="failed" if one.error else "stopped")


def list_html(kept: Sequence[Conversation], current: str, *, searched: bool = False) -> str:
    """The conversations, the newest first, each with what can be done with it."""
    if not kept:
        return f'<p class="mv-empty">{"None has these words." if searched else "None yet: ask something."}</p>'
    rows = "".join(_row(one, current) for one in kept[:SHOWN])
    left = len(kept) - SHOWN
    more = f'<p class="mv-empty">{left} older ones: search for their words.</p>' if left > 0 else ""
    return f'<ul class="mv-talks" aria-label="Conversations">{rows}</ul>{more}'


def _row(one: Conversation, current: str) -> str:
    count = len(one.exchanges)
    said = f"{one.changed[:16].replace('T', ' ')} · {count} question{'' if count == 1 else 's'}"
    said += f" · {one.damaged} line{'' if one.damaged == 1 else 's'} of its file cannot be read" if one.damaged else ""
    title = one.title or "Without a title"
    here = ' aria-current="true"' if one.id == current else ""
    rename = {"aria_label": f"Rename {title}", "data_mv_prompt": "New title", "data_mv_now": one.title}
    sure = {"aria_label": f"Delete {title}", "data_mv_sure": f"Delete the conversation “{title}”?"}
    return (
        f"<li{here}>{do_button('open', one.id, title)}<span>{esc(said)}</span>"
        f"{do_button('rename', one.id, 'Rename', **rename)}{do_button('delete', one.id, 'Delete', **sure)}</li>"
    )


class Talks:
    """The panel of conversations, and `current`, the id of the open one, which the browser remembers over a reload."""

    def __init__(self, gr: Any, vault: Vault, for_user: ForUser, quotes: Quotes | None) -> None:
        self._gr, self._vault, self._for_user, self._quotes = gr, vault, for_user, quotes
        # Ids are random, and only the signed-in user's own are opened: there is nothing to hide from the browser.
        self.current = gr.State("")
        self.remembered = gr.BrowserState("", storage_key=f"mivault-{vault.root.name}", secret="mivault")
        with gr.Accordion("Conversations", open=False, elem_id="mv-talks"):
            self.words = gr.Textbox(label="Search conversations", placeholder="words", max_length=200)
            self.list = gr.HTML(**plain("mv-talk-list"))

    def keep(self, user: str, current: str, turn: Turn, *, instead_of_last: bool = False) -> str:
        """Put a turn into the open conversation, or begin one; its id, "" where it could not be kept."""
        exchange = exchange_of(turn)
        kept = self._for_user(user)
        try:
            with contextlib.suppress(MivaultError):  # it was deleted meanwhile, perhaps in another window: a new one
                return kept.append(current, exchange, instead_of_last=instead_of_last and bool(current))
            return kept.append("", exchange)
        except OSError as error:  # a full disk, a vault that may only be read, or was moved: the answer is shown
            LOG.warning("the conversation is not kept: %s", error)
            return current

    def turns(self, user: str, current: str) -> tuple[Turn, ...]:
        """The turns of a conversation; () where there is none of this id."""
        try:
            return turns_of(self._for_user(user).open(current), self._vault, self._quotes) if current else ()
        except MivaultError:
            return ()

    def listed(self, user: str, current: str, words: str = "") -> str:
        """The list's HTML."""
        kept = self._for_user(user)
        return list_html(kept.search(words) if words.strip() else kept.all(), current, searched=bool(words.strip()))

    def renamed(self, user: str, what: str, current: str) -> str:
        """The list after a conversation got a new title; `what` is [id, title] as JSON."""
        try:
            identifier, title = json.loads(what)
            self._for_user(user).rename(str(identifier), str(title))
        except (ValueError, TypeError, MivaultError) as error:
            return _sorry(error) + self.listed(user, current)
        return self.listed(user, current)

    def deleted(self, user: str, current: str, identifier: str) -> str:
        """The list after a conversation is gone."""
        try:
            self._for_user(user).delete(identifier)
        except MivaultError as error:
            return _sorry(error) + self.listed(user, current)
        return self.listed(user, current)


def _sorry(error: Exception) -> str:
    if isinstance(error, MivaultError):
        return error_html(error.message, error.hint)
    return error_html("this title cannot be read", "give it another one")
