"""Scans: read by `ocrmypdf` where it is installed, with a time limit, and marked so; else what is needed is said."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pdf_maker import image_pdf

from ingest import ocr
from ingest.errors import ParseError
from ingest.jobs import Parsed, ParseJob
from ingest.worker import ParserPool

TESTS = Path(__file__).resolve().parent
# A small OCR program behind the real one's command line: it puts a page of text where the picture was.
READS = """#!{python}
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from pdf_maker import make_pdf
assert "--skip-text" in sys.argv and Path(sys.argv[-2]).read_bytes().startswith(b"%PDF")
make_pdf(Path(sys.argv[-1]), ["What the picture says of sparse features\\nand of the circuits made of them"] * 2)
"""
SLEEPS = """#!{python}
import time
time.sleep(60)
"""
FAILS = """#!{python}
import sys
sys.exit("no language data")
"""


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    return image_pdf(tmp_path / "scan.pdf", 2)


def install(script: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program called ocrmypdf, and nothing else, on the PATH."""
    folder.mkdir()
    program = folder / ocr.PROGRAM
    program.write_text(script.format(python=sys.executable, tests=str(TESTS)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def result(scan: Path, seconds: float = 60.0) -> Parsed | ParseError:
    with ParserPool(workers=1, seconds=seconds) as pool:
        [(_, found)] = pool.parse([ParseJob("scan", scan)])
    return found


def test_a_scan_is_read_by_ocr_and_every_page_says_so(
    scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(READS, tmp_path / "bin", monkeypatch)
    found = result(scan)
    assert isinstance(found, Parsed), found
    assert [page.text.split()[:4] for page in found.pages] == [["What", "the", "picture", "says"]] * 2
    assert {page.warning for page in found.pages} == {ocr.WARNING}
    assert found.warnings[0] == f"no text layer: {ocr.WARNING}"


def test_ocr_that_takes_too_long_or_fails_is_named(scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(SLEEPS, tmp_path / "slow", monkeypatch)
    found = result(scan, seconds=8.0)
    assert isinstance(found, ParseError)
    assert "ocrmypdf takes over 2 seconds" in found.message
    install(FAILS, tmp_path / "broken", monkeypatch)
    found = result(scan)
    assert isinstance(found, ParseError)
    assert "ocrmypdf failed: no language data" in found.message


def test_without_the_program_a_scan_waits_for_it(scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = result(scan)
    assert isinstance(found, ParseError)
    assert ocr.NEEDED in found.message
    assert "ocrmypdf" in found.hint
