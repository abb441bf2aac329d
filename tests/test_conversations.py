"""Conversations come back exactly as they were, two writers lose nothing, and a broken file is told, not raised."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.conversations import Conversations, Exchange, questions, title_of
from assistant.records import Answer, Citation, Listed, Nearest, Recipe, Sentence, Usage, Verdict
from ingest.errors import UsageError
from ingest.vault import Vault

words = st.text(max_size=30)
floats = st.floats(allow_nan=False, allow_infinity=False)
verdicts = st.sampled_from(get_args(Verdict))
names = st.tuples(words, words)
citations = st.builds(Citation, verdict=verdicts, quote=words, title=words, authors=names, support=floats)
sentences = st.builds(Sentence, text=words, citations=st.lists(citations, max_size=2).map(tuple), verdict=verdicts)
recipes = st.builds(Recipe, words, words, words, words, st.dictionaries(words, st.integers() | words, max_size=2))
answers = st.builds(
    Answer,
    question=words,
    sentences=st.lists(sentences, max_size=3).map(tuple),
    nearest=st.lists(st.builds(Nearest, score=floats), max_size=2).map(tuple),
    recipe=recipes,
    seconds=floats,
    usage=st.none() | st.builds(Usage, cost=st.none() | floats),
    could_hold=st.lists(st.builds(Listed), max_size=1).map(tuple),
)
exchanges = st.builds(Exchange, question=words, answer=st.none() | answers, error=words, at=st.just("2026-01-01"))


def vault_in(folder: Path) -> Vault:
    (folder / "vault.yaml").write_text("entries: []\n")
    return Vault.open(folder)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return vault_in(tmp_path)


@settings(max_examples=60, deadline=None)
@given(st.lists(exchanges, min_size=1, max_size=3))
def test_what_is_opened_is_what_was_kept(said: list[Exchange]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        vault = vault_in(Path(folder))
        kept = Conversations(vault)
        conversation = ""
        for one in said:
            conversation = kept.append(conversation, one)
        opened = Conversations(vault).open(conversation)
        assert opened.exchanges == tuple(said)
        assert opened.title == title_of(said[0].question) and opened.damaged == 0


def test_they_are_listed_newest_first_found_renamed_and_deleted(vault: Vault) -> None:
    kept = Conversations(vault)
    assert kept.all() == [] and kept.search("heads") == []
    first = kept.append("", Exchange("What do name mover heads do?", at="2026-01-01T10:00:00"))
    second = kept.append("", Exchange("What is superposition?", at="2026-01-01T11:00:00"))
    assert [one.id for one in kept.all()] == [second, first]
    kept.append(first, Exchange("And in GPT-2?", at="2026-01-01T12:00:00"))
    assert [one.id for one in kept.all()] == [first, second]
    assert [one.id for one in kept.search("HEADS gpt-2")] == [first] and kept.search("heads superposition") == []
    kept.rename(second, "Many features\nin <b>few</b> neurons")
    assert kept.open(second).title == "Many features in <b>few</b> neurons"
    kept.delete(first)
    assert [one.id for one in kept.all()] == [second]
    for lost in (first, "../vault", "", "0" * 16):
        with pytest.raises(UsageError):
            kept.open(lost)
    with pytest.raises(UsageError):
        kept.append(first, Exchange("Still there?"))
    with pytest.raises(UsageError):
        kept.rename(second, " \n")


def test_each_user_sees_their_own(vault: Vault) -> None:
    mine = Conversations(vault, "ada").append("", Exchange("What is mine?"))
    assert [one.title for one in Conversations(vault, "ada").all()] == ["What is mine?"]
    for other in (Conversations(vault), Conversations(vault, "alan")):
        assert other.all() == []
        with pytest.raises(UsageError):
            other.open(mine)
    for bad in ("../x", "Ada", "a/b", ".", "-x", "x" * 33):
        with pytest.raises(UsageError):
            Conversations(vault, bad)


def test_a_line_that_a_kill_cut_short_costs_that_line_alone(vault: Vault, tmp_path: Path) -> None:
    kept = Conversations(vault)
    made = kept.append("", Exchange("First?"))
    path = tmp_path / "conversations" / f"{made}.jsonl"
    path.write_bytes(path.read_bytes() + b'\n{"version": 1, "exch')
    kept.append(made, Exchange("Second?"))
    opened = kept.open(made)
    assert [one.question for one in opened.exchanges] == ["First?", "Second?"] and opened.damaged == 1
    path.write_bytes(b"\x00\xff[1]\n[]\n3\n")
    assert kept.all()[0].damaged == 3


def test_what_a_later_version_adds_is_ignored(vault: Vault, tmp_path: Path) -> None:
    kept = Conversations(vault)
    made = kept.append("", Exchange("First?"))
    path = tmp_path / "conversations" / f"{made}.jsonl"
    path.write_text(path.read_text().replace('"error"', '"mood": "curious", "error"') + '\n{"pinned": true}\n')
    assert kept.open(made).exchanges[0].question == "First?" and kept.open(made).damaged == 0


WRITER = """
import sys
from pathlib import Path
from assistant.conversations import Conversations, Exchange
from ingest.vault import Vault
kept = Conversations(Vault.open(Path(sys.argv[1])))
for number in range(40):
    kept.append(sys.argv[2], Exchange(f"{sys.argv[3]} {number} " + "long " * 2000))
"""


def test_two_processes_that_write_at_once_lose_nothing(vault: Vault, tmp_path: Path) -> None:
    kept = Conversations(vault)
    made = kept.append("", Exchange("First?"))
    root = Path(__file__).resolve().parent.parent
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), made, name], cwd=root) for name in ("a", "b")
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    opened = kept.open(made)
    assert opened.damaged == 0
    for name in ("a", "b"):
        numbers = [one.question.split()[1] for one in opened.exchanges if one.question.startswith(f"{name} ")]
        assert numbers == [str(number) for number in range(40)]


def test_what_a_follow_up_is_understood_from_leaves_out_what_failed() -> None:
    recipe = Recipe("", "", "", "")
    answer = Answer("And GPT-2?", (), True, "no", (), recipe, asked_as="What is a circuit in GPT-2?")
    said = (Exchange("What is a circuit?", Answer("", (), True, "", (), recipe)), Exchange("x", error="down"))
    assert questions((*said, Exchange("And GPT-2?", answer))) == ("What is a circuit?", "What is a circuit in GPT-2?")
