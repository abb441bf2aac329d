"""Nouns to HTML: pure functions. Every word that comes from a document, a model or a person passes `esc` here.

The page is shown by gr.HTML, which does not sanitise; so no text reaches it unescaped, and every link is one of our own
routes or passes `safe_url`. Cards are popovers of HTML itself: a button opens one, Escape closes it, no script needed.
"""

from __future__ import annotations

from collections.abc import Sequence

from assistant.app.card import KINDS as KINDS
from assistant.app.card import VERDICTS as VERDICTS
from assistant.app.card import card_html, copy_button, do_button, tab_button, verdict_class
from assistant.app.formulas import with_formulas
from assistant.app.safe import esc as esc
from assistant.app.safe import safe_url as safe_url
from assistant.app.turns import Turn
from assistant.export import to_bibtex
from assistant.markers import visible
from assistant.parts import Group, groups, pointed
from assistant.records import Answer, Citation, Nearest, Sentence, Usage
from assistant.render import to_markdown

NEAREST_CHARACTERS = 320


def conversation_html(turns: Sequence[Turn]) -> str:
    """Earlier turns, oldest first: nothing goes on from them."""
    return "".join(turn_html(turn, last=False) for turn in turns)


def turn_html(turn: Turn, *, last: bool = True) -> str:
    """One question and what is shown for it; the last one can be asked again, edited, and followed up."""
    body = _answered(turn, turn.answer) if turn.answer else _unanswered(turn)
    within = f'<p class="mv-within">Searched only: {esc(turn.within)}</p>' if turn.within else ""
    return (
        f'<section class="mv-turn" id="mv-turn-{turn.number}" aria-label="Question {turn.number}">'
        f'<h2 class="mv-question">{esc(turn.question)}</h2>{within}{body}{_actions(turn, last=last)}'
        f"{_follow_ups(turn) if last else ''}</section>"
    )


def _actions(turn: Turn, *, last: bool) -> str:
    """What can be done with a turn that has ended."""
    buttons = []
    if turn.answer:
        buttons += [copy_button(to_markdown(turn.answer), "Copy as Markdown")]
        buttons += [copy_button(bibtex, "Copy BibTeX")] if (bibtex := to_bibtex(turn.answer)) else []
    if last and turn.ended:
        buttons += [do_button("retry", "", "Ask again"), do_button("edit", turn.question, "Edit the question")]
    return f'<p class="mv-actions">{" ".join(buttons)}</p>' if buttons else ""


def _follow_ups(turn: Turn) -> str:
    if not turn.follow_ups:
        return ""
    items = "".join(f"<li>{do_button('ask', question, question)}</li>" for question in turn.follow_ups)
    return f'<div class="mv-follow"><p>You could go on with</p><ul>{items}</ul></div>'


def error_html(message: str, hint: str) -> str:
    """What went wrong, in one line, and what to do about it."""
    after = f' <span class="mv-hint">{esc(hint)}</span>' if hint else ""
    # What the command does, the page does too.
    here = f" {tab_button('Library', 'Open the Library')}" if hint.startswith("mivault sync") else ""
    return f'<p class="mv-error" role="alert"><strong>{esc(message)}</strong>{after}{here}</p>'


def _unanswered(turn: Turn) -> str:
    if turn.stage == "failed":
        return error_html(turn.error, turn.hint)
    text = visible(turn.text)
    draft = f'<p class="mv-draft">{esc(text)}</p>' if text else ""
    return f'{draft}<p class="mv-working mv-{turn.stage}" role="status">{_working(turn)}</p>'


def _working(turn: Turn) -> str:
    if turn.stage == "stopped":
        return "Stopped. What is shown above was not checked." if turn.text else "Stopped."
    if turn.stage == "asked" and turn.ahead is not None:
        return f"Waiting for its turn: {turn.ahead} before it in the line…"
    if turn.stage == "asked":
        return "Searching the vault…"
    passages = "1 passage" if turn.passages == 1 else f"{turn.passages} passages"
    return f"Reading {passages}…" if turn.stage == "reading" else f"Writing from {passages}, not checked yet…"


def _answered(turn: Turn, answer: Answer) -> str:
    notices = _asked_as(answer) + "".join(f'<p class="mv-notice">{esc(notice)}</p>' for notice in answer.notices)
    if answer.abstained:
        return notices + _abstention(answer) + _made_by(answer)
    numbers = {card.citation: card.number for card in turn.cards}
    said = "".join(_part(group, numbers, turn.number) for group in groups(answer))
    cards = "".join(card_html(card, _card_id(turn.number, card.number)) for card in turn.cards)
    nearest = _nearest(answer, "Also retrieved", opened=False)
    return f'{notices}<div class="mv-answer">{said}</div>{cards}{_made_by(answer)}{nearest}'


def _asked_as(answer: Answer) -> str:
    """A follow-up, as it was made to stand alone."""
    return f'<p class="mv-within">Searched for: {esc(answer.asked_as)}</p>' if answer.asked_as else ""


