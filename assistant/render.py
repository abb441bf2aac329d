"""An answer as text for a terminal, and as Markdown. What comes from documents or a model is escaped in both."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator

from assistant.parts import groups, pointed
from assistant.records import Answer, Citation, Nearest, Sentence

WIDTH = 100  # characters of a line in the terminal
MARKS = {"supported": "✓", "partly": "~", "unsupported": "✗", "unknown marker": "?", "uncited": "!"}
AUTHORS = 3  # then "et al."
SNIPPET = 240  # characters of a passage that was retrieved but is not quoted
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~^=-])")
# Around what is bold in a terminal, until the lines are made; `plain` leaves no such character in any text.
OPEN, CLOSE = "\x0e", "\x0f"
BOLD = {ord(OPEN): "\x1b[1m", ord(CLOSE): "\x1b[22m"}
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;", "@": "&#64;"}


def to_text(answer: Answer) -> str:
    """For a terminal: the sentences with numbered citations, by parts where there are some, then what each citation
    shows. Control characters, which could move the cursor or reverse the writing, are taken out; the only ones left
    make bold what answers by itself."""
    parts = [_abstention(answer, plain)] if answer.abstained else [*_prose(answer), "", *_sources_text(answer)]
    parts += ["", *_nearest_text(answer)] if answer.nearest else []
    parts += ["", *_help(answer, plain)] if answer.abstained else []
    parts += [f"note: {plain(notice)}" for notice in [*_asked_as(answer), *answer.notices, *_usage(answer)]]
    return "\n".join(parts).strip() + "\n"


def to_markdown(answer: Answer) -> str:
    """As Markdown: no character of a document acts as markup, formula, link or HTML."""
    parts = [f"**{escaped(answer.question)}**", ""]
    parts += (
        [_abstention(answer, escaped)] if answer.abstained else [*_paragraphs(answer), "", *_sources_markdown(answer)]
    )
    parts += ["", *_nearest_markdown(answer)] if answer.nearest else []
    parts += ["", *_help(answer, escaped)] if answer.abstained else []
    notices = [*_asked_as(answer), *answer.notices, *_usage(answer)]
    parts += ["", *(f"*{escaped(notice)}*" for notice in notices)] if notices else []
    return "\n".join(parts).strip() + "\n"


def plain(text: str) -> str:
    """One line without control and direction characters."""
    return " ".join(CONTROL.sub(" ", text).split())


def escaped(text: str) -> str:
    """One line of Markdown that shows exactly `text`: markup, HTML, formulas and bare links (which some viewers make
    of "www.") are disarmed."""
    text = "".join(ENTITIES.get(c, c) for c in SPECIAL.sub(r"\\\1", plain(text)))
    text = re.sub(r"(?i)\b(https?|ftp|mailto)(:)", r"\1&#58;", text)
    text = re.sub(r"(?i)\b(www)\.", r"\1&#46;", text)
    return re.sub(r"^(\d+)\.", r"\1&#46;", text)


def byline(citation: Citation) -> str:
    """ "A. Author, B. Author et al. (2023)", as much of it as is known."""
    names = ", ".join(citation.authors[:AUTHORS]) + (" et al." if len(citation.authors) > AUTHORS else "")
    return " ".join(part for part in (names, f"({citation.year})" if citation.year else "") if part)


def numbered(answer: Answer) -> list[tuple[int, Citation]]:
    """The citations of an answer, counted from 1 in reading order."""
    return list(enumerate((c for s in answer.sentences for c in s.citations), start=1))


def _abstention(answer: Answer, safe: Callable[[str], str]) -> str:
    return f"The vault has no answer: {safe(answer.reason)}."


def _help(answer: Answer, safe: Callable[[str], str]) -> Iterator[str]:
    """What would help where the vault has no answer."""
    if answer.unmatched:
        yield f"Words of the question that no passage found has: {safe(', '.join(answer.unmatched))}."
    if answer.could_hold:
        yield "Listed in vault.yaml, not downloaded, and could hold it (mivault sync ID):"
        yield from (f"- {safe(entry.id)}: {safe(entry.title)}" for entry in answer.could_hold)


def _asked_as(answer: Answer) -> list[str]:
    return [f"searched for: {answer.asked_as}"] if answer.asked_as else []


def _usage(answer: Answer) -> list[str]:
    """What a language model took, where the server counted its tokens."""
    usage = answer.usage
    if usage is None or usage.tokens_read is None or usage.tokens_written is None:
        return []
    price = f", {usage.cost:.4f} {usage.currency}".rstrip() if usage.cost is not None else ""
    count = f"{usage.requests} request{'s' if usage.requests > 1 else ''} to {answer.recipe.chat_model}"
    return [f"{count}: {usage.tokens_read:,} tokens read, {usage.tokens_written:,} written{price}"]


# --- terminal --------------------------------------------------------------------------------------------------------


def _prose(answer: Answer) -> Iterator[str]:
    marks = _marks(answer)
    for number, group in enumerate(groups(answer)):
        if group.heading:
            yield from (*([""] if number else []), f"{plain(group.heading)}:")
        for sentence in group.sentences:
            flag = "" if sentence.verdict == "supported" else f" ({sentence.verdict})"
            text = f"{_pointed(sentence, plain, OPEN, CLOSE)} {''.join(f'[{n}]' for n in next(marks))}{flag}"
            yield textwrap.fill(text.strip(), WIDTH).translate(BOLD)


def _marks(answer: Answer) -> Iterator[list[int]]:
    """The numbers of each sentence's citations, as `numbered` counts them."""
    first = 1
    for sentence in answer.sentences:
        yield list(range(first, first + len(sentence.citations)))
        first += len(sentence.citations)


