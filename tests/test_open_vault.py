"""The vault from Python: every example of docs/python.md runs as it stands, and LlamaIndex asks the retriever."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.open_vault import OpenVault, open_vault
from ingest.errors import VaultMissing

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "python.md").read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, model_cache: Path) -> Path:
    """A folder with the starter vault in it, named as the examples name it."""
    made = tmp_path_factory.mktemp("work")
    environment = os.environ | {"MIVAULT_CACHE": str(model_cache), "PYTHONPATH": str(ROOT)}
    for command in (["init", "vault"], ["sync", "--vault", "vault", "--no-download"]):
        subprocess.run([sys.executable, "-m", "mivault", *command], cwd=made, env=environment, check=True)
    return made


@pytest.fixture(scope="module")
def vault(folder: Path, model_cache: Path) -> Iterator[OpenVault]:
    opened = open_vault(folder / "vault", cache=model_cache)
    yield opened
    opened.close()


@pytest.mark.slow
def test_the_examples_of_the_page_run_and_say_something(
    folder: Path,
    model_cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(tmp_path))  # the default cache lies below it
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "mivault").symlink_to(model_cache, target_is_directory=True)
    names: dict[str, object] = {}
    told = []
    for example in EXAMPLES:
        exec(compile(example, "docs/python.md", "exec"), names)
        told.append(capsys.readouterr().out)
    assert len(EXAMPLES) == 5
    assert "supported" in told[0] and "Superposition" in told[0]
    assert "superposition" in told[1]
    assert "Superposition" in told[2] and "Superposition" in told[4]


@pytest.mark.slow
def test_questions_are_narrowed_and_the_same_as_the_commands(vault: OpenVault) -> None:
    from index.filters import filter_of

    terms = filter_of((), (), "", (), ("glossary",))
    hits = vault.search("What is superposition?", k=3, where=terms)
    assert len(hits) == 3 and {hit.paper.kind for hit in hits} == {"glossary"}
    answer = vault.ask("What is superposition?", where=terms)
    assert {c.kind for s in answer.sentences for c in s.citations} == {"glossary"}


@pytest.mark.slow
def test_summaries_comparisons_and_reviews_are_records(vault: OpenVault) -> None:
    notes = [one for one in vault.vault.source_ids() if one.startswith("note-")][:2]
    assert vault.summarize(notes[0]).paper_id == notes[0]
    assert list(vault.compare(*notes, aspect="method").titles) == notes
    assert vault.review("superposition").parts


def test_a_folder_without_a_vault_is_said(tmp_path: Path) -> None:
    with pytest.raises(VaultMissing):
        open_vault(tmp_path)


@pytest.mark.slow
def test_a_llama_index_engine_answers_from_the_vault(vault: OpenVault) -> None:
    from llama_index.core.llms import MockLLM
    from llama_index.core.query_engine import RetrieverQueryEngine

    echo = MockLLM()  # LlamaIndex's own, which gives back what it is asked
    response = RetrieverQueryEngine.from_args(vault.retriever(k=4), llm=echo).query("What is superposition?")
    nodes = response.source_nodes
    hits = vault.search("What is superposition?", k=4)
    assert [(node.node.node_id, node.score) for node in nodes] == [(hit.passage.id, hit.score) for hit in hits]
    assert nodes[0].node.get_content() == hits[0].passage.text
    assert nodes[0].node.metadata["title"] == hits[0].paper.title
    assert hits[0].paper.title in str(response) and hits[0].passage.id not in str(response)
