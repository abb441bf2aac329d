from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from answering_vault import SAE, SmallSearch, answering_vault, write
from pdf_maker import paper_pdf

from assistant.aspects import ASPECTS
from assistant.extract import ExtractiveDrafter
from assistant.overview_commands import shown
from assistant.overviews import compare_aspect, compare_summaries, review
from assistant.paper_text import PaperText, from_pdf, from_vault, glossary_of
from assistant.records import Citation, Sentence, Summary, SummaryPart
from assistant.render_overview import comparison_text, review_text, summary_text
from assistant.speaking import Speaker
from assistant.summarize import by_aspect, parts_of, summarize
from index.records import Hit
from ingest.errors import ParseError, UsageError
from ingest.records import Paper
from ingest.vault import Vault

LENS = Paper("lens", "paper", "The Walnut Lens", ("A. Turing",), 2023, "2303.00001")
LENS_PAGES = (
    "In this paper we investigate whether the walnut lens reads the residual stream of every layer. We introduce a "
    "learned affine map for each layer and train it on 250 million tokens.\n\nFigure 1: An overview of the lens.",
    "We find that the walnut lens lowers perplexity by 34% against the plain lens. We find no bias in layer 5. We do "
    "not test it on models above 7 billion parameters.\n\nSuperposition is common, and superposition grows with depth.",
)


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    vault = answering_vault(tmp_path_factory.mktemp("vault"))
    write(vault, LENS, LENS_PAGES)
    return vault


def summary(vault: Vault, name: str = "lens", model: Speaker | None = None) -> Summary:
    text = from_vault(vault, name)
    return summarize(text.paper, text.pages, text.passages, glossary=glossary_of(vault), model=model)


def said(summary: Summary) -> dict[str, str]:
    return {part.name: " ".join(s.text for s in part.sentences) for part in summary.parts}


def all_quotes(sentences: Sequence[Sentence]) -> list[Citation]:
    return [citation for sentence in sentences for citation in sentence.citations]


def test_a_summary_has_each_aspect_with_its_quotes_on_their_pages(vault: Vault) -> None:
    found = summary(vault)
    parts = said(found)
    assert "whether the walnut lens" in parts["question"] and "affine map" in parts["method"]
    assert "34%" in parts["findings"] and "7 billion" in parts["limits"]
    for citation in all_quotes([s for part in found.parts for s in part.sentences]):
        assert citation.page and citation.quote in LENS_PAGES[citation.page - 1] and citation.verdict == "supported"
    assert [(t.id, t.count, t.locator) for t in found.terms] == [("term-superposition", 2, "p. 2")]
    assert [(f.name, f.locator) for f in found.figures] == [("Figure 1", "p. 1")]


def test_no_sentence_stands_under_two_headings(vault: Vault) -> None:
    lines = [s.text for part in summary(vault).parts for s in part.sentences]
    assert len(lines) == len(set(lines)) >= 4


class Reader:
    """A model that writes labelled lines about whatever it is shown."""

    name = "reader"

    def __init__(self, says: str) -> None:
        self.says = says
        self.asked: list[str] = []

    def stream(self, system: str, user: str) -> Iterator[str]:
        assert system
        self.asked.append(user)
        yield self.says


def test_a_model_reads_the_whole_paper_and_is_checked(vault: Vault) -> None:
    model = Reader("FINDING: The walnut lens lowers perplexity by 34%. [p2]\nLIMIT: It has 99 layers. [p2]\nHello.")
    found = summary(vault, model=model)
    assert all(any(text[:40] in asked for asked in model.asked) for text in LENS_PAGES)
    verdicts = {part.name: [s.verdict for s in part.sentences] for part in found.parts}
    assert verdicts["findings"] == ["supported"] and verdicts["limits"] == ["unsupported"] and found.author == "reader"


@pytest.mark.parametrize(
    ("text", "section", "tells"),
    [
        ("Higher layers were best in all runs.", "6 Limitations", True),
        ("Whether it holds for larger models is unclear.", "7 Discussion", True),
        ("Whether it holds for larger models is unclear.", "2 Background", False),
        ("We have not tried larger models.", "4 Results", True),
        ("Earlier methods fail to find them.", "1 Introduction", False),
        ("Dictionary learning has a long history.", "5 Related and future work", False),
    ],
)
def test_limits_are_told_by_words_or_by_headings(text: str, section: str, tells: bool) -> None:
    limits = next(aspect for aspect in ASPECTS if aspect.name == "limits")
    assert bool(limits.cues(text, section)) == tells


def test_a_model_that_writes_no_summary_leaves_the_papers_own_sentences(vault: Vault) -> None:
    found = summary(vault, model=Reader("I would rather not."))
    assert found.author == "extractive" and "own sentences" in found.notices[0] and "34%" in said(found)["findings"]


