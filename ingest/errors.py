"""Everything mivault can say went wrong while a vault is read, fetched or parsed.

MivaultError                a person can act on it: one line, and a hint what to do
├── UsageError              the command was called wrongly (exit code 2)
│   └── ManifestError       vault.yaml cannot be read; names the line
├── VaultMissing            there is no vault here
├── VaultBusy               another process is writing to this vault
├── DiskFull                there is no room to write; what was done is kept
└── SourceError             one entry could not be obtained or read; the others go on
    ├── FetchError          the download failed (`temporary`: the next sync tries again)
    ├── ParseError          the file came, but no text could be had from it
    │   └── NoTextLayer     its pages are pictures: OCR may read them
    └── WrongPaper          the file holds another paper than its entry says
"""

from __future__ import annotations


class MivaultError(Exception):
    """One line saying what went wrong, and a hint saying what to do about it."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UsageError(MivaultError):
    """The command or function was called with something it cannot use."""

    exit_code = 2


class ManifestError(UsageError):
    """vault.yaml is malformed; the message names the file and the line."""


class VaultMissing(MivaultError):
    """The folder named is not a vault."""


class VaultBusy(MivaultError):
    """Another process holds the vault's writing lock."""


class DiskFull(MivaultError):
    """There is no room where the vault lies, or none is allowed."""


class SourceError(MivaultError):
    """One entry could not be obtained or read. `temporary`: trying again later may help."""

    def __init__(self, message: str, hint: str = "", *, temporary: bool = False) -> None:
        super().__init__(message, hint)
        self.temporary = temporary


class FetchError(SourceError):
    """A download failed, was refused, or brought something that is not what was asked for."""


class ParseError(SourceError):
    """No text could be had from a file: not a PDF, encrypted, damaged, without a text layer, over a limit."""


class NoTextLayer(ParseError):
    """A PDF whose pages are pictures of text."""


class WrongPaper(SourceError):
    """A file's first page names another paper than vault.yaml or its own name does; both titles are in the message."""
