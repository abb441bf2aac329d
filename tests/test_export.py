from __future__ import annotations

import json
from dataclasses import replace

import pytest
from test_render import ANSWER, CITED, EVIL, everywhere

from assistant.export import exported
from assistant.records import Sentence
from assistant.render import to_markdown, to_text
from ingest.errors import UsageError


def test_each_form() -> None:
    assert exported(ANSWER, "") == to_text(ANSWER) and exported(ANSWER, "md") == to_markdown(ANSWER)
    assert json.loads(exported(ANSWER, "json"))["question"] == "What is a feature?"
    with pytest.raises(UsageError, match="no format 'docx'"):
        exported(ANSWER, "docx")


def test_bibtex_names_each_cited_paper_once_and_none_of_our_own_texts() -> None:
    twice = replace(ANSWER, sentences=(*ANSWER.sentences, Sentence("Again.", (CITED,), "supported")))
    assert exported(twice, "bibtex") == (
        "@misc{sae,\n  title = {{Sparse Autoencoders}},\n  author = {A. Doe and B. Roe and C. Poe and D. Moe},\n"
        "  year = {2023},\n  eprint = {2309.08600},\n  archiveprefix = {arXiv},\n}"
    )


def test_nothing_of_a_document_acts_in_bibtex() -> None:
    made = exported(everywhere(EVIL + " } @misc{x, \\input{y}"), "bibtex")
    assert made.count("\n@misc") == 0 and "\\input" not in made and "\\href" not in made and r"\$" in made
