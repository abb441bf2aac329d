"""Nouns to HTML: pure functions. Every word that comes from a document, a model or a person passes `esc` here.

The page is shown by gr.HTML, which does not sanitise; so no text reaches it unescaped, and every link is one of our own
routes or passes `safe_url`. Cards are popovers of HTML itself: a button opens one, Escape closes it, no script needed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from assistant.app.evidence import Card
from assistant.app.turns import Turn
from assistant.markers import visible
from assistant.records import Answer, Citation, Nearest, Sentence, Verdict

# Control characters, and those that turn the direction of writing: a title could show as another one with them.
INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
ARXIV_ID = re.compile(r"(\d{4}\.\d{4,5}|[a-z-]+(\.[A-Z]{2})?/\d{7})(v\d+)?")

# A word and a sign for every verdict, so that nothing rests on colour alone.
VERDICTS: dict[Verdict, tuple[str, str]] = {
    "supported": ("✓", "Supported"),
    "partly": ("◐", "Partly supported"),
    "unsupported": ("✗", "Not supported"),
    "uncited": ("○", "No citation"),
    "unknown marker": ("?", "Unknown marker"),
}
KINDS = {"paper": "Paper", "note": "Our note, not the paper itself", "glossary": "Our glossary, not a paper"}
KINDS |= {"tool": "Documentation", "video": "Talk", "person": "Web page"}
NEAREST_CHARACTERS = 320


def esc(text: str) -> str:
    """Text as HTML that shows it and does nothing else; also safe inside a quoted attribute."""
    return html.escape(INVISIBLE.sub("", text), quote=True)


def safe_url(url: str | None) -> str | None:
    """An http(s) address with a host, None for anything else (javascript:, data:, file:, relative ones)."""
    if not url or INVISIBLE.search(url) or any(c.isspace() for c in url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme.lower() in ("http", "https") and parts.hostname else None


def conversation_html(turns: Sequence[Turn]) -> str:
    """Finished turns, oldest first."""
    return "".join(map(turn_html, turns))


def turn_html(turn: Turn) -> str:
    """One question and what is shown for it."""
    body = _answered(turn, turn.answer) if turn.answer else _unanswered(turn)
    return (
        f'<section class="mv-turn" id="mv-turn-{turn.number}" aria-label="Question {turn.number}">'
        f'<h2 class="mv-question">{esc(turn.question)}</h2>{body}</section>'
    )


def error_html(message: str, hint: str) -> str:
    """What went wrong, in one line, and what to do about it."""
    after = f' <span class="mv-hint">{esc(hint)}</span>' if hint else ""
    return f'<p class="mv-error" role="alert"><strong>{esc(message)}</strong>{after}</p>'


def _unanswered(turn: Turn) -> str:
    if turn.stage == "failed":
        return error_html(turn.error, turn.hint)
    text = visible(turn.text)
    draft = f'<p class="mv-draft">{esc(text)}</p>' if text else ""
    return f'{draft}<p class="mv-working mv-{turn.stage}" role="status">{_working(turn)}</p>'


def _working(turn: Turn) -> str:
    if turn.stage == "stopped":
        return "Stopped. What is shown above was not checked." if turn.text else "Stopped."
    if turn.stage == "asked":
        return "Searching the vault…"
    passages = "1 passage" if turn.passages == 1 else f"{turn.passages} passages"
    return f"Reading {passages}…" if turn.stage == "reading" else f"Writing from {passages}, not checked yet…"


def _answered(turn: Turn, answer: Answer) -> str:
    notices = "".join(f'<p class="mv-notice">{esc(notice)}</p>' for notice in answer.notices)
    if answer.abstained:
        return notices + _abstention(answer) + _made_by(answer)
    numbers = {card.citation: card.number for card in turn.cards}
    sentences = "".join(_sentence(sentence, numbers, turn.number) for sentence in answer.sentences)
    cards = "".join(card_html(card, _card_id(turn.number, card.number)) for card in turn.cards)
    nearest = _nearest(answer, "Also found", opened=False)
    return f'{notices}<div class="mv-answer">{sentences}</div>{cards}{_made_by(answer)}{nearest}'


def _abstention(answer: Answer) -> str:
    reason = f"<p>{esc(answer.reason)}</p>" if answer.reason else ""
    head = "<p><strong>The vault has no answer to this.</strong></p>"
    return f'<div class="mv-abstained">{head}{reason}</div>{_nearest(answer, "What came nearest", opened=True)}'


def _sentence(sentence: Sentence, numbers: dict[Citation, int], turn: int) -> str:
    distinct = dict.fromkeys(sentence.citations)
    markers = "".join(_marker(citation, numbers[citation], turn) for citation in distinct)
    return f'<p class="mv-sentence">{esc(sentence.text)} {markers}{_badge(sentence)}</p>'


def _marker(citation: Citation, number: int, turn: int) -> str:
    where = ", ".join(part for part in (citation.title, citation.locator) if part)
    sign, word = VERDICTS[citation.verdict]
    label = esc(f"Source {number}: {where or citation.key}. {word}")
    shown = str(number) if citation.verdict == "supported" else f"{number} {sign}"
    return (
        f'<button type="button" class="mv-marker {_verdict_class(citation.verdict)}" aria-haspopup="dialog" '
        f'popovertarget="{_card_id(turn, number)}" aria-label="{label}" title="{label}">[{shown}]</button>'
    )


def _badge(sentence: Sentence) -> str:
    """Said only where a reader must take care: a supported sentence needs no badge."""
    if sentence.verdict == "supported":
        return ""
    sign, word = VERDICTS[sentence.verdict]
    reason = f": {esc(sentence.reason)}" if sentence.reason else ""
    return f' <span class="mv-badge {_verdict_class(sentence.verdict)}">{sign} {word}{reason}</span>'


def card_html(card: Card, card_id: str) -> str:
    """The card that a marker opens: the paper, the verdict with its reason, and the quote marked in its page."""
    citation = card.citation
    close = f'<button type="button" class="mv-close" popovertarget="{card_id}" popovertargetaction="hide"'
    parts = [
        f'{close} aria-label="Close this card">✕</button>',
        f'<h3 id="{card_id}-title">[{card.number}] {esc(citation.title or f"Marker [{citation.key}]")}</h3>',
        _byline(citation),
        _place(citation),
        _verdict(citation),
        _quote(card),
        _links(card),
    ]
    return (
        f'<div popover id="{card_id}" class="mv-card" role="dialog" aria-labelledby="{card_id}-title">'
        f"{''.join(parts)}</div>"
    )


def _byline(citation: Citation) -> str:
    year = str(citation.year) if citation.year is not None else ""
    line = " · ".join(part for part in (", ".join(citation.authors), year) if part)
    return f'<p class="mv-byline">{esc(line)}</p>' if line else ""


def _place(citation: Citation) -> str:
    if citation.passage_id is None:
        return ""
    kind = KINDS.get(citation.kind, citation.kind)
    parts = [f'<span class="mv-kind">{esc(kind)}</span>', *(esc(p) for p in (citation.section, citation.locator) if p)]
    return f'<p class="mv-place">{" · ".join(parts)}</p>'


def _verdict(citation: Citation) -> str:
    sign, word = VERDICTS[citation.verdict]
    reason = f": {esc(citation.reason)}" if citation.reason else ""
    reason += f" (reported from {esc(citation.reported_from)})" if citation.reported_from else ""
    reason += f" Look at the page: {esc(citation.warning)}." if citation.warning else ""
    return f'<p class="mv-verdict {_verdict_class(citation.verdict)}"><strong>{sign} {word}</strong>{reason}</p>'


def _quote(card: Card) -> str:
    if not (card.before or card.quote):
        return ""
    mark = f"<mark>{esc(card.quote)}</mark>" if card.quote else ""
    said = "" if card.quote else '<p class="mv-noquote">No exact quote was found. The passage that was cited:</p>'
    return f"{said}<blockquote>{esc(card.before)}{mark}{esc(card.after)}</blockquote>"


def _links(card: Card) -> str:
    citation, links = card.citation, []
    if card.pdf:
        page = f" at page {citation.page}" if citation.page else ""
        links.append(_link(card.pdf, f"Open the PDF{page}"))
    elif url := safe_url(citation.url):
        links.append(_link(url, f"Open at {citation.locator}" if citation.locator else "Source page"))
    if citation.arxiv_id and ARXIV_ID.fullmatch(citation.arxiv_id):
        links.append(_link(f"https://arxiv.org/abs/{citation.arxiv_id}", f"arXiv:{citation.arxiv_id}"))
    return f'<p class="mv-links">{" ".join(links)}</p>' if links else ""


def _link(href: str, text: str) -> str:
    return f'<a href="{esc(href)}" target="_blank" rel="noopener noreferrer">{esc(text)}</a>'


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
    place = " · ".join(part for part in (near.section, near.locator, near.why) if part)
    text = (
        near.text if len(near.text) <= NEAREST_CHARACTERS else near.text[:NEAREST_CHARACTERS].rpartition(" ")[0] + "…"
    )
    return f'<li><strong>{esc(near.title)}</strong><span class="mv-place">{esc(place)}</span><p>{esc(text)}</p></li>'


def _made_by(answer: Answer) -> str:
    supported = sum(sentence.verdict == "supported" for sentence in answer.sentences)
    checked = "" if answer.abstained else f" · {supported} of {len(answer.sentences)} sentences supported"
    line = f"{answer.recipe.chat_model} · {answer.recipe.embedding_model} · {answer.seconds:.1f} s{checked}"
    return f'<p class="mv-made">{esc(line)}</p>'


def _card_id(turn: int, number: int) -> str:
    return f"mv-card-{turn}-{number}"


def _verdict_class(verdict: Verdict) -> str:
    return "mv-" + verdict.replace(" ", "-")
