"""What can go wrong with an index. The tree's root, MivaultError, is drawn in ingest/errors.py.

MivaultError
├── IndexMissing        nothing was indexed yet
├── ModelMismatch       the index was made with another embedding model
├── EmbedderError       the embedding model cannot be found or loaded
├── StoreUnreachable    the Chroma server that vault.yaml names does not answer
└── IndexDamaged        the stored index cannot be read; it can be rebuilt from sources/
"""

from __future__ import annotations

from ingest.errors import MivaultError


class IndexMissing(MivaultError):
    """The vault has no index, or an empty one."""


class ModelMismatch(MivaultError):
    """The index remembers another embedding model than the one that asks."""


class EmbedderError(MivaultError):
    """The embedding model is not there, or does not load."""


class StoreUnreachable(MivaultError):
    """The Chroma server does not answer, or is none. Nothing is lost: the vectors lie beside their sources too."""


class IndexDamaged(MivaultError):
    """Chroma or the word index cannot be opened."""
