"""The door of the `arxiv` package: what arXiv knows of a paper, by its id.

The package's client asks through our own Web, so that every request waits for the shared gate, has a timeout, honours
Retry-After and gives up at once without a network. Its own retries and delay are turned off: version 4.0.2 has no
timeout, repeats a refused request as readily as an interrupted one, and counts its delay per object.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ingest.errors import FetchError
from ingest.polite import Gate
from ingest.retry import BadStatus, Unreachable, with_retries
from ingest.sites import API_URL
from ingest.web import Web, parse, user_agent

# The package's page size; a hundred ids make a URL of 1 to 2 kB.
BATCH = 100
MAX_FEED_BYTES = 20_000_000
_NEW = r"(?:0[7-9]|[1-9]\d)(?:0[1-9]|1[0-2])\.\d{4,5}"  # since April 2007: year, month, number
# Before that: one of arXiv's archives of the time, perhaps with a class, then year, month, number.
_ARCHIVES = (
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs|dg-ga|"
    "funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math-ph|math|mtrl-th|nlin|nucl-ex|nucl-th|patt-sol|physics|plasm-ph|"
    "q-alg|q-bio|quant-ph|solv-int|supr-con"
)
_OLD = rf"(?:{_ARCHIVES})(?:\.[a-z-]{{2,10}})?/\d{{2}}(?:0[1-9]|1[0-2])\d{{3}}"
_ID = rf"(?P<id>{_NEW}|{_OLD})(?P<version>v[1-9]\d{{0,2}})?"
_NAMED = re.compile(rf"(?<![a-z0-9])arxiv(?:\.org/[a-z-]+/|[:.]\s*){_ID}(?![\dv])(?!\.\d)", re.IGNORECASE | re.ASCII)
_BARE = re.compile(rf"(?!\w+://)(?:[^?#]*[/\\])?{_ID}(?:\.pdf)?", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class ArxivId:
    """A paper on arXiv: "2309.08600" or, before 2007, "hep-th/9901001"; `version` is "v3", or None for the newest."""

    id: str
    version: str | None = None

    def __str__(self) -> str:
        return f"{self.id}{self.version or ''}"


@dataclass(frozen=True, slots=True)
class Metadata:
    """What arXiv says of a paper. `year` is that of its first version; `licence` is "" as the API does not tell it;
    `withdrawn` is its authors' comment where that says so."""

    arxiv_id: str
    version: str
    title: str
    authors: tuple[str, ...]
    year: int | None
    licence: str
    pdf_url: str
    summary: str
    withdrawn: str = ""


def find_arxiv_id(text: str) -> ArxivId | None:
    """The arXiv id that `text` names: anywhere after "arXiv:" or in an arxiv.org address, or as the whole text, which
    may be a file name or path ("papers/2309.08600v3.pdf"). None where there is none."""
    found = _NAMED.search(text) or _BARE.fullmatch(text.strip())
    if not found:
        return None
    archive, slash, number = found["id"].lower().rpartition("/")
    version = found["version"]
    return ArxivId(f"{archive.partition('.')[0]}{slash}{number}", version and version.lower())


class _Unreadable(FetchError):
    """An entry that the package stumbles over."""


