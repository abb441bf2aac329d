"""The names that the vault's glossary.yaml gives one thing: "sparse autoencoder", "SAE", "dictionary learning"."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ingest.errors import ManifestError
from ingest.manifest import read_yaml

ASIDE = re.compile(r"\s*\(([^()]*)\)")
ACRONYM = re.compile(r"(?=(?:.*[A-Z]){2})[A-Za-z][\w-]{1,9}")


def glossary_names(path: Path) -> list[tuple[str, ...]]:
    """Every term with its other names, two names or more each; [] where there is no glossary, or none that can be read
    (a sync says what is wrong with it)."""
    groups = [(str(row["term"]), *_other_names(row.get("other_names"))) for row in _rows(path)]
    return [tuple(dict.fromkeys(names)) for names in groups if len(names) > 1]


def glossary_terms(path: Path) -> list[str]:
    """Every term by its own name; [] as `glossary_names`."""
    return [str(row["term"]) for row in _rows(path)]


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        rows = read_yaml(path) if path.is_file() else []
    except ManifestError:
        return []
    return [row for row in rows or [] if isinstance(row, dict) and row.get("term")]


def _other_names(names: object) -> list[str]:
    """Names without their asides. An aside that is itself a short name, as in "activation addition (ActAdd)", is one
    too. YAML cuts at commas, also at those in an aside: so all are put together first."""
    text = ", ".join(map(str, names)) if isinstance(names, list) else ""
    inside = [aside.split(",")[0].strip() for aside in ASIDE.findall(text)]
    outside = [name.strip() for name in ASIDE.sub("", text).split(",")]
    return [*filter(None, outside), *(name for name in inside if ACRONYM.fullmatch(name))]
