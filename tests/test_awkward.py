"""The awkward files of ../shared: each ends with text, with missing pages named, or with a reason and what to do."""

from __future__ import annotations

import pytest

from benchmarks.awkward import AWKWARD, told
from ingest.errors import ParseError
from ingest.jobs import Parsed, ParseJob
from ingest.worker import ParserPool

SLOW = {"Brotli-Prototype-FileA.pdf"}  # 20 seconds in pypdf: `python -m benchmarks.awkward` has it
REASONS = {
    "PDFBOX-3148-2-fuzzed.pdf": "damaged",
    "REDHAT-1531897-0.pdf": "damaged",
    "bug1020226.pdf": "damaged",
    "poppler-85140-0.pdf": "damaged",
    "pypdf-r4-aes-user-password.pdf": "encrypted",
    "saslprep-r6.pdf": "encrypted",
}
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not AWKWARD.is_dir(), reason="../shared/papers-awkward is not there"),
]


def test_every_awkward_file_ends_well() -> None:
    files = [path for path in sorted(AWKWARD.glob("*.pdf")) if path.name not in SLOW]
    with ParserPool() as pool:
        ended = {job.path.name: result for job, result in pool.parse([ParseJob(p.stem, p) for p in files])}
    assert set(ended) == {path.name for path in files}
    refused = {name: result for name, result in ended.items() if isinstance(result, ParseError)}
    assert {name: result.message.split(":")[0].split(",")[0] for name, result in refused.items()} == REASONS
    assert all(result.hint for result in refused.values())
    for name, result in ended.items():
        assert isinstance(result, ParseError) or told(result, 0.0).well, name


def test_an_encrypted_file_opens_with_its_password() -> None:
    path = AWKWARD / "pypdf-r4-aes-user-password.pdf"
    with ParserPool(workers=1) as pool:
        [(_, result)] = pool.parse([ParseJob("locked", path, "asdfzxcv")])
        assert isinstance(result, Parsed)
        assert result.pages[0].text
        [(_, wrong)] = pool.parse([ParseJob("locked", path, "wrong")])
    assert isinstance(wrong, ParseError)
    assert "password is wrong" in wrong.message
