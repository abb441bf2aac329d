from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from answering_vault import IOI, NOTE, SAE, SAE_PAGES, TERM, SmallSearch, answering_vault, page, passage
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.check import Claim, best_stretch, check, judge
from assistant.extract import ExtractiveDrafter, keyed
from assistant.records import Draft, DraftSentence, Sentence
from index.records import Hit
from ingest.lookup import Metadata
from ingest.records import WITHDRAWN, Page, Span, as_json
from ingest.vault import Vault, write_json
from ingest.versions import as_it_stands

QUOTE = "Name mover heads do copy the 26 repeated names at higher layers, but S-inhibition heads never attend to them."


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return answering_vault(tmp_path_factory.mktemp("vault"))


def all_hits(vault: Vault) -> dict[str, Hit]:
    papers = [vault.paper(i) for i in ("sae", "ioi", "note-ioi", "term-superposition")]
    return keyed([Hit(vault.passages(p.id)[0], p, 1.0) for p in papers if p is not None])


def checked(vault: Vault, text: str, *keys: str, quotes: dict[str, str] | None = None) -> Sentence:
    return check(Draft((DraftSentence(text, keys, quotes or {}),), all_hits(vault), "test"), vault.pages)[0]


def test_a_citation_says_where_its_words_stand(vault: Vault) -> None:
    sentence = checked(vault, "The circuit has 26 attention heads in 7 classes.", "p2")
    (citation,) = sentence.citations
    assert citation.quote == (
        "The circuit for indirect object identification in GPT-2 small has 26 attention heads in seven classes."
    )
    assert sentence.verdict == citation.verdict == "supported"
    assert (citation.title, citation.authors, citation.year) == (IOI.title, IOI.authors, IOI.year)
    assert (citation.page, citation.locator, citation.section) == (1, "p. 1", "Introduction")
    assert (citation.arxiv_id, citation.url) == ("2211.00593", "https://arxiv.org/pdf/2211.00593v1#page=1")
    assert (citation.passage_id, citation.paper_id, citation.kind) == (vault.passages("ioi")[0].id, "ioi", "paper")


def test_the_page_is_where_the_quote_stands_not_where_the_passage_begins(vault: Vault) -> None:
    (citation,) = checked(vault, "Dead latents appear because some encoder directions never activate.", "p1").citations
    assert (citation.page, citation.locator) == (2, "p. 2")


def test_over_a_page_break_the_longer_part_is_shown_and_the_sentence_is_word_for_word(vault: Vault) -> None:
    draft = ExtractiveDrafter().draft("Does training a sparse autoencoder cost much compute?", [all_hits(vault)["p1"]])
    broken = next(s for s in draft.sentences if "training of a sparse autoencoder costs" in s.text)
    (sentence,) = check(replace(draft, sentences=(broken,)), vault.pages)
    (citation,) = sentence.citations
    assert sentence.verdict == "supported" and "another page" in sentence.reason
    assert citation.page == 1 and citation.quote.endswith("and the training of a")
    assert citation.quote in SAE_PAGES[0]


def test_a_note_is_never_shown_as_the_paper(vault: Vault) -> None:
    (citation,) = checked(vault, "Wang et al. find 26 attention heads.", "p3").citations
    assert (citation.kind, citation.arxiv_id, citation.url, citation.locator) == ("note", None, None, "note")
    assert NOTE.arxiv_id and checked(vault, "Features, packed.", "p4").citations[0].kind == TERM.kind


def test_an_invented_key_is_shown_as_what_it_is(vault: Vault) -> None:
    sentence = checked(vault, "The circuit has 26 attention heads.", "p9")
    (citation,) = sentence.citations
    assert sentence.verdict == citation.verdict == "unknown marker"
    assert (citation.key, citation.page, citation.quote, citation.passage_id) == ("p9", None, "", None)
    both = checked(vault, "The circuit has 26 attention heads.", "p9", "p2")
    assert both.verdict == "supported" and [c.verdict for c in both.citations] == ["unknown marker", "supported"]


