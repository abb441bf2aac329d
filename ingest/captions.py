"""The door of youtube-transcript-api: a talk's captions, with the second that each appears at.

    {"video": id, "title", "author", "language", "generated": bool, "captions": [{"start", "text"}]}

The package asks through our own Web (checked addresses, time limits, retries), in the place of a requests.Session.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.errors import FetchError
from ingest.fetch import Fetcher
from ingest.sites import Sites
from ingest.vault import write_json

YOUTUBE = "https://www.youtube.com"  # what the package asks
LANGUAGES = ("en", "en-US", "en-GB")


def fetch_talk(fetcher: Fetcher, sites: Sites, video: str, target: Path) -> None:
    """Write a talk's captions to `target`: English ones, made by people where there are any. Raises FetchError."""
    write_json(target, _talk(fetcher, sites, video))


def _talk(fetcher: Fetcher, sites: Sites, video: str) -> dict[str, Any]:
    from xml.etree.ElementTree import ParseError as XmlError  # what defusedxml, which reads it, raises

    import youtube_transcript_api as api

    session = _Session(fetcher, sites.youtube)
    try:
        known = api.YouTubeTranscriptApi(http_client=session).list(video)
        codes = [transcript.language_code for transcript in known]
        found = known.find_transcript([*LANGUAGES, *codes]).fetch()
    except (api.RequestBlocked, api.IpBlocked) as error:
        hint = "try again later, or from another network"
        raise FetchError("YouTube answers no programs from this network for now", hint, temporary=True) from error
    except (api.YouTubeRequestFailed, api.YouTubeDataUnparsable, XmlError, ValueError, KeyError) as error:
        raise FetchError(f"YouTube's answer cannot be read ({type(error).__name__})", "", temporary=True) from error
    except api.PoTokenRequired as error:
        raise FetchError("YouTube gives these captions to its own player only", "name another source") from error
    except (api.TranscriptsDisabled, api.NoTranscriptFound) as error:
        raise FetchError("this talk has no captions", "name another source for it") from error
    except api.CouldNotRetrieveTranscript as error:
        why = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).lower()
        raise FetchError(f"YouTube does not give this talk ({why})", "check the address") from error
    return {
        "video": video,
        "title": session.details.get("title", ""),
        "author": session.details.get("author", ""),
        "language": found.language_code,
        "generated": found.is_generated,
        "captions": [{"start": one.start, "text": one.text} for one in found],
    }


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the package reads of a requests.Response; bad statuses were raised as ours."""

    text: str
    status_code: int = 200

    def raise_for_status(self) -> None:
        """Nothing: it was answered well."""

    def json(self) -> Any:
        try:
            return json.loads(self.text)
        except ValueError as error:
            raise FetchError("YouTube did not answer in JSON", "try again later", temporary=True) from error


class _Session:
    """What the package needs of a requests.Session; `details` are what the player's answer tells of the video."""

    def __init__(self, fetcher: Fetcher, youtube: str) -> None:
        self._fetcher, self._youtube = fetcher, youtube
        self.headers: dict[str, str] = {}
        self.cookies = self
        self.details: Mapping[str, Any] = {}

    def set(self, name: str, value: str, **where: str) -> None:
        """A cookie, for YouTube alone."""
        del where
        self.headers["Cookie"] = f"{name}={value}"

    def get(self, url: str) -> _Answer:
        return self._asked(url, None)

    def post(self, url: str, json: Any) -> _Answer:
        answer = self._asked(url, json)
        told = answer.json()
        self.details = told.get("videoDetails") or {} if isinstance(told, dict) else {}
        return answer

    def _asked(self, url: str, sent: Any) -> _Answer:
        here = self._youtube + url.removeprefix(YOUTUBE) if url.startswith(YOUTUBE) else url
        body = self._fetcher.retried(lambda: self._fetcher.body(here, self.headers, sent=sent))
        return _Answer(body.decode("utf-8", "replace"))
