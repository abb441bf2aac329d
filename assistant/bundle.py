"""One offline HTML page that shows an answer (a summary, a comparison, a review) with all that it rests on.

Sentences with their verdicts, each quote within its paragraph and on the picture of its page, the works as BibTeX, and
how it was made. It runs no script and loads nothing; what it shows it also holds as data, for `mivault replay`.
"""

from __future__ import annotations

import base64
import contextlib
import html
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from assistant.app.evidence import around
from assistant.app.originals import local_pdf
from assistant.app.safe import esc, safe_url
from assistant.export import exported, works_bibtex
from assistant.overview_commands import Rendering, shown
from assistant.parts import groups, pointed
from assistant.records import Answer, Citation, Comparison, Recipe, Review, Sentence, Summary
from assistant.render import MARKS, byline
from ingest.errors import MivaultError
from ingest.page_boxes import Box
from ingest.page_pictures import PagePictures, Strip
from ingest.records import Paper
from ingest.vault import Vault

VERSION = 1
MARKER = "mivault-bundle"
STYLE = Path(__file__).with_name("bundle.css")
# Bytes of all pictures of one bundle, so that it can be sent by mail: some 60 parts of pages.
MOST_BYTES = 2_000_000
Overview = TypeVar("Overview", Summary, Comparison, Review)
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True, slots=True)
class Bundled:
    """What a bundle shows, whatever it was made from: named groups of checked sentences."""

    kind: str
    title: str
    groups: tuple[tuple[str, tuple[Sentence, ...]], ...]
    notices: tuple[str, ...]
    author: str
    recipe: Recipe | None = None

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        return tuple(sentence for _, group in self.groups for sentence in group)


def of_answer(answer: Answer) -> Bundled:
    said = (f"The vault has no answer: {answer.reason}.",) if answer.abstained else ()
    notices = (*said, *answer.notices)
    parts = tuple((group.heading, group.sentences) for group in groups(answer)) or (("", ()),)
    return Bundled("answer", answer.question, parts, notices, answer.recipe.chat_model, answer.recipe)


def of_overview(overview: Summary | Comparison | Review) -> Bundled:
    match overview:
        case Summary(title=title):
            groups = [(part.name.capitalize(), part.sentences) for part in overview.parts]
        case Review(topic=title):
            groups = [(part.name, part.sentences) for part in overview.parts]
        case Comparison(titles=titles):
            title = " and ".join(titles.values())
            groups = [
                (f"{row.aspect}: {name}", cell)
                for row in overview.rows
                for name, cell in zip(titles.values(), row.cells, strict=True)
            ]
    kind = type(overview).__name__.lower()
    return Bundled(kind, title, tuple(groups), overview.notices, overview.author)


def answer_as(answer: Answer, form: str, vault: Vault) -> str:
    """The answer as text, Markdown, JSON, BibTeX or a bundle. Raises UsageError for another form."""
    return _drawn(of_answer(answer), vault) if form == "html" else exported(answer, form)


def overview_as(overview: Overview, render: Rendering[Overview], form: str, vault: Vault) -> str:
    """A summary, comparison or review in the same forms. Raises UsageError for another."""
    if form == "html":
        return _drawn(of_overview(overview), vault)
    return works_bibtex(of_overview(overview).sentences) if form == "bibtex" else shown(overview, render, form)


def _drawn(bundled: Bundled, vault: Vault) -> str:
    with contextlib.closing(PagePictures()) as pictures:
        return bundle_html(bundled, vault, pictures)


def bundle_html(bundled: Bundled, vault: Vault, pictures: PagePictures) -> str:
    """The page. Pictures of pages that cannot be drawn are left out; the text of the quote stands there anyway."""
    numbers = {one: n for n, one in enumerate(_distinct(bundled.sentences), start=1)}
    body = [f"<h1>{esc(bundled.title)}</h1>", *(f'<p class="note">{esc(notice)}</p>' for notice in bundled.notices)]
    for name, sentences in bundled.groups:
        said = [_sentence(sentence, numbers) for sentence in sentences] or ["<p>Nothing was found.</p>"]
        folded = any(sentence.part == "aside" for sentence in sentences)
        opening = f"<details><summary>{esc(name)} ({len(said)})</summary>" if folded else f"<h2>{esc(name)}</h2>"
        body += [*([opening] if name else []), *said, *(["</details>"] if name and folded else [])]
    body += ["<h2>Sources</h2>", *_sources(numbers, vault, pictures), *_works(bundled.sentences), *_made(bundled)]
    return _page(bundled.title, "\n".join(body), _data(bundled, vault))


def _sources(numbers: Mapping[Citation, int], vault: Vault, pictures: PagePictures) -> Iterator[str]:
    """Each source with the picture of its quote, as long as there is room for pictures; then how many found none."""
    room, left_out = MOST_BYTES, 0
    for citation, number in numbers.items():
        strip = _strip(citation, vault, pictures)
        fits = strip is not None and len(strip.webp) <= room
        room, left_out = room - len(strip.webp) if strip and fits else room, left_out + (strip is not None and not fits)
        yield _source(citation, number, vault, _picture(citation, strip) if strip and fits else "")
    if left_out:
        yield (
            f'<p class="note">The pictures of {left_out} quotes were left out, to keep this page small: their words '
            "stand above, and mivault chat shows them on their pages.</p>"
        )


