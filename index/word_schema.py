"""What the word index holds of a passage, and in which field. The other half of `tantivy`'s door (lexical.py).

text, head, authors, first_author   searched; a passage's text, its title with section, its paper's authors
references                          bibliography, in place of all of those
id, paper_id, arxiv_id, kind, source_kind, year, section, written_by     what is filtered by
"""

from __future__ import annotations

import re
from typing import Any

from index.filters import Filter
from ingest.records import Paper, Passage

SEARCHED = ("text", "head", "authors", "first_author", "references")


def schema() -> Any:
    from tantivy import SchemaBuilder

    builder = SchemaBuilder()
    for name in ("id", "paper_id", "arxiv_id", "kind", "source_kind"):
        stored = name in ("id", "paper_id")
        builder.add_text_field(name, stored=stored, tokenizer_name="raw", index_option="basic")
    for name in SEARCHED:  # positions of the text alone: sentences are looked for word for word in it
        option = "position" if name == "text" else "freq"
        builder.add_text_field(name, tokenizer_name="words", index_option=option)
    for name in ("section", "written_by"):
        builder.add_text_field(name, tokenizer_name="words", index_option="basic")
    builder.add_integer_field("year", indexed=True, fast=True)
    return builder.build()


def analyzer() -> Any:
    from tantivy import Filter as Step
    from tantivy import TextAnalyzerBuilder, Tokenizer

    builder = TextAnalyzerBuilder(Tokenizer.simple())
    # Longer than 40 bytes is no word: base64, URLs run together.
    for step in (Step.remove_long(40), Step.lowercase(), Step.ascii_fold(), Step.stemmer("english")):
        builder = builder.filter(step)
    return builder.build()


def document(paper: Paper, passage: Passage) -> Any:
    """A passage as tantivy's document."""
    from tantivy import Document

    found = Document(id=passage.id, paper_id=passage.paper_id, kind=passage.kind, source_kind=paper.kind)
    found.add_text(passage.kind, passage.text)
    found.add_text("section", " ".join(passage.section))
    found.add_text("written_by", " ".join(paper.authors))
    if paper.arxiv_id:
        found.add_text("arxiv_id", paper.arxiv_id)
    if paper.year is not None:
        found.add_integer("year", paper.year)
    if passage.kind == "text":
        found.add_text("head", " ".join((paper.title, *passage.section)))
        found.add_text("authors", " ".join(paper.authors))
        found.add_text("first_author", surname(paper.authors[0]) if paper.authors else "")
    return found


def surname(name: str) -> str:
    """What "et al." stands behind: the last word of a name, the first of one written "Nanda, Neel"."""
    words = re.findall(r"[^\s,]+", name.split(",")[0])
    return words[-1] if words else ""


def filter_query(where: Filter, schema: Any, analyzer: Any) -> Any:
    """The passages that a filter keeps, as tantivy's query; it matches exactly those that `Filter.keeps` does."""
    from tantivy import FieldType, Occur, Query

    def term(field: str, value: str) -> Any:
        return Query.term_query(schema, field, value)

    def of_any(parts: list[Any]) -> Any:
        return Query.boolean_query([(Occur.Should, part) for part in parts])

    def within(field: str, text: str) -> Any:
        words = [(Occur.Must, term(field, word)) for word in analyzer.analyze(text)]
        return Query.boolean_query(words) if words else Query.all_query()

    parts = []
    if where.papers:
        parts.append(of_any([term(field, one) for field in ("paper_id", "arxiv_id") for one in where.papers]))
    if where.kinds:
        parts.append(of_any([term("source_kind", one) for one in where.kinds]))
    if where.authors:
        parts.append(of_any([within("written_by", one) for one in where.authors]))
    if where.sections:
        parts.append(of_any([within("section", one) for one in where.sections]))
    if where.first_year is not None or where.last_year is not None:
        ends = (where.first_year, where.last_year)
        parts.append(Query.range_query(schema, "year", FieldType.Integer, *ends))
    return Query.boolean_query([(Occur.Must, part) for part in parts]) if parts else Query.all_query()
