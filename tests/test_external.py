"""Sets that others made, and answers given elsewhere, scored by the same code; reports handed out to other tools."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from eval_examples import CASES, PAPERS, WordAssistant, pages
from loopback_model import LoopbackModel
from readable_embedder import ReadableEmbedder

from assistant.extract import ExtractiveDrafter
from assistant.llm import ChatModel, ModelSettings
from evals.choose import Choice, choose
from evals.evaluate import Manner, evaluate, evaluate_triples, export_report
from evals.external import read_external, reader_of, safe
from evals.external_vault import is_external, prepared
from evals.records import Report
from evals.report import load, save
from evals.run import run
from evals.triples import FORMS, Triple, is_triples, read_triples
from index.search import Search
from ingest.errors import UsageError
from ingest.vault import Vault

TEXTS = {
    "1": ("Superposition", "Superposition stores sparse features. It packs them."),
    "2": ("Grokking", "Weight decay drives the cleanup phase of grokking."),
    "a/b": ("Refusal", "Refusal is mediated by a single direction."),
}
QUESTIONS = {"q1": "What stores sparse features?", "q2": "What drives the cleanup phase?", "q3": "Never judged?"}


def lines(path: Path, rows: list[Mapping[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    folder = tmp_path / "tiny"
    lines(folder / "corpus.jsonl", [{"_id": i, "title": t, "text": x} for i, (t, x) in TEXTS.items()])
    lines(folder / "queries.jsonl", [{"_id": i, "text": x} for i, x in QUESTIONS.items()])
    (folder / "qrels").mkdir()
    (folder / "qrels" / "dev.tsv").write_text("query-id\tcorpus-id\tscore\nq3\t1\t1\n")
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\t1\t1\nq1\ta/b\t0\nq2\t2\t2\n")
    return folder


@pytest.fixture
def scifact(tmp_path: Path) -> Path:
    folder = tmp_path / "scifact"
    folder.mkdir()
    (folder / "corpus.csv").write_text(
        "doc_id,title,abstract,structured\n"
        "7,On decay,\"['Weight decay drives it.'\n 'It is slow.']\",False\n"
        "8,Other,\"['Nothing here.']\",False\n"
    )
    (folder / "claims_train.csv").write_text(
        "id,claim,evidence_doc_id,evidence_label,evidence_sentences,cited_doc_ids\n"
        "0,Decay drives it.,7,SUPPORT,[0],[7]\n0,Decay drives it.,7,SUPPORT,[1],[7]\n1,Unknown.,,,[],[99]\n"
    )
    return folder


@pytest.fixture
def qasper(tmp_path: Path) -> Path:
    def answer(**given: Any) -> dict[str, Any]:
        plain = {"unanswerable": False, "extractive_spans": [], "free_form_answer": "", "evidence": []}
        return {"answer": {**plain, **given}}

    questions = [
        {"question_id": "x1", "question": "What drives\nit?", "answers": [
            answer(extractive_spans=["weight decay"], evidence=["Weight decay drives it here."]),
        ]},
        {"question_id": "x2", "question": "Who paid?", "answers": [answer(unanswerable=True)]},
    ]  # fmt: skip
    paper = {"title": "On decay", "abstract": "We study decay.", "qas": questions}
    text = [{"section_name": "Results", "paragraphs": ["Nothing first.", "Weight decay drives it here."]}]
    path = tmp_path / "qasper.json"
    path.write_text(json.dumps({"1912.01214": {**paper, "full_text": text}}))
    return path


def test_a_beir_folder_is_read_with_its_test_judgements(beir: Path) -> None:
    found = read_external(beir)
    assert [d.title for d in found.documents] == ["Superposition", "Grokking", "Refusal"]
    assert {c.question: c.expected for c in found.cases} == {QUESTIONS["q1"]: ("d1",), QUESTIONS["q2"]: ("d2",)}


def test_scifacts_tables_are_read(scifact: Path) -> None:
    found = read_external(scifact)
    assert found.documents[0].pages == ("Weight decay drives it. It is slow.",)
    assert [(c.id, c.expected) for c in found.cases] == [("claim-0", ("d7",))]


def test_qasper_finds_its_paragraphs_and_what_nobody_could_answer(qasper: Path) -> None:
    one, two = read_external(qasper).cases
    assert (one.question, one.facts, one.evidence[0].page) == ("What drives it?", ("weight decay",), 3)
    assert two.must_abstain


def test_ids_are_safe_and_stay_apart() -> None:
    assert safe("12") == "d12"
    assert len({safe("a/b"), safe("a-b"), safe("a b"), safe("x" * 300), safe("x" * 301)}) == 5


def test_what_is_no_set_is_said(tmp_path: Path, beir: Path) -> None:
    assert reader_of(tmp_path) is None
    with pytest.raises(UsageError, match="no BEIR folder"):
        read_external(tmp_path)
    (beir / "corpus.jsonl").write_text("{}\n")
    with pytest.raises(UsageError, match="cannot be read as such a set"):
        read_external(beir)


@pytest.mark.parametrize("name", ["beir", "scifact", "qasper"])
def test_an_external_set_is_measured_like_our_own(tmp_path: Path, request: pytest.FixtureRequest, name: str) -> None:
    path: Path = request.getfixturevalue(name)
    embedder, home = ReadableEmbedder(), Vault(tmp_path / "home")
    made, file = prepared(home, path, embedder)
    again, _ = prepared(home, path, embedder)
    assert is_external(str(path))
    assert made.root == again.root
    search = Search(made, embedder)
    drafter = ExtractiveDrafter(document_frequency=search.document_frequency, passage_count=search.passage_count)
    outcome = evaluate(made, Choice((str(file),)), search, drafter)
    report = load(made.root / outcome.data["report"])
    found = {s.metric: s.value for s in report.summary if s.group == "all"}
    assert found["recall@5"] == 1.0
    assert found.get("page_recall@5") == (1.0 if name == "qasper" else None)
    assert not any(result.errors for result in report.results)
    assert len(choose(Choice((str(file),)))) == len(report.results)
    search.close()


# --- answers given elsewhere ------------------------------------------------------------------------------------------

ROWS: list[Mapping[str, Any]] = [
    {"user_input": "What drives it?", "response": "Weight decay drives it. Penguins pay for it.",
     "retrieved_contexts": ["Weight decay drives it."], "reference": "Weight decay drives it."},
    {"question": "And then?", "answer": "Dropout does nothing.", "contexts": ["Dropout does not."], "ground_truth": ""},
    {"input": "Who?", "actual_output": "Nanda et al. did.", "retrieval_context": ["Nanda et al. did."],
     "expected_output": "It was Power et al. in 2022."},
]  # fmt: skip


def test_the_names_of_three_tools_are_read(tmp_path: Path) -> None:
    lines(tmp_path / "t.jsonl", ROWS)
    assert is_triples(tmp_path / "t.jsonl")
    first, second, third = read_triples(tmp_path / "t.jsonl")
    assert first == Triple(
        "What drives it?", ROWS[0]["response"], ("Weight decay drives it.",), "Weight decay drives it."
    )
    assert (second.reference, third.reference) == ("", "It was Power et al. in 2022.")


def test_a_row_that_is_none_is_named(tmp_path: Path) -> None:
    lines(tmp_path / "t.jsonl", [ROWS[0], {"question": "And?", "answer": 7}])
    with pytest.raises(UsageError, match=r"t\.jsonl, line 2"):
        read_triples(tmp_path / "t.jsonl")
    assert not is_triples(tmp_path / "none.jsonl")


def test_answers_given_elsewhere_are_scored_for_what_they_have(tmp_path: Path) -> None:
    lines(tmp_path / "t.jsonl", ROWS)
    vault = Vault(tmp_path / "vault")
    outcome = evaluate_triples(vault, tmp_path / "t.jsonl")
    report = load(vault.root / outcome.data["report"])
    found = {s.metric: s.value for s in report.summary if s.group == "all"}
    assert set(found) == {
        *("faithfulness", "fact_coverage", "correctness", "accuracy", "precision", "coverage", "answered")
    }
    first, _, third = report.results
    assert first.values["faithfulness"].value == 0.5
    assert first.values["fact_coverage"].value == 1.0
    assert third.values["fact_coverage"].value == 0.0


def test_a_question_that_two_systems_answered_keeps_both_answers(tmp_path: Path) -> None:
    lines(tmp_path / "t.jsonl", [ROWS[0], {**ROWS[0], "response": "Penguins pay for it."}])
    vault = Vault(tmp_path / "vault")
    report = load(vault.root / evaluate_triples(vault, tmp_path / "t.jsonl").data["report"])
    assert [r.values["faithfulness"].value for r in report.results] == [0.5, 0.0]


def test_a_model_can_judge_them(tmp_path: Path) -> None:
    lines(tmp_path / "t.jsonl", ROWS[:1])
    vault = Vault(tmp_path / "vault")
    with LoopbackModel(lambda r: "VERDICT: 5" if "<facts>" in str(r) else "VERDICT: supported") as server:
        judge = ChatModel(ModelSettings("tiny", base_url=server.base_url))
        outcome = evaluate_triples(vault, tmp_path / "t.jsonl", manner=Manner(judge=judge))
    found = {s["metric"]: s["value"] for s in outcome.data["summary"] if s["group"] == "all"}
    assert (found["faithfulness"], found["judged_correctness"]) == (1.0, 1.0)


def measured() -> Report:
    good = WordAssistant()
    return run(CASES, ask=good.ask, search=good.search, pages=pages, papers=PAPERS, created="2026-11-23T08:30:00Z")


@pytest.mark.parametrize("form", list(FORMS))
def test_a_report_goes_out_and_comes_in_again(tmp_path: Path, form: str) -> None:
    vault = Vault(tmp_path / "vault")
    save(measured(), vault)
    outcome = export_report(vault, "latest", form)
    (tmp_path / "out.jsonl").write_text(outcome.text)
    read = read_triples(tmp_path / "out.jsonl")
    assert [t.question for t in read] == [case.question for case in CASES]
    assert read[0].answer == "Superposition lets a toy model store sparse features."
    assert read[0].reference == "Sparse features are stored by superposition"
    with pytest.raises(UsageError, match="no form 'xml'"):
        export_report(vault, "latest", "xml")