def test_a_sentence_without_a_key_is_held_against_what_was_shown(vault: Vault) -> None:
    found = checked(vault, "The circuit for indirect object identification has 26 attention heads.")
    assert found.verdict == "supported" and "names no passage" in found.reason and "26" in found.citations[0].quote
    other = checked(vault, "The circuit for indirect object identification has 27 attention heads.")
    assert (other.verdict, other.citations) == ("uncited", ())
    assert checked(vault, "This is a model.").verdict == "uncited"  # borne out by nearly anything


def test_a_sentence_that_breaks_off_is_not_supported(vault: Vault) -> None:
    found = checked(vault, "The circuit for indirect object identification in GPT-2 small has ….", "p2")
    assert found.verdict == "unsupported" and "breaks off" in found.reason


def test_a_quote_that_no_page_has_is_never_shown(vault: Vault) -> None:
    def other_pages(_: str) -> Sequence[Page]:
        return [Page("ioi", 1, "p. 1", "Quite another text stands on this page now.")]

    draft = Draft((DraftSentence("The circuit has 26 heads.", ("p2",)),), all_hits(vault), "test")
    (citation,) = check(draft, other_pages)[0].citations
    assert (citation.quote, citation.verdict) == ("", "unsupported") and "no stretch" in citation.reason


def test_an_invented_quote_is_replaced_by_what_the_passage_says(vault: Vault) -> None:
    given_quote = {"p2": "The circuit has one thousand heads, as everyone knows."}
    (citation,) = checked(vault, "Name mover heads copy names.", "p2", quotes=given_quote).citations
    assert citation.quote == "Name mover heads copy the repeated name."


def test_pages_that_were_read_anew_still_show_the_quote(vault: Vault) -> None:
    moved = [replace(p, text="A new first line.\n\n" + p.text) for p in vault.pages("ioi")]
    draft = Draft((DraftSentence("Name mover heads copy the repeated name.", ("p2",)),), all_hits(vault), "test")
    assert check(draft, lambda _: moved)[0].citations[0].quote == "Name mover heads copy the repeated name."


@pytest.mark.parametrize(
    ("sentence", "verdict", "reason"),
    [
        (QUOTE, "supported", "word for word"),
        ("Name mover heads copy twenty-six repeated names.", "supported", "all 4 terms"),
        ("Name mover heads copy the 26 repeated names.", "supported", ""),
        ("Name mover heads copy the 27 repeated names.", "unsupported", "27"),
        ("Name mover heads do not copy the repeated names.", "unsupported", "the sentence denies ('not')"),
        ("Name mover heads copy repeated names at lower layers.", "unsupported", "'lower'"),
        ("S-inhibition heads attend to them.", "unsupported", "denies"),
        ("Name mover heads copy colours, smells and sounds.", "partly", "colours"),
        ("Bread is baked from flour and water.", "unsupported", "4 of 4 terms"),
    ],
)
def test_each_layer_says_in_words_what_it_saw(sentence: str, verdict: str, reason: str) -> None:
    finding = judge(Claim(sentence, QUOTE))
    assert finding.verdict == verdict and reason in finding.reason


def test_a_denial_of_what_the_quote_states_is_unsupported() -> None:
    finding = judge(Claim("The heads do not copy names.", "The heads copy names."))
    assert finding.verdict == "unsupported" and "'not'" in finding.reason


def test_names_of_the_source_need_not_be_in_the_quote() -> None:
    bare = Claim("ROME edits factual associations in GPT.", "We edit associations in models.")
    assert judge(bare).verdict != "supported"
    assert judge(replace(bare, context="ROME: editing factual associations in GPT")).verdict == "supported"


def test_a_share_is_also_a_percentage() -> None:
    assert judge(Claim("Some 87% of heads copy.", "A share of 0.87 of some heads copy.")).verdict == "supported"


def test_takes_two_sentences_where_the_claim_needs_both() -> None:
    text = "Some heads copy names. Other heads suppress duplicates. Nothing else is here."
    assert best_stretch("Heads copy names and suppress duplicates.", text) == text[: text.index(" Nothing")]
    assert best_stretch("Heads copy names.", text) == "Some heads copy names."
    assert best_stretch("Anything", "") == ""


