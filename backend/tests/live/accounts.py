"""Users and keys of a live server's home, made by the command line's own code within this process."""

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from mlx_manager.commands import app


def command(home: Path, *arguments: str, stdin: str = "", env: dict[str, str] | None = None) -> str:
    """What `mlx-manager` prints. Raises AssertionError where it fails."""
    settings = {"MLX_MANAGER_HOME": str(home), "MLX_MANAGER_DATABASE_URL": None} | (env or {})
    done = CliRunner().invoke(app, arguments, input=stdin, env=settings)
    assert done.exit_code == 0, (arguments, done.output, done.exception)
    return done.stdout


def make_key(home: Path, name: str, *options: str, env: dict[str, str] | None = None) -> dict[str, Any]:
    """A new key as `keys create --json` prints it."""
    made: dict[str, Any] = json.loads(command(home, "keys", "create", name, "--json", *options, env=env))
    return made


def make_user(home: Path, name: str, password: str, *options: str) -> dict[str, Any]:
    """A new user."""
    arguments = ("users", "create", name, "--password-stdin", "--json", *options)
    made: dict[str, Any] = json.loads(command(home, *arguments, stdin=f"{password}\n"))
    return made


def bearer(key: str) -> dict[str, str]:
    """The header that carries a key or a token."""
    return {"Authorization": f"Bearer {key}"}
