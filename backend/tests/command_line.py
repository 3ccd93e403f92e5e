"""The commands in this process, with a home of their own and nobody at the terminal."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlmodel import SQLModel, select
from typer.testing import CliRunner

from mlx_manager.commands import app
from mlx_manager.core.security import passwords
from mlx_manager.db.session import Database
from tests.accounts import CHEAP, url_of

Row = TypeVar("Row", bound=SQLModel)


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    status: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


Run = Callable[..., Done]
"""`run("users", "list")`, with `stdin` where it reads."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, not made yet."""
    home = tmp_path / "home"
    monkeypatch.setenv("MLX_MANAGER_HOME", str(home))
    monkeypatch.delenv("MLX_MANAGER_DATABASE_URL", raising=False)
    return home


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command."""
    monkeypatch.setattr(passwords, "_hasher", lambda: CHEAP)
    runner = CliRunner()

    def run_command(*arguments: str, stdin: str | bytes = "") -> Done:
        done = runner.invoke(app, list(arguments), input=stdin)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Done(done.exit_code, done.stdout, done.stderr)

    return run_command


def rows(home: Path, table: type[Row]) -> list[Row]:
    """Everything in a table of a home's database."""

    async def read() -> list[Row]:
        async with Database(url_of(home / "mlx-manager.db")) as database, database.reading() as session:
            return list((await session.exec(select(table))).all())

    return asyncio.run(read())


def save(home: Path, row: SQLModel) -> None:
    """Add a row, or change the one that has its id."""

    async def write() -> None:
        async with Database(url_of(home / "mlx-manager.db")) as database, database.session() as session:
            await session.merge(row)

    asyncio.run(write())
