"""What README.md names exists: commands, flags, settings, files, make targets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

import mivault
from mivault_env import Environment

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = typer.main.get_command(mivault.app).commands  # type: ignore[attr-defined]


def test_every_command_of_the_readme_exists_and_the_other_way_round() -> None:
    named = set(re.findall(r"`mivault ([a-z]+)", README))
    assert named == set(COMMANDS)


def test_every_flag_of_the_readme_is_a_flag_of_its_command() -> None:
    for row in re.findall(r"(?m)^\| `mivault ([a-z]+).*", README):
        line = next(line for line in README.splitlines() if line.startswith(f"| `mivault {row}"))
        known = {flag for parameter in COMMANDS[row].params for flag in parameter.opts}
        assert set(re.findall(r"`(--?[a-z][a-z-]*)", line)) <= known, row


def test_every_command_of_eval_and_its_flags_exist() -> None:
    known = COMMANDS["eval"].commands
    named = re.findall(r"`mivault eval ([a-z]+)((?: [^`]*)?)`", README)
    assert {name for name, _ in named} == set(known)
    for name, rest in named:
        flags = {flag for parameter in known[name].params for flag in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", rest)) <= flags, name


def test_every_setting_of_the_readme_is_read() -> None:
    named = set(re.findall(r"MIVAULT_([A-Z_]+)", README)) - {"VAULT"}  # read by the commands' own --vault
    assert named == {field.upper() for field in Environment.__dataclass_fields__}


@pytest.mark.parametrize("target", re.findall(r"`?make ([a-z]+)", README))
def test_every_make_target_of_the_readme_exists(target: str) -> None:
    assert re.search(rf"(?m)^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(set(re.findall(r"[\w./-]+\.(?:md|png)", README))))
def test_every_file_of_the_readme_exists(name: str) -> None:
    assert (ROOT / name).is_file()
