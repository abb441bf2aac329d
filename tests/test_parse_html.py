"""Web pages: what of them becomes text, what never does, and that no page costs more than it should."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loopback_sites import PROSE, arxiv_page

from ingest.errors import ParseError
from ingest.jobs import Parsed, ParseJob
from ingest.parse_html import parse_html


def parsed(path: Path, page: str | bytes, url: str = "https://example.org/p") -> Parsed:
    path.write_bytes(page if isinstance(page, bytes) else page.encode())
    return parse_html(ParseJob("page", path, form="html", url=url))


def text(result: Parsed) -> str:
    return "\n\n".join(page.text for page in result.pages)


def article(body: str) -> str:
    return f"<!doctype html><html><head><title>A page</title></head><body><d-article>{body}</d-article></body></html>"


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>SECRET</script>",
        "<style>SECRET</style>",
        "<template><p>SECRET</p></template>",
        "<p hidden>SECRET</p>",
        "<p style='color: red; DISPLAY : none'>SECRET</p>",
        "<p style='font-size:0'>SECRET</p>",
        "<p style='position:absolute;left:-9999px'>SECRET</p>",
        "<span class='a sr-only'>SECRET</span>",
        "<span aria-hidden='true'>SECRET</span>",
        "<!-- SECRET -->",
        "<nav>SECRET</nav>",
        "<button>SECRET</button>",
        "<noscript><p>SECRET</p></noscript>",
    ],
)
def test_what_a_page_does_not_show_never_becomes_text(tmp_path: Path, hidden: str) -> None:
    said = text(parsed(tmp_path / "p.html", article(f"<p>{PROSE}</p>{hidden}<p>After it.</p> Behind.")))
    assert "SECRET" not in said and "After it." in said and "Behind." in said


@pytest.mark.parametrize(
    ("formula", "tex"),
    [
        ("<d-math>x_1</d-math>", "$x_1$"),
        ("<d-math block>x_1</d-math>", "$$x_1$$"),
        ('<script type="math/tex">x_1</script>', "$x_1$"),
        ('<script type="math/tex; mode=display">x_1</script>', "$$x_1$$"),
        ('<math alttext="x_1"><mi>x</mi></math>', "$x_1$"),
        (
            '<span class="katex"><span class="katex-mathml"><math><semantics><mi>x</mi><annotation '
            'encoding="application/x-tex">x_1</annotation></semantics></math></span>'
            '<span class="katex-html" aria-hidden="true">x1</span></span>',
            "$x_1$",
        ),
    ],
)
def test_a_formula_is_its_latex_once(tmp_path: Path, formula: str, tex: str) -> None:
    said = text(parsed(tmp_path / "p.html", article(f"<p>{PROSE}</p><p>where {formula} holds</p>")))
    assert f"where {tex} holds" in said


def test_distill_s_elements_closed_as_in_xml_swallow_nothing(tmp_path: Path) -> None:
    said = text(
        parsed(tmp_path / "p.html", article(f'<p>{PROSE} Found <d-cite key="a"/> here.</p><p>And after it.</p>'))
    )
    assert "Found here." in said and "And after it." in said


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ('<h2 id="one">Title</h2>', "#one"),
        ('<h2><a name="two"></a>Title</h2>', "#two"),
        ('<section id="three"><h2>Title</h2><p>x</p></section>', "#three"),
        ('<a id="four"></a><h2>Title</h2>', "#four"),
        ('<h2>Title <a href="#five">¶</a></h2>', "#five"),
        ("<h2>Title</h2>", ""),
    ],
)
def test_a_heading_s_link_opens_there(tmp_path: Path, heading: str, anchor: str) -> None:
    result = parsed(tmp_path / "p.html", article(f"<p>{PROSE}</p>{heading}<p>{PROSE}</p>"))
    assert result.pages[1].link == f"https://example.org/p{anchor}"


def test_tables_lists_and_code_keep_their_lines(tmp_path: Path) -> None:
    body = (
        f"<p>{PROSE}</p><ul><li>one</li><li>two</li></ul><table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr>"
        "</table><pre>x = 1\n  y = 2</pre>"
    )
    said = text(parsed(tmp_path / "p.html", article(body)))
    assert "• one\n\n• two\n\na | b\n\n1 | 2\n\nx = 1\n  y = 2" in said


def test_a_page_in_another_encoding_is_read_in_it(tmp_path: Path) -> None:
    page = article(f"<p>Gödel, Schrödinger. {PROSE}</p>").replace("<head>", '<head><meta charset="iso-8859-1">')
    assert "Gödel, Schrödinger." in text(parsed(tmp_path / "p.html", page.encode("latin-1")))


@pytest.mark.parametrize("page", ["", "<html><body></body></html>", "<html><div id=root></div><script>run()</script>"])
def test_a_page_without_text_is_named(tmp_path: Path, page: str) -> None:
    with pytest.raises(ParseError):
        parsed(tmp_path / "p.html", page)


@settings(max_examples=60, deadline=None)
@given(noise=st.text("<>/='\" abdh123p-!&;#\n", max_size=300))
def test_any_markup_gives_text_or_a_reason(tmp_path_factory: pytest.TempPathFactory, noise: str) -> None:
    folder = tmp_path_factory.mktemp("noise")
    for page in (
        noise,
        article(f"<p>{PROSE}</p>{noise}"),
        f"<html><body><article><p>{PROSE}</p>{noise}</article></body>",
    ):
        try:
            result = parsed(folder / "p.html", page)
        except ParseError as error:
            assert error.message
        else:
            assert all(page.text[h.offset :].strip() for page in result.pages for h in page.headings)


def test_comments_and_formulas_by_the_thousand_cost_seconds_not_minutes(tmp_path: Path) -> None:
    """Each piece taken out once copied all text before it: a hundred thousand comments never ended."""
    began = time.process_time()
    parsed(tmp_path / "c.html", article(f"<p>{PROSE}{'<!-- c -->word ' * 40_000}</p>"))
    formula = '<math alttext="x"><mi>x</mi></math> '
    parsed(
        tmp_path / "f.html",
        arxiv_page("T", ("One", PROSE)).replace(b"<section", formula.encode() * 5000 + b"<section", 1),
    )
    assert time.process_time() - began < 15
