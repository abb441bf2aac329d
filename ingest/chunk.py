"""Pages become passages: stretches of about 200 tokens inside one section, each knowing where it lies.

The door of LlamaIndex's node parsers. They pack sentences into passages; sentences and token counts are given to them,
so that they load neither nltk's data nor tiktoken's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from ingest.records import Heading, Page, Passage, PassageKind, Span
from ingest.sections import is_bibliography

CHUNKER = "sentences 2, 200 tokens, overlap 20"
SLACK = 50  # tokens over the aim that a passage may have: 200 + 50 stay under the 256 where MiniLM cuts
SHORT = 40  # tokens: a section's last passage with less than this to add joins the one before it, where there is room
JOINT = "\n"  # between the stretches of a passage
# A sentence's end: a mark, perhaps closing quotes, white space, and what can begin a sentence. Paragraphs end too.
END = re.compile(
    r"\n\n+|(?<=[.!?。！？])[\"'”’)\]]*\s+(?=[\"'“‘(\[]?[A-Z0-9•À-Þ\u0400-\u042f\u4e00-\u9fff])|(?<=[。！？])"
)
NOT_END = re.compile(
    r"(?:\b(?:al|Fig|Figs|Eq|Eqs|Sec|Tab|App|e\.g|i\.e|cf|vs|resp|approx|No|Dr|Prof|Mr|Ms|St|pp|[A-Z]))\.$"
)
PHRASE = r"[^,.;:。？！，；]*[,.;:。？！，；]+|[^,.;:。？！，；]+"  # loses no letter, unlike LlamaIndex's own


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of pages under one heading: `path` are the headings above it, `spans` lie on pages in order."""

    path: tuple[str, ...]
    spans: tuple[Span, ...]
    kind: PassageKind


def chunk(
    pages: Sequence[Page], count_tokens: Callable[[str], int], *, tokens: int = 200, overlap: int = 20
) -> list[Passage]:
    """The passages of a source in order; they cover every character of its pages that is no white space.

    `count_tokens` is the embedder's own count. No passage has more than `tokens` + 50 of them, none mixes text with
    bibliography, and the same pages always give the same ids.
    """
    by_number = {page.number: page for page in pages}
    count = lru_cache(maxsize=4096)(count_tokens)
    cut = _splitter(count, tokens, overlap)
    passages: list[Passage] = []
    seen: set[str] = set()
    for section in sections(pages):
        for spans in _cut(section, by_number, cut, count, tokens):
            passage = _passage(section, spans, by_number, len(passages))
            if passage.id not in seen:
                seen.add(passage.id)
                passages.append(passage)
    return passages


# --- sections -------------------------------------------------------------------------------------------------------


def sections(pages: Sequence[Page]) -> list[Section]:
    """The sections of a source in order. A heading with nothing under it stands with the text that follows."""
    found: list[Section] = []
    waiting = Section((), (), "text")
    for path, spans in _under_headings(pages):
        kind: PassageKind = "references" if path and is_bibliography(path[-1]) else "text"
        if waiting.spans and kind == "references":
            found.append(waiting)
            waiting = Section((), (), "text")
        section = Section(path, _fused(waiting.spans + spans), kind)
        waiting = Section((), (), "text")
        if kind == "text" and path and _is_bare(spans, path[-1]):
            waiting = section
        else:
            found.append(section)
    return [*found, waiting] if waiting.spans else found


def _is_bare(spans: tuple[Span, ...], heading: str) -> bool:
    """Whether a section is its heading and nothing more."""
    return len(spans) == 1 and spans[0].end - spans[0].start <= len(heading)


def _under_headings(pages: Sequence[Page]) -> Iterator[tuple[tuple[str, ...], tuple[Span, ...]]]:
    """The stretches between one heading and the next, over page ends, each with the headings it stands under."""
    above: list[Heading] = []
    spans: list[Span] = []
    for page in pages:
        start = 0
        for heading in page.headings:
            spans += _trimmed(page, start, heading.offset)
            if spans:
                yield tuple(h.title for h in above), tuple(spans)
            spans, start = [], heading.offset
            above = [h for h in above if h.level < heading.level] + [heading]
        spans += _trimmed(page, start, len(page.text))
    if spans:
        yield tuple(h.title for h in above), tuple(spans)


def _trimmed(page: Page, start: int, end: int) -> list[Span]:
    """A stretch of a page without white space around it; [] for nothing else."""
    text = page.text[start:end]
    body = text.strip()
    start += len(text) - len(text.lstrip())
    return [Span(page.number, start, start + len(body))] if body else []


