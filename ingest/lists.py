"""What the lists of a vault name: each list is got as its site gives it, its links are read in a parser's process, and
those that lead to something a vault can hold are kept in suggestions.json for a week."""

from __future__ import annotations

import re
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ingest.errors import FetchError, SourceError
from ingest.forms import original
from ingest.forum import fetch_post
from ingest.github import fetch_repo
from ingest.jobs import Link, ParseJob
from ingest.lookup import find_arxiv_id
from ingest.recognise import post_of, repo_of, video_of
from ingest.records import Entry, Form
from ingest.tools import Tools
from ingest.vault import Vault, read_json, write_json
from ingest.ways import is_index

WEEK = 7 * 24 * 3600.0
CHANNEL = re.compile(r"https?://(?:www\.)?youtube\.com/(?:@|channel/|c/|user/)")
CHANNEL_ID = re.compile(r"feeds/videos\.xml\?channel_id=(UC[\w-]{22})")
# Sites whose every page is an article; of others only PDFs are taken: lists link to much that nobody would read.
ARTICLES = ("transformer-circuits.pub", "distill.pub", "openreview.net", "aclanthology.org", "proceedings.mlr.press")
SAYS_NOTHING = re.compile(
    r"\W*(?:(?:arxiv|pdf|paper|link|here|code|github|blog|post|html|abs|website|project|video|[\d.]+v?\d*)\W*)*$", re.I
)


def named(vault: Vault, tools: Tools, entries: Sequence[Entry], *, refresh: bool, download: bool) -> dict[str, Any]:
    """What each list names: {list id: {"fetched", "reason", "items": [[key, title], ...]}}, got anew where it is older
    than a week or `refresh` asks; a list that cannot be had keeps what it named before, with the reason."""
    told = read_json(vault.root / "suggestions.json") or {}
    known: dict[str, Any] = {e.id: told.get("lists", {}).get(e.id, {}) for e in entries if is_index(e) and e.url}
    due = [e for e in entries if e.id in known and (refresh or time.time() - known[e.id].get("fetched", 0) > WEEK)]
    for entry in due if download else ():
        try:
            items = list(_items(entry, _links(vault, tools, entry)))
            known[entry.id] = {"fetched": time.time(), "reason": "", "items": items}
        except SourceError as error:
            known[entry.id] = {"fetched": 0, "items": [], **known[entry.id], "reason": str(error)}
    write_json(vault.root / "suggestions.json", told | {"lists": known})
    return known


def _links(vault: Vault, tools: Tools, entry: Entry) -> tuple[Link, ...]:
    folder = vault.root / "lists"
    folder.mkdir(exist_ok=True)
    form, path = _got(tools, str(entry.url), folder)
    try:
        [(_, parsed)] = tools.pool.parse([ParseJob(entry.id, path, form=form, url=str(entry.url), links=True)])
    finally:
        path.unlink(missing_ok=True)
    if isinstance(parsed, SourceError):
        raise parsed
    return parsed.links


def _got(tools: Tools, url: str, folder: Path) -> tuple[Form, Path]:
    if repo := repo_of(url):
        target = original(folder, "repo")
        fetch_repo(tools.fetcher, tools.sites, repo, target, docs=False)
        return "repo", target
    if post := post_of(url):
        target = original(folder, "markdown")
        fetch_post(tools.fetcher, tools.sites, post, target)
        return "markdown", target
    target = original(folder, "html")
    tools.fetcher.page(_feed_of(tools, url) if CHANNEL.match(url) else url, target)
    return "html", target


def _feed_of(tools: Tools, url: str) -> str:
    """The feed of a channel's newest talks."""
    here = tools.sites.youtube + urllib.parse.urlsplit(url).path
    page = tools.fetcher.retried(lambda: tools.fetcher.body(here)).decode("utf-8", "replace")
    found = CHANNEL_ID.search(page)
    if not found:
        raise FetchError("YouTube's page names no feed of this channel", "check the address")
    return f"{tools.sites.youtube}/feeds/videos.xml?channel_id={found[1]}"


# --- what a link names -----------------------------------------------------------------------------------------------


def _items(entry: Entry, links: Sequence[Link]) -> Iterator[list[str]]:
    """Key and title of each thing that a list names, once, in order; the list itself and its parts are none."""
    own = key_of(str(entry.url))
    titles: dict[str, str] = {}
    for link in links:
        key = key_of(link.url)
        if key and key != own:
            title = next((text for text in (link.words, link.line) if not SAYS_NOTHING.match(text)), "")
            titles[key] = titles.get(key) or " ".join(title.split())[:200]
    yield from ([key, title] for key, title in titles.items())


def key_of(url: str) -> str:
    """What an address names, spelled one way: an arXiv id, or an address that `add` takes; "" for what is neither
    paper, post, repository nor talk."""
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError:
        return ""
    host = (parts.hostname or "").removeprefix("www.")
    if parts.scheme not in ("http", "https") or not host:
        return ""
    if host.endswith("arxiv.org"):
        found = find_arxiv_id(url)
        return found.id if found else ""
    if post := post_of(url):
        return f"https://www.lesswrong.com/posts/{post}"
    if repo := repo_of(url):
        whole = parts.path.strip("/").removesuffix(".git").count("/") == 1
        return f"https://github.com/{repo.lower()}" if whole else ""
    if video := video_of(url):
        return f"https://www.youtube.com/watch?v={video}"
    return _page_key(host, parts.path, parts.query)


def _page_key(host: str, path: str, query: str) -> str:
    article = host in ARTICLES and path.strip("/") not in ("", "group", "about")
    if not article and not path.lower().endswith(".pdf"):
        return ""
    kept = f"?{query}" if host == "openreview.net" and query else ""
    return f"https://{host}{re.sub(r'/(?:index.html?)?$', '', path)}{kept}"
