"""What an empty conversation shows: questions to begin with, or what to do where nothing can be asked yet."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.app.card import do_button, tab_button
from assistant.suggestions import starters
from index.status import EntryStatus

EDITING = (
    '<p class="mv-editing" role="status">You edit the last question: asking it takes the place of its answer. '
    f"{do_button('keep', '', 'Keep it as it was')}</p>"
)
KEYS = (
    '<p class="mv-keys"><kbd>Enter</kbd> asks, <kbd>Esc</kbd> stops an answer or closes a card, <kbd>Alt</kbd> with '
    "<kbd>→</kbd> or <kbd>←</kbd> goes from citation to citation.</p>"
)
LIBRARY = f"<p>{tab_button('Library', 'Open the Library')}</p></div>"
EMPTY = (
    '<div class="mv-welcome"><h2>This vault is empty</h2><p>Add papers in the Library: an arXiv id, an address, or a '
    "PDF of your own. Or in a terminal: <code>mivault add 2209.10652</code>, then <code>mivault sync</code>.</p>"
    + LIBRARY
)
NOT_YET = (
    '<div class="mv-welcome"><h2>The vault is not built yet</h2><p>None of its {count} entries can be searched so far. '
    "The line above says how far the sync is; where none runs, start it in the Library, or with "
    "<code>mivault sync</code> in a terminal. "
    "What is ready can be asked at once.</p>" + LIBRARY
)


def welcome_html(entries: Sequence[EntryStatus]) -> str:
    """Questions that this vault can answer, as buttons; or why there are none, and what to do."""
    if not entries:
        return EMPTY
    questions = starters(entries)
    if not any(entry.state == "searchable" for entry in entries):
        return NOT_YET.format(count=len(entries))
    buttons = "".join(f"<li>{do_button('ask', question, question)}</li>" for question in questions)
    return f'<div class="mv-welcome"><h2>For example</h2><ul class="mv-starters">{buttons}</ul>{KEYS}</div>'
