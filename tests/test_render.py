from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.records import Answer, Citation, Nearest, Recipe, Sentence
from assistant.render import escaped, plain, to_markdown, to_text

CITED = Citation(
    "p1", "abc", "sae", "2309.08600", "Sparse Autoencoders", "p. 4", 4, "A feature is a direction.", "supported",
    "the sentence stands in the passage word for word", "paper", ("A. Doe", "B. Roe", "C. Poe", "D. Moe"), 2023,
    "Intro > Features", "https://arxiv.org/abs/2309.08600v3",
)  # fmt: skip
NOTED = replace(CITED, key="p2", title="Note on: A Circuit", kind="note", arxiv_id=None, url=None, locator="note")
INVENTED = Citation("p9", None, None, None, "", "", None, "", "unknown marker", "names no passage")
NEAR = Nearest("def", "ioi", None, "A Circuit", "Intro", "p. 1", "Name movers copy names. " * 30, 0.5, "words")
ANSWER = Answer(
    "What is a feature?",
    (
        Sentence("A feature is a direction.", (CITED, NOTED), "supported"),
        Sentence("Bread.", (INVENTED,), "unknown marker"),
    ),
    False, "", (NEAR,), Recipe("", "m", "extractive", "h"), ("the model fell silent",), 0.1,
)  # fmt: skip
ABSTAINED = replace(ANSWER, sentences=(), abstained=True, reason="no passage mentions 'bread'")
EVIL = (
    "<script>alert(1)</script> [x](javascript:a) ![i](http://e.vil/p.png) $\\href{http://e.vil}{x}$ `c` **b** www.e.vil"
)


def test_the_terminal_shows_every_citation_with_number_verdict_place_and_quote() -> None:
    text = to_text(ANSWER)
    assert "A feature is a direction. [1][2]\n" in text and "Bread. [3] (unknown marker)" in text
    assert "[1] ✓ supported: the sentence stands in the passage word for word" in text
    assert "Sparse Autoencoders. A. Doe, B. Roe, C. Poe et al. (2023)" in text
    assert "p. 4, Intro > Features" in text and "“A feature is a direction.”" in text
    assert "https://arxiv.org/abs/2309.08600v3" in text
    assert "Note on: A Circuit [note]" in text and "[3] ? unknown marker: names no passage" in text
    assert "Also retrieved:\n  - A Circuit, p. 1" in text and "note: the model fell silent" in text


def test_an_abstention_is_in_words_with_the_nearest_passages() -> None:
    text = to_text(ABSTAINED)
    assert text.startswith("The vault has no answer: no passage mentions 'bread'.") and "Nearest passages:" in text
    assert "Name movers copy names." in text and "…" in text


def test_markdown_links_only_to_ordinary_addresses() -> None:
    assert (
        "[Sparse Autoencoders. A. Doe, B. Roe, C. Poe et al. \\(2023\\)](https://arxiv.org/abs/2309.08600v3)"
        in to_markdown(ANSWER)
    )
    for url in ("javascript:alert(1)", "https://e.vil/) [x](y", 'https://e.vil/"onload='):
        bad = replace(ANSWER, sentences=(Sentence("S.", (replace(CITED, url=url),), "supported"),))
        assert "](" not in to_markdown(bad)


def everywhere(text: str) -> Answer:
    citation = replace(CITED, title=text, quote=text, section=text, authors=(text,), reason=text, url=None)
    near = replace(NEAR, title=text, text=text, locator=text)
    return replace(ANSWER, question=text, sentences=(Sentence(text, (citation,), "partly"),), nearest=(near,),
                   notices=(text,))  # fmt: skip


def test_nothing_of_a_document_acts_in_markdown() -> None:
    for answer in (everywhere(EVIL), replace(everywhere(EVIL), abstained=True, reason=EVIL)):
        markdown = to_markdown(answer)
        assert "<script" not in markdown and "](" not in markdown and "$" not in markdown
        assert "http:" not in markdown and "www." not in markdown
        assert not re.search(r"(?<!\\)`", markdown)


@given(st.text(max_size=120))
def test_escaped_text_has_no_html_formula_or_line_break(text: str) -> None:
    safe = escaped(text)
    assert not set("<>$\n\r\x1b") & set(safe) and not re.search(r"(?<!\\)(?:\\\\)*[`*_\[\]!|~]", safe)


@pytest.mark.parametrize("text", ["\x1b[31mred\x1b[0m", "a\u202eb", "bell\x07", "a\rb\nc", "zero\u200bwidth"])
def test_no_control_character_reaches_the_terminal(text: str) -> None:
    assert all(c.isprintable() for c in plain(text))
    assert "\x1b" not in to_text(everywhere(text)) and "\u202e" not in to_text(everywhere(text))


def test_a_doubt_about_the_page_is_said_with_the_citation() -> None:
    doubted = replace(
        ANSWER, sentences=(Sentence("S.", (replace(CITED, warning="its <b>words</b> are torn"),), "supported"),)
    )
    assert "Mind: its <b>words</b> are torn." in to_text(doubted)
    assert "*Mind: its &lt;b&gt;words&lt;/b&gt; are torn.*" in to_markdown(doubted)
