"""arXiv ids in the ways people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.lookup import ArxivId, find_arxiv_id

months = st.integers(1, 12).map("{:02}".format)
new_ids = st.builds("{:02}{}.{:05}".format, st.integers(15, 99), months, st.integers(0, 99999))
middle_ids = st.builds("{:02}{}.{:04}".format, st.integers(7, 14), months, st.integers(0, 9999))
archives = st.sampled_from(
    ["astro-ph", "cond-mat", "hep-th", "math", "cs", "q-bio", "quant-ph", "gr-qc", "math-ph", "cmp-lg"]
)
old_ids = st.builds("{}/{:02}{}{:03}".format, archives, st.integers(0, 7), months, st.integers(0, 999))
arxiv_ids = st.builds(ArxivId, new_ids | middle_ids | old_ids, st.none() | st.integers(1, 40).map("v{}".format))
FORMS = (
    "{}",
    " {}\n",
    "arXiv:{}",
    "arxiv: {} [cs.LG] 4 Oct 2023",
    "see arXiv:{}.",
    "(arXiv:{})",
    "https://arxiv.org/abs/{}",
    "http://www.arxiv.org/pdf/{}.pdf#page=3",
    "https://export.arxiv.org/pdf/{}?download=1",
    "https://arxiv.org/html/{}",
    "https://doi.org/10.48550/arXiv.{}",
    "{}.pdf",
    "some/folder/{}.PDF",
)


@given(arxiv_ids, st.sampled_from(FORMS))
def test_an_id_is_found_again_in_every_way_of_writing_it(one: ArxivId, form: str) -> None:
    assert find_arxiv_id(form.format(one)) == one


@given(st.text() | st.from_regex(r"(arXiv:|https?://arxiv\.org/)?[0-9./v]{5,20}(\.pdf)?"))
def test_any_text_is_survived_and_nothing_is_made_up(text: str) -> None:
    found = find_arxiv_id(text)
    assert found is None or str(found).lower() in text.lower()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "1234.5678",
        "2399.12345",
        "2309.086001",
        "arXiv:2309.086001",
        "0000.0000",
        "costs 1207.1234 euro",
        "papers/0601001.pdf",
        "https://example.org/2309.08600.pdf",
        "arXiv:2309.08600v3v4",
        "10.1103/0601001",
    ],
)
def test_what_is_no_id_is_not_taken_for_one(text: str) -> None:
    assert find_arxiv_id(text) is None


def test_a_class_in_an_old_id_is_left_out_as_arxiv_does() -> None:
    assert find_arxiv_id("math.GT/0309136v2") == ArxivId("math/0309136", "v2")
