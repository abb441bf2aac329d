"""The door of httpx: one polite, checked request at a time.

Each hop of a request has its address judged (ingest/addresses.py), then waits for its host's gate, then connects to
that address; redirects are followed by hand, so that each is a hop like the first. Names are resolved before the wait:
without a network nobody waits.

Proxies: with `trust_env`, the ones of the environment (HTTPS_PROXY, NO_PROXY and their kin, and the system settings of
macOS and Windows) are used, as httpx does. A proxy resolves names itself, so behind one only literal addresses and
localhost names can be refused here; what a name leads to is then the proxy's to decide. This machine is never asked
through a proxy.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import socket
import ssl
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import httpx

from ingest import addresses
from ingest.errors import FetchError
from ingest.polite import Gate
from ingest.retry import BadStatus, Hindered, Unreachable, rate_limit, retry_after
from ingest.unpack import unpacked

MAX_REDIRECTS = 5
# No connection within ten seconds means none at all on any line that could carry a PDF.
CONNECT_SECONDS = 10.0
# A line slower than this (8 kbit/s) is a server that drips: 1 MB would take a quarter of an hour.
SLOWEST_BYTES_PER_SECOND = 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with a status below 400: `chunks` are the bytes of the file, and can be read once. `packed`: they came
    compressed, so that their number is not what the headers say."""

    url: str
    status: int
    headers: Mapping[str, str]  # names in any case
    chunks: Iterator[bytes]
    packed: bool = False


def user_agent(contact: str = "") -> str:
    """Who asks, as arXiv and others wish to know: "mivault/0.1.0 (research assistant; mail@example.org)"."""
    try:
        version = importlib.metadata.version("mivault")
    except importlib.metadata.PackageNotFoundError:  # run from a checkout that was never installed
        version = "0"
    return f"mivault/{version} (research assistant{'; ' + contact if contact else ''})"


