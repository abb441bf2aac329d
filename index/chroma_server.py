"""The Chroma server that a vault.yaml names, and how it is reached: with patience, and never for ever.

Chroma's own client waits without end for a server that is silent, and gives up at once on one that restarts.
"""

from __future__ import annotations

import base64
import http.client
import re
import time
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from index.errors import StoreUnreachable
from ingest.errors import ManifestError
from ingest.vault import Vault

# A server that restarts is back in a few seconds; each try waits longer.
WAITS_SECONDS = (0.5, 1.0, 2.0, 4.0)
HELLO_SECONDS = 5.0
SILENT_SECONDS = 60.0
WRITE_IT = "write chroma: http://host:8000, or chroma: {url: ..., tenant: ..., database: ..., token_file: ...}"
KEYS = frozenset({"url", "tenant", "database", "token", "token_file"})
HINT = "start it; or take 'chroma:' out of vault.yaml, then mivault sync: nothing is embedded again"

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class ChromaServer:
    """Where a server is. `secret` is what the Authorization header says, "" for none; it is never shown."""

    host: str
    port: int
    tls: bool
    tenant: str
    database: str
    secret: str = ""

    def __str__(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"

    def __repr__(self) -> str:
        return f"ChromaServer({self})"

    @property
    def headers(self) -> dict[str, str]:
        if not self.secret:
            return {}
        token = {"X-Chroma-Token": self.secret[7:]} if self.secret.startswith("Bearer ") else {}
        return {"Authorization": self.secret, **token}


def server_of(vault: Vault) -> ChromaServer | None:
    """The server that vault.yaml names, None for none. Raises ManifestError where it is not written as it should be."""
    path = vault.manifest_path
    if not path.is_file() or not re.search(rb"(?m)^['\"]?chroma['\"]?\s*:", path.read_bytes()):
        return None  # reading a large vault.yaml as YAML costs more than a question
    from ingest.manifest import read_yaml

    data = read_yaml(path)
    named = data.get("chroma") if isinstance(data, dict) else None
    return None if named is None else _server(vault, {"url": named} if isinstance(named, str) else named)


def _server(vault: Vault, named: Any) -> ChromaServer:
    if not isinstance(named, Mapping):
        raise _wrong("is no URL")
    values = {
        str(key): str(value) for key, value in named.items() if value is not None and not str(key).startswith("_")
    }
    unknown = sorted(values.keys() - KEYS)
    if unknown:
        raise _wrong(f"knows no {unknown[0]!r}")
    try:
        parts = urllib.parse.urlsplit(values.get("url", ""))
        port = parts.port or (443 if parts.scheme == "https" else 8000)
    except ValueError as error:
        raise _wrong("is no URL") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise _wrong("is no URL of a server")
    tenant, database = values.get("tenant", "default_tenant"), values.get("database", "default_database")
    return ChromaServer(parts.hostname, port, parts.scheme == "https", tenant, database, _secret(vault, values, parts))


def _secret(vault: Vault, values: Mapping[str, str], parts: urllib.parse.SplitResult) -> str:
    if parts.username is not None:
        pair = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"
    token = values.get("token", "")
    if file := values.get("token_file"):
        path = vault.root / Path(file).expanduser()
        try:
            token = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise _wrong(f"names a token_file that cannot be read: {file}") from error
    if not (token.isascii() and token.isprintable()):
        raise _wrong("has a token that no header can hold")
    return f"Bearer {token}" if token else ""


def _wrong(what: str) -> ManifestError:
    """The value itself is not shown: it may hold a password."""
    return ManifestError(f"vault.yaml: 'chroma:' {what}", WRITE_IT)


def greet(server: ChromaServer) -> None:
    """Raises StoreUnreachable where no Chroma server answers within some seconds."""
    kind = http.client.HTTPSConnection if server.tls else http.client.HTTPConnection
    connection = kind(server.host, server.port, timeout=HELLO_SECONDS)
    try:
        connection.request("GET", "/api/v2/heartbeat", headers=server.headers)
        answer = connection.getresponse()
        text = answer.read(1_000)
    except (OSError, http.client.HTTPException) as error:
        raise unreachable(server, error) from error
    finally:
        connection.close()
    if answer.status in (401, 403):
        raise StoreUnreachable(f"the Chroma server at {server} refuses us ({answer.status})", "check the token")
    if answer.status != 200 or b"heartbeat" not in text:
        raise StoreUnreachable(f"what answers at {server} is no Chroma server ({answer.status})", "check the URL")


def unreachable(server: ChromaServer, error: BaseException) -> StoreUnreachable:
    why = "it is silent" if "timed out" in str(error) or "Timeout" in type(error).__name__ else "no connection"
    return StoreUnreachable(f"the Chroma server at {server} does not answer: {why}", HINT)


def patiently(work: Callable[[], Result], *, sleep: Callable[[float], None] = time.sleep) -> Result:
    """Do what a server is needed for; where it does not answer, some more times."""
    for seconds in WAITS_SECONDS:
        try:
            return work()
        except StoreUnreachable as error:
            if "does not answer" not in error.message:
                raise
        sleep(seconds)
    return work()
