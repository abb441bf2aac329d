"""Posts of LessWrong and the Alignment Forum, as LessWrong gives them in Markdown (it has both forums' posts).

https://www.lesswrong.com/SKILL.md tells of the route: /api/post/<id> with `Accept: text/markdown`.
"""

from __future__ import annotations

from pathlib import Path

from ingest.fetch import Fetcher
from ingest.sites import Sites


def fetch_post(fetcher: Fetcher, sites: Sites, post: str, target: Path) -> None:
    """Write a post as Markdown to `target`. Raises FetchError."""
    fetcher.text(f"{sites.forum}/api/post/{post}", target)