def _fused(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """Spans that follow each other on one page as one."""
    out: list[Span] = []
    for span in spans:
        if out and out[-1].page == span.page:
            out[-1] = Span(span.page, out[-1].start, span.end)
        else:
            out.append(span)
    return tuple(out)


# --- passages -------------------------------------------------------------------------------------------------------


def _splitter(count: Callable[[str], int], tokens: int, overlap: int) -> Callable[[str], list[str]]:
    """LlamaIndex's SentenceSplitter with our sentences and our count."""
    from llama_index.core.node_parser import SentenceSplitter

    around = count("")  # tokens that a model puts around every text, not around every sentence

    def tokenizer(text: str) -> range:
        # All that matters of a long text is that it is too long: nothing has 40 characters to a token.
        return range(len(text) if len(text) > 40 * tokens else max(count(text) - around, 0))

    splitter = SentenceSplitter(
        chunk_size=max(tokens - around, 1),
        chunk_overlap=min(overlap, tokens // 2),
        tokenizer=tokenizer,
        chunking_tokenizer_fn=sentences,
        paragraph_separator="\0",  # paragraphs are ends of sentences to us: else a long one is never packed with others
        secondary_chunking_regex=PHRASE,
    )
    return lambda text: list(splitter.split_text(text))


def sentences(text: str) -> list[str]:
    """A text cut where its sentences and paragraphs end; nothing is lost."""
    out: list[str] = []
    start = 0
    for match in END.finditer(text):
        if match.end() > start and ("\n\n" in match.group() or not NOT_END.search(text, start, match.start())):
            out.append(text[start : match.end()])
            start = match.end()
    return [*out, text[start:]] if text[start:] else out


def _cut(
    section: Section,
    pages: dict[int, Page],
    cut: Callable[[str], list[str]],
    count: Callable[[str], int],
    tokens: int,
) -> Iterator[tuple[Span, ...]]:
    """The spans of each passage of a section."""
    text = JOINT.join(pages[span.page].text[span.start : span.end] for span in section.spans)
    for start, end in _rounded(text, _places(text, cut(text)), count, tokens):
        yield _spans(section, start, end)


def _places(text: str, pieces: Sequence[str]) -> list[tuple[int, int]]:
    """Where the splitter's pieces lie, in order. Each is taken at its last place that leaves no gap after the
    one before it: repeated sentences can then cost overlap, never text. Of two that overlap whole, the longer stays."""
    places: list[tuple[int, int]] = []
    reach = 0
    for piece in pieces:
        latest = reach + len(text[reach:]) - len(text[reach:].lstrip())
        start = text.rfind(piece, 0, latest + len(piece))
        end = start + len(piece)
        while places and start <= places[-1][0] and end >= places[-1][1]:
            places.pop()
        if not places or end > places[-1][1]:
            places.append((start, end))
        reach = max(reach, end)
    return places


def _rounded(
    text: str, places: list[tuple[int, int]], count: Callable[[str], int], tokens: int
) -> Iterator[tuple[int, int]]:
    """The places with a short last one joined to the one before it, and what is too long after all halved."""
    if len(places) > 1 and count(text[places[-2][1] : places[-1][1]]) < SHORT:
        whole = (places[-2][0], places[-1][1])
        if count(text[slice(*whole)]) <= tokens + SLACK:
            places = [*places[:-2], whole]
    for start, end in places:
        yield from _halved(text, start, end, count, tokens + SLACK)


def _halved(text: str, start: int, end: int, count: Callable[[str], int], limit: int) -> Iterator[tuple[int, int]]:
    if end - start < 2 or count(text[start:end]) <= limit:
        yield start, end
        return
    space = text.rfind(" ", start + 1, (start + end) // 2 + 1)
    middle = space if space > start else (start + end) // 2
    yield from _halved(text, start, middle, count, limit)
    yield from _halved(text, middle + (text[middle] == " "), end, count, limit)


def _spans(section: Section, start: int, end: int) -> tuple[Span, ...]:
    """The part from `start` to `end` of a section's text, as spans of pages."""
    out: list[Span] = []
    at = 0
    for span in section.spans:
        length = span.end - span.start
        first, last = max(start - at, 0), min(end - at, length)
        if first < last:
            out.append(Span(span.page, span.start + first, span.start + last))
        at += length + len(JOINT)
    return tuple(out)


def _passage(section: Section, spans: tuple[Span, ...], pages: dict[int, Page], order: int) -> Passage:
    first, last = pages[spans[0].page], pages[spans[-1].page]
    text = JOINT.join(pages[span.page].text[span.start : span.end] for span in spans)
    key = repr((first.paper_id, [(span.page, span.start, span.end) for span in spans], text))
    return Passage(
        id=sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:16],
        paper_id=first.paper_id,
        order=order,
        section=section.path,
        first_locator=first.locator,
        last_locator=last.locator,
        text=text,
        spans=spans,
        kind=section.kind,
        link=first.link,
        warning="; ".join(dict.fromkeys(filter(None, (pages[span.page].warning for span in spans)))),
    )
