"""`mlx-manager backup` and `restore`."""

from pathlib import Path

from tests.command_line import Run


def key_names(run: Run) -> list[str]:
    return [key["name"] for key in run("keys", "list", "--json").json["data"]]


def test_a_round_trip(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar.gz"
    run("keys", "create", "before")
    made = run("backup", str(file), "--json")
    assert (made.status, made.json) == (0, {"file": str(file)})
    assert "every secret" in made.stderr
    run("keys", "create", "after")
    assert key_names(run) == ["before", "after"]
    done = run("restore", str(file), "--yes", "--json")
    assert done.status == 0
    assert done.json["file"] == str(file)
    assert key_names(run) == ["before"]
    # What was there is not lost either.
    assert run("restore", done.json["before"], "--yes").status == 0
    assert key_names(run) == ["before", "after"]


def test_it_does_not_replace_anything_unasked(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar.gz"
    run("keys", "create", "before")
    run("backup", str(file))
    again = run("backup", str(file))
    assert (again.status, again.stdout, again.stderr.count("\n")) == (1, "", 1)
    unasked = run("restore", str(file))
    assert (unasked.status, unasked.stdout) == (1, "")
    assert "--yes" in unasked.stderr
    missing = run("restore", str(tmp_path / "missing"), "--yes")
    assert (missing.status, missing.stderr.count("\n")) == (1, 1)
    file.write_bytes(b"no archive")
    damaged = run("restore", str(file), "--yes")
    assert (damaged.status, damaged.stderr.count("\n")) == (1, 1)
    assert key_names(run) == ["before"]
