"""A repository's README and the Markdown under docs/, as they stand at one commit, bundled into one file.

    {"repo": "owner/name", "commit": sha, "files": [{"path", "text"}], "left_out": [path]}

Two requests to the API (the commit, the list of its files), one to the raw host for each file. Without a token GitHub
allows 60 requests to the API an hour: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ingest.errors import FetchError
from ingest.fetch import Fetcher
from ingest.read_text import decoded
from ingest.sites import Sites
from ingest.vault import write_json

MAX_FILES = 80  # of a repository; TransformerLens has 30 under docs/
MAX_FILE_BYTES = 1_000_000  # of a document: what is larger is data, or a log of changes
MAX_ALL_BYTES = 8_000_000
README = re.compile(r"readme(?:\.(?:md|markdown|mdown|rst|txt))?$", re.IGNORECASE)
DOCUMENT = re.compile(r"docs?/(?:.+/)?[^/]+\.(?:md|markdown|mdx)$", re.IGNORECASE)


def fetch_repo(fetcher: Fetcher, sites: Sites, name: str, target: Path, *, docs: bool = True) -> None:
    """Write the bundle of a repository to `target`. Raises FetchError: RateLimited where no request is left."""
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
    if sites.github_token:
        headers["Authorization"] = f"Bearer {sites.github_token}"
    commit = _commit(fetcher.json(f"{sites.github_api}/repos/{name}/commits/HEAD", headers), name)
    tree = fetcher.json(f"{sites.github_api}/repos/{name}/git/trees/{commit}?recursive=1", headers)
    chosen, left_out = _chosen(tree, docs)
    if not chosen:
        raise FetchError(f"{name} has no README and no documents", "name another source for it")
    scratch = target.with_name("document.tmp")
    files = []
    for path in chosen:
        fetcher.text(f"{sites.github_raw}/{name}/{commit}/{urllib.parse.quote(path)}", scratch)
        files.append({"path": path, "text": decoded(scratch.read_bytes())})
        scratch.unlink()
    write_json(target, {"repo": name, "commit": commit, "files": files, "left_out": left_out})


def _commit(answer: Any, name: str) -> str:
    commit = str(answer.get("sha", "")) if isinstance(answer, Mapping) else ""
    if not re.fullmatch(r"[0-9a-f]{40,64}", commit):
        raise FetchError(f"GitHub names no commit of {name}", "try again later", temporary=True)
    return commit


def _chosen(tree: Any, docs: bool) -> tuple[list[str], list[str]]:
    """The paths to get, README first, and those left out for the limits."""
    rows = tree.get("tree", []) if isinstance(tree, Mapping) else []
    files = [(str(r["path"]), int(r.get("size") or 0)) for r in rows if r.get("type") == "blob"]
    # An empty file has no text, and its download would look like one that was cut off.
    readme = sorted((one for one in files if README.match(one[0]) and one[1]), key=_markdown_first)[:1]
    wanted = readme + sorted(one for one in files if docs and one[1] and DOCUMENT.match(one[0]))
    return _within_limits(wanted)


def _markdown_first(file: tuple[str, int]) -> tuple[bool, str]:
    return (not file[0].lower().endswith((".md", ".markdown", ".mdown")), file[0])


def _within_limits(wanted: Sequence[tuple[str, int]]) -> tuple[list[str], list[str]]:
    chosen: list[str] = []
    left_out: list[str] = []
    total = 0
    for path, size in wanted:
        fits = size <= MAX_FILE_BYTES and total + size <= MAX_ALL_BYTES and len(chosen) < MAX_FILES
        total += size if fits else 0
        (chosen if fits else left_out).append(path)
    return chosen, left_out
