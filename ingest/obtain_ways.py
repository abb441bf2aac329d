"""Each way to a text, gone: what it downloads into a source's folder, the form of that, and where people read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from ingest.captions import fetch_talk
from ingest.errors import FetchError, UsageError
from ingest.forms import original, sniffed
from ingest.forum import fetch_post
from ingest.github import fetch_repo
from ingest.lookup import Metadata
from ingest.recognise import post_of, repo_of, video_of
from ingest.records import Entry, Form
from ingest.tools import Tools
from ingest.ways import Way

Gone = Callable[[Tools, Entry, Metadata | None, Path], tuple[Form, str]]


def _arxiv_html(tools: Tools, entry: Entry, metadata: Metadata | None, folder: Path) -> tuple[Form, str]:
    """arXiv's own HTML. It makes one of most papers in LaTeX since December 2023, and answers 404 for others."""
    if not tools.sites.arxiv_html:
        raise FetchError("this mirror of arXiv has no HTML", "")
    url, target = f"{tools.sites.arxiv_html}{_versioned(entry, metadata)}", original(folder, "html")
    tools.fetcher.page(url, target)
    page = target.read_bytes()
    if b"ltx_document" not in page or b"</html>" not in page[-4096:].lower():
        target.unlink()
        if b"ltx_document" in page:
            raise FetchError(f"{url} was cut off", "try again later", temporary=True)
        raise FetchError(f"{url} is not a paper", "arXiv has no HTML of it")
    return "html", f"https://arxiv.org/html/{_versioned(entry, metadata)}"


def _arxiv_pdf(tools: Tools, entry: Entry, metadata: Metadata | None, folder: Path) -> tuple[Form, str]:
    tools.fetcher.pdf(f"{tools.sites.arxiv_pdf}{_versioned(entry, metadata)}", original(folder, "pdf"))
    return "pdf", ""


def _pdf(tools: Tools, entry: Entry, metadata: Metadata | None, folder: Path) -> tuple[Form, str]:
    del metadata
    tools.fetcher.pdf(_url(entry), original(folder, "pdf"))
    return "pdf", ""


def _html(tools: Tools, entry: Entry, metadata: Metadata | None, folder: Path) -> tuple[Form, str]:
    """A page, or whatever its address leads to: the form is told by the content."""
    del metadata
    scratch = folder / "download"
    fetched = tools.fetcher.page(_url(entry), scratch)
    try:
        form = sniffed(scratch)
    except UsageError as error:
        scratch.unlink()
        raise FetchError(f"{fetched.url} is no page, PDF or text", "name another source for it") from error
    scratch.replace(original(folder, form))
    return form, "" if form == "pdf" else _url(entry)


def _forum(tools: Tools, entry: Entry, metadata: Metadata | None, folder: Path) -> tuple[Form, str]:
    del metadata
    fetch_post(tools.fetcher, tools.sites, post_of(_url(entry)) or "", original(folder, "markdown"))
    return "markdown", _url(entry)


def _github(tools: Tools, entry: Entry, metadata: Metadata | None, folder: Path) -> tuple[Form, str]:
    del metadata
    docs = not entry.sources or "github_docs" in entry.sources
    fetch_repo(tools.fetcher, tools.sites, repo_of(_url(entry)) or "", original(folder, "repo"), docs=docs)
    return "repo", _url(entry)


def _youtube(tools: Tools, entry: Entry, metadata: Metadata | None, folder: Path) -> tuple[Form, str]:
    del metadata
    fetch_talk(tools.fetcher, tools.sites, video_of(_url(entry)) or "", original(folder, "talk"))
    return "talk", _url(entry)


def _versioned(entry: Entry, metadata: Metadata | None) -> str:
    return f"{metadata.arxiv_id}{metadata.version}" if metadata else str(entry.arxiv)


def _url(entry: Entry) -> str:
    return str(entry.url)


WAYS: Mapping[Way, Gone] = MappingProxyType(
    {
        "arxiv_html": _arxiv_html,
        "arxiv_pdf": _arxiv_pdf,
        "pdf": _pdf,
        "html": _html,
        "forum": _forum,
        "github": _github,
        "youtube": _youtube,
    }
)
