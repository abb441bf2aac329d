"""Passages by words: BM25 over stemmed English. The door of `tantivy`.

It finds what vectors miss: names, symbols, numbers. Any text is a query: it is cut into words here, never parsed.
Bibliography lies in a field of its own, so that it is neither found nor counted unless it is asked for.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from index.errors import IndexDamaged
from index.state import REBUILD
from index.store import Found
from ingest.records import Paper, Passage

# Title and section beside the text: nDCG@10 of 230 sentences that cite one of 1,121 abstracts .343 without, .391 with.
# Picked on those same sentences, with no others to confirm it; 2.0 gave .402 there, within what 230 can tell apart.
HEAD_BOOST = 1.0
# A question is one or two sentences; of something longer, its beginning.
QUERY_CHARACTERS = 4_000
QUERY_WORDS = 64
# 15 MB is tantivy's least; one thread writes about 20,000 passages a second.
WRITER_BYTES = 15_000_000
# Words that shape a question and say nothing of its subject.
EMPTY_WORDS = """
a about all also am an and any are as at be been but by can could did do does explain for from had has have how i if in
into is it its many me more most much my not of on or our should show so some such tell than that the their them there
these they this those to us use used using was we were what when where which who whom whose why will with would you your
"""


class WordIndex:
    """An open word index. It sees what was committed when it was opened, and its own commits."""

    def __init__(self, index: Any) -> None:
        self._index = index
        self._analyzer = _analyzer()
        index.register_tokenizer("words", self._analyzer)
        self._searcher = index.searcher()
        self._empty = frozenset(self._analyzer.analyze(EMPTY_WORDS))

    @classmethod
    def create(cls, folder: Path) -> WordIndex:
        """An empty index. `folder` must hold none."""
        from tantivy import Index

        folder.mkdir(parents=True, exist_ok=True)
        with _translated():
            return cls(Index(_schema(), str(folder)))

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

    def search(self, question: str, limit: int, *, references: bool = False) -> list[Found]:
        """The passages that share words with a question, best first, ties by id. [] for a question without words."""
        query = self._query(self.words(question), references=references)
        return [] if query is None else self._found(query, limit)

    def scores(self, question: str, passage_ids: Sequence[str], *, references: bool = False) -> dict[str, float]:
        """The BM25 score of each of these passages; those that share no word with the question are left out."""
        from tantivy import Occur, Query

        query = self._query(self.words(question), references=references)
        if query is None or not passage_ids:
            return {}
        among = Query.term_set_query(self._index.schema, "id", list(passage_ids))
        both = Query.boolean_query([(Occur.Must, query), (Occur.Must, Query.const_score_query(among, 0.0))])
        return {one.passage_id: one.score for one in self._found(both, len(passage_ids))}

    def words(self, text: str) -> list[str]:
        """The different stems that a text is searched by, in order: without empty words, unless it has no others."""
        stems = list(dict.fromkeys(self._analyzer.analyze(text[:QUERY_CHARACTERS])))
        return ([stem for stem in stems if stem not in self._empty] or stems)[:QUERY_WORDS]

    def shared(self, question: str, text: str) -> list[str]:
        """A question's words that a text has too, whatever their endings, spelled as in the question: eight at most."""
        wanted = set(self.words(question)) & set(self._analyzer.analyze(text))
        found: dict[str, str] = {}
        for word in re.findall(r"\w+", question[:QUERY_CHARACTERS].casefold()):
            for stem in self._analyzer.analyze(word):
                if stem in wanted:
                    found.setdefault(stem, word)
        return list(found.values())[:8]

    def document_frequency(self, word: str) -> int:
        """In how many passages a word's stem occurs, bibliography aside; of several words, the rarest one's."""
        stems = self._analyzer.analyze(word[:QUERY_CHARACTERS])
        return min((self._count("text", stem) for stem in stems), default=0)

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

        with _translated():
            return int(self._searcher.search(Query.term_query(self._index.schema, field, term), 1).count)

    def _query(self, words: Sequence[str], *, references: bool) -> Any | None:
        from tantivy import Occur, Query

        if not words:
            return None
        schema, parts = self._index.schema, []
        for word in words:
            parts += [
                (Occur.Should, Query.term_query(schema, "text", word)),
                (Occur.Should, Query.boost_query(Query.term_query(schema, "head", word), HEAD_BOOST)),
            ]
            if references:
                parts.append((Occur.Should, Query.term_query(schema, "references", word)))
        return Query.boolean_query(parts)

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
        from tantivy import Document

        for paper, passage in rows:
            kind = passage.kind
            document = Document(id=passage.id, paper_id=passage.paper_id, kind=kind)
            document.add_text(kind, passage.text)
            if kind == "text":
                document.add_text("head", " ".join((paper.title, *passage.section)))
            self._writer.add_document(document)

    def delete_papers(self, paper_ids: Sequence[str]) -> None:
        """Take out all passages of these papers; ids that are not there are no error."""
        for paper_id in paper_ids:
            self._writer.delete_documents_by_term("paper_id", paper_id)


def _schema() -> Any:
    from tantivy import SchemaBuilder

    builder = SchemaBuilder()
    for name in ("id", "paper_id", "kind"):
        builder.add_text_field(name, stored=name != "kind", tokenizer_name="raw", index_option="basic")
    for name in ("text", "head", "references"):
        builder.add_text_field(name, tokenizer_name="words", index_option="freq")
    return builder.build()


def _analyzer() -> Any:
    from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

    builder = TextAnalyzerBuilder(Tokenizer.simple())
    # Longer than 40 bytes is no word: base64, URLs run together.
    for step in (Filter.remove_long(40), Filter.lowercase(), Filter.ascii_fold(), Filter.stemmer("english")):
        builder = builder.filter(step)
    return builder.build()


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """What tantivy raises (ValueError for everything) as IndexDamaged."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise IndexDamaged(f"the word index cannot be read or written: {error}", REBUILD) from error