def test_long_papers_come_in_parts_that_lose_nothing(vault: Vault) -> None:
    hits = {f"p{n}": Hit(p, SAE, 1.0) for n, p in enumerate(vault.passages("sae") * 40)}
    parts = list(parts_of(hits))
    assert len(parts) > 1 and [key for part in parts for key in part] == list(hits)


def test_lines_are_read_by_their_label_however_it_is_written() -> None:
    found = by_aspect("- **Finding:** A is b. [p1]\n2. LIMITS: C is not d. [p2]\nMethod: no key\nOther: E. [p1]")
    assert [s.text for s in found["findings"]] == ["A is b."] and [s.text for s in found["limits"]] == ["C is not d."]
    assert found["method"] == []


def test_papers_are_compared_by_their_summaries_and_by_an_aspect(vault: Vault) -> None:
    rows = compare_summaries([summary(vault), summary(vault, "sae")])
    assert [row.aspect for row in rows.rows] == ["question", "method", "findings", "limits"]
    assert "34%" in rows.rows[2].cells[0][0].text and "7%" in rows.rows[2].cells[1][0].text
    search = SmallSearch(vault)

    def within(paper: str) -> list[Hit]:
        return [hit for hit in search("training", k=20, per_paper=20) if hit.paper.id == paper]

    find = {"lens": lambda _: within("lens"), "sae": lambda _: within("sae")}
    one = compare_aspect("How is it trained?", {"lens": "Lens", "sae": "SAE"}, find, ExtractiveDrafter(), vault)
    assert {c.paper_id for c in all_quotes(one.rows[0].cells[0])} == {"lens"}
    assert {c.paper_id for c in all_quotes(one.rows[0].cells[1])} == {"sae"}
    table = comparison_text(rows, markdown=True)
    assert table.startswith("| | The Walnut Lens | Sparse Autoencoders Find Features |\n|---|---|---|\n")


def test_a_review_cites_several_papers_and_says_nothing_twice(vault: Vault) -> None:
    search = SmallSearch(vault)
    found = review("superposition", find=search, drafter=ExtractiveDrafter(), vault=vault,
                   document_frequency=search.document_frequency, passage_count=search.passage_count)  # fmt: skip
    lines = [s.text for part in found.parts for s in part.sentences]
    assert len(lines) == len(set(lines)) and len(found.papers) > 1 and found.parts[0].sentences
    assert "## What it is" in review_text(found)
    with pytest.raises(UsageError, match="nothing on 'sourdough bread'"):
        review("sourdough bread", find=search, drafter=ExtractiveDrafter(), vault=vault,
               document_frequency=search.document_frequency, passage_count=search.passage_count)  # fmt: skip


def test_nothing_of_a_document_acts_in_markdown(vault: Vault, tmp_path: Path) -> None:
    other = answering_vault(tmp_path)
    write(other, Paper("evil", "paper", "<script>a</script> | [x](javascript:b)"), LENS_PAGES)
    shown_text = summary_text(summary(other, "evil"), markdown=True)
    assert "<script" not in shown_text and "](" not in shown_text and vault


def test_forms_and_names_that_are_none_are_named(vault: Vault) -> None:
    found = summary(vault)
    assert json.loads(shown(found, summary_text, "json"))["parts"][0]["name"] == "question"
    assert shown(found, summary_text, "md").startswith("# The Walnut Lens")
    with pytest.raises(UsageError, match="no format 'docx'"):
        shown(found, summary_text, "docx")
    with pytest.raises(UsageError, match="no text of 'nobody'"):
        from_vault(vault, "nobody")


def test_a_pdf_of_no_vault_is_read_as_it_is(tmp_path: Path) -> None:
    made = tmp_path / "lens.pdf"
    paper_pdf(made, "The Walnut Lens", ["Alan Turing"], [("Introduction", LENS_PAGES[1].split("\n")[0])], [])
    text: PaperText = from_pdf(made, lambda words: len(words.split()))
    found = summarize(text.paper, text.pages, text.passages, glossary={})
    assert found.title == "The Walnut Lens" and "34%" in said(found)["findings"]
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    with pytest.raises(ParseError):
        from_pdf(tmp_path / "broken.pdf", len)


def test_an_empty_cell_says_so_and_a_full_one_is_cited(vault: Vault) -> None:
    without = replace(summary(vault, "sae"), parts=tuple(SummaryPart(p.name, ()) for p in summary(vault, "sae").parts))
    compared = compare_summaries([summary(vault), without])
    table = comparison_text(compared, markdown=True)
    assert table.count("no sentence of the paper was found that tells it") >= len(compared.rows)
    assert all(s.citations for row in compared.rows for s in row.cells[0])


def test_a_cell_holds_the_findings_with_numbers(vault: Vault) -> None:
    findings = next(row for row in compare_summaries([summary(vault)]).rows if row.aspect == "findings")
    assert "34%" in " ".join(s.text for s in findings.cells[0])
