"""Six broken twins of a sound assistant over a small vault: each is caught by its metric, outside the sound one's
interval."""

from __future__ import annotations

import hashlib
from functools import partial

import pytest
from answering_vault import SmallSearch, page, passage

from assistant.ask import ask
from assistant.extract import ExtractiveDrafter
from assistant.locate import key
from benchmarks.broken_assistants import TWINS, Sound, Twin, caught, measured, negated, row
from evals.cases import check_evidence, held_papers, stored_pages
from evals.records import Case, Evidence, Report
from ingest.records import Paper, Span
from ingest.vault import Vault

TOPICS = {
    "glacier": "meltwater", "violin": "resonance", "orchard": "pollination", "harbour": "sediment", "candle": "wick",
    "falcon": "plumage", "quarry": "limestone", "loom": "weaving", "lantern": "kerosene", "meadow": "clover",
    "turbine": "vibration", "compass": "magnetism", "kiln": "glaze", "reef": "coral",
}  # fmt: skip
ABSENT = (
    "espresso prices", "opera tickets", "volcano insurance", "penguin diets", "bicycle taxes", "chess openings",
    "castle rents", "tulip auctions", "submarine menus", "circus wages", "zeppelin fuels", "yoghurt cultures",
)  # fmt: skip


def texts(topic: str, about: str) -> tuple[str, str]:
    return (
        f"The {topic} head is found in every small model that we trained. We call it the {about} circuit of the model. "
        f"The {topic} head was located by ablating each layer in turn.",
        f"Removing the {topic} head can destroy {about} entirely. The {about} circuit does depend on weight decay. "
        f"A limitation is that {about} was measured in small models only.",
    )


def case(topic: str, number: int, question: str, stretch: str, fact: str) -> Case:
    words = stretch.split()
    arxiv_id = f"2401.{list(TOPICS).index(topic):05d}"
    hash_ = hashlib.sha256(key(stretch).encode()).hexdigest()
    evidence = Evidence(arxiv_id, number, " ".join(words[:3]), " ".join(words[-3:]), hash_)
    return Case(f"{topic}-{number}", "method", question, (arxiv_id,), (evidence,), (fact,))


def cases() -> list[Case]:
    made = []
    for topic, about in TOPICS.items():
        first = f"The {topic} head was located by ablating each layer in turn."
        second = f"Removing the {topic} head can destroy {about} entirely."
        made.append(case(topic, 1, f"How was the {topic} head located?", first, "By ablating each layer"))
        made.append(case(topic, 2, f"What does removing the {topic} head destroy?", second, about))
    refused = [
        Case(f"no-{n}", "unanswerable", f"Who decides {what}?", must_abstain=True) for n, what in enumerate(ABSENT)
    ]
    return [*made, *refused]


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    root = tmp_path_factory.mktemp("vault")
    (root / "vault.yaml").write_text("name: broken\n")
    (root / "vault.lock").write_text("{}")
    made = Vault.open(root)
    for number, (topic, about) in enumerate(TOPICS.items()):
        paper = Paper(topic, "paper", f"On {about}", arxiv_id=f"2401.{number:05d}", pages=2)
        pages = [page(paper, n, text) for n, text in enumerate(texts(topic, about), 1)]
        made.write_paper(paper)
        made.write_pages(topic, pages)
        spans = [[Span(p.number, 0, len(p.text))] for p in pages]
        made.write_passages(topic, [passage(pages, group, n) for n, group in enumerate(spans)])
    return made


@pytest.fixture(scope="module")
def sound(vault: Vault) -> Sound:
    search = SmallSearch(vault)
    drafter = ExtractiveDrafter(document_frequency=search.document_frequency, passage_count=search.passage_count)
    return Sound(
        partial(ask, search=search, vault=vault, drafter=drafter, embedding_model="readable"), search, vault.pages
    )


@pytest.fixture(scope="module")
def reference(sound: Sound, vault: Vault) -> Report:
    return measured(sound, cases(), held_papers(vault))


def test_the_cases_point_at_the_pages(vault: Vault) -> None:
    assert all(check.found for check in check_evidence(cases(), stored_pages(vault)))


def test_the_gate_of_the_test_command_over_pages_made_here(reference: Report) -> None:
    """What the real answering path must reach on these easy cases: below it something is broken."""
    for metric in ("recall@5", "page_recall@10", "faithfulness", "citation_recall", "quote_validity", "fact_coverage"):
        assert (row(reference, metric).value or 0.0) >= 0.9, metric
    for metric in ("answered", "abstention_recall", "abstention_precision", "accuracy"):
        assert (row(reference, metric).value or 0.0) >= 0.9, metric
    assert row(reference, "citations_naming_nothing").value == 0.0


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.name)
def test_a_broken_assistant_is_caught_by_its_metric(twin: Twin, sound: Sound, reference: Report, vault: Vault) -> None:
    broken = measured(twin.make(sound), cases(), held_papers(vault))
    assert caught(row(reference, twin.metric), row(broken, twin.metric))


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.name)
def test_a_fault_leaves_what_it_does_not_touch(twin: Twin, sound: Sound, reference: Report, vault: Vault) -> None:
    untouched = "quote_validity" if twin.metric in ("page_recall@10", "answered") else "page_recall@10"
    broken = row(measured(twin.make(sound), cases(), held_papers(vault)), untouched)
    assert broken.value in (row(reference, untouched).value, None)


def test_a_negated_sentence_denies() -> None:
    assert negated("It is a head.") == "It is not a head."
    assert negated("Heads copy.") == "It is not the case that Heads copy."
