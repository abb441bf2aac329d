"""The users' file: passwords that cannot be read back, names that can be a folder's, lines that are checked."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from assistant.app.users import Password, Users, open_users
from ingest.errors import UsageError

PASSWORD = "correct horse battery"


def test_a_password_is_stored_so_that_it_cannot_be_read_back(tmp_path: Path) -> None:
    users = Users(tmp_path / "users")
    users.add("ada", PASSWORD)
    users.add("bob", PASSWORD)
    lines = users.path.read_text().splitlines()
    assert len(lines) == 2 and not any(PASSWORD in line for line in lines)
    assert lines[0].partition(":")[2] != lines[1].partition(":")[2]
    assert users.check("ada", PASSWORD) and not users.check("ada", PASSWORD + "!")
    assert not users.check("eve", PASSWORD)
    assert str(Password.parse(str(users["ada"]))) == str(users["ada"])


@pytest.mark.skipif(sys.platform == "win32", reason="has no such rights")
def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    users = Users(tmp_path / "users")
    users.add("ada", PASSWORD)
    assert stat.S_IMODE(users.path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "name", ["", "..", "../ada", "a/b", "a\\b", ".hidden", "Ada", "a:b", "a\nb", "x" * 33, "-a", "a\0"]
)
def test_a_name_can_be_no_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        Users(tmp_path / "users").add(name, PASSWORD)
    assert not (tmp_path / "users").exists()


def test_a_short_password_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="too short"):
        Users(tmp_path / "users").add("ada", "123456789")


def test_who_is_taken_out_is_out_at_once(tmp_path: Path) -> None:
    users, elsewhere = Users(tmp_path / "users"), Users(tmp_path / "users")
    users.add("ada", PASSWORD)
    assert users.check("ada", PASSWORD)
    elsewhere.remove("ada")
    assert not users.check("ada", PASSWORD)
    with pytest.raises(UsageError):
        elsewhere.remove("ada")


@pytest.mark.parametrize(
    "line",
    ["ada", "ada:plain:secret", "ada:scrypt:2:8:1:x:y:z", "ada:scrypt:99999999999:8:1:AAAA:AAAA", "../x:" + "a",
     "ada:scrypt:32768:8:3:AA*A:AAAA", "ada:reader:", "ada:reader:reader:scrypt:2:1:1:AAAA:AAAA",
     "ada:writer:scrypt:2:1:1:AAAA:AAAA"],
)  # fmt: skip
def test_a_malformed_line_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "users").write_text(f"# people\n\n{line}\n")
    with pytest.raises(UsageError, match="line 3"):
        open_users(tmp_path / "users")


def test_no_users_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        open_users(tmp_path / "users")
    assert "mivault users add" in caught.value.hint


def test_the_commands_add_list_and_remove(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from mivault import app

    def run(*arguments: str, typed: str = "") -> str:
        result = CliRunner().invoke(app, ["users", *arguments, "--auth", str(tmp_path / "users")], input=typed)
        assert result.exit_code == 0, result.output
        return result.output

    assert "ada may sign in" in run("add", "ada", typed=f"{PASSWORD}\n")
    assert open_users(tmp_path / "users").check("ada", PASSWORD)
    assert run("list").strip() == "ada"
    assert "to ask and read" in run("add", "bob", "--reader", typed=f"{PASSWORD}\n")
    users = open_users(tmp_path / "users")
    assert run("list").split("\n")[:2] == ["ada", "bob (reader)"]
    assert users.check("bob", PASSWORD) and users.may_change("ada") and not users.may_change("bob")
    assert not users.may_change("nobody")
    run("remove", "bob")
    run("remove", "ada")
    assert "names no user" in run("list")