def _distinct(sentences: Sequence[Sentence]) -> list[Citation]:
    return list(dict.fromkeys(citation for sentence in sentences for citation in sentence.citations))


def _sentence(sentence: Sentence, numbers: Mapping[Citation, int]) -> str:
    marks = "".join(f'<a href="#source-{numbers[c]}">[{numbers[c]}]</a>' for c in dict.fromkeys(sentence.citations))
    why = f" {MARKS[sentence.verdict]} {sentence.verdict}" + (f": {esc(sentence.reason)}" if sentence.reason else "")
    said = "" if sentence.verdict == "supported" else f' <span class="verdict">{why}</span>'
    before, point, after = map(esc, pointed(sentence))
    text = f"{before}<strong>{point}</strong>{after}" if point else before
    return f'<p class="{sentence.verdict.replace(" ", "-")}">{text} {marks}{said}</p>'


def _source(citation: Citation, number: int, vault: Vault, picture: str) -> str:
    where = ", ".join(esc(part) for part in (citation.section, citation.locator) if part)
    verdict = f"{MARKS[citation.verdict]} {citation.verdict}: {esc(citation.reason)}"
    doubt = f' <span class="note">Mind: {esc(citation.warning)}.</span>' if citation.warning else ""
    told = f" (reported from {esc(citation.reported_from)})" if citation.reported_from else ""
    quote = f"<blockquote>{_in_its_page(citation, vault)}{told}</blockquote>" if citation.quote else ""
    return (
        f'<section id="source-{number}"><h3>[{number}] {esc(citation.title or citation.key)}</h3>'
        f"<p>{esc(byline(citation))} {where}{_link(citation.url)}</p><p>{verdict}{doubt}</p>{quote}{picture}</section>"
    )


def _link(url: str | None) -> str:
    known = safe_url(url)
    return f' <a rel="noreferrer" href="{esc(known)}">{esc(known)}</a>' if known else ""


def _in_its_page(citation: Citation, vault: Vault) -> str:
    """The quote marked within its paragraph; alone where the vault does not have its page any more."""
    before, quote, after = around(citation, vault)
    return f"{esc(before)}<mark>{esc(quote)}</mark>{esc(after)}"


def _strip(citation: Citation, vault: Vault, pictures: PagePictures) -> Strip | None:
    """The part of the page where the quote stands; None where there is no page to draw."""
    original = local_pdf(citation.paper_id, vault) if citation.paper_id and citation.quote else None
    if original is None or citation.page is None:
        return None
    try:
        return pictures.strip(original, citation.page, citation.quote)
    except MivaultError:
        return None


def _picture(citation: Citation, strip: Strip) -> str:
    """Part of a page with a frame around each line of the quote."""
    frames = "".join(f'<i style="{_at(box)}"></i>' for box in strip.boxes)
    alt = f"{citation.title}, {citation.locator}, with the quote marked"
    source = base64.b64encode(strip.webp).decode()
    return f'<div class="page"><img alt="{esc(alt)}" src="data:image/webp;base64,{source}">{frames}</div>'


def _at(box: Box) -> str:
    named = zip(("left", "top", "width", "height"), box, strict=True)
    return ";".join(f"{name}:{100 * share:.2f}%" for name, share in named)


def _works(sentences: Sequence[Sentence]) -> Iterator[str]:
    entries = works_bibtex(sentences)
    if entries:
        yield f"<h2>BibTeX</h2><pre>{html.escape(entries)}</pre>"


def _made(bundled: Bundled) -> Iterator[str]:
    recipe = asdict(bundled.recipe) if bundled.recipe else {"chat_model": bundled.author}
    yield f"<h2>How it was made</h2><pre>{html.escape(json.dumps(recipe, ensure_ascii=False, indent=1))}</pre>"
    yield "<p>mivault replay FILE checks it again against a vault, and says what changed.</p>"


def _data(bundled: Bundled, vault: Vault) -> str:
    """What `replay` reads. No "<" in it, so that nothing in it ends the element that holds it."""
    data: dict[str, Any] = {"version": VERSION, **asdict(bundled)}
    cited = {citation.paper_id for citation in _distinct(bundled.sentences) if citation.paper_id}
    papers = {one: paper for one in sorted(cited) if (paper := vault.paper(one))}
    data["sources"] = {one: _edition(paper) for one, paper in papers.items()}
    return json.dumps(data, ensure_ascii=True).replace("<", "\\u003c")


def _edition(paper: Paper) -> dict[str, str | None]:
    return {"title": paper.title, "sha256": paper.sha256, "arxiv_version": paper.arxiv_version}


def _page(title: str, body: str, data: str) -> str:
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{esc(title)}</title><style>{STYLE.read_text(encoding='utf-8')}</style></head>\n<body><main>\n{body}\n"
        f'</main><script type="application/json" id="{MARKER}">{data}</script></body></html>\n'
    )
