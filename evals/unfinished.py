"""The results of a run that is not done yet: a line each, so that a stopped run can go on where it was.

The file's name holds what the results depend on (cases, vault, models, prompts, judge, seed): another run finds none.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from assistant.records import Recipe
from evals.records import CaseResult
from ingest.records import as_json, from_json
from ingest.vault import Vault, digest

Row = tuple[CaseResult, Recipe | None]


class Unfinished:
    """A file of results so far: `reports/unfinished-<name>.jsonl` of the vault."""

    def __init__(self, vault: Vault, depends_on: Sequence[str]) -> None:
        name = digest("\n".join(depends_on).encode())[:16]
        self.path: Path = vault.inside(f"reports/unfinished-{name}.jsonl")

    def rows(self) -> dict[str, Row]:
        """What is done, by case id. A line that a crash cut off is none."""
        rows: dict[str, Row] = {}
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.is_file() else []
        for line in lines:
            try:
                data = json.loads(line)
                result = from_json(CaseResult, data["result"])
                rows[result.case.id] = (result, from_json(Recipe, data["recipe"]) if data["recipe"] else None)
            except (ValueError, KeyError, TypeError):
                continue
        return rows

    def begin(self) -> None:
        """Forget an earlier run."""
        self.path.parent.mkdir(exist_ok=True)
        self.path.unlink(missing_ok=True)

    def add(self, result: CaseResult, recipe: Recipe | None) -> None:
        """Keep a result, on disk before the next case is asked."""
        line = json.dumps({"result": as_json(result), "recipe": as_json(recipe) if recipe else None})
        self.path.parent.mkdir(exist_ok=True)
        with self.path.open("a", encoding="utf-8") as out:
            out.write(f"{line}\n")
            out.flush()
            os.fsync(out.fileno())

    def done(self) -> None:
        """The run is complete: its report holds everything."""
        self.path.unlink(missing_ok=True)
