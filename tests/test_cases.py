"""Case files: what is accepted, what is refused with which line, and whether evidence is where it says."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eval_examples import ARXIV, CASES, PAPERS, case, evidence, page, pages, write_cases
from hypothesis import given
from hypothesis import strategies as st

from assistant.locate import key
from evals.cases import STARTER, check_evidence, held_papers, load, load_all, pdf_pages, placed, stored_pages
from evals.records import Case, Evidence, EvidenceCheck, base_id
from evals.report import evidence_text
from ingest.errors import UsageError
from ingest.records import Page, Paper, as_json, from_json
from ingest.vault import Vault

SHARED = Path(__file__).parents[2] / "shared" / "papers"
GOOD: dict[str, Any] = {
    "id": "one",
    "kind": "definition",
    "question": "What is superposition?",
    "expected_papers": ["2209.10652"],
    "evidence": [{"arxiv_id": "2209.10652", "page": 3, "first": "We say", "last": "a feature", "sha256": "0" * 64}],
    "facts": ["Features outnumber dimensions"],
    "must_abstain": False,
    "note": "a note",
}
OURS: dict[str, Any] = {
    "id": "three",
    "kind": "glossary",
    "half": "test",
    "question": "wat is superpositon?",
    "expected_sources": ["term-superposition"],
    "evidence": [{"source": "term-superposition", "first": "We say", "last": "a feature", "sha256": "0" * 64}],
    "style": "typos",
}
REFUSE: dict[str, Any] = {"id": "two", "kind": "unanswerable", "question": "Who?", "must_abstain": True}


def by_arxiv(arxiv_id: str) -> tuple[Page, ...]:
    return tuple(p for paper in PAPERS if paper.arxiv_id == arxiv_id for p in pages(paper.id))


def test_reads_what_was_written(tmp_path: Path) -> None:
    one, two = load(write_cases(tmp_path / "c.jsonl", [GOOD, "", REFUSE]))
    assert one == Case(
        "one",
        "definition",
        "What is superposition?",
        ("2209.10652",),
        (Evidence("2209.10652", 3, "We say", "a feature", "0" * 64),),
        ("Features outnumber dimensions",),
        False,
        "a note",
    )
    assert two == Case("two", "unanswerable", "Who?", must_abstain=True)


def test_cases_about_our_own_texts_and_follow_ups_are_read(tmp_path: Path) -> None:
    follow = {**GOOD, "kind": "follow-up", "history": ["What is a feature?"], "question": "And what packs it?"}
    ours, next_one = load(write_cases(tmp_path / "c.jsonl", [OURS, follow]))
    assert (ours.expected, ours.half, ours.style) == (("term-superposition",), "test", "typos")
    assert ours.evidence == (Evidence("", 1, "We say", "a feature", "0" * 64, "term-superposition"),)
    assert next_one.asked == "What is a feature? And what packs it?"


def test_several_files_are_one_set_and_an_id_is_used_once(tmp_path: Path) -> None:
    one, two = write_cases(tmp_path / "a.jsonl", [GOOD]), write_cases(tmp_path / "b.jsonl", [REFUSE])
    assert [c.id for c in load_all([one, two])] == ["one", "two"]
    with pytest.raises(UsageError, match=r"a\.jsonl uses the id 'one' of another file"):
        load_all([one, one])
    assert len(load_all()) >= len(load())


def test_cases_survive_a_round_trip(tmp_path: Path) -> None:
    assert load(write_cases(tmp_path / "c.jsonl", [as_json(c) for c in CASES])) == CASES
    assert tuple(from_json(Case, as_json(c)) for c in CASES) == CASES


def without(name: str) -> dict[str, Any]:
    return {k: v for k, v in GOOD.items() if k != name}


def with_evidence(**changed: Any) -> dict[str, Any]:
    return {**GOOD, "evidence": [{**GOOD["evidence"][0], **changed}]}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ('{"id": "x", ', "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[1]", "not a JSON object"),
        (without("id"), "without id"),
        (without("question"), "without question"),
        ({**GOOD, "kind": "riddle"}, "kind is 'riddle'"),
        ({**GOOD, "kind": ["method"]}, "kind is ['method']"),
        ({**GOOD, "question": "  "}, "question must be"),
        ({**GOOD, "question": 7}, "question must be"),
        ({**GOOD, "question": "clear\x1b[2J"}, "question must be"),
        ({**GOOD, "must_abstian": True}, "unknown key must_abstian"),
        ({**GOOD, "must_abstain": "no"}, "must_abstain must be true or false"),
        ({**GOOD, "must_abstain": True}, "must_abstain must be true for kind unanswerable"),
        ({**GOOD, "expected_papers": []}, "a case expects papers, or must abstain"),
        ({**GOOD, "expected_papers": "2209.10652"}, "expected_papers must be a list"),
        ({**GOOD, "expected_papers": ["Toy Models"]}, "'Toy Models' is not an arXiv id"),
        ({**GOOD, "expected_papers": ["2301.05217"]}, "evidence from 2209.10652, which is not expected"),
        ({**GOOD, "facts": [1]}, "facts must be a list"),
        ({**REFUSE, "expected_papers": ["2209.10652"]}, "not both"),
        ({**GOOD, "evidence": ["p. 3"]}, "not a JSON object"),
        (with_evidence(page=0), "page is 0"),
        (with_evidence(page=True), "page is True"),
        (with_evidence(page="3"), "page is '3'"),
        (with_evidence(first="..."), "no letter or digit"),
        (with_evidence(last="one two three four five six"), "longer than 5 words"),
        (with_evidence(sha256="0" * 63), "not 64 hex digits"),
        (with_evidence(quote="We say that"), "unknown key quote"),
        ({**GOOD, "half": "left"}, "half is 'left', not one of dev, test"),
        ({**GOOD, "style": "rude"}, "style is 'rude'"),
        ({**GOOD, "history": ["And before?"]}, "history goes with kind follow-up"),
        ({**GOOD, "kind": "follow-up"}, "history goes with kind follow-up"),
        ({**GOOD, "kind": "note"}, "a note case needs expected_sources"),
        ({**GOOD, "why_unanswerable": "absent fact"}, "why_unanswerable is for what must be refused"),
        ({**REFUSE, "why_unanswerable": "hard"}, "why_unanswerable is 'hard'"),
        ({**OURS, "expected_sources": ["term-other"]}, "evidence from term-superposition, which is not expected"),
        (GOOD, "used twice"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_a_malformed_line_is_named(tmp_path: Path, row: dict[str, Any] | str, says: str) -> None:
    path = write_cases(tmp_path / "mine.jsonl", [GOOD, "", row])
    with pytest.raises(UsageError) as caught:
        load(path)
    assert caught.value.message.startswith("mine.jsonl, line 3: ")
    assert says in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("content", [None, b"", b"\n \n", b"\xff\xfe\x00"])
def test_a_file_without_cases_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "mine.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=r"mine\.jsonl"):
        load(path)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(sorted(GOOD)), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(sorted(GOOD)), json_values)
def test_any_value_of_any_key_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, name: str, value: Any
) -> None:
    path = tmp_path_factory.mktemp("cases") / "c.jsonl"
    path.write_text(json.dumps({**GOOD, name: value}))
    try:
        (read,) = load(path)
    except UsageError as error:
        assert "line 1" in error.message
    else:
        assert from_json(Case, json.loads(json.dumps(as_json(read)))) == read


def test_the_starter_cases_can_be_read() -> None:
    cases = load()
    assert STARTER.name == "starter.jsonl"
    assert len(cases) >= 20
    assert any(c.must_abstain for c in cases)
    assert all(c.evidence for c in cases if not c.must_abstain)


@pytest.mark.parametrize(
    ("given_id", "base"),
    [("2209.10652v3", "2209.10652"), ("2209.10652", "2209.10652"), ("hep-th/9901001v2", "hep-th/9901001")],
)
def test_the_base_id_has_no_version(given_id: str, base: str) -> None:
    assert base_id(given_id) == base


# --- evidence --------------------------------------------------------------------------------------------------------

SPLIT = evidence("grok", 1, "Modular addition is learned by trigonometric identities.")


def check(item: Evidence, *stored: Page) -> EvidenceCheck:
    (only,) = check_evidence([case("c", item.arxiv_id, of=[item])], lambda _: stored or by_arxiv(item.arxiv_id))
    return only


def test_evidence_is_found_and_shown() -> None:
    checks = check_evidence(CASES, by_arxiv)
    assert [(c.case_id, c.found, c.reason) for c in checks] == [
        ("pack", True, "found"),
        ("clean", True, "found"),
        ("refuse", True, "found"),
    ]
    assert checks[1].text == "Weight decay drives the cleanup phase"
    assert "3 of 3 pieces of evidence found" in evidence_text(checks)


def test_line_breaks_hyphens_ligatures_and_case_do_not_matter() -> None:
    spelled = "MODULAR addi-\ntion is\nlearned  by trigono-\nmetric  identities ."
    found = check(SPLIT, page("grok", 1, f"Before. {spelled} After."))
    assert found.found
    assert found.text == "MODULAR addi-\ntion is\nlearned  by trigono-\nmetric  identities"


def test_a_changed_text_is_noticed() -> None:
    changed = check(SPLIT, page("grok", 1, "Modular addition is learned by no trigonometric identities."))
    assert not changed.found
    assert changed.reason == "the hash differs"
    assert changed.text == "Modular addition is learned by no trigonometric identities"


def test_a_changed_hash_is_noticed() -> None:
    assert check(replace(SPLIT, sha256="0" * 64)).reason == "the hash differs"


def test_the_stretch_ends_at_the_next_last_words() -> None:
    text = "Modular addition is learned by trigonometric identities. More trigonometric identities."
    assert check(SPLIT, page("grok", 1, text)).found


def test_first_words_that_occur_twice_are_tried_from_each() -> None:
    text = "Modular addition is hard. Modular addition is learned by trigonometric identities."
    assert check(SPLIT, page("grok", 1, text)).found


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (replace(SPLIT, arxiv_id="2999.00001"), "2999.00001 is not there"),
        (replace(SPLIT, page=9), "2301.05217 has no page 9"),
        (replace(SPLIT, page=2), "'Modular addition' is not on page 2, but on 1"),
        (replace(SPLIT, first="Never said"), "'Never said' is not on page 1"),
        (replace(SPLIT, last="Modular addition"), "'Modular addition' does not follow on page 1"),
    ],
)
def test_evidence_that_is_not_there_says_why(item: Evidence, reason: str) -> None:
    missing = check(item)
    assert (missing.found, missing.reason, missing.text) == (False, reason, "")
    assert f"NOT FOUND: {reason}" in evidence_text([missing])


@given(st.integers(0, 40), st.integers(0, 40), st.sampled_from(["x", "7", "not "]))
def test_any_letter_put_into_the_stretch_is_noticed(start: int, _end: int, letter: str) -> None:
    stretch = "Modular addition is learned by trigonometric identities."
    cut = min(start, len(stretch) - 2)
    changed = check(SPLIT, page("grok", 1, stretch[:cut] + letter + stretch[cut:]))
    assert changed.found == (cut == 0 and letter != "")


def test_printed_evidence_cannot_command_the_terminal() -> None:
    item = evidence("refuse", 1, "Refusal is mediated by a single direction.")
    shown = check(item, page("refuse", 1, "Refusal is \x1b[2Jmediated by a single direction."))
    assert "\x1b" not in evidence_text([shown])


def test_stored_pages_are_found_by_arxiv_id_and_our_own_texts_by_their_id(tmp_path: Path) -> None:
    vault = Vault(tmp_path)
    for paper in (
        *PAPERS,
        Paper("note-toy", "note", "Note", arxiv_id=ARXIV["toy"], pages=1),
        Paper("failed", "paper", "Not read", arxiv_id="2309.08600"),
    ):
        vault.write_paper(paper)
        vault.write_pages(paper.id, pages(paper.id) or [page(paper.id, 1, "Ours.")])
    assert {p.id for p in held_papers(vault)} == {"toy", "grok", "refuse", "note-toy"}
    read = stored_pages(vault)
    assert tuple(read(ARXIV["toy"])) == tuple(pages("toy"))
    assert [p.text for p in read("note-toy")] == ["Ours."]
    assert list(read("2309.08600")) == []
    assert all(c.found for c in check_evidence(CASES, stored_pages(vault)))


@pytest.mark.shared
def test_the_starter_cases_point_at_text_in_the_real_papers() -> None:
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is missing")
    items = [c for c in load() if c.evidence][:8]
    checks = check_evidence(items, pdf_pages(SHARED))
    assert [f"{c.case_id}: {c.reason}" for c in checks if not c.found] == []


def test_evidence_is_found_on_the_sections_of_a_paper_that_was_read_from_a_web_page() -> None:
    """Cases name pages of the PDF; a vault with a network reads arXiv's HTML, whose pages are sections."""
    text = "Heads copy names. The circuit has 26 heads in seven classes of them. More follows."
    stretch = "The circuit has 26 heads in seven classes of them"
    digest = hashlib.sha256(key(stretch).encode()).hexdigest()
    item = Evidence("2211.00593", 9, "The circuit has", "classes of them", digest)
    lost = replace(item, first="Nowhere at all", last="to be found")
    case = Case(id="c", kind="number", question="How many?", expected_papers=("2211.00593",), evidence=(item, lost))
    sections = [Page("ioi", 1, "§ 1", "Nothing here."), Page("ioi", 2, "§ 2", text)]
    [moved] = placed([case], lambda _: sections)
    assert [one.page for one in moved.evidence] == [2]
    assert [one.page for one in placed([case], lambda _: sections, keep=True)[0].evidence] == [2, 9]
    pdf = [replace(page, locator=f"p. {page.number}") for page in sections]
    assert placed([case], lambda _: pdf) == [case]
