"""Which site an address belongs to, and what it names there: a forum's post, a repository, a talk."""

from __future__ import annotations

import re

POST = re.compile(
    r"https?://(?:www\.)?(?:lesswrong\.com|alignmentforum\.org)/(?:posts|s/[A-Za-z0-9]{17}/p|api/post)/([A-Za-z0-9]{17})"
    r"(?![A-Za-z0-9])"
)
REPO = re.compile(r"https?://(?:www\.)?github\.com/([A-Za-z0-9-]+)/([A-Za-z0-9._-]+?)(?:\.git)?(?:[/?#].*)?$")
VIDEO = re.compile(
    r"https?://(?:(?:www\.|m\.)?youtube(?:-nocookie)?\.com/(?:watch\?(?:[^#]*&)?v=|embed/|live/|shorts/)|youtu\.be/)"
    r"([A-Za-z0-9_-]{11})(?![A-Za-z0-9_-])"
)


def post_of(url: str) -> str | None:
    """The id of a post's address; None for any other."""
    found = POST.match(url)
    return found[1] if found else None


def repo_of(url: str) -> str | None:
    """ "owner/name" of an address on GitHub; None for any other."""
    found = REPO.match(url)
    return f"{found[1]}/{found[2]}" if found and found[1] not in ("topics", "search", "orgs", "features") else None


def video_of(url: str) -> str | None:
    """The id of a video's address on YouTube; None for any other."""
    found = VIDEO.match(url)
    return found[1] if found else None
