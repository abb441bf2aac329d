"""What can go wrong while answering. The tree's root, MivaultError, is drawn in ingest/errors.py.

MivaultError
└── ModelError      the configured language model did not answer; `temporary`: trying again may help
"""

from __future__ import annotations

from ingest.errors import MivaultError


class ModelError(MivaultError):
    """The language model refused, failed or fell silent."""

    def __init__(self, message: str, hint: str = "", *, temporary: bool = False) -> None:
        super().__init__(message, hint)
        self.temporary = temporary
