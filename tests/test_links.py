"""Where a citation leads: to the place that was read, in the version that was read."""

from __future__ import annotations

import pytest

from ingest.links import page_link
from ingest.records import Form, Paper

ARXIV = Paper("a", "paper", "A", arxiv_id="2309.08600", arxiv_version="v3", url="https://arxiv.org/abs/2309.08600")


def paper(form: Form, url: str | None) -> Paper:
    return Paper("p", "paper", "P", url=url, form=form)


@pytest.mark.parametrize(
    ("source", "page", "link", "address"),
    [
        (ARXIV, 4, "", "https://arxiv.org/pdf/2309.08600v3#page=4"),
        (ARXIV, None, "", "https://arxiv.org/pdf/2309.08600v3"),
        (ARXIV, 4, "https://arxiv.org/html/2309.08600v3#S2", "https://arxiv.org/html/2309.08600v3#S2"),
        (paper("pdf", "https://e.org/a.PDF"), 2, "", "https://e.org/a.PDF#page=2"),
        (paper("pdf", "https://doi.org/10.1/x"), 2, "", "https://doi.org/10.1/x"),
        (paper("html", "https://e.org/post"), 3, "https://e.org/post#why", "https://e.org/post#why"),
        (paper("html", "https://e.org/post"), 3, "", "https://e.org/post"),
        (paper("text", None), 3, "", None),
        (paper("pdf", "file:///etc/passwd"), 3, "", None),
        (Paper("n", "note", "N", url="https://e.org"), 1, "", None),
    ],
)
def test_a_page_s_address(source: Paper, page: int | None, link: str, address: str | None) -> None:
    assert page_link(source, page, link) == address
