from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from assistant.locate import MIN_KEY, key, locate

PAGE = "We find that the ﬁnal layers “copy” the repeated name.\n\nSuper-\nposition lets 3.5 features share a neuron."
texts = st.text(st.characters(codec="utf-8"), max_size=80)
marked = st.text(st.sampled_from("aAéﬁ½…가\u0301\u0323\u0327\u1100\u1161\u11a8ßİ -"), max_size=30)
plain_words = st.lists(st.text("abcdefgh", min_size=1, max_size=7), min_size=3, max_size=12)


def test_finds_a_quote_through_ligatures_hyphens_quotes_and_case() -> None:
    start, end = locate('the final LAYERS "copy" the repeated name.', PAGE) or (0, 0)
    assert PAGE[start:end] == "the ﬁnal layers “copy” the repeated name."
    start, end = locate("superposition lets 3.5 features", PAGE) or (0, 0)
    assert PAGE[start:end] == "Super-\nposition lets 3.5 features"


def test_takes_the_whole_ligature_where_a_quote_begins_inside_one() -> None:
    assert locate("inal layers copy", PAGE) == (PAGE.index("ﬁnal"), PAGE.index("copy”") + len("copy"))


def test_a_quote_that_is_not_there_or_proves_nothing_is_not_found() -> None:
    assert locate("the final layers copy the first name", PAGE) is None
    assert locate("features", "features") == (0, 8)
    assert locate("feature", "features") is None  # 7 letters stand on every page
    assert locate("", PAGE) is None and locate("…! — ?", PAGE) is None


def test_composed_and_decomposed_letters_are_the_same() -> None:
    page = unicodedata.normalize("NFD", "Ein naïver Schätzer genügt.")
    found = locate("naïver Schätzer", page)
    assert found and unicodedata.normalize("NFC", page[slice(*found)]) == "naïver Schätzer"


@given(texts | marked, texts | marked)
def test_what_is_found_has_the_quotes_key(quote: str, page: str) -> None:
    found = locate(quote, page)
    if found:
        assert key(quote) in key(page[found[0] : found[1]])
    else:
        assert len(key(quote)) < MIN_KEY or key(quote) not in key(page)


@given(texts, texts, texts)
def test_a_stretch_of_a_page_is_always_found(before: str, quote: str, after: str) -> None:
    page = f"{before} {quote} {after}"
    assert (locate(quote, page) is not None) == (len(key(quote)) >= MIN_KEY)


@given(plain_words, st.lists(st.sampled_from([" ", "\n", "  ", "-\n", "\u00ad", " \n\n "]), min_size=12, max_size=12))
def test_white_space_and_hyphens_do_not_matter(found: list[str], gaps: list[str]) -> None:
    quote = " ".join(found)
    page = "Before it. " + "".join(word + gap for word, gap in zip(found, gaps, strict=False)) + " After it."
    where = locate(quote, page)
    if len(key(quote)) >= MIN_KEY:
        assert where and key(page[where[0] : where[1]]) == key(quote)


@given(plain_words)
def test_ligatures_do_not_matter(found: list[str]) -> None:
    quote = " ".join(found) + " of the affine fifth"
    ligatures = quote.replace("ffi", "ﬃ").replace("fi", "ﬁ").replace("ff", "ﬀ")
    assert locate(quote, "x " + ligatures) is not None and locate(ligatures, "x " + quote) is not None


@given(texts | marked)
def test_the_key_of_a_text_is_that_of_its_normal_form(text: str) -> None:
    assert key(text) == "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())
