"""Where the sites are that texts come from; a mirror or a test's own can stand in for each."""

from __future__ import annotations

import re
from dataclasses import dataclass

API_URL = "https://export.arxiv.org/api/query"
PDF_URL = "https://arxiv.org/pdf/"


@dataclass(frozen=True, slots=True)
class Sites:
    """Addresses without what names the text: `arxiv_pdf` and `arxiv_html` are put before an id, the others before a
    path. `arxiv_html` is "" where there is none (a mirror of PDFs only); `github_token` is sent to `github_api` alone.
    """

    arxiv_api: str = API_URL
    arxiv_pdf: str = PDF_URL
    arxiv_html: str = "https://arxiv.org/html/"
    forum: str = "https://www.lesswrong.com"
    github_api: str = "https://api.github.com"
    github_raw: str = "https://raw.githubusercontent.com"
    youtube: str = "https://www.youtube.com"
    github_token: str = ""

    def hosts(self) -> frozenset[str]:
        """The names of arXiv's hosts: one gate is before all of them."""
        found = (re.match(r"https?://([^/:]+)", url) for url in (self.arxiv_api, self.arxiv_pdf, self.arxiv_html))
        return frozenset({"arxiv.org", *(one[1] for one in found if one)})


def html_beside(pdf_url: str) -> str:
    """The HTML pages of the site whose PDFs are at `pdf_url`; "" where that does not look like arXiv's."""
    return re.sub(r"/pdf/?$", "/html/", pdf_url) if re.search(r"/pdf/?$", pdf_url) else ""