class Web:
    """Sends requests. `gates` are per host and hold for its subdomains; `allow_hosts` skip the address check."""

    def __init__(
        self,
        *,
        gates: Mapping[str, Gate],
        allow_hosts: frozenset[str] = frozenset(),
        timeout_seconds: float = 30.0,
        agent: str = "",
        trust_env: bool = True,
        resolve: Callable[[str, int], list[str]] = addresses.resolve,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._gates = {_name(host): gate for host, gate in gates.items()}
        self._transport = _Checked(frozenset(map(_name, allow_hosts)), resolve, self._wait, trust_env)
        self._seconds, self._agent, self._clock = timeout_seconds, agent or user_agent(), clock

    @cached_property
    def _client(self) -> httpx.Client:
        # Compressed answers would make lengths and ranges count something else than the file's bytes.
        headers = {"User-Agent": self._agent, "Accept-Encoding": "identity"}
        timeout = httpx.Timeout(self._seconds, connect=min(self._seconds, CONNECT_SECONDS))
        return httpx.Client(transport=self._transport, headers=headers, timeout=timeout)

    def gate(self, host: str) -> Gate | None:
        """The gate of a host or of the domain it belongs to."""
        labels = _name(host).split(".")
        parents = (".".join(labels[first:]) for first in range(len(labels)))
        return next((self._gates[parent] for parent in parents if parent in self._gates), None)

    def _wait(self, host: str) -> None:
        gate = self.gate(host)
        if gate:
            gate.wait()

    @contextlib.contextmanager
    def get(self, url: str, headers: Mapping[str, str] = {}, *, body: bytes | None = None) -> Iterator[Reply]:
        """Ask for a URL, following redirects; with a `body` it is posted. Headers for one host, such as a token, go to
        no other. Raises FetchError, Unreachable, BadStatus; reading `chunks` does too."""
        first = where = parse(url)
        for _ in range(MAX_REDIRECTS + 1):
            with self._hop(where, headers if where.host == first.host else _public(headers), body) as response:
                if not response.has_redirect_location:
                    yield self._reply(where, response)
                    return
                where, body = parse(str(where.join(response.headers["location"]))), None
        raise FetchError(
            f"{url} redirects more than {MAX_REDIRECTS} times", "open it in a browser to see where it leads"
        )

    @contextlib.contextmanager
    def _hop(self, where: httpx.URL, headers: Mapping[str, str], body: bytes | None) -> Iterator[httpx.Response]:
        method, gate = "GET" if body is None else "POST", self.gate(where.host)
        try:
            with _translated(where):
                request = self._client.build_request(method, where, headers=dict(headers), content=body)
                response = self._client.send(request, stream=True)
            if gate:
                gate.answered()
            with contextlib.closing(response):
                yield response
        finally:
            if gate:
                gate.done()

    def _reply(self, where: httpx.URL, response: httpx.Response) -> Reply:
        if limited := rate_limit(where.host, response.status_code, response.headers):
            raise limited
        if response.status_code >= 400:
            raise BadStatus(shown(where), response.status_code, retry_after(response.headers.get("retry-after")))
        chunks, packing = self._chunks(where, response), response.headers.get("content-encoding", "identity").lower()
        if packing in ("gzip", "x-gzip", "deflate"):
            return Reply(
                str(where), response.status_code, response.headers, unpacked(shown(where), chunks), packed=True
            )
        if packing != "identity":
            raise FetchError(f"{shown(where)} was sent compressed ({packing[:20]})", "download it in a browser")
        return Reply(str(where), response.status_code, response.headers, chunks)

    def _chunks(self, where: httpx.URL, response: httpx.Response) -> Iterator[bytes]:
        """The body, as long as it comes faster than a drip: each window of `timeout_seconds` must bring its share."""
        since, got = self._clock(), 0
        with _translated(where):
            for chunk in response.iter_raw():
                yield chunk
                got += len(chunk)
                if self._clock() - since > self._seconds:
                    if got < self._seconds * SLOWEST_BYTES_PER_SECOND:
                        raise FetchError(f"{shown(where)} sends too slowly", "try again later", temporary=True)
                    since, got = self._clock(), 0


def parse(url: str) -> httpx.URL:
    """A URL that may be asked for: http or https, a host, no credentials. Raises FetchError."""
    try:
        where = httpx.URL(url)
    except (httpx.InvalidURL, TypeError, ValueError) as error:
        raise FetchError(f"{url[:200]!r} is not a URL", "correct it in vault.yaml") from error
    if where.scheme not in ("http", "https") or not where.host:
        raise FetchError(f"{url[:200]!r} is not a web address", "only http and https can be downloaded")
    if where.userinfo:
        raise FetchError(
            f"the URL for {where.host} holds credentials", "take them out, and download by hand what needs them"
        )
    return where.copy_with(fragment=None)


def _public(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in ("authorization", "cookie")}


def shown(url: httpx.URL | str) -> str:
    """A URL for a message: without its query, which may be long or secret, and on one short line."""
    where = httpx.URL(url)
    text = f"{where.scheme}://{where.netloc.decode('ascii', 'replace')}{where.path}"
    return "".join(c if c.isprintable() else "?" for c in text)[:200]


class _Checked(httpx.BaseTransport):
    """Connects to addresses that were judged, and only to those: the name goes into the Host header and TLS's SNI."""

    def __init__(
        self,
        allow_hosts: frozenset[str],
        resolve: Callable[[str, int], list[str]],
        wait: Callable[[str], None],
        trust_env: bool,
    ) -> None:
        self._allow_hosts, self._resolve, self._wait, self._trust_env = allow_hosts, resolve, wait, trust_env
        self._proxied: dict[str, httpx.HTTPTransport] = {}

    @cached_property
    def _direct(self) -> httpx.HTTPTransport:
        # No connection is kept: a kept one is found by its address, and two names may share one.
        return httpx.HTTPTransport(trust_env=self._trust_env, limits=httpx.Limits(max_keepalive_connections=0))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """All that takes time on this side comes before the wait, so that requests leave as far apart as the gate lets
        them through."""
        host, proxy = request.url.host, self._proxy(request.url)
        if proxy:
            self._judge(host, [found] if (found := addresses.literal(host)) else [])
            transport = self._through(proxy)
            self._wait(host)
            return transport.handle_request(request)
        found_addresses, transport = self._addresses(request.url), self._direct
        self._wait(host)
        return _connect(transport, request, found_addresses)

    def _addresses(self, url: httpx.URL) -> list[str]:
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            found = self._resolve(url.raw_host.decode("ascii"), port)
        except (OSError, UnicodeError) as error:
            unknown = isinstance(error, socket.gaierror) and error.errno == socket.EAI_NONAME
            raise Unreachable(url.host, "its name cannot be resolved", no_such_name=unknown) from error
        self._judge(url.host, found)
        return addresses.one_of_each_family(found)

    def _judge(self, host: str, found: list[str]) -> None:
        bad = [address for address in found if not addresses.is_public(address)]
        if bad and _name(host) not in self._allow_hosts:
            raise FetchError(
                f"{host} is not on the public internet ({bad[0]})", "allow the host by name if it is yours, or a VPN's"
            )

    def _proxy(self, url: httpx.URL) -> str | None:
        if not self._trust_env or addresses.is_own_machine(url.host) or urllib.request.proxy_bypass(url.host):
            return None
        proxies = urllib.request.getproxies()
        proxy = proxies.get(url.scheme) or proxies.get("all")
        return proxy and (proxy if "://" in proxy else f"http://{proxy}")

    def _through(self, proxy: str) -> httpx.HTTPTransport:
        if proxy not in self._proxied:
            try:
                self._proxied[proxy] = httpx.HTTPTransport(proxy=proxy)
            except (ImportError, ValueError, httpx.InvalidURL) as error:
                raise Hindered(f"the proxy of the environment cannot be used: {error}", "unset it") from error
        return self._proxied[proxy]


def _connect(transport: httpx.HTTPTransport, request: httpx.Request, found: list[str]) -> httpx.Response:
    for address in found[:-1]:
        with contextlib.suppress(httpx.ConnectError, httpx.ConnectTimeout):  # the other family may have a route
            return transport.handle_request(_pinned(request, address))
    return transport.handle_request(_pinned(request, found[-1]))


def _pinned(request: httpx.Request, address: str) -> httpx.Request:
    """The same request, to an address instead of a name; its Host header is already the name."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.raw_host.decode("ascii")},
    )


@contextlib.contextmanager
def _translated(where: httpx.URL) -> Iterator[None]:
    """httpx's errors as ours."""
    try:
        yield
    except httpx.ProxyError as error:
        raise Hindered(f"the proxy refuses {where.host}: {error}", "ask who runs it, or unset HTTPS_PROXY") from error
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        if _is_tls(error):
            raise Hindered(
                f"no secure connection to {where.host}: {error}",
                "check the clock, and any proxy that reads along",
            ) from error
        raise Unreachable(where.host, str(error) or "no answer") from error
    except httpx.TimeoutException as error:
        raise FetchError(f"{shown(where)} stopped answering", "try again later", temporary=True) from error
    except httpx.TransportError as error:
        raise FetchError(
            f"{shown(where)}: the connection broke ({error})", "try again later", temporary=True
        ) from error


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _name(host: str) -> str:
    return host.rstrip(".").lower().strip("[]")
