"""The card behind a marker as HTML: the work, the verdict with its reason, the quote in its paragraph, the page."""

from __future__ import annotations

import re

from assistant.app.evidence import Card
from assistant.app.formulas import with_formulas
from assistant.app.safe import esc, safe_url
from assistant.records import Citation, Verdict
from ingest.page_boxes import Box

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


def card_html(card: Card, card_id: str) -> str:
    """The card that a marker opens."""
    title = esc(card.citation.title or f"Marker [{card.citation.key}]")
    parts = [
        _bar(card_id),
        f'<h3 id="{card_id}-title">[{card.number}] {title}</h3>',
        _byline(card),
        _place(card.citation),
        _verdict(card.citation),
        _quote(card),
        _picture(card),
        _links(card),
        _actions(card),
    ]
    return (
        f'<div popover id="{card_id}" class="mv-card" role="dialog" aria-labelledby="{card_id}-title">'
        f"{''.join(parts)}</div>"
    )


def _bar(card_id: str) -> str:
    """Close, and the citation before and after this one (page.js knows the keys)."""
    close = f'<button type="button" class="mv-close" popovertarget="{card_id}" popovertargetaction="hide"'
    steps = ((-1, "←", "Previous citation"), (1, "→", "Next citation"))
    step = "".join(
        f'<button type="button" class="mv-step" data-mv-step="{by}" aria-label="{word}" title="{word} ({sign})">'
        f"{sign}</button>"
        for by, sign, word in steps
    )
    return f'<div class="mv-bar">{close} aria-label="Close this card" title="Close (Esc)">✕</button>{step}</div>'


def _byline(card: Card) -> str:
    citation = card.citation
    year = str(citation.year) if citation.year is not None else ""
    line = " · ".join(part for part in (", ".join(citation.authors), year, card.edition) if part)
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
    reason += f" Mind: {esc(citation.warning)}." if citation.warning else ""
    return f'<p class="mv-verdict {verdict_class(citation.verdict)}"><strong>{sign} {word}</strong>{reason}</p>'


def _quote(card: Card) -> str:
    if not (card.before or card.quote):
        return ""
    mark = f"<mark>{with_formulas(card.quote)}</mark>" if card.quote else ""
    said = "" if card.quote else '<p class="mv-noquote">No exact quote was found. The passage that was cited:</p>'
    return f"{said}<blockquote>{with_formulas(card.before)}{mark}{with_formulas(card.after)}</blockquote>"


def _picture(card: Card) -> str:
    """The page as it looks, the quote framed on it. Fetched when the card opens."""
    if not card.picture:
        return ""
    alt = esc(f"Page {card.citation.page} of {card.citation.title}")
    marked = "The quote is framed." if card.boxes else "The quote could not be placed on it."
    boxes = "".join(map(_box, card.boxes))
    return (
        f'<figure class="mv-page"><a href="{esc(card.pdf)}" target="_blank" rel="noopener noreferrer">'
        f'<img src="{esc(card.picture)}" alt="{alt}" loading="lazy" decoding="async">{boxes}</a>'
        f"<figcaption>Page {card.citation.page} of the PDF. {marked if card.quote else ''}</figcaption></figure>"
    )


def _box(box: Box) -> str:
    left, top, width, height = (f"{100 * part:.2f}%" for part in box)
    style = f"left:{left};top:{top};width:{width};height:{height}"
    return f'<span class="mv-box" style="{style}"></span>'


def _actions(card: Card) -> str:
    citation, buttons = card.citation, []
    if citation.paper_id and citation.passage_id:
        buttons.append(do_button("paper", citation.paper_id, "Ask about this paper"))
    if card.bibtex:
        buttons.append(copy_button(card.bibtex, "Copy BibTeX"))
    return f'<p class="mv-actions">{" ".join(buttons)}</p>' if buttons else ""


def do_button(name: str, on: str, text: str, **more: str) -> str:
    """A button that does something on the server (see page.js): `name` is the action, `on` what it acts on."""
    extra = "".join(f' {key.replace("_", "-")}="{esc(value)}"' for key, value in more.items())
    return f'<button type="button" class="mv-do" data-mv-do="{name}" data-mv-on="{esc(on)}"{extra}>{esc(text)}</button>'


def tab_button(tab: str, text: str) -> str:
    """A button that leads to another tab of the page."""
    return f'<button type="button" class="mv-do" data-mv-tab="{esc(tab)}">{esc(text)}</button>'


def copy_button(what: str, text: str) -> str:
    """A button that copies a text."""
    return f'<button type="button" class="mv-do" data-mv-copy="{esc(what)}">{esc(text)}</button>'


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


def verdict_class(verdict: Verdict) -> str:
    return "mv-" + verdict.replace(" ", "-")
