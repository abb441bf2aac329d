"""Markdown and plain text: sections with the anchors their sites give them, and nothing that would not be shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.anchors import Slugs
from ingest.errors import ParseError
from ingest.forms import sniffed
from ingest.jobs import Link, Parsed, ParseJob
from ingest.markdown import blocks, links
from ingest.parse_markdown import parse_markdown
from ingest.parse_talk import clock
from ingest.parse_text import parse_text

BLOB = "https://github.com/o/r/blob/abc/README.md"


def parsed(path: Path, markdown: str, url: str = BLOB) -> Parsed:
    path.write_text(markdown)
    return parse_markdown(ParseJob("page", path, form="markdown", url=url))


def test_each_section_is_a_page_whose_link_opens_at_its_heading(tmp_path: Path) -> None:
    result = parsed(
        tmp_path / "a.md", "# Tool\n\nFirst.\n\n## Use `it` & run!\n\nSecond.\n\n## Use `it` & run!\n\nThird."
    )
    assert [(page.locator, page.link) for page in result.pages] == [
        ("§ Tool", f"{BLOB}#tool"),
        ("§ Use it & run!", f"{BLOB}#use-it--run"),
        ("§ Use it & run!", f"{BLOB}#use-it--run-1"),
    ]
    assert result.identity.title == "Tool"


def test_front_matter_tells_and_is_no_text(tmp_path: Path) -> None:
    result = parsed(tmp_path / "a.md", "---\ntitle: A Post\nauthor: Ada, Alan\ndate: 2024-05-01\n---\nSome text.\n")
    assert (result.identity.title, result.identity.authors, result.identity.year) == ("A Post", ("Ada", "Alan"), 2024)
    assert [page.text for page in result.pages] == ["Some text."]


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("a *b* **c** `d_e`", "a b c d_e"),
        ("[words](https://e.org) ![picture](x.png)", "words"),
        ("with $a_i * b_i$ and $c_i * d_i$", "with $a_i * b_i$ and $c_i * d_i$"),
        ("before <script>SECRET</script> after", "before after"),
        ("x <!-- SECRET --> y", "x y"),
        ("one<br>two", "one two"),
    ],
)
def test_what_a_line_shows(tmp_path: Path, markdown: str, shown: str) -> None:
    assert parsed(tmp_path / "a.md", markdown).pages[0].text == shown


def test_html_in_markdown_shows_what_a_browser_would(tmp_path: Path) -> None:
    page = '<div>\n<h2 id="x">Install</h2>\n<style>SECRET</style>\n<p>Run it.<br/>Twice.</p>\n</div>\n\nEnd.'
    said = "\n".join(one.text for one in parsed(tmp_path / "a.md", page).pages)
    assert "SECRET" not in said and "Install" in said and "Run it." in said and "End." in said


def test_lists_and_tables_keep_their_lines(tmp_path: Path) -> None:
    said = parsed(tmp_path / "a.md", "- one\n- two\n\n1. first\n\n| a | b |\n|---|---|\n| 1 | 2 |\n").pages[0].text
    assert said == "• one\n\n• two\n\n1. first\n\na | b\n\n1 | 2"


def test_links_come_with_their_words() -> None:
    assert links("See [the paper](https://arxiv.org/abs/1) for more") == [
        Link("https://arxiv.org/abs/1", "the paper", "See the paper for more")
    ]


def test_anchors_follow_each_site_s_rule() -> None:
    forum = Slugs("https://www.lesswrong.com/posts/x/y")
    assert [forum(h) for h in ("Section A:", "Section A:", "comments", "?!")] == [
        "Section_A_",
        "Section_A_1",
        "comments1",
        "",
    ]
    github = Slugs("https://github.com/o/r")
    assert [github(h) for h in ("Über uns", "What's new?", "a_b - c")] == ["über-uns", "whats-new", "a_b---c"]


@given(st.text(max_size=200))
def test_any_text_is_some_markdown(text: str) -> None:
    assert all(isinstance(block.text, str) for block in blocks(text, Slugs("")))


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match="no text"):
        parsed(tmp_path / "a.md", "<!-- nothing -->\n")


def test_plain_text_is_found_by_its_lines(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("\n\n".join(f"Paragraph {n}\nbroken over lines. {'Words. ' * 80}" for n in range(20)))
    pages = parse_text(ParseJob("page", file, form="text")).pages
    assert len(pages) > 2 and pages[0].locator == "line 1"
    lines = file.read_text().splitlines()
    for page in pages:
        assert page.text.startswith(lines[int(page.locator.removeprefix("line ")) - 1])


@pytest.mark.parametrize(("second", "shown"), [(0, "0:00"), (754, "12:34"), (3723, "1:02:03")])
def test_a_time_is_written_as_players_write_it(second: int, shown: str) -> None:
    assert clock(second) == shown


@pytest.mark.parametrize(
    ("data", "name", "form"),
    [
        (b"%PDF-1.7 ...", "x.txt", "pdf"),
        (b"\xef\xbb\xbf <!DOCTYPE HTML>", "x.md", "html"),
        (b"# Title", "x.MD", "markdown"),
        ("Grüße. ".encode() * 2000, "x.txt", "text"),
    ],
)
def test_a_file_s_form_is_told_by_its_content(tmp_path: Path, data: bytes, name: str, form: str) -> None:
    (tmp_path / name).write_bytes(data)
    assert sniffed(tmp_path / name) == form
