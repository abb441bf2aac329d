"""What several test files share: the place where a converted embedding model is kept between runs."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def model_cache() -> Path:
    """A folder inside the checkout, so that the tests convert the embedding model once and never write to a home."""
    return ROOT / ".pytest_cache" / "mivault-models"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared papers and labelled sets beside the project; skips, saying so, where they are missing."""
    folder = ROOT.parent / "shared"
    if not (folder / "papers").is_dir():
        pytest.skip("../shared/papers is not there: nothing to measure on")
    return folder
