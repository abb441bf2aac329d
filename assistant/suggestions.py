"""Questions that one could ask: of what is in the vault, and after an answer. No language model is needed for them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.claims import content_words, stems
from assistant.records import Answer, Nearest
from index.status import EntryStatus

MOST = 4
UNCOUNTED = ("ity", "tion", "ness", "ing", "sis", "ics", "s")  # terms that take no article
LONG = 90  # characters of a title: longer ones make no button


def starters(entries: Sequence[EntryStatus]) -> list[str]:
    """Questions that this vault can answer: about its glossary's terms and its papers, in halves. [] for a vault in
    which nothing can be searched."""
    titles = [e.title for e in entries if e.state == "searchable" and e.kind == "paper" and 0 < len(e.title) <= LONG]
    by_term = [f"What is {_in_words(term)}?" for term in _spread(terms(entries), MOST)]
    by_paper = [f"What does “{title}” find?" for title in _spread(titles, MOST)]
    first = by_term[: max(MOST // 2, MOST - len(by_paper))]
    return first + by_paper[: MOST - len(first)]


def terms(entries: Sequence[EntryStatus]) -> list[str]:
    """The glossary's terms that can be searched."""
    return [entry.title for entry in entries if entry.kind == "term" and entry.state == "searchable" and entry.title]


def follow_ups(answer: Answer, terms: Sequence[str] = ()) -> tuple[str, ...]:
    """Questions to go on with: the terms of what was retrieved that the question does not name, and the papers among
    it that the answer does not cite. None after an abstention: what came nearest is about something else."""
    about = "" if answer.abstained else _topic(answer, terms)
    if not about:
        return ()
    asked = stems(f"{answer.question} {answer.asked_as}")
    found = " ".join(near.text for near in answer.nearest).casefold()
    new = [term for term in terms if not stems(term) <= asked and _says(found, term)]
    related = [f"How does {_in_words(term)} relate to {about}?" for term in new[: MOST // 2]]
    papers = [f"What does “{title}” say about {about}?" for title in _uncited(answer)]
    return tuple((related + papers)[: MOST - 1])


def _topic(answer: Answer, terms: Sequence[str]) -> str:
    """What was asked about, as the question writes it: the longest term that it names, else its words of meaning where
    they are up to four in a row. "" where it has neither: words from here and there make no question."""
    question = answer.asked_as or answer.question
    named = [found[0] for term in terms if (found := re.search(rf"\b{re.escape(term)}\w*", question, re.IGNORECASE))]
    if named:
        return max(named, key=len)
    words = list(dict.fromkeys(content_words(question)))
    row = " ".join(words)
    return row if 0 < len(words) <= 4 and row.casefold() in " ".join(question.split()).casefold() else ""


def _uncited(answer: Answer) -> list[str]:
    cited = {citation.paper_id for sentence in answer.sentences for citation in sentence.citations}
    near: dict[str, Nearest] = {n.paper_id: n for n in answer.nearest if n.paper_id not in cited}
    return [n.title for n in near.values() if n.title and len(n.title) <= LONG and not n.title.startswith("Glossary: ")]


def _says(text: str, term: str) -> bool:
    return re.search(rf"\b{re.escape(term.casefold())}", text) is not None


def _in_words(term: str) -> str:
    """A term within a sentence: "Sparse Autoencoder" as "a sparse autoencoder", "SAE" and "GPT-2" as they are."""
    words = " ".join(word.lower() if word[:1].isupper() and word[1:].islower() else word for word in term.split())
    if words.endswith(UNCOUNTED) or not words.islower():
        return words
    return f"{'an' if words.startswith(tuple('aeiou')) else 'a'} {words}"


def _spread(items: Sequence[str], count: int) -> list[str]:
    """Up to `count` of the items, evenly over all of them: the first ones would all be of one time or one letter."""
    if len(items) <= count:
        return list(items)
    return [items[n * len(items) // count] for n in range(count)]
