"""What several test files share: an empty vault, where a converted embedding model is kept, the
shared papers, Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import CHROMIUM, OPTIONS
from hypothesis import settings
from readable_embedder import ReadableEmbedder

from ingest.tools import Tools
from ingest.vault import Vault

ROOT = Path(__file__).resolve().parent.parent
# A property holds or does not: how long an example takes is this machine's load.
settings.register_profile("mivault", deadline=None)
settings.load_profile("mivault")


@pytest.fixture(scope="session")
def model_cache() -> Path:
    """A folder inside the checkout, so that the tests convert the embedding model once and never write to a home."""
    return ROOT / ".pytest_cache" / "mivault-models"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    """A vault of nothing; many files have one of their own by this name."""
    from ingest.starter import create

    return create(tmp_path / "vault", empty=True)


@pytest.fixture(scope="module")
def tools() -> Iterator[Tools]:
    """What parses and chunks on this machine; some files have others by this name, which ask servers."""
    from ingest.tools import open_tools

    with open_tools(ReadableEmbedder().count_tokens) as opened:
        yield opened


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared papers and labelled sets beside the project; skips, saying so, where they are missing."""
    folder = ROOT.parent / "shared"
    if not (folder / "papers").is_dir():
        pytest.skip("../shared/papers is not there: nothing to measure on")
    return folder


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser. Of a module, not of all: where Playwright runs, no other test can run an event loop."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser
        browser.close()