@settings(deadline=None)
@given(
    st.lists(st.text("abc deﬁ.\n", max_size=60), min_size=1, max_size=3),
    st.text("abc def.", max_size=60),
    st.lists(st.sampled_from(["p1", "p2", "p7"]), max_size=3),
)
def test_a_shown_quote_always_stands_on_its_page(texts: list[str], claim: str, keys: list[str]) -> None:
    pages = [page(SAE, n, text + ".") for n, text in enumerate(texts, start=1)]
    spans = [Span(p.number, 0, len(p.text)) for p in pages]
    hits = keyed([Hit(passage(pages, spans, 0), SAE, 1.0), Hit(passage(pages[:1], spans[:1], 1), SAE, 1.0)])
    (sentence,) = check(Draft((DraftSentence(claim, tuple(keys)),), hits, "test"), lambda _: pages)
    assert len(sentence.citations) == len(keys)
    for citation in sentence.citations:
        assert (citation.verdict == "unknown marker") == (citation.key == "p7")
        assert not citation.quote or any(p.number == citation.page and citation.quote in p.text for p in pages)
        assert citation.quote or citation.verdict in ("unsupported", "unknown marker")


def test_everything_the_extractive_drafter_says_is_supported(vault: Vault) -> None:
    search = SmallSearch(vault)
    for question in ("What is superposition?", "How many latents are dead?", "Which heads copy names?"):
        sentences = check(ExtractiveDrafter().draft(question, search(question)), vault.pages)
        assert sentences and all(c.verdict == "supported" for s in sentences for c in s.citations[:1])


def test_what_a_page_is_doubted_for_reaches_its_citation(vault: Vault) -> None:
    def doubted(source_id: str) -> list[Page]:
        return [replace(one, warning="its words are torn apart") for one in vault.pages(source_id)]

    draft = Draft(
        (DraftSentence("The circuit has 26 attention heads in 7 classes.", ("p2",), {}),), all_hits(vault), "t"
    )
    assert [c.warning for s in check(draft, doubted) for c in s.citations] == ["its words are torn apart"]
    assert [c.warning for s in check(draft, vault.pages) for c in s.citations] == [""]


def test_what_cites_a_withdrawn_paper_says_so(vault: Vault) -> None:
    hits = {key: replace(hit, paper=replace(hit.paper, warnings=(WITHDRAWN,))) for key, hit in all_hits(vault).items()}
    draft = Draft((DraftSentence("The circuit has 26 attention heads in 7 classes.", ("p2",), {}),), hits, "t")
    assert [c.warning for s in check(draft, vault.pages) for c in s.citations] == [WITHDRAWN]


def test_a_withdrawal_that_came_after_the_reading_reaches_the_paper(tmp_path: Path) -> None:
    vault = answering_vault(tmp_path)
    before = as_it_stands(vault, "sae")
    told = Metadata("2401.00001", "v2", "", (), 2024, "", "", "", withdrawn="Theorem 2 is wrong.")
    write_json(vault.source("sae") / "newest.json", as_json(told) | {"asked": 0.0})
    after = as_it_stands(vault, "sae")
    assert before is not None and not before.withdrawn
    assert after is not None and after.withdrawn == f"{WITHDRAWN} (Theorem 2 is wrong.)"


ANEW = (
    "Once training was over, the two-layer network kept a small group of heads that copied tokens from earlier in the "
    "sequence, and removing this group by ablation cut its accuracy in half."
)


def test_a_sentence_in_other_words_is_supported_and_says_how_likely() -> None:
    said = "Ablation that removes the small group of copying heads halved the accuracy of the two-layer network."
    finding = judge(Claim(said, ANEW))
    assert finding.verdict == "supported" and "in other words" in finding.reason


@pytest.mark.parametrize(
    "said",
    [
        "Ablation that removes the small group of copying heads halved the accuracy of the four-layer network.",
        "Ablation that removes the small group of copying heads never halved the accuracy of the network.",
        "Ablation that removes the large group of copying heads halved the accuracy of the two-layer network.",
        "Ablation that removes the small group of copying heads halved the accuracy of GPT-2.",
        "Bread is baked from flour, water and salt in a hot oven before it is sliced and sold.",
    ],
)
def test_in_other_words_nothing_may_stand_against_it(said: str) -> None:
    assert judge(Claim(said, ANEW)).verdict != "supported"


def test_one_changed_word_in_a_repeated_sentence_is_not_other_words() -> None:
    repeated = ANEW.replace("accuracy", "appetite")
    assert judge(Claim(repeated, ANEW)).verdict != "supported"
