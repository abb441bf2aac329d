"""What an answer that abstains can point to: entries that are listed in vault.yaml, but whose text the vault lacks."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.candidates import rarity
from assistant.claims import content_words, stem, stems
from assistant.records import Listed
from ingest.errors import MivaultError
from ingest.manifest import load
from ingest.records import Entry
from ingest.vault import Vault

MOST = 5
NAMED = 2.0  # weight of a title's word: what a title says, its text is about
LEAST = 0.25  # share of the question's words, by weight, that an entry must have


def could_hold(question: str, vault: Vault) -> tuple[Listed, ...]:
    """The entries without text whose title, authors or section have most of the question's words, best first."""
    try:
        entries = load(vault).entries
    except MivaultError:
        return ()  # a sync says what is wrong with the list; here it is only a help
    held = {source for source in vault.source_ids() if vault.passages(source)}
    words = list(dict.fromkeys(content_words(question)))
    texts = {entry.id: _texts(entry) for entry in entries}
    weights = {w: rarity(sum(stem(w) in (t | o) for t, o in texts.values()), len(texts)) for w in words}
    total = sum(weights.values())
    scored = [(_score(*texts[e.id], weights), e) for e in entries if e.id not in held]
    best = sorted((s for s in scored if s[0] >= LEAST * total and s[0] > 0), key=lambda s: -s[0])[:MOST]
    return tuple(Listed(e.id, e.title, _shared(*texts[e.id], words)) for _, e in best)


def _texts(entry: Entry) -> tuple[frozenset[str], frozenset[str]]:
    """Stems of the title, and of authors and section."""
    return stems(entry.title), stems(" ".join((*entry.authors, entry.section)))


def _score(title: frozenset[str], other: frozenset[str], weights: dict[str, float]) -> float:
    return sum(w * (NAMED if stem(word) in title else 1.0 if stem(word) in other else 0) for word, w in weights.items())


def _shared(title: frozenset[str], other: frozenset[str], words: Sequence[str]) -> tuple[str, ...]:
    return tuple(w for w in words if stem(w) in title | other)
