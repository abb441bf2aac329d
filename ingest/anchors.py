"""The anchors that sites give to headings, so that a link opens at the place: each site has rules of its own."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable

FORUMS = ("lesswrong.com", "alignmentforum.org", "forum.effectivealtruism.org")


class Slugs:
    """Anchors for the headings of one document in order, each unlike those before it."""

    def __init__(self, url: str) -> None:
        host = (urllib.parse.urlsplit(url).hostname or "").removeprefix("www.")
        self._forum = host in FORUMS
        self._rule: Callable[[str], str] = forum_slug if self._forum else github_slug
        self._used: dict[str, int] = {"top": 0, "comments": 0} if self._forum else {}

    def __call__(self, heading: str) -> str:
        """The anchor of the next heading; "" for one without letters."""
        slug = self._rule(heading)
        if not slug.strip("_-"):
            return ""
        if slug not in self._used:
            self._used[slug] = 0
            return slug
        while True:
            self._used[slug] += 1
            numbered = f"{slug}{'' if self._forum else '-'}{self._used[slug]}"
            if numbered not in self._used:
                self._used[numbered] = 0
                return numbered


def github_slug(heading: str) -> str:
    """GitHub's (and most tools') rule: lower case, a hyphen for each space, punctuation dropped, letters of any script
    kept. https://docs.github.com/en/get-started/writing-on-github (section links)"""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


def forum_slug(heading: str) -> str:
    """LessWrong's rule, in its table of contents: an underscore for whatever is no ASCII letter or digit."""
    return re.sub(r"[^A-Za-z0-9]", "_", heading.strip())
