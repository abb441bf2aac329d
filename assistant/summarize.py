"""A paper's summary, from the whole of it: what it asks, does, finds and leaves open, each line cited and checked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import Template

from assistant.aspects import ASPECTS, ELSEWHERE, OWN, WANTING, Aspect
from assistant.candidates import stretches
from assistant.check import Pages, check
from assistant.claims import numbers, stems
from assistant.errors import ModelError
from assistant.fence import fenced
from assistant.injection import noticed
from assistant.markers import parse
from assistant.prompts import load
from assistant.records import Draft, DraftSentence, Figure, Summary, SummaryPart, Term, Usage
from assistant.secondhand import reported_from
from assistant.shape import beside_the_point, reading
from assistant.speaking import Counted, Speaker
from index.records import Hit
from ingest.records import Page, Paper, Passage

MOST_TERMS, MOST_FIGURES = 12, 20
SECTION_CHARACTERS = 9_000  # shown to a model at a time; longer sections come in parts


CAPTION = re.compile(r"(?m)^((?:Figure|Fig\.|Table)\s*[A-Z]?\d+(?:\.\d+)?)\s*[.:|]\s*(.{8,})")
ABSTRACT = re.compile(r"^\W*abstract\b", re.IGNORECASE)


def summarize(
    paper: Paper,
    pages: Sequence[Page],
    passages: Sequence[Passage],
    *,
    glossary: Mapping[str, tuple[str, ...]],
    model: Speaker | None = None,
) -> Summary:
    """The summary of one paper. `glossary` gives each term's names by its id. With a model it reads section by section;
    where it fails, the paper's own sentences stand in, and a notice says so."""
    shown = {f"p{n}": Hit(p, paper, 1.0) for n, p in enumerate(passages, start=1) if p.kind == "text"}
    parts, author, notices, usage = _own_words(shown), "extractive", noticed(shown.values()), None
    if model is not None:
        try:
            parts, usage = _by_model(Counted(model), shown)
            author = model.name
        except ModelError as error:
            notices = (f"the language model did not answer, so these are the paper's own sentences: {error}", *notices)
    return Summary(
        paper_id=paper.id,
        title=paper.title,
        authors=paper.authors,
        year=paper.year,
        arxiv_id=paper.arxiv_id,
        parts=tuple(_checked(name, lines, shown, lambda _: pages) for name, lines in parts.items()),
        terms=tuple(terms_in(pages, glossary)),
        figures=tuple(figures_in(pages)),
        author=author,
        notices=notices,
        usage=usage,
    )


def _checked(name: str, lines: Sequence[DraftSentence], shown: Mapping[str, Hit], pages: Pages) -> SummaryPart:
    return SummaryPart(name, check(Draft(tuple(lines), shown, ""), pages))


# --- without a language model ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Line:
    """A sentence that could stand in the summary, where it lies in the paper (0 to 1), and its signs."""

    key: str
    text: str
    quote: str
    place: float
    form: float
    section: str
    central: float
    stems: frozenset[str]


def _own_words(shown: Mapping[str, Hit]) -> dict[str, list[DraftSentence]]:
    """The paper's own sentences for each aspect; none stands twice."""
    lines, used, found = list(_lines(shown)), list[_Line](), dict[str, list[DraftSentence]]()
    for aspect in ASPECTS:
        best = sorted((line for line in lines if _belongs(line, aspect)), key=lambda line: -_worth(line, aspect))
        chosen: list[_Line] = []
        for line in best:
            if len(chosen) < aspect.lines and not any(_alike(line, other) for other in used):
                chosen.append(line)
                used.append(line)
        found[aspect.name] = [_drafted(line) for line in sorted(chosen, key=lambda line: line.place)]
    return found


def _drafted(line: _Line) -> DraftSentence:
    return DraftSentence(line.text, (line.key,), {line.key: line.quote})


def _lines(shown: Mapping[str, Hit]) -> Iterator[_Line]:
    """Every sentence that can stand alone. Central is one that shares much with what the paper says most often."""
    counts = Counter(stem for hit in shown.values() for stem in stems(hit.passage.text))
    often = {stem for stem, _ in counts.most_common(40)}
    for n, (key, hit) in enumerate(shown.items()):
        section = " > ".join(hit.passage.section)
        if beside_the_point(hit.passage.section) and not re.search(r"limit|future", section, re.IGNORECASE):
            continue
        for _, quote, form in stretches(hit.passage.text, hanging=0.3):
            text = reading(quote)
            found = stems(text)
            central = len(found & often) / (len(found) or 1)
            yield _Line(key, text, quote, n / len(shown), form, section, central, found)


def _worth(line: _Line, aspect: Aspect) -> float:
    """How well a line serves an aspect: without its cue not at all. Plain judgement, checked by reading ten papers."""
    cues = aspect.cues(line.text, line.section)
    if not cues or line.form < 0.5:
        return 0.0
    worth = 0.5 + 0.15 * min(cues, 3) + 0.5 * line.central + (0.35 if aspect.fits(line.section) else 0.0)
    if aspect.name == "findings":
        worth += 0.35 if _measured(line.text) else 0.0
    if aspect.name in ("question", "method", "findings") and (ABSTRACT.match(line.section) or line.place < 0.06):
        worth += 0.3
    if reported_from(line.text):
        worth -= 0.4  # what others found is not this paper's
    if (
        re.search(r"\b(?:could|might|may|would|we conclude with|we begin|we then)\b", line.text)
        and aspect.name != "limits"
    ):
        worth -= 0.25
    if re.search(r"appendix|^[A-Z]\b(?:\.\d)?", line.section) and not aspect.named.search(line.section):
        worth -= 0.6 if aspect.name == "limits" else 0.3
    if aspect.named.search(line.section):
        worth += 0.4 if aspect.weak.search(line.text) or aspect.cue.search(line.text) else 0.0
    if aspect.name == "limits":
        worth -= _no_limit(line, aspect)
    if aspect.name == "question" and not aspect.fits(line.section):
        worth -= 0.4  # later on, "the question" is mostly one of a data set
    return worth * line.form


