"""One paper to HTML: its sections, terms, captions, pages and neighbours, and its summary. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.app.card import do_button
from assistant.app.page import VERDICTS, esc, safe_url
from assistant.records import Citation, Figure, Sentence, Summary, Term
from ingest.records import Page, Paper

MOST_SECTIONS, MOST_PAGES = 120, 60
PARTS = {"question": "What it asks", "method": "What it does", "findings": "What it finds", "limits": "What it leaves"}


@dataclass(frozen=True, slots=True)
class PaperView:
    """What is shown of a paper: `alike` are (id, title, cosine); `pdf` is our own route to it, "" where there is none;
    `doubted` are the numbers of pages whose text may not be what they show."""

    paper: Paper
    pages: tuple[Page, ...]
    terms: tuple[Term, ...]
    figures: tuple[Figure, ...]
    alike: tuple[tuple[str, str, float], ...]
    pdf: str


def paper_html(view: PaperView) -> str:
    """The paper's head, then each part that it has, folded but for the sections."""
    paper = view.paper
    by = " · ".join(filter(None, [", ".join(paper.authors), str(paper.year or ""), _version(paper)]))
    parts = [
        _fold("Sections", [_section(page, h.title, h.level, view) for page in view.pages for h in page.headings]),
        _fold("Terms of the glossary", [_term(term) for term in view.terms]),
        _fold("Figures and tables", [_figure(figure) for figure in view.figures]),
        _fold("Similar papers in the vault", [_like(*like) for like in view.alike]),
        _pages(view),
    ]
    byline = f'<p class="mv-byline">{esc(by)}</p>' if by else ""
    head = f"<h2>{esc(paper.title or paper.id)}</h2>{byline}{_links(view)}"
    return f'<article class="mv-paper">{head}{"".join(parts)}</article>'


def summary_html(summary: Summary) -> str:
    """The summary by aspects, each line with its page and, behind it, its exact quote."""
    notices = "".join(f'<p class="mv-notice">{esc(notice)}</p>' for notice in summary.notices)
    parts = "".join(
        f"<h3>{PARTS.get(part.name, esc(part.name.capitalize()))}</h3><ul>{''.join(map(_line, part.sentences))}</ul>"
        for part in summary.parts
        if part.sentences
    )
    who = "the paper's own sentences" if summary.author == "extractive" else summary.author
    nothing = "" if parts else '<p class="mv-empty">No sentence of it says what it asks, does or finds.</p>'
    made = f'<p class="mv-made">{esc(f"Written from {who}")}</p>'
    return f'<section class="mv-summary-of" aria-label="Summary">{notices}{parts}{nothing}{made}</section>'


def _line(sentence: Sentence) -> str:
    sign, word = VERDICTS[sentence.verdict]
    badge = "" if sentence.verdict == "supported" else f' <span class="mv-badge">{sign} {esc(word)}</span>'
    quotes = "".join(map(_quote, dict.fromkeys(sentence.citations)))
    return f'<li><span class="mv-sentence">{esc(sentence.text)}</span>{badge}{quotes}</li>'


def _quote(citation: Citation) -> str:
    where = ", ".join(filter(None, [citation.locator, citation.section])) or citation.key
    quote = f"<blockquote>{esc(citation.quote)}</blockquote>" if citation.quote else ""
    link = ""
    if citation.paper_id and citation.page and citation.kind == "paper":
        link = f'<p class="mv-links">{_link(f"/source/{citation.paper_id}#page={citation.page}", "Open the page")}</p>'
    return f'<details class="mv-quote"><summary>[{esc(where)}]</summary>{quote}{link}</details>'


def _version(paper: Paper) -> str:
    return f"arXiv:{paper.arxiv_id}{paper.arxiv_version or ''}" if paper.arxiv_id else ""


def _links(view: PaperView) -> str:
    links = [_link(view.pdf, "Open the PDF")] if view.pdf else []
    url = safe_url(view.paper.url)
    links += [_link(url, "Source page")] if url else []
    return f'<p class="mv-links">{" ".join(links)}</p>' if links else ""


def _link(href: str, text: str) -> str:
    return f'<a href="{esc(href)}" target="_blank" rel="noopener noreferrer">{esc(text)}</a>'


def _fold(name: str, items: Sequence[str]) -> str:
    if not items:
        return ""
    listed = "".join(f"<li>{item}</li>" for item in items[:MOST_SECTIONS])
    opened = " open" if name == "Sections" else ""
    return f"<details{opened}><summary>{name} ({len(items)})</summary><ul>{listed}</ul></details>"


def _section(page: Page, title: str, level: int, view: PaperView) -> str:
    where = f' <span class="mv-place">{esc(page.locator)}</span>'
    name = _link(f"{view.pdf}#page={page.number}", title) if view.pdf else esc(title)
    return f'<span class="mv-level-{min(level, 4)}">{name}</span>{where}'


def _term(term: Term) -> str:
    return f'{esc(term.name)} <span class="mv-place">{term.count} times, first {esc(term.locator)}</span>'


def _figure(figure: Figure) -> str:
    return (
        f'<strong>{esc(figure.name)}</strong> {esc(figure.caption)} <span class="mv-place">{esc(figure.locator)}</span>'
    )


def _like(paper_id: str, title: str, cosine: float) -> str:
    return f'{do_button("show", paper_id, title)} <span class="mv-place">cosine {cosine:.2f}</span>'


def _pages(view: PaperView) -> str:
    """The PDF's pages as small pictures, each drawn when it comes into view, that lead to the page itself."""
    if not view.pdf:
        return ""
    items = "".join(
        f'<li><a href="{esc(f"{view.pdf}#page={page.number}")}" target="_blank" rel="noopener noreferrer">'
        f'<img src="/picture/{esc(view.paper.id)}/{page.number}" alt="Page {page.number}" loading="lazy" width="140">'
        f"<span>{page.number}</span></a></li>"
        for page in view.pages[:MOST_PAGES]
    )
    more = len(view.pages) - MOST_PAGES
    rest = f"<p>and {more} more in the PDF</p>" if more > 0 else ""
    return f'<details><summary>Pages ({len(view.pages)})</summary><ul class="mv-pages">{items}</ul>{rest}</details>'