class Lookup:
    """Asks arXiv's API, up to 100 ids per request, each request through `gate`."""

    def __init__(
        self,
        gate: Gate,
        *,
        url: str = API_URL,
        timeout_seconds: float = 20.0,
        retries: int = 3,  # with pauses of 1, 2, 4 s and what Retry-After asks for
        contact: str = "",
        trust_env: bool = True,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        host = parse(url).host
        self._web = Web(
            gates={host: gate, "arxiv.org": gate},
            allow_hosts=frozenset({host}),
            timeout_seconds=timeout_seconds,
            agent=user_agent(contact),
            trust_env=trust_env,
        )
        self._url, self._retries, self._sleep = url, retries, sleep

    def metadata(self, ids: Sequence[str]) -> dict[str, Metadata | FetchError]:
        """What arXiv knows, for each of `ids` as it was written: with its version, or the newest one.

        An id that is malformed, unknown, or not answered for has a FetchError. Raises Unreachable where nothing at all
        could be asked.
        """
        parsed = {text: find_arxiv_id(text) for text in ids}
        found: dict[ArxivId, Metadata | FetchError] = {}
        for batch in _batches([arxiv_id for arxiv_id in parsed.values() if arxiv_id]):
            try:
                found |= self._ask(batch)
            except Unreachable as error:
                if not found:
                    raise
                found |= dict.fromkeys(batch, error)
        return {text: found[one] if one else _malformed(text) for text, one in parsed.items()}

    def _ask(self, batch: Sequence[ArxivId]) -> dict[ArxivId, Metadata | FetchError]:
        """One request; where arXiv refuses it, half of it at a time, so that one id spoils nothing for the others."""
        try:
            known = self._found(batch) or self._found(batch)  # arXiv gives an empty feed now and then
        except Unreachable:
            raise
        except FetchError as error:
            if not _one_spoils_all(error):
                return dict.fromkeys(batch, error)
            if len(batch) == 1:
                return {batch[0]: FetchError(f"arXiv does not accept {batch[0]}: {error.message}", "check the id")}
            half = len(batch) // 2
            return self._ask(batch[:half]) | self._ask(batch[half:])
        return {one: _pick(one, known) for one in batch}

    def _found(self, batch: Sequence[ArxivId]) -> dict[str, Metadata]:
        return with_retries(lambda: dict(self._results(batch)), retries=self._retries, sleep=self._sleep)

    def _results(self, batch: Sequence[ArxivId]) -> Iterator[tuple[str, Metadata]]:
        import arxiv

        search = arxiv.Search(id_list=[str(one) for one in batch], max_results=len(batch))
        try:
            for result in self._client.results(search):
                if metadata := _metadata(result):
                    yield metadata.arxiv_id, metadata
        except arxiv.UnexpectedEmptyPageError:
            return  # the feed counts an entry that has no date, so the client asked for more: this is all there is
        except (ValueError, arxiv.ArxivError) as error:
            raise _Unreadable(f"its answer cannot be read ({error})") from error

    @cached_property
    def _client(self) -> Any:
        import arxiv

        client = arxiv.Client(page_size=BATCH, delay_seconds=0.0, num_retries=0)
        client.query_url_format = self._url + "?{}"
        client._session = _Session(self._web)
        return client


@dataclass(frozen=True, slots=True)
class _Answer:
    status_code: int
    content: bytes


class _Session:
    """What arxiv.Client needs of a requests.Session."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def get(self, url: str, headers: dict[str, str]) -> _Answer:
        """A complete Atom feed. The package would take a web page or half a feed for one with fewer entries."""
        del headers  # the package's User-Agent: ours says who asks
        body = bytearray()
        with self._web.get(url, {"Accept": "application/atom+xml"}) as reply:
            for chunk in reply.chunks:
                body += chunk
                if len(body) > MAX_FEED_BYTES:
                    raise FetchError(f"arXiv's answer is larger than {MAX_FEED_BYTES / 1e6:.0f} MB", "try again later")
        if b"<feed" not in body[:2048] or not body.rstrip().endswith(b"</feed>"):
            raise FetchError("arXiv answered with something that is not a feed", "try again later", temporary=True)
        return _Answer(reply.status, bytes(body))


def _batches(ids: Sequence[ArxivId]) -> Iterator[list[ArxivId]]:
    """Batches of at most BATCH ids; two versions of one paper never in the same, lest one answer stand for both."""
    left = list(dict.fromkeys(ids))
    while left:
        batch = list({one.id: one for one in reversed(left)}.values())[::-1][:BATCH]
        yield batch
        left = [one for one in left if one not in set(batch)]


def _metadata(result: Any) -> Metadata | None:
    """The package's Result as ours; None for an entry that is no paper, as arXiv writes its errors."""
    one = find_arxiv_id(result.entry_id)
    if one is None or not one.version:
        return None
    return Metadata(
        arxiv_id=one.id,
        version=one.version,
        title=_line(result.title),
        authors=tuple(name for author in result.authors if (name := _line(author.name))),
        year=result.published.year,
        licence="",
        pdf_url=_secure(result.pdf_url or f"https://arxiv.org/pdf/{one}"),
        summary=_line(result.summary),
        withdrawn=_withdrawn(_line(result.comment or ""), _line(result.summary)),
    )


def _withdrawn(comment: str, summary: str) -> str:
    """What is said of a withdrawal, "" where there was none: arXiv has authors write it as a comment, and often as the
    abstract too. https://info.arxiv.org/help/withdraw.html"""
    if re.search(r"\b(?:withdrawn|retracted)\b", comment, re.IGNORECASE):
        return comment[:300]
    opens = re.match(r"(?:this|the) (?:paper|article|submission|work)\b.{0,40}withdrawn", summary, re.IGNORECASE)
    return summary[:300] if opens else ""


def _one_spoils_all(error: FetchError) -> bool:
    """Whether a request may have failed for one of its ids: refused as malformed or too long, or unreadable."""
    return isinstance(error, _Unreadable) or (isinstance(error, BadStatus) and error.status in (400, 413, 414))


def _pick(one: ArxivId, known: dict[str, Metadata]) -> Metadata | FetchError:
    metadata = known.get(one.id)
    if metadata is None or one.version not in (None, metadata.version):
        return FetchError(f"arXiv does not know {one}", "check the id")
    return metadata


def _malformed(text: str) -> FetchError:
    return FetchError(f"{text[:80]!r} is not an arXiv id", "write it like 2309.08600, 2309.08600v3 or hep-th/9901001")


def _line(text: str) -> str:
    return " ".join(text.split())


def _secure(url: str) -> str:
    return re.sub(r"^http://(?=([a-z]+\.)?arxiv\.org/)", "https://", url)
