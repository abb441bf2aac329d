"""Text for pages that are pictures: `ocrmypdf`, where it is installed. A program that is run, not a library."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ingest.errors import ParseError

PROGRAM = "ocrmypdf"
NEEDED = "OCR is needed"  # in the reason of a file that waits for the program
HALF = 0.6  # of a file's time may go into OCR; what it makes is parsed in the rest
WARNING = "it was read by OCR, and words may be misread"


def available() -> bool:
    return shutil.which(PROGRAM) is not None


@contextlib.contextmanager
def with_text(path: Path, seconds: float) -> Iterator[Path]:
    """A copy of a PDF with a text layer, for as long as the context. Raises ParseError where OCR fails or takes over
    `seconds`; the limits on memory are those of this process."""
    with tempfile.TemporaryDirectory(prefix="mivault-ocr-") as folder:
        made = Path(folder) / "read.pdf"
        command = [PROGRAM, "--quiet", "--skip-text", "--output-type", "pdf", "--optimize", "0", str(path), str(made)]
        try:
            done = subprocess.run(command, capture_output=True, timeout=seconds, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired as error:
            raise _failed(f"takes over {seconds:.0f} seconds on it") from error
        except OSError as error:
            raise _failed(f"does not start: {error.strerror}") from error
        if done.returncode or not made.is_file():
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise _failed(f"failed: {said[-1][:200] if said else f'exit code {done.returncode}'}")
        yield made


def _failed(how: str) -> ParseError:
    return ParseError(
        f"no text layer: its pages are pictures, and {PROGRAM} {how}", "run it yourself and add the result"
    )