def _abstention(answer: Answer) -> str:
    reason = f"<p>{esc(answer.reason)}</p>" if answer.reason else ""
    head = '<p><strong><span aria-hidden="true">∅</span> The vault has no answer to this.</strong></p>'
    lacking = ", ".join(answer.unmatched)
    words = f"<p>No passage that was found has: {esc(lacking)}</p>" if lacking else ""
    listed = "".join(f"<li>{esc(entry.title)} ({esc(entry.id)})</li>" for entry in answer.could_hold)
    could = (
        f"<p>Listed, not downloaded, and could hold it (sync it in the Library):</p><ul>{listed}</ul>" if listed else ""
    )
    nearest = _nearest(answer, "What came nearest", opened=True)
    return f'<div class="mv-abstained">{head}{reason}{words}{could}</div>{nearest}'


def _part(group: Group, numbers: dict[Citation, int], turn: int) -> str:
    """A part of an answer under its heading; what is only found beside it folded."""
    said = "".join(_sentence(sentence, numbers, turn) for sentence in group.sentences)
    if not group.heading:
        return said
    if group.folded:
        return (
            f'<details class="mv-part"><summary>{esc(group.heading)} ({len(group.sentences)})</summary>{said}</details>'
        )
    return f'<section class="mv-part mv-part-{group.part}"><h3>{esc(group.heading)}</h3>{said}</section>'


def _sentence(sentence: Sentence, numbers: dict[Citation, int], turn: int) -> str:
    distinct = dict.fromkeys(sentence.citations)
    markers = "".join(_marker(citation, numbers[citation], turn) for citation in distinct)
    before, point, after = map(with_formulas, pointed(sentence))
    text = f'{before}<strong class="mv-point">{point}</strong>{after}' if point else before
    return f'<p class="mv-sentence">{text} {markers}{_badge(sentence)}</p>'


def _marker(citation: Citation, number: int, turn: int) -> str:
    where = ", ".join(part for part in (citation.title, citation.locator) if part)
    sign, word = VERDICTS[citation.verdict]
    label = esc(f"Source {number}: {where or citation.key}. {word}")
    shown = str(number) if citation.verdict == "supported" else f"{number} {sign}"
    return (
        f'<button type="button" class="mv-marker {verdict_class(citation.verdict)}" aria-haspopup="dialog" '
        f'popovertarget="{_card_id(turn, number)}" aria-label="{label}" title="{label}">[{shown}]</button>'
    )


def _badge(sentence: Sentence) -> str:
    """Said only where a reader must take care: a supported sentence needs no badge."""
    if sentence.verdict == "supported":
        return ""
    sign, word = VERDICTS[sentence.verdict]
    reason = f": {esc(sentence.reason)}" if sentence.reason else ""
    return f' <span class="mv-badge {verdict_class(sentence.verdict)}">{sign} {word}{reason}</span>'


def _nearest(answer: Answer, heading: str, *, opened: bool) -> str:
    if not answer.nearest:
        return ""
    items = "".join(map(_near, answer.nearest))
    count = len(answer.nearest)
    return (
        f'<details class="mv-nearest"{" open" if opened else ""}><summary>{heading} ({count})</summary>'
        f"<ol>{items}</ol></details>"
    )


def _near(near: Nearest) -> str:
    place = " · ".join(part for part in (near.section, near.locator) if part)
    why = f'<span class="mv-why">Why: {esc(near.why)}</span>' if near.why else ""
    text = near.text
    if len(text) > NEAREST_CHARACTERS:
        text = text[:NEAREST_CHARACTERS].rpartition(" ")[0] + "…"
    head = f'<strong>{esc(near.title)}</strong><span class="mv-place">{esc(place)}</span>'
    return (
        f"<li>{head}{why}<p>{with_formulas(text)}</p>{do_button('paper', near.paper_id, 'Ask about this paper')}</li>"
    )


def _made_by(answer: Answer) -> str:
    """Who made it, in how long, from how many tokens, and how much of it is supported."""
    supported = sum(sentence.verdict == "supported" for sentence in answer.sentences)
    parts = [answer.recipe.chat_model, answer.recipe.embedding_model, f"{answer.seconds:.1f} s", *_tokens(answer.usage)]
    parts += [] if answer.abstained else [f"{supported} of {len(answer.sentences)} sentences supported"]
    return f'<p class="mv-made">{esc(" · ".join(parts))}</p>'


def _tokens(usage: Usage | None) -> list[str]:
    if usage is None:
        return []
    about = "" if usage.tokens_read is not None and usage.tokens_written is not None else "about "
    price = [f"{usage.cost:.4f} {usage.currency}".rstrip()] if usage.cost is not None else []
    return [f"{about}{usage.tokens:,.0f} tokens", *price]


def _card_id(turn: int, number: int) -> str:
    return f"mv-card-{turn}-{number}"
