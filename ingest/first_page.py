"""Title, authors and arXiv id off the first page of a PDF, read in a killable process as every parsing is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ingest.errors import ParseError
from ingest.parse_pdf import Identity, ParseJob
from ingest.worker import ParserPool

# A first page takes .1 s; adding a file must not wait for a hostile one as long as a sync does.
SECONDS = 15.0


@contextmanager
def first_pages(password: str | None = None) -> Iterator[Callable[[Path], Identity]]:
    """A function from a PDF to its Identity, which raises ParseError; its process lives as long as the context.
    `password` opens those that are encrypted."""
    with ParserPool(workers=1, seconds=SECONDS) as pool:

        def identify(path: Path) -> Identity:
            [(_, result)] = pool.parse([ParseJob("first-page", path, password, first_page=True)])
            if isinstance(result, ParseError):
                raise result
            return result.identity

        yield identify