def _pointed(sentence: Sentence, safe: Callable[[str], str], opening: str, closing: str) -> str:
    """A sentence's text with what answers by itself between two marks."""
    before, point, after = pointed(sentence)
    if not point:
        return safe(sentence.text)
    spaces = (" " if before[-1:].isspace() else "", " " if after[:1].isspace() else "")
    return f"{safe(before)}{spaces[0]}{opening}{safe(point)}{closing}{spaces[1]}{safe(after)}"


def _sources_text(answer: Answer) -> Iterator[str]:
    for number, citation in numbered(answer):
        yield f"[{number}] {MARKS[citation.verdict]} {citation.verdict}: {plain(citation.reason)}"
        for line in filter(None, _source_lines(citation, plain)):
            yield textwrap.indent(textwrap.fill(line, WIDTH - 4), "    ")


def _source_lines(citation: Citation, safe: Callable[[str], str]) -> list[str]:
    """Title, author and year; where in it; the quote; a doubt about its page; the link. Empty lines for what lacks."""
    kind = f" [{citation.kind}]" if citation.kind != "paper" and citation.title else ""
    where = ", ".join(safe(part) for part in (citation.locator, citation.section) if part)
    return [
        ". ".join(part for part in (safe(citation.title) + kind, safe(byline(citation))) if part),
        where,
        f"“{safe(citation.quote)}”{_second_hand(citation, safe)}" if citation.quote else "",
        f"Mind: {safe(citation.warning)}." if citation.warning else "",
        safe(citation.url or ""),
    ]


def _second_hand(citation: Citation, safe: Callable[[str], str]) -> str:
    return f" (reported from {safe(citation.reported_from)})" if citation.reported_from else ""


def _nearest_text(answer: Answer) -> Iterator[str]:
    yield "Nearest passages:" if answer.abstained else "Also retrieved:"
    for found in answer.nearest:
        yield f"  - {plain(found.title)}, {plain(found.locator)}"
        if answer.abstained:
            yield textwrap.indent(textwrap.fill(_snippet(found), WIDTH - 4), "    ")


def _snippet(found: Nearest) -> str:
    return textwrap.shorten(plain(found.text), SNIPPET, placeholder=" …")


# --- Markdown --------------------------------------------------------------------------------------------------------


def _paragraphs(answer: Answer) -> Iterator[str]:
    """A paragraph for each part, under its heading."""
    marks = _marks(answer)
    for number, group in enumerate(groups(answer)):
        if group.heading:
            yield from (*([""] if number else []), f"### {escaped(group.heading)}", "")
        said = []
        for sentence in group.sentences:
            flag = "" if sentence.verdict == "supported" else f" *({sentence.verdict})*"
            numbers = "".join(f"\\[{n}\\]" for n in next(marks))
            said.append(f"{_pointed(sentence, escaped, '**', '**')} {numbers}{flag}".strip())
        yield " ".join(said)


def _sources_markdown(answer: Answer) -> Iterator[str]:
    for number, citation in numbered(answer):
        title, where, quote, doubt, _ = _source_lines(citation, escaped)
        yield f"{number}. {MARKS[citation.verdict]} **{citation.verdict}**: {escaped(citation.reason)}"
        if title:
            yield f"   {_linked(title, citation.url)}{', ' + where if where else ''}"
        if quote:
            yield f"   > {quote}"
        if doubt:
            yield f"   *{doubt}*"


def _linked(title: str, url: str | None) -> str:
    """The title as a link, where the address is an ordinary one."""
    safe = url is not None and re.fullmatch(r"https?://[\w.:-]+(?:/[\w./~%?&=+:,;-]*)?(?:#[\w./~%?&=+:,;-]*)?", url)
    return f"[{title}]({url})" if safe else title


def _nearest_markdown(answer: Answer) -> Iterator[str]:
    yield "Nearest passages:" if answer.abstained else "Also retrieved:"
    yield ""
    for found in answer.nearest:
        text = f": {escaped(_snippet(found))}" if answer.abstained else ""
        yield f"- {escaped(found.title)}, {escaped(found.locator)}{text}"
