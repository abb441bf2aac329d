"""Checks a bundle again against a vault: what it shows, does it still stand there, and does it still say so?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.app.evidence import passage_text
from assistant.bundle import MARKER, VERSION
from assistant.check import RANKING, Claim, judge
from assistant.locate import locate
from assistant.records import Citation, Sentence
from assistant.render import plain
from ingest.errors import MivaultError, UsageError
from ingest.records import Page, Paper, from_json
from ingest.vault import Vault

DATA = re.compile(rf'<script type="application/json" id="{MARKER}">([^<]*)</script>')
LARGEST = 200_000_000  # bytes of a bundle: older ones hold forty pictures of whole pages, 20 MB
HINT = "make one with: mivault ask ... --format html -o FILE"


@dataclass(frozen=True, slots=True)
class Change:
    """What is another today: of which source (counted from 1 as the bundle shows them, 0: of the whole), in words;
    `worse` where something that was shown no longer holds."""

    source: int
    what: str
    worse: bool


@dataclass(frozen=True, slots=True)
class Replay:
    """`checked` citations of `sentences` sentences, and what changed since the bundle was made."""

    title: str
    sentences: int
    checked: int
    changes: tuple[Change, ...]

    @property
    def holds(self) -> bool:
        return not any(change.worse for change in self.changes)


def replay(path: Path, vault: Vault) -> Replay:
    """What a bundle shows, checked against what the vault holds now. Raises UsageError for what is no bundle."""
    data = read_bundle(path)
    try:
        groups = [[from_json(Sentence, row) for row in group[1]] for group in data["groups"]]
        title, sources = str(data["title"]), dict(data["sources"])
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise UsageError(f"the bundle {path} is damaged", HINT) from error
    sentences = [sentence for group in groups for sentence in group]
    numbers = {c: n for n, c in enumerate(dict.fromkeys(c for s in sentences for c in s.citations), start=1)}
    changes = [*_recipe(data, vault), *_sources(numbers, sources, vault)]
    checked = 0
    for sentence in sentences:
        for citation in sentence.citations:
            checked += citation.paper_id is not None
            changes += _citation(numbers[citation], sentence, citation, vault)
    return Replay(title, len(sentences), checked, tuple(changes))


def read_bundle(path: Path) -> dict[str, Any]:
    """What a bundle holds as data. Raises UsageError for what is none, or of a later version."""
    if not path.is_file() or path.stat().st_size > LARGEST:
        raise UsageError(f"there is no bundle at {path}", HINT)
    found = DATA.search(path.read_text(encoding="utf-8", errors="replace"))
    try:
        data = json.loads(found[1]) if found else None
    except ValueError:
        data = None
    if not isinstance(data, dict) or not isinstance(data.get("version"), int):
        raise UsageError(f"{path} is no bundle of mivault's", HINT)
    if data["version"] > VERSION:
        raise UsageError(f"{path} was made by a later mivault", "use that one")
    return data


def replay_text(result: Replay) -> str:
    """For a terminal: what changed, the worse first."""
    lines = [plain(result.title)]
    for change in sorted(result.changes, key=lambda c: (not c.worse, c.source)):
        where = f"[{change.source}] " if change.source else ""
        lines.append(f"{'✗' if change.worse else '·'} {where}{plain(change.what)}")
    citations = f"{result.checked} citation{'' if result.checked == 1 else 's'} of {result.sentences} sentences checked"
    return "\n".join([*lines, f"{citations}: {'all of it holds' if result.holds else 'not all of it holds'}."]) + "\n"


def _recipe(data: Mapping[str, Any], vault: Vault) -> Iterator[Change]:
    recipe = data.get("recipe")
    if isinstance(recipe, dict) and recipe.get("vault_lock") != vault.lock_hash():
        yield Change(0, "the vault holds something else than when this was made", worse=False)


def _sources(numbers: Mapping[Citation, int], sources: Mapping[str, Any], vault: Vault) -> Iterator[Change]:
    """Each cited source once: gone, or another version of it."""
    first: dict[str, int] = {}
    for citation, number in numbers.items():
        if citation.paper_id:
            first.setdefault(citation.paper_id, number)
    for paper_id, number in first.items():
        paper, then = _paper(paper_id, vault), sources.get(paper_id)
        if paper is None:
            yield Change(number, f"{paper_id} is not in this vault any more", worse=True)
        elif isinstance(then, dict) and then.get("sha256") != paper.sha256:
            versions = f" ({then.get('arxiv_version')}, now {paper.arxiv_version})" if paper.arxiv_version else ""
            yield Change(number, f"{paper_id} is another file than it was{versions}", worse=False)


def _citation(number: int, sentence: Sentence, citation: Citation, vault: Vault) -> Iterator[Change]:
    """Whether the quote still stands where it stood, and is judged as it was."""
    if not citation.paper_id or not citation.quote or _paper(citation.paper_id, vault) is None:
        return
    pages = vault.pages(citation.paper_id)
    found = _stands(citation.quote, pages, citation.page)
    if found is None:
        yield Change(number, f"its quote stands nowhere in {citation.paper_id} any more", worse=True)
        return
    page, quote = found
    if page.number != citation.page:
        yield Change(number, f"its quote stands at {page.locator}, it stood at {citation.locator}", worse=False)
    around = passage_text(citation, vault) or page.text
    finding = judge(Claim(sentence.text, quote, around, f"{citation.title} {citation.section}"))
    if finding.verdict != citation.verdict:
        worse = RANKING.index(finding.verdict) > RANKING.index(citation.verdict)
        said = f"it was {citation.verdict}, today's check says {finding.verdict}: {finding.reason}"
        yield Change(number, said, worse)


def _paper(paper_id: str, vault: Vault) -> Paper | None:
    try:
        return vault.paper(paper_id)
    except MivaultError:  # an id that can be none: somebody else made this file
        return None


def _stands(quote: str, pages: Sequence[Page], first: int | None) -> tuple[Page, str] | None:
    """The page that has the quote, the one that had it before the others, and how it is written there."""
    for page in sorted(pages, key=lambda one: one.number != first):
        found = locate(quote, page.text)
        if found:
            return page, page.text[found[0] : found[1]]
    return None
