"""The evidence step: a language model scores each passage for the question and condenses it, several at a time.

Nothing here can lose an answer: a reply that cannot be read leaves its passage as it is, and so does a slow or failing
model.
"""

from __future__ import annotations

import queue
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from string import Template

from assistant.errors import ModelError
from assistant.fence import fenced
from assistant.prompts import load
from assistant.speaking import Counted
from index.records import Hit

AT_ONCE = 4  # requests to the server at a time
SECONDS = 20.0  # for all of them together: what is not condensed by then is shown whole
IRRELEVANT = 2  # of 10: up to here a passage is left out
LEFT = 2  # the best so many stay, however they are scored
SCORE = re.compile(r"(?:score|relevance|rating)\W{0,6}(\d{1,2})(?:\.\d)?\b|^\W{0,4}(\d{1,2})(?:\.\d+)?(?:\s*/\s*10)?\b",
                   re.IGNORECASE)  # fmt: skip
LABEL = re.compile(
    r"^\W*(?:summary|condensed|evidence|notes?|text|relevant (?:part|information))\W*:\s*", re.IGNORECASE
)
THINKING = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
MOST = 800  # characters of a condensed passage
LEAD = 300  # characters of a reply that may stand before its score
UNREADABLE = 2  # so many first replies without a score end the step


@dataclass(frozen=True, slots=True)
class Judged:
    """What a model says of one passage: `score` 0 to 10 (None: cannot be read), `text` condensed, "" if not."""

    score: int | None
    text: str


def condensed(
    model: Counted, question: str, shown: Mapping[str, Hit], *, seconds: float = SECONDS, at_once: int = AT_ONCE
) -> dict[str, Judged]:
    """What the model says of each passage, by key; keys are missing where it did not answer in time, or failed."""
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for key in shown:
        waiting.put(key)
    done: queue.SimpleQueue[tuple[str, Judged | None]] = queue.SimpleQueue()
    ended = threading.Event()

    def work() -> None:
        while not ended.is_set():
            try:
                key = waiting.get_nowait()
            except queue.Empty:
                return
            done.put((key, _asked(model, question, key, shown[key], ended)))

    for _ in range(min(at_once, len(shown))):
        threading.Thread(target=work, name="evidence", daemon=True).start()
    found = _collected(done, len(shown), time.monotonic() + seconds)
    ended.set()
    return found


def relevant(shown: Mapping[str, Hit], judged: Mapping[str, Judged]) -> list[str]:
    """The keys of the passages worth showing, in order: all but the irrelevant, and at least the best few."""
    score = {key: _score(judged.get(key)) for key in shown}
    best = sorted(shown, key=lambda key: -score[key])[:LEFT]
    return [key for key in shown if score[key] > IRRELEVANT or key in best]


def read(reply: str) -> Judged:
    """A reply as score and text, however it is written: JSON, "Score: 7", "7/10 ...". Never raises."""
    said = THINKING.sub("", reply).strip().strip("`").strip()
    found = SCORE.search(said)
    score = int(found[1] or found[2]) if found else None
    if score is None or score > 10:
        return Judged(None, "")
    inside = re.search(r"\"(?:summary|text|condensed|evidence)\"\s*:\s*\"((?:[^\"\\]|\\.)*)\"", said)
    rest = inside[1].replace('\\"', '"') if inside else "" if said[:1] == "{" else said[found.end() :] if found else ""
    text = LABEL.sub("", " ".join(re.sub(r"^\s*/\s*10", "", rest).lstrip(" \n.:;,*-").split()))
    return Judged(score, text[:MOST] if len(text.split()) > 3 else "")


def _asked(model: Counted, question: str, key: str, hit: Hit, ended: threading.Event) -> Judged | None:
    """Hung up on where nobody waits any more: a server that answers one after the other would come to the answer only
    when all of these are written."""
    asked = Template(load("evidence_user")).substitute(passage=fenced(key, hit), question=" ".join(question.split()))
    try:
        return read(model.say(load("evidence_system"), asked, enough=lambda said: ended.is_set() or _enough(said)))
    except ModelError:
        return None


def _enough(said: str) -> bool:
    """Whether all of a reply that can be used has come, or it begins with so much that no score will."""
    rest = THINKING.sub("", said)
    return len(rest) > MOST + LEAD or (len(rest) > LEAD and not SCORE.search(rest))


def _collected(done: queue.SimpleQueue[tuple[str, Judged | None]], count: int, until: float) -> dict[str, Judged]:
    """What comes in before `until`, in at most `count` pieces; a failure ends the wait: the others fail too. So do
    replies of which none can be read: the model cannot do this."""
    found: dict[str, Judged] = {}
    for _ in range(count):
        try:
            key, judged = done.get(timeout=max(until - time.monotonic(), 0.001))
        except queue.Empty:
            break
        if judged is None:
            break
        found[key] = judged
        if len(found) >= UNREADABLE and all(one.score is None for one in found.values()):
            break
    return found


def _score(judged: Judged | None) -> int:
    """Not judged is not irrelevant."""
    return 5 if judged is None or judged.score is None else judged.score
