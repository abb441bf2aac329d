"""Passages by words: BM25 over stemmed English. The door of `tantivy`, with word_schema.py.

It finds what vectors miss: names, symbols, numbers. Any text is a query: it is cut into words here, never parsed.
Bibliography lies in a field of its own, so that it is neither found nor counted unless it is asked for.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from index.errors import IndexDamaged
from index.filters import Filter
from index.records import Added
from index.state import REBUILD
from index.store import Found
from index.tuning import Tuning
from index.word_schema import analyzer, document, filter_query, schema
from ingest.records import Paper, Passage

# A question is one or two sentences; of something longer, its beginning.
QUERY_CHARACTERS = 4_000
QUERY_WORDS = 64
# From so many words on, a question that stands in a passage was copied from there; in quotation marks, from 2 on.
SENTENCE_WORDS = 5
QUOTED = re.compile('["\u201c]([^"\u201c\u201d]+)["\u201d]')
# 15 MB is tantivy's least; one thread writes about 20,000 passages a second.
WRITER_BYTES = 15_000_000
# Words and titles whose stems are remembered: texts of so many characters, and as many words' counts.
SHORT, HELD = 200, 20_000
# Words that shape a question and say nothing of its subject.
EMPTY_WORDS = """
a about all also am an and any are as at be been but by can could did do does explain for from had has have how i if in
into is it its many me more most much my not of on or our should show so some such tell than that the their them there
these they this those to us use used using was we were what when where which who whom whose why will with would you your
"""


NOTHING_LEFT_OUT = Filter()
TUNING = Tuning()


@dataclass(frozen=True, slots=True)
class WordQuery:
    """A question as the word index is asked it, in stems: its words, those of them that may be an author's name (they
    are written with a capital), and words of other names that were added."""

    words: tuple[str, ...]
    names: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


class WordIndex:
    """An open word index. It sees what was committed when it was opened, and its own commits."""

    def __init__(self, index: Any) -> None:
        self._index = index
        # Else a thread of tantivy's follows meta.json and opens the files again on its own, first right after this:
        # where damage has cut one short by then, what is mapped ends early, which is SIGBUS.
        index.config_reader("manual", 0)
        self._analyzer = analyzer()
        index.register_tokenizer("words", self._analyzer)
        self._searcher = index.searcher()
        self._stems = lru_cache(HELD)(lambda text: tuple(self._analyzer.analyze(text)))
        self._counts: dict[tuple[str, str], int] = {}
        self._empty = frozenset(self._analyzer.analyze(EMPTY_WORDS))

    @classmethod
    def create(cls, folder: Path) -> WordIndex:
        """An empty index. `folder` must hold none."""
        from tantivy import Index

        folder.mkdir(parents=True, exist_ok=True)
        with _translated():
            return cls(Index(schema(), str(folder)))

    @classmethod
    def open(cls, folder: Path) -> WordIndex:
        """The index in `folder`. Raises IndexDamaged where it cannot be read."""
        from tantivy import Index

        with _translated():
            return cls(Index.open(str(folder)))

    @contextlib.contextmanager
    def writing(self) -> Iterator[WordWriter]:
        """All that is written inside becomes visible together, at the end; nothing of it where an error ends it."""
        with _translated():
            writer = self._index.writer(WRITER_BYTES, 1)
        try:
            yield WordWriter(writer)
            with _translated():
                writer.commit()
        finally:
            writer.wait_merging_threads()  # also gives tantivy's own lock back
        self._index.reload()
        self._searcher = self._index.searcher()
        self._counts.clear()

    def query(self, question: str, added: Sequence[Added] = ()) -> WordQuery:
        """A question, and other names for what it speaks of, as a query."""
        words = self.words(question)
        capitals = re.findall(r"(?<![\w-])[A-ZÀ-Þ][^\W_]+", question[:QUERY_CHARACTERS])
        names = [stem for stem in dict.fromkeys(self._analyzer.analyze(" ".join(capitals))) if stem in words]
        more = dict.fromkeys(stem for one in added for stem in self.words(one.name) if stem not in words)
        return WordQuery(tuple(words), tuple(names), tuple(more)[:QUERY_WORDS])

    def search(
        self,
        query: WordQuery,
        limit: int,
        *,
        references: bool = False,
        where: Filter = NOTHING_LEFT_OUT,
        tuning: Tuning = TUNING,
    ) -> list[Found]:
        """The passages that share words with a question, best first, ties by id. [] for a question without words."""
        asked = self._query(query, references, where, tuning)
        return [] if asked is None else self._found(asked, limit)

    def verbatim(self, question: str, limit: int, *, where: Filter = NOTHING_LEFT_OUT) -> list[Found]:
        """The passages that hold the question, or all that it has in quotation marks, word for word up to their
        endings, bibliography aside. The score is BM25's."""
        phrases = [stems for quoted in QUOTED.findall(question) if len(stems := self.stems(quoted)) > 1]
        whole = self.stems(question[:QUERY_CHARACTERS])
        if not phrases and SENTENCE_WORDS <= len(whole) <= QUERY_WORDS:
            phrases = [whole]
        if not phrases:
            return []
        asked = _all([self._phrase(stems) for stems in phrases])
        return self._found(_only(asked, filter_query(where, self._index.schema, self._analyzer)), limit)

    def scores(
        self, query: WordQuery, passage_ids: Sequence[str], *, references: bool = False, tuning: Tuning = TUNING
    ) -> dict[str, float]:
        """The BM25 score of each of these passages; those that share no word with the question are left out."""
        asked = self._query(query, references, NOTHING_LEFT_OUT, tuning)
        if asked is None or not passage_ids:
            return {}
        found = self._found(_only(asked, self._among(passage_ids)), len(passage_ids))
        return {one.passage_id: one.score for one in found}

    def matching(self, where: Filter) -> list[str]:
        """The ids of all passages that a filter keeps, bibliography aside, sorted."""
        asked = _only(self._kind("text"), filter_query(where, self._index.schema, self._analyzer))
        return sorted(one.passage_id for one in self._found(asked, self._searcher.num_docs))

    def kept(self, passage_ids: Sequence[str], where: Filter) -> frozenset[str]:
        """Those of these passages that a filter keeps."""
        if not passage_ids:
            return frozenset()
        asked = _only(self._among(passage_ids), filter_query(where, self._index.schema, self._analyzer))
        return frozenset(one.passage_id for one in self._found(asked, len(passage_ids)))

    def count(self, where: Filter) -> int:
        """How many passages a filter keeps, bibliography aside."""
        asked = _only(self._kind("text"), filter_query(where, self._index.schema, self._analyzer))
        with _translated():
            return int(self._searcher.search(asked, 1).count)

    def stems(self, text: str) -> list[str]:
        """All words of a text as stems, in order."""
        return list(self._stems(text)) if len(text) <= SHORT else list(self._analyzer.analyze(text))

    def words(self, text: str) -> list[str]:
        """The different stems that a text is searched by, in order: without empty words, unless it has no others."""
        stems = list(dict.fromkeys(self._analyzer.analyze(text[:QUERY_CHARACTERS])))
        return ([stem for stem in stems if stem not in self._empty] or stems)[:QUERY_WORDS]

    def shared(self, question: str, text: str) -> list[str]:
        """A question's words that a text has too, whatever their endings, spelled as in the question: eight at most."""
        wanted = set(self.words(question)) & set(self._analyzer.analyze(text))
        found: dict[str, str] = {}
        for word in re.findall(r"\w+", question[:QUERY_CHARACTERS].casefold()):
            for stem in self._stems(word):
                if stem in wanted:
                    found.setdefault(stem, word)
        return list(found.values())[:8]

    def document_frequency(self, word: str) -> int:
        """In how many passages a word's stem occurs, bibliography aside; of several words, the rarest one's."""
        stems = self._analyzer.analyze(word[:QUERY_CHARACTERS])
        return min((self._count("text", stem) for stem in stems), default=0)

    def rarity(self, stems: Sequence[str]) -> dict[str, float]:
        """How rare each stem is among all passages' texts: BM25's weight of it, more than 0."""
        total = self.passage_count()
        counts = {stem: min(self._count("text", stem), total) for stem in stems}
        return {stem: math.log(1 + (total - count + 0.5) / (count + 0.5)) for stem, count in counts.items()}

    def passage_count(self) -> int:
        """How many passages there are, bibliography aside."""
        return self._count("kind", "text")

    def ids(self) -> list[str]:
        """The ids of all passages, bibliography too, sorted."""
        from tantivy import Query

        if not self._searcher.num_docs:
            return []
        return sorted(one.passage_id for one in self._found(Query.all_query(), self._searcher.num_docs))

    def _count(self, field: str, term: str) -> int:
        """Passages with a term. Tantivy's own doc_freq goes on counting what was deleted."""
        from tantivy import Query

        known = self._counts.get((field, term))
        if known is None:
            with _translated():
                known = int(self._searcher.search(Query.term_query(self._index.schema, field, term), 1).count)
            if len(self._counts) < HELD:
                self._counts[field, term] = known
        return known

    def _query(self, query: WordQuery, references: bool, where: Filter, tuning: Tuning) -> Any | None:
        from tantivy import Occur, Query

        if not query.words:
            return None
        fields = [("text", 1.0), ("head", tuning.head), *([("references", 1.0)] if references else [])]
        weights = [(field, word, weight) for word in query.words for field, weight in fields]
        weights += [("authors", name, tuning.authors) for name in query.names]
        weights += [("first_author", name, tuning.first_author) for name in query.names]
        weights += [(field, word, tuning.added * weight) for word in query.added for field, weight in fields]
        schema = self._index.schema
        asked = Query.boolean_query(
            [
                (Occur.Should, Query.boost_query(Query.term_query(schema, field, word), weight))
                for field, word, weight in weights
                if weight > 0
            ]
        )
        return _only(asked, filter_query(where, schema, self._analyzer)) if where else asked

    def _phrase(self, stems: Sequence[str]) -> Any:
        from tantivy import Query

        return Query.phrase_query(self._index.schema, "text", list(stems))

    def _kind(self, kind: str) -> Any:
        from tantivy import Query

        return Query.term_query(self._index.schema, "kind", kind)

    def _among(self, passage_ids: Sequence[str]) -> Any:
        from tantivy import Query

        return Query.term_set_query(self._index.schema, "id", list(passage_ids))

    def _found(self, query: Any, limit: int) -> list[Found]:
        with _translated():
            hits = self._searcher.search(query, max(limit, 1)).hits
            rows = [(score, self._searcher.doc(address)) for score, address in hits]
        found = [Found(str(doc.get_first("id")), str(doc.get_first("paper_id")), float(score)) for score, doc in rows]
        return sorted(found, key=lambda one: (-round(one.score, 6), one.passage_id))


class WordWriter:
    """Writes to a word index, inside WordIndex.writing()."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer

    def add(self, rows: Sequence[tuple[Paper, Passage]]) -> None:
        """Put passages; delete a paper's old ones first."""
        for paper, passage in rows:
            self._writer.add_document(document(paper, passage))

    def delete_papers(self, paper_ids: Sequence[str]) -> None:
        """Take out all passages of these papers; ids that are not there are no error."""
        for paper_id in paper_ids:
            self._writer.delete_documents_by_term("paper_id", paper_id)


def _all(parts: Sequence[Any]) -> Any:
    from tantivy import Occur, Query

    return Query.boolean_query([(Occur.Must, part) for part in parts])


def _only(asked: Any, condition: Any) -> Any:
    """What is asked for where a condition holds, which changes no score."""
    from tantivy import Occur, Query

    return Query.boolean_query([(Occur.Must, asked), (Occur.Must, Query.const_score_query(condition, 0.0))])


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """What tantivy raises (ValueError for everything) as IndexDamaged."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise IndexDamaged(f"the word index cannot be read or written: {error}", REBUILD) from error
