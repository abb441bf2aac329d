"""Compressed answers, unpacked piece by piece, so that one which would fill the memory is stopped by who counts."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from ingest.errors import FetchError

PIECE = 1 << 16  # bytes: no piece of what is unpacked is larger, whatever it was packed into
EITHER = 32 + zlib.MAX_WBITS  # gzip's or zlib's header, whichever is there


def unpacked(name: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes of a gzip or deflate body. Raises FetchError (temporary) for one that is damaged or cut off."""
    reader = zlib.decompressobj(EITHER)
    try:
        for chunk in chunks:
            while chunk and not reader.eof:
                if piece := reader.decompress(chunk, PIECE):
                    yield piece
                chunk = reader.unconsumed_tail
    except zlib.error as error:
        raise FetchError(f"{name} cannot be unpacked ({error})", "try again later", temporary=True) from error
    if not reader.eof:
        raise FetchError(f"{name} was cut off", "try again later", temporary=True)
