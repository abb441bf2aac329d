"""A talk's captions become pages of about half a minute, each linked to its second."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ingest.clean import garbled
from ingest.errors import ParseError
from ingest.identify import Identity
from ingest.jobs import Parsed, ParseJob
from ingest.read_text import clean_text, file_text
from ingest.records import Page

# Half a minute is about 80 words: a page begins near what is said, and a sentence seldom goes on over its end.
SECONDS = 30.0
LONGEST = 45.0
GENERATED = "its captions were made by a program, which mishears names and terms"


@dataclass(frozen=True, slots=True)
class Caption:
    """Words on the screen, and when they appear, in seconds."""

    start: float
    text: str


def parse_talk(job: ParseJob) -> Parsed:
    """The pages of a talk (see ingest/captions.py). Raises ParseError where nothing is said in it."""
    try:
        talk = json.loads(file_text(job.path))
        captions = list(_captions(talk["captions"]))
        video = str(talk["video"])
    except (ValueError, KeyError, TypeError) as error:
        raise ParseError("damaged: these are no captions", "get them again: mivault sync ID") from error
    if not any(caption.text for caption in captions):
        raise ParseError("its captions hold no words", "name another source for it")
    url = f"https://www.youtube.com/watch?v={video}"
    generated = (GENERATED,) if talk.get("generated") else ()
    pages = tuple(
        replace(_page(job.paper_id, n, group, url), warning="".join(generated))
        for n, group in enumerate(_groups(captions), start=1)
    )
    author = str(talk.get("author") or "")
    identity = Identity(str(talk.get("title") or ""), (author,) if author else (), None, None, None)
    return Parsed(pages, identity, generated, url=url)


def _captions(rows: Sequence[dict[str, Any]]) -> Iterator[Caption]:
    for row in rows:
        yield Caption(float(row["start"]), " ".join(clean_text(str(row["text"])).split()))


def _groups(captions: Sequence[Caption]) -> Iterator[list[Caption]]:
    """Captions of half a minute and up to the end of a sentence, where one ends soon after."""
    group: list[Caption] = []
    for caption in captions:
        lasted = caption.start - group[0].start if group else 0.0
        ended = bool(group) and group[-1].text.endswith((".", "?", "!"))
        if group and (lasted >= LONGEST or (lasted >= SECONDS and ended)):
            yield group
            group = []
        if caption.text:
            group.append(caption)
    if group:
        yield group


def _page(paper_id: str, number: int, group: Sequence[Caption], url: str) -> Page:
    text, second = " ".join(caption.text for caption in group), int(group[0].start)
    return Page(paper_id, number, clock(second), text, garbled=garbled(text), link=f"{url}&t={second}s")


def clock(seconds: int) -> str:
    """A time as a player shows it: "12:34", "1:02:03"."""
    hours, rest = divmod(seconds, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
