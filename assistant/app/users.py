"""Who may use a page that others can reach: a file with a name and a hashed password on each line, and for who may read
but not change the vault the word "reader" between them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import threading
from dataclasses import dataclass
from pathlib import Path

from assistant.conversations import USER
from ingest.errors import UsageError
from ingest.vault import write_bytes

# OWASP's third choice for scrypt: 32 MB and about .2 s a try. https://cheatsheetseries.owasp.org (Password Storage)
N, R, P = 2**15, 8, 3
MEMORY = 64 * 1024 * 1024
READER = "reader:"
SHORTEST = 10  # characters of a password


@dataclass(frozen=True, slots=True)
class Password:
    """A password that cannot be read back: scrypt's costs, a salt of its own, the hash."""

    n: int
    r: int
    p: int
    salt: bytes
    hash: bytes

    @classmethod
    def of(cls, password: str) -> Password:
        salt = secrets.token_bytes(16)
        return cls(N, R, P, salt, _scrypt(password, salt, N, R, P))

    def fits(self, password: str) -> bool:
        """Whether this is the password; takes the same time either way."""
        return hmac.compare_digest(self.hash, _scrypt(password, self.salt, self.n, self.r, self.p))

    def __str__(self) -> str:
        return f"scrypt:{self.n}:{self.r}:{self.p}:{_base64(self.salt)}:{_base64(self.hash)}"

    @classmethod
    def parse(cls, text: str) -> Password:
        """Raises ValueError for what `str` never writes."""
        name, n, r, p, salt, value = text.split(":")
        costs = int(n), int(r), int(p)
        if name != "scrypt" or not (1 < costs[0] <= N * 4 and 0 < costs[1] <= R * 2 and 0 < costs[2] <= P * 4):
            raise ValueError(text)
        return cls(*costs, base64.b64decode(salt, validate=True), base64.b64decode(value, validate=True))


@dataclass(frozen=True, slots=True)
class User:
    """A line of the file after its name. A `reader` asks and reads, and changes nothing that others see."""

    password: Password
    reader: bool = False

    @classmethod
    def parse(cls, text: str) -> User:
        """Raises ValueError for what `str` never writes."""
        reader = text.startswith(READER)
        return cls(Password.parse(text.removeprefix(READER)), reader)

    def __str__(self) -> str:
        return f"{READER if self.reader else ''}{self.password}"


class Users:
    """The users of a file, read again when it changes: who is taken out is out at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: dict[str, User] = {}
        self._stamp: tuple[int, int] | None = None
        # One try at a time: each takes 32 MB, and a guesser gets no more than one core.
        self._trying = threading.Lock()
        self._nobody = Password.of(secrets.token_hex(16))

    def __getitem__(self, name: str) -> Password | None:
        """The stored password of a user; None where there is no such user, or no file any more."""
        user = self._users().get(name)
        return user.password if user else None

    def names(self) -> list[str]:
        return sorted(self._users())

    def may_change(self, name: str) -> bool:
        """Whether a user may change the library and run evals: everyone in the file but readers."""
        user = self._users().get(name)
        return user is not None and not user.reader

    def check(self, name: str, password: str) -> bool:
        """Whether the name and the password belong together; as slow for a name that is not there."""
        with self._trying:
            known = self[name]
            return (known or self._nobody).fits(password) and known is not None

    def add(self, name: str, password: str, *, reader: bool = False) -> None:
        """Write a user, or a user's password and role anew. Raises UsageError for a name or password that will not
        do."""
        if not USER.fullmatch(name):
            raise UsageError(
                f"{name!r} cannot be a user's name", "1 to 32 of a-z, 0-9, - and _, a letter or digit first"
            )
        if len(password) < SHORTEST:
            raise UsageError("the password is too short", f"take {SHORTEST} characters or more")
        self._write({**self._users(), name: User(Password.of(password), reader)})

    def remove(self, name: str) -> None:
        """Take a user out. Raises UsageError where there is none of this name."""
        users = dict(self._users())
        if users.pop(name, None) is None:
            raise UsageError(f"{self.path} has no user {name!r}", f"mivault users list --auth {self.path}")
        self._write(users)

    def _users(self) -> dict[str, User]:
        try:
            info = self.path.stat()
        except FileNotFoundError:
            self._read, self._stamp = {}, None
            return {}
        stamp = (info.st_mtime_ns, info.st_ino)
        if stamp != self._stamp:
            self._read, self._stamp = _parsed(self.path), stamp
        return self._read

    def _write(self, users: dict[str, User]) -> None:
        lines = [f"{name}:{user}\n" for name, user in sorted(users.items())]
        write_bytes(self.path, "".join(lines).encode())  # by a temporary file that its owner alone may read


def open_users(path: Path) -> Users:
    """The users of a file that there is. Raises UsageError where it is missing, empty or malformed."""
    users = Users(path)
    if not users.names():
        raise UsageError(f"{path} names no user", f"make one: mivault users add NAME --auth {path}")
    return users


def _parsed(path: Path) -> dict[str, User]:
    users: dict[str, User] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, rest = line.strip().partition(":")
        try:
            if not USER.fullmatch(name):
                raise ValueError(name)
            users[name] = User.parse(rest)
        except (ValueError, binascii.Error) as error:
            raise UsageError(f"{path}, line {number} is no user", "mivault users add writes them") from error
    return users


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(password.encode("utf-8", "replace"), salt=salt, n=n, r=r, p=p, maxmem=MEMORY * 4, dklen=32)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
