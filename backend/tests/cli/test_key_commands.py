"""`mlx-manager keys`."""

from pathlib import Path

import pytest

from mlx_manager.core.security.api_keys import PREFIX, digest_of
from mlx_manager.db.tables import ApiKey
from mlx_manager.db.tables.users import OWNER_ID
from tests.command_line import Run, rows

PASSWORD = "correct horse battery staple"


def add_users(run: Run, *names_and_roles: tuple[str, str]) -> None:
    for name, role in names_and_roles:
        done = run("users", "create", name, "--role", role, "--password-stdin", stdin=PASSWORD)
        assert done.status == 0


def test_without_users_it_is_the_owners(run: Run, home: Path) -> None:
    made = run("keys", "create", "agent", "--json").json
    assert made["key"].startswith(PREFIX)
    assert (made["user_id"], made["scopes"]) == (OWNER_ID, ["inference"])
    (row,) = rows(home, ApiKey)
    assert row.digest == digest_of(made["key"])
    # Shown once.
    listed = run("keys", "list", "--json")
    assert made["key"] not in listed.stdout
    assert [key["id"] for key in listed.json["data"]] == [made["id"]]


def test_the_plain_output_is_the_key_alone(run: Run, home: Path) -> None:
    done = run("keys", "create", "agent")
    (row,) = rows(home, ApiKey)
    assert digest_of(done.stdout.rstrip("\n")) == row.digest
    assert done.stdout.strip() not in done.stderr
    assert "shown this once" in done.stderr


def test_every_option(run: Run) -> None:
    made = run(
        *(
            "keys",
            "create",
            'it\'s "mine"; DROP TABLE api_keys;--',
            "--scope",
            "admin",
            "--scope",
            "inference",
        ),
        *("--model", "demo", "--model", "org/model", "--expires-in-days", "7", "--requests-per-minute", "60"),
        *("--tokens-per-day", "1000", "--capture-days", "3", "--json"),
    ).json
    assert made["name"] == 'it\'s "mine"; DROP TABLE api_keys;--'
    assert (made["scopes"], made["models"]) == (["admin", "inference"], ["demo", "org/model"])
    assert (made["requests_per_minute"], made["tokens_per_day"], made["capture_days"]) == (60, 1000, 3)
    assert made["expires_at"][:10] > made["created_at"][:10]
    assert made["expires_at"].endswith("Z")


def test_whose_it_is(run: Run) -> None:
    add_users(run, ("ada", "admin"), ("grace", "user"))
    assert run("keys", "create", "first", "--json").json["user_name"] == "ada"
    assert run("keys", "create", "second", "--user", "GRACE", "--json").json["user_name"] == "grace"
    add_users(run, ("edsger", "admin"))
    unclear = run("keys", "create", "third")
    assert (unclear.status, unclear.stdout) == (1, "")
    assert "--user" in unclear.stderr
    refused = run("keys", "create", "third", "--user", "grace", "--scope", "admin")
    assert (refused.status, refused.stderr.count("\n")) == (1, 1)
    assert run("keys", "create", "third", "--user", "nobody").status == 1
    run("users", "disable", "grace")
    assert "disabled" in run("keys", "create", "third", "--user", "grace").stderr


def test_revoke(run: Run) -> None:
    add_users(run, ("ada", "admin"), ("grace", "user"))
    for name, user in (("agent", "ada"), ("agent", "grace"), ("other", "ada")):
        assert run("keys", "create", name, "--user", user).status == 0
    again = run("keys", "create", "agent", "--user", "ada")
    assert (again.status, again.stderr) == (1, "ada has a key named 'agent' already\n")
    ambiguous = run("keys", "revoke", "agent")
    assert (ambiguous.status, ambiguous.stdout) == (1, "")
    assert "ada, grace" in ambiguous.stderr
    assert run("keys", "revoke", "agent", "--user", "grace").stdout == "revoked agent of grace\n"
    assert run("keys", "revoke", "agent", "--json").json["user_name"] == "ada"
    assert run("keys", "revoke", "agent").status == 1
    (left,) = run("keys", "list", "--json").json["data"]
    assert run("keys", "revoke", left["id"], "--user", "grace").status == 1
    assert run("keys", "revoke", left["id"]).status == 0
    assert run("keys", "list", "--json").json == {"data": []}


@pytest.mark.parametrize(
    "arguments",
    [
        ("create",),
        ("create", "agent", "--scope", "root"),
        ("create", "agent", "--tokens-per-day", "0"),
        ("create", "agent", "--tokens-per-day", "many"),
        ("create", "agent", "--expires-in-days", "99999999"),
        ("create", "agent", "--model", ""),
        ("create", ""),
        ("create", "a\x1b[31mb"),
        ("create", "agent", "more"),
        ("revoke",),
        ("delete", "agent"),
        ("list", "--unknown"),
    ],
)
def test_a_usage_error_is_status_2(run: Run, home: Path, arguments: tuple[str, ...]) -> None:
    done = run("keys", *arguments)
    assert (done.status, done.stdout) == (2, "")
    assert "\x1b[31mb" not in done.stderr
    assert not home.exists()


def test_the_table(run: Run) -> None:
    run("keys", "create", "agent", "--scope", "inference", "--scope", "admin")
    head, row = run("keys", "list").stdout.splitlines()
    assert head.split() == ["NAME", "USER", "KEY", "SCOPES", "EXPIRES", "ID"]
    assert row.split()[:2] == ["agent", "owner"]
    assert row.split()[3:5] == ["inference,admin", "never"]
