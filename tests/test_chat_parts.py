"""The parts of the chat without a browser: pictures of pages, filters, formulas, suggestions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from page_fakes import EVIL, QUOTE, Answerer, answer, citation, entries, full_answer, make_vault, until
from pdf_maker import make_pdf

from assistant.app.asking import EVERYTHING, ask_within
from assistant.app.evidence import cards, pictured
from assistant.app.filter_bar import filter_html, in_words, paper_choices, without
from assistant.app.formulas import LONGEST, MOST, with_formulas
from assistant.app.katex import katex_addresses
from assistant.app.page import conversation_html, turn_html
from assistant.app.pictures import Pictures
from assistant.app.server import make_app
from assistant.app.talks import SHOWN, Talks, exchange_of, list_html, turns_of
from assistant.app.turns import Turn
from assistant.app.welcome import welcome_html
from assistant.conversations import Conversations, questions
from assistant.extract import ExtractiveDrafter
from assistant.records import Sentence, Usage
from assistant.suggestions import follow_ups, starters
from index.filters import Filter
from index.status import EntryStatus
from ingest.errors import ParseError, VaultMissing
from ingest.page_boxes import Box
from ingest.vault import Vault

BOX = Box(0.1, 0.2, 0.3, 0.02)


class Drawer:
    """Draws a page as its own name, counts what it drew, and knows four pages."""

    def __init__(self) -> None:
        self.drawn: list[int] = []

    def picture(self, path: Path, page: int) -> bytes:
        self.drawn.append(page)
        if page > 4:
            raise ParseError(f"there is no page {page}", "it has 4 pages")
        return f"{path.parent.name} {page}".encode()

    def boxes(self, path: Path, page: int, quote: str) -> tuple[Box, ...]:
        if not path.is_file() or page > 4:
            raise ParseError("damaged", "get it again")
        return (BOX,) if quote == QUOTE else ()


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return make_vault(tmp_path / "vault")


@pytest.fixture
def drawer() -> Drawer:
    return Drawer()


class Tags(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


# --- pictures -------------------------------------------------------------------------------------------------------


def test_a_card_shows_its_page_with_the_quote_framed(vault: Vault, drawer: Drawer) -> None:
    result = full_answer("q")
    shown = cards(result, vault, Pictures(vault, drawer))
    assert pictured(shown) == [("toy-2022", 4), ("evil-2022", 4)]
    assert [card.boxes for card in shown] == [(BOX,), (), (), ()]
    page = Tags(turn_html(Turn(1, "q", "done", answer=result, cards=shown)))
    pictures = page.all("img")
    assert [image["src"] for image in pictures] == ["/picture/toy-2022/4", "/picture/evil-2022/4"]
    assert all(image["loading"] == "lazy" and image["alt"] for image in pictures)
    (box,) = [span for span in page.all("span") if span.get("class") == "mv-box"]
    assert box["style"] == "left:10.00%;top:20.00%;width:30.00%;height:2.00%"


def test_the_address_of_a_picture_changes_with_its_file(vault: Vault, drawer: Drawer) -> None:
    paper = vault.paper("toy-2022")
    assert paper is not None
    vault.write_paper(replace(paper, sha256="abcdef0123456789", arxiv_version="v2"))
    (card,) = cards(answer("q", Sentence("s", (citation(),), "supported")), vault, Pictures(vault, drawer))
    assert card.picture == "/picture/toy-2022/4?v=abcdef012345"
    assert card.edition == "arXiv:2209.10652v2"
    assert card.bibtex.startswith("@misc{toy-2022,")


def test_a_page_is_drawn_once_and_ahead_of_its_card(vault: Vault, drawer: Drawer) -> None:
    pictures = Pictures(vault, drawer)
    pictures.ahead([("toy-2022", 4), ("toy-2022", 4), ("note-2022", 1), ("toy-2022", 9)]).join(10)
    assert drawer.drawn == [4, 9]
    assert pictures.picture("toy-2022", 4) == b"toy-2022 4"
    assert drawer.drawn == [4, 9]


def test_pictures_in_memory_are_bounded_and_the_oldest_goes_first(vault: Vault, drawer: Drawer) -> None:
    pictures = Pictures(vault, drawer, most_bytes=25)
    for page in (1, 2, 1, 3, 1, 2):
        pictures.picture("toy-2022", page)
    assert drawer.drawn == [1, 2, 3, 2]


@pytest.mark.parametrize(
    "path",
    [
        *("note-2022/1", "nobody/1", "toy-2022/0", "toy-2022/9", "toy-2022/-1", "toy-2022/x", "toy-2022/1/2", "../1"),
        *("..%2f..%2fetc/1", "toy-2022%2f..%2fnote-2022/1", "toy-2022/1.png", "toy-2022/99999999999999999999"),
    ],
)
def test_nothing_but_pages_of_original_pdfs_is_drawn(vault: Vault, drawer: Drawer, path: str) -> None:
    client = TestClient(make_app(vault, pictures=Pictures(vault, drawer)), base_url="http://127.0.0.1")
    assert client.get(f"/picture/{path}").status_code == 404
    assert client.get("/picture/toy-2022/4").content == b"toy-2022 4"


def test_a_page_that_is_gone_keeps_its_card(vault: Vault, drawer: Drawer) -> None:
    (vault.source("toy-2022") / "original.pdf").unlink()
    (card,) = cards(answer("q", Sentence("s", (citation(),), "supported")), vault, Pictures(vault, drawer))
    assert (card.picture, card.pdf, card.boxes, card.quote) == ("", "", (), QUOTE)


def test_real_pages_are_drawn_through_the_route(tmp_path: Path) -> None:
    from ingest.page_pictures import PagePictures

    vault = make_vault(tmp_path / "vault")
    make_pdf(vault.source("toy-2022") / "original.pdf", ["", "", "", f"Superposition means that {QUOTE}."])
    drawer = PagePictures()
    pictures = Pictures(vault, drawer)
    client = TestClient(make_app(vault, pictures=pictures), base_url="http://127.0.0.1")
    drawn = client.get("/picture/toy-2022/4")
    drawer.close()
    assert drawn.headers["content-type"] == "image/png" and drawn.content.startswith(b"\x89PNG")
    assert "immutable" in drawn.headers["cache-control"]


# --- filters --------------------------------------------------------------------------------------------------------

WHERE = Filter(papers=("toy-2022", "x"), first_year=2020, last_year=2022, sections=("results",), kinds=("paper",))


def test_a_filter_is_shown_in_words_and_each_part_can_be_taken_off() -> None:
    titles = {"toy-2022": "Toy Models"}
    assert in_words(WHERE, titles) == "Toy Models; x; 2020-2022; sections about “results”; Paper"
    keys = [tag["data-mv-on"] for tag in Tags(filter_html(WHERE, titles)).all("button")]
    assert keys == ["papers:toy-2022", "papers:x", "year", "sections:results", "kinds:paper", "all"]
    where = WHERE
    for key in keys[:-1]:
        assert where
        where = without(where, key or "")
    assert where == EVERYTHING == without(WHERE, "all")
    assert filter_html(EVERYTHING, titles) == ""


@given(st.text())
def test_an_unknown_part_takes_nothing_off_but_itself(key: str) -> None:
    left = without(WHERE, key)
    assert key == "all" or set(left.papers) <= set(WHERE.papers)


def test_only_what_can_be_searched_can_be_chosen() -> None:
    assert paper_choices(entries()) == [("Toy Models of Superposition", "toy-2022")]


def test_titles_in_the_filter_stay_text() -> None:
    page = Tags(filter_html(Filter(papers=("evil-2022",)), {"evil-2022": EVIL}))
    assert {tag for tag, _ in page.tags} == {"div", "span", "ul", "li", "button"}


class Searched:
    """A search that says what it was narrowed to, and finds nothing."""

    def __init__(self) -> None:
        self.narrowed: list[Filter] = []
        self.embedder = type("Embedder", (), {"name": "none"})

    def within(self, where: Filter) -> Searched:
        self.narrowed.append(where)
        return self

    def __call__(self, question: str, *, k: int = 8, per_paper: int = 3) -> list[Any]:
        return [][: len(question) * k * per_paper]

    def document_frequency(self, word: str) -> int:
        return len(word) * 0

    def passage_count(self) -> int:
        return 1


def test_a_question_is_asked_within_its_filter_and_after_its_history(vault: Vault) -> None:
    search = Searched()
    asked = {"search": search, "vault": vault, "drafter": ExtractiveDrafter()}
    where = Filter(kinds=("note",))
    *_, done = ask_within("And its cost?", history=["What is superposition?"], where=where, **asked)  # type: ignore[arg-type]
    assert search.narrowed == [where]
    assert "superposition" in done.answer.asked_as  # type: ignore[union-attr]
    list(ask_within("What is superposition?", **asked))  # type: ignore[arg-type]
    assert search.narrowed == [where]


def test_a_vault_that_was_moved_away_is_named(vault: Vault) -> None:
    vault.root.rename(vault.root.with_name("elsewhere"))
    with pytest.raises(VaultMissing, match="no longer at") as error:
        list(ask_within("q", search=Searched(), vault=vault, drafter=None))  # type: ignore[arg-type]
    assert "move it back" in error.value.hint


# --- formulas -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "tex"),
    [
        ("the loss $L_2 = x^2$ here", ["L_2 = x^2"]),
        (r"so \(a + b\) and \[c\]", ["a + b", "c"]),
        ("$$\\sum_i x_i$$", [r"\sum_i x_i"]),
        ("it costs $5 and $6 more", []),
        ("a dimension $d$ of", ["d"]),
        ("$PATH and $HOME", []),
        (f"${'x^2 ' * LONGEST}$", []),
    ],
)
def test_formulas_are_told_from_prices(text: str, tex: list[str]) -> None:
    spans = Tags(with_formulas(text)).all("span")
    assert [span["data-tex"] for span in spans] == tex


def test_formulas_of_one_text_are_bounded() -> None:
    assert len(Tags(with_formulas("$x^2$ " * 1000)).all("span")) == MOST


@given(st.text(alphabet="$\\()[]<>\"'&x^2 {}\n", max_size=60))
def test_a_text_with_formulas_reads_back_as_itself(text: str) -> None:
    read: list[str] = []

    class Words(HTMLParser):
        def handle_data(self, data: str) -> None:
            read.append(data)

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag == "span" and dict(attrs)["class"] == "mv-tex"

    reader = Words()
    reader.feed(with_formulas(text))
    reader.close()
    assert "".join(read) == text


def test_katex_lies_where_gradio_keeps_it(tmp_path: Path) -> None:
    assert katex_addresses(tmp_path) is None
    assets = tmp_path / "templates" / "frontend" / "assets"
    assets.mkdir(parents=True)
    for name in ("katex-a1.js", "katex-b2.css"):
        (assets / name).touch()
    assert katex_addresses(tmp_path) == ["/assets/katex-a1.js", "/assets/katex-b2.css"]


# --- what could be asked --------------------------------------------------------------------------------------------


def test_examples_are_made_from_what_can_be_searched() -> None:
    assert starters(entries()) == ["What is superposition?", "What does “Toy Models of Superposition” find?"]
    assert "This vault is empty" in welcome_html([])
    lost = [replace(entry, state="listed") for entry in entries()]
    assert "None of its 4 entries can be searched" in welcome_html(lost)
    shown = Tags(welcome_html(entries())).all("button")
    assert [button["data-mv-on"] for button in shown] == starters(entries())


def test_examples_of_a_large_vault_are_few_and_name_terms_with_an_article() -> None:
    def entry(kind: str, title: str) -> EntryStatus:
        return EntryStatus(title, kind, title, (), None, "searchable", 1, 1, "")

    many = [entry("term", t) for t in ("Induction Head", "SAE", "Logit Lens", "Ablation")]
    many += [entry("paper", f"Paper {n}") for n in range(50)]
    first, second, third, fourth = starters(many)
    assert (first, second) == ("What is an induction head?", "What is SAE?")
    assert (third, fourth) == ("What does “Paper 0” find?", "What does “Paper 12” find?")


def test_a_second_follow_up_is_understood_from_what_the_first_was_searched_for() -> None:
    first = Turn(1, "What is superposition?", "done", answer=answer("What is superposition?"))
    said = replace(answer("And in small models?"), asked_as="What is superposition in small models?")
    turns = (first, Turn(2, "And in small models?", "done", answer=said), Turn(3, "Broken?", "failed"))
    assert questions(turns) == ("What is superposition?", "What is superposition in small models?")


def test_follow_ups_come_from_what_was_retrieved_and_not_shown() -> None:
    result = full_answer("What is interference?")
    near = replace(
        result.nearest[0], paper_id="other", title="Another Paper", text="On induction heads and superposition."
    )
    result = replace(result, nearest=(near, *result.nearest))
    assert follow_ups(result, ["Superposition", "Induction Head", "Interference", "Logit Lens"]) == (
        "How does superposition relate to interference?",
        "How does an induction head relate to interference?",
        "What does “Another Paper” say about interference?",
    )
    assert follow_ups(replace(result, question="And?"), ["Superposition"]) == ()
    assert follow_ups(replace(result, sentences=(), abstained=True), ["Superposition"]) == ()


def test_follow_ups_speak_of_what_the_question_names_and_not_of_words_from_here_and_there() -> None:
    near = replace(full_answer("q").nearest[0], text="On features and superposition.")
    asked = replace(full_answer("What loss do sparse autoencoders minimise?"), nearest=(near,))
    (first, *_) = follow_ups(asked, ["Sparse Autoencoder", "Superposition"])
    assert first == "How does superposition relate to sparse autoencoders?"
    assert follow_ups(asked, ["Superposition"]) == ()


# --- a turn ---------------------------------------------------------------------------------------------------------


def test_an_answer_says_how_it_was_searched_and_what_it_took(vault: Vault) -> None:
    result = replace(
        full_answer("And its cost?"), asked_as="What does superposition cost?", usage=Usage(40, 8, 900, 100)
    )
    page = turn_html(Turn(2, "And its cost?", "done", answer=result, cards=cards(result, vault), within="Toy Models"))
    assert "Searched for: What does superposition cost?" in page
    assert "Searched only: Toy Models" in page
    assert "1,000 tokens" in page
    assert "about 12 tokens" in turn_html(
        Turn(1, "q", "done", answer=replace(result, usage=Usage(40, 8)), cards=cards(result, vault))
    )


def test_only_the_last_turn_can_be_asked_again_or_edited(vault: Vault) -> None:
    result = full_answer("q")
    turn = Turn(1, "q", "done", answer=result, cards=cards(result, vault), follow_ups=("Why?",))
    actions = [b["data-mv-do"] for b in Tags(turn_html(turn)).all("button") if b.get("data-mv-do")]
    assert actions[-3:] == ["retry", "edit", "ask"]
    earlier = Tags(turn_html(turn, last=False)).all("button")
    assert {b.get("data-mv-do") for b in earlier} == {None, "paper"}
    assert any((b.get("data-mv-copy") or "").startswith("**q**") for b in earlier)


def test_a_running_turn_offers_nothing_to_do() -> None:
    assert "mv-do" not in turn_html(Turn(1, "q", "writing", text="so far"))


def steps(vault: Vault, pictures: Pictures | None = None) -> Iterator[Turn]:
    from assistant.app.conversation import Conversation

    talk = object.__new__(Conversation)
    talk._events, talk._vault, talk._status, talk._pictures = Answerer(vault), vault, entries, pictures
    yield from talk._growing(
        Turn(2, "What is interference?"), (Turn(1, "What is superposition?", "done", answer=answer("q")),), WHERE
    )
    assert talk._events.asked == [("What is interference?", ("What is superposition?",), WHERE)]


def test_pages_of_an_answer_are_drawn_before_a_card_is_opened(vault: Vault, drawer: Drawer) -> None:
    *_, last = steps(vault, Pictures(vault, drawer))
    assert last.stage == "done" and last.cards[0].picture
    until(lambda: drawer.drawn == [4, 4])


# --- conversations --------------------------------------------------------------------------------------------------


def test_a_conversation_reopens_as_it_was(vault: Vault, drawer: Drawer) -> None:
    pictures, kept = Pictures(vault, drawer), Conversations(vault)
    result = full_answer("What is superposition?")
    asked = (
        Turn(1, result.question, "done", answer=result, cards=cards(result, vault, pictures), within="Toy Models"),
        Turn(2, "broken", "failed", error="the model does not answer", hint="start it"),
        Turn(3, "slow", "stopped"),
    )
    identifier = ""
    for turn in asked:
        identifier = kept.append(identifier, exchange_of(turn))
    again = turns_of(kept.open(identifier), vault, pictures)
    assert conversation_html(again) == conversation_html(asked)
    (vault.source("toy-2022") / "original.pdf").unlink()
    assert QUOTE in conversation_html(turns_of(kept.open(identifier), vault, pictures))


def test_a_question_asked_again_takes_the_place_of_the_last_one(vault: Vault) -> None:
    kept = Conversations(vault)
    identifier = kept.append("", exchange_of(Turn(1, "first", "stopped")))
    kept.append(identifier, exchange_of(Turn(2, "secnd", "stopped")))
    kept.append(identifier, exchange_of(Turn(2, "second", "stopped")), instead_of_last=True)
    assert [one.question for one in kept.open(identifier).exchanges] == ["first", "second"]


def test_the_list_says_what_can_be_done_and_titles_stay_text(vault: Vault) -> None:
    kept = Conversations(vault)
    assert "None yet" in list_html((), "")
    identifier = kept.append("", exchange_of(Turn(1, EVIL, "stopped")))
    kept.append("", exchange_of(Turn(1, "another", "stopped")))
    page = list_html(kept.all(), identifier)
    assert {tag for tag, _ in Tags(page).tags} == {"ul", "li", "button", "span"}
    assert [row.get("aria-current") for row in Tags(page).all("li")].count("true") == 1
    actions = [button["data-mv-do"] for button in Tags(page).all("button")]
    assert actions == ["open", "rename", "delete"] * 2
    many = [replace(kept.all()[0], id=f"{n:016x}") for n in range(SHOWN + 3)]
    assert "3 older ones" in list_html(many, "")


def test_what_the_browser_sends_renames_or_says_why_not(vault: Vault) -> None:
    talks = object.__new__(Talks)
    talks._vault, talks._for_user, talks._quotes = vault, partial(Conversations, vault), None
    identifier = talks.keep("ada", "", Turn(1, "q", "stopped"))
    assert talks.keep("ada", "0" * 16, Turn(1, "q", "stopped")) not in ("0" * 16, identifier)
    assert "New name" in talks.renamed("ada", f'["{identifier}", "New name"]', "")
    for what in ("", "[]", "{", '["../../vault", "x"]', f'["{identifier}", " "]'):
        assert 'role="alert"' in talks.renamed("ada", what, "")
    assert talks.turns("", identifier) == ()
    assert [turn.question for turn in talks.turns("ada", identifier)] == ["q"]
    assert 'role="alert"' in talks.deleted("", "", identifier)
    assert identifier not in talks.deleted("ada", "", identifier)


def test_an_answer_is_shown_where_its_conversation_cannot_be_kept(vault: Vault) -> None:
    (vault.root / "conversations").write_text("a file where a folder should be")
    talks = object.__new__(Talks)
    talks._vault, talks._for_user, talks._quotes = vault, partial(Conversations, vault), None
    assert talks.keep("", "", Turn(1, "q", "stopped")) == ""
