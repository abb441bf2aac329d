"""The tabs beside the chat, as functions from our nouns to HTML, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from page_fakes import EVIL, citation, entries, make_vault
from readable_embedder import ReadableEmbedder

from assistant.app.library import ORDERS, entry_html, library_html, narrowed, needs_care, suggested_html
from assistant.app.paper_html import paper_html, summary_html
from assistant.app.tab_glossary import list_html, matching, term_html, terms_of, uses_html, uses_of
from assistant.app.tab_paper import readable, view_of
from assistant.records import Sentence, Summary, SummaryPart
from index.build import build
from index.search import Search
from index.status import EntryStatus
from ingest.starter import create
from ingest.suggest import Suggested, Suggestion
from ingest.vault import Vault


def row(name: str, state: str, **more: object) -> EntryStatus:
    fields = {"kind": "paper", "authors": (), "arxiv_id": None, "pages": 3, "passages": 9, "reason": ""} | more
    return EntryStatus(id=name.lower(), title=name, state=state, **fields)  # type: ignore[arg-type]


ROWS = [
    row("Beta", "searchable", pages=9),
    row("Alpha", "failed", reason="no text layer"),
    row("Delta", "quarantined", reason="another paper"),
    row("Gamma", "searchable", doubted_pages=2, authors=("Ada Byron",), kind="tool"),
]


@pytest.mark.parametrize(
    ("words", "state", "order", "kept"),
    [
        ("", "all", "", "beta alpha delta gamma"),
        ("", "all", "title", "alpha beta delta gamma"),
        ("", "all", "state", "delta alpha beta gamma"),
        ("", "all", "pages", "beta alpha delta gamma"),
        ("", "all", "kind", "alpha beta delta gamma"),
        ("", "searchable", "", "beta gamma"),
        ("", "care", "", "alpha delta gamma"),
        ("BYRON ada", "all", "", "gamma"),
        ("text layer", "failed", "", "alpha"),
        ("nothing like it", "all", "", ""),
    ],
)
def test_the_library_is_narrowed_and_ordered(words: str, state: str, order: str, kept: str) -> None:
    assert " ".join(e.id for e in narrowed(ROWS, words, state, order)) == kept


def test_every_order_offered_is_one() -> None:
    shapes = {tuple(e.id for e in narrowed(ROWS, "", "all", order)) for _, order in ORDERS}
    assert len(shapes) >= 3 and all(len(shape) == len(ROWS) for shape in shapes)


def test_the_table_says_how_many_are_shown() -> None:
    assert "2 shown" in library_html(ROWS, ROWS[:2]) and "shown" not in library_html(ROWS)


def test_an_entry_tells_what_is_wrong_with_its_text() -> None:
    scanned = row("S", "searchable", empty_pages=2, garbled=0.25, warnings=("p. 3 is a picture",))
    html = entry_html(scanned)
    assert "2 without text (scanned? then OCR is needed)" in html and "25% unreadable" in html
    assert "p. 3 is a picture" in html and needs_care(scanned)
    assert not needs_care(row("T", "searchable"))


def test_what_others_wrote_is_shown_as_text() -> None:
    evil = row(EVIL, "failed", reason=EVIL, authors=(EVIL,), warnings=(EVIL,))
    found = Suggested((Suggestion(EVIL, EVIL, (EVIL,), note=EVIL),), {EVIL: EVIL}, read=1)
    cited = citation("evil-2022", title=EVIL, quote=EVIL)
    summary = Summary("evil", EVIL, (EVIL,), 2022, None, (SummaryPart(EVIL, (Sentence(EVIL, (cited,), "partly"),)),),
                      (), (), EVIL, (EVIL,))  # fmt: skip
    for html in (entry_html(evil), library_html([evil]), suggested_html(found), summary_html(summary)):
        assert "&lt;img src=x" in html and "<img" not in html and "\u202e" not in html


def test_a_paper_is_shown_with_its_sections_and_pages(tmp_path: Path) -> None:
    vault = make_vault(tmp_path)
    html = paper_html(view_of(vault, "toy-2022", ["note-2022"]))
    assert "<h2>Toy Models of Superposition</h2>" in html and 'href="/source/toy-2022#page=4"' in html
    assert '<img src="/picture/toy-2022/4"' in html
    assert "<img src=x" not in paper_html(view_of(vault, "evil-2022", []))


def test_notes_and_what_has_no_text_are_no_papers_to_open() -> None:
    own = row("N", "searchable", kind="note")
    assert readable([*entries(), own]) == [("Toy Models of Superposition", "toy-2022")]


@pytest.fixture(scope="module")
def glossary(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    vault = make_vault(tmp_path_factory.mktemp("glossary"))
    (vault.root / "glossary.yaml").write_text(
        "- id: term-superposition\n  term: Superposition\n  definition: More features than dimensions.\n"
        "  other_names: [toy models]\n"
        "- id: term-probe\n  term: Probe\n  definition: A classifier. See superposition.\n",
        encoding="utf-8",
    )
    with vault.writing():
        build(vault, ReadableEmbedder())
    return vault


def test_terms_are_found_by_name_before_meaning(glossary: Vault) -> None:
    terms = terms_of(glossary)
    assert [term.name for term in terms] == ["Probe", "Superposition"]
    assert [term.name for term in matching(terms, "superposition")] == ["Superposition", "Probe"]
    assert "1 of 2 terms" in list_html(terms[:1], 2) and "More features" in term_html(terms[1])
    assert "no glossary" in list_html([], 0)


def test_a_terms_uses_have_one_of_its_names_word_for_word(glossary: Vault) -> None:
    hits = uses_of(("Superposition", "toy model"), Search(glossary, ReadableEmbedder()))
    assert [hit.paper.kind for hit in hits] == ["paper"]  # our own note is none; the same text twice is found once
    assert "Used in 1 paper, 1 passage shown" in uses_html(hits)
    assert uses_of(("dimensionality",), Search(glossary, ReadableEmbedder())) == []
    assert "No paper" in uses_html([])


def test_an_empty_vault_says_what_to_do(tmp_path: Path) -> None:
    vault = create(tmp_path / "v", empty=True)
    assert terms_of(vault) == [] and "Add a paper above" in library_html([])
