"""`mlx-manager users`."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest

from mlx_manager import terminal
from mlx_manager.core.security import passwords
from mlx_manager.core.times import utc_now
from mlx_manager.db.tables import SignInSession, User
from tests.command_line import Run, rows, save

PASSWORD = "correct horse battery staple"
FAILURES: list[tuple[tuple[str, ...], str | bytes, str]] = [
    (("create", "a/b", "--password-stdin"), PASSWORD, "a name begins"),
    (("create", "ADA", "--password-stdin"), PASSWORD, "there is a user named 'ADA' already"),
    (("create", "grace", "--password-stdin"), "", "at least 8"),
    (("create", "grace", "--password-stdin"), "1234567\n89", "at least 8"),
    (("create", "grace", "--password-stdin"), "x" * 1025, "at most 1024"),
    (("create", "grace", "--password-stdin"), b"\xff" * 9, "text"),
    (("approve", "nobody"), "", "there is no user named 'nobody'"),
    (("approve", "owner"), "", "there is no user named 'owner'"),
    (("enable", "x'; DROP TABLE users;--"), "", "there is no user"),
    (("disable", "ada"), "", "last active administrator"),
    (("reset-password", "nobody", "--password-stdin"), PASSWORD, "there is no user"),
]


def is_password(home: Path, name: str, password: str) -> bool:
    """Whether this is what a user signs in with."""
    (user,) = (user for user in rows(home, User) if user.name == name)
    return passwords.verify_password(password, user.password_digest)


def create(run: Run, name: str, *arguments: str) -> str:
    """Make a user; returns the id."""
    done = run("users", "create", name, "--password-stdin", "--json", *arguments, stdin=PASSWORD + "\n")
    assert (done.status, done.stderr) == (0, "")
    made: str = done.json["id"]
    return made


def test_the_first_is_an_administrator(run: Run, home: Path) -> None:
    create(run, "ada")
    create(run, "grace")
    create(run, "edsger", "--role", "admin")
    listed = run("users", "list", "--json").json["data"]
    assert [(user["name"], user["role"], user["status"]) for user in listed] == [
        ("ada", "admin", "active"),
        ("grace", "user", "active"),
        ("edsger", "admin", "active"),
    ]
    assert is_password(home, "grace", PASSWORD)
    assert stat.S_IMODE((home / "mlx-manager.db").stat().st_mode) == 0o600


def test_a_password_is_made_up_where_nobody_can_be_asked(run: Run, home: Path) -> None:
    plain = run("users", "create", "ada")
    # Nothing else is on stdout, so that a script can take it from there.
    assert plain.stdout.count("\n") == 1
    password = plain.stdout.strip()
    assert len(password) == 24
    assert password not in plain.stderr
    assert is_password(home, "ada", password)
    made = run("users", "create", "grace", "--json").json
    assert made["role"] == "user"
    assert is_password(home, "grace", made["password"])
    assert made["password"] not in run("users", "list", "--json").stdout


def test_somebody_at_the_terminal_is_asked(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "is_terminal", lambda: True)
    done = run("users", "create", "ada", stdin=f"{PASSWORD}\n{PASSWORD}\n")
    assert done.status == 0
    assert PASSWORD not in done.stdout + done.stderr
    assert is_password(home, "ada", PASSWORD)


def test_a_failure_is_one_line_and_status_1(run: Run) -> None:
    create(run, "ada")
    before = run("users", "list", "--json").stdout
    for arguments, stdin, said in FAILURES:
        done = run("users", *arguments, stdin=stdin)
        assert (done.status, done.stdout) == (1, ""), arguments
        assert done.stderr.count("\n") == 1
        assert said in done.stderr
    failed = run("users", "approve", "nobody", "--json")
    assert (failed.status, failed.stdout, failed.stderr.count("\n")) == (1, "", 1)
    assert run("users", "list", "--json").stdout == before


def test_the_first_user_cannot_be_less(run: Run) -> None:
    done = run("users", "create", "ada", "--role", "user", "--password-stdin", stdin=PASSWORD)
    assert (done.status, done.stderr.count("\n")) == (1, 1)
    assert run("users", "list", "--json").json == {"data": []}


def test_disable_enable_and_approve(run: Run, home: Path) -> None:
    create(run, "ada")
    user_id = create(run, "grace")
    save(home, SignInSession(user_id=user_id, expires_at=utc_now() + timedelta(days=1)))
    assert run("users", "disable", "GRACE", "--json").json["status"] == "disabled"
    assert [row.revoked_reason for row in rows(home, SignInSession)] == ["user disabled"]
    assert run("users", "approve", "grace").status == 1
    assert run("users", "enable", "grace", "--json").json["status"] == "active"
    (user,) = (user for user in rows(home, User) if user.id == user_id)
    user.status = "pending"
    save(home, user)
    assert run("users", "approve", "grace").stdout == "grace: user, active\n"


def test_reset_password(run: Run, home: Path) -> None:
    create(run, "ada")
    given = run("users", "reset-password", "ada", "--password-stdin", stdin="a new password\r\n")
    assert given.stdout == "ada: admin, active\n"
    assert is_password(home, "ada", "a new password")
    made_up = run("users", "reset-password", "ada").stdout.strip()
    assert is_password(home, "ada", made_up)


def test_the_table(run: Run) -> None:
    create(run, "ada")
    head, row = run("users", "list").stdout.splitlines()
    assert head.split() == ["NAME", "ROLE", "STATUS", "CREATED"]
    assert row.split()[:3] == ["ada", "admin", "active"]
    assert row.endswith("Z")