def _no_limit(line: _Line, aspect: Aspect) -> float:
    """What speaks against a line as one of the paper's limits: hopes and plans, advice, and what is the field's."""
    against = 0.0 if WANTING.search(line.text) else 0.5
    against += 0.5 if ELSEWHERE.search(line.text) or "related" in line.section.casefold() else 0.0
    return against + (0.0 if aspect.named.search(line.section) or OWN.search(line.text) else 0.4)


def _belongs(line: _Line, aspect: Aspect) -> bool:
    """Whether the line serves this aspect, and no other one better."""
    return max(aspect.least, 1e-9) <= _worth(line, aspect) >= max(_worth(line, other) for other in ASPECTS)


def _measured(text: str) -> bool:
    return bool(re.search(r"\d(?:[\d.,]*)\s?(?:%|percent|x\b|times)|\b0\.\d+", text)) or len(numbers(text)) > 1


def _alike(a: _Line, b: _Line) -> bool:
    return len(a.stems & b.stems) / (len(a.stems | b.stems) or 1) > 0.5 or a.quote in b.quote or b.quote in a.quote


# --- with a language model -------------------------------------------------------------------------------------------


def _by_model(model: Counted, shown: Mapping[str, Hit]) -> tuple[dict[str, list[DraftSentence]], Usage | None]:
    """What the model says of each section, by aspect. Raises ModelError."""
    found: dict[str, list[DraftSentence]] = {aspect.name: [] for aspect in ASPECTS}
    for part in parts_of(shown):
        passages = "\n\n".join(fenced(key, hit) for key, hit in part.items())
        said = model.say(load("summary_system"), Template(load("summary_user")).substitute(passages=passages))
        for name, lines in by_aspect(said).items():
            found[name] += lines
    if not any(found.values()):
        raise ModelError(f"{model.name} wrote nothing that can be read as a summary", "try another model")
    return {a.name: found[a.name][: 2 * a.lines] for a in ASPECTS}, model.usage


def parts_of(shown: Mapping[str, Hit]) -> Iterator[dict[str, Hit]]:
    """The paper in its order, cut where its main sections end, or where a part becomes too long for a model."""
    part: dict[str, Hit] = {}
    size, section = 0, ""
    for key, hit in shown.items():
        top = hit.passage.section[0] if hit.passage.section else ""
        fits = size + len(hit.passage.text) <= SECTION_CHARACTERS
        if part and (not fits or (top != section and size > SECTION_CHARACTERS // 3)):
            yield part
            part, size = {}, 0
        part[key], section = hit, top
        size += len(hit.passage.text)
    if part:
        yield part


def by_aspect(said: str) -> dict[str, list[DraftSentence]]:
    """A model's lines "FINDING: ... [p3]" by aspect; what has no label is left out."""
    labels = {"question": "question", "method": "method", "finding": "findings", "findings": "findings",
              "result": "findings", "limit": "limits", "limits": "limits", "limitation": "limits"}  # fmt: skip
    found: dict[str, list[DraftSentence]] = {aspect.name: [] for aspect in ASPECTS}
    for line in said.splitlines():
        label = re.match(r"^[\W\d]*(\w+?)s?\W*:\s*(.+)", line)
        name = labels.get(label[1].casefold()) if label else None
        if label and name:
            found[name] += [s for s in parse(label[2]) if s.keys]
    return found


# --- terms and figures -----------------------------------------------------------------------------------------------


def terms_in(pages: Sequence[Page], glossary: Mapping[str, tuple[str, ...]]) -> Iterator[Term]:
    """Glossary terms that the paper uses twice or more, most used first."""
    used = []
    for term_id, names in glossary.items():
        pattern = re.compile(r"\b(?:" + "|".join(map(_name, names)) + r")s?\b", re.IGNORECASE)
        counts = [(page, len(pattern.findall(page.text))) for page in pages]
        total = sum(count for _, count in counts)
        if total > 1:
            first = next(page for page, count in counts if count)
            used.append(Term(term_id, names[0], total, first.locator))
    yield from sorted(used, key=lambda term: -term.count)[:MOST_TERMS]


def _name(name: str) -> str:
    """As it may be written: hyphens and spaces alike. Short capitals only as they are."""
    pattern = r"[\s-]+".join(map(re.escape, re.split(r"[\s-]+", name)))
    return f"(?-i:{pattern})" if name.isupper() else pattern


def figures_in(pages: Sequence[Page]) -> Iterator[Figure]:
    """Figures and tables by the first sentence of their caption, each once."""
    seen: set[str] = set()
    for page in pages:
        for label, caption in CAPTION.findall(page.text):
            name = label.replace("Fig.", "Figure")
            if name not in seen and len(seen) < MOST_FIGURES:
                seen.add(name)
                yield Figure(name, re.split(r"(?<=[a-z)])\.\s", caption, maxsplit=1)[0][:200], page.locator)
