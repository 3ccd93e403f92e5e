"""What is stored is read before there is anything else of the database; where it cannot be, it is nothing."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mlx_manager.db.session import Database
from mlx_manager.db.stored_settings import StoredSettings, of_prefix, read_stored
from mlx_manager.db.tables import StoredSetting
from tests.databases import NewDatabase

VALUES: dict[str, Any] = {
    "MLX_SERVER_MAX_MODELS": 3,
    "MLX_SERVER_ALIASES": {"größe": "m\u0000 \"'"},
    "MLX_SERVER_IDLE_UNLOAD_S": None,
    "MLX_SERVER_USE_HF_CACHE": False,
    "MLX_SERVER_MODEL_DIRS": ["/a b", "/c"],
    "MLX_MANAGER_PORT": 1,
    "OTHER": 1,
}
OF_THE_SERVER = {
    "max_models": 3,
    "aliases": {"größe": "m\u0000 \"'"},
    "idle_unload_s": None,
    "use_hf_cache": False,
    "model_dirs": ["/a b", "/c"],
}


def point_at(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    stated = url.replace("sqlite+aiosqlite", "sqlite").replace("postgresql+asyncpg", "postgresql")
    monkeypatch.setenv("MLX_MANAGER_DATABASE_URL", stated)


async def read(prefix: str = "MLX_SERVER_") -> dict[str, Any]:
    return await asyncio.to_thread(read_stored, prefix)


async def test_what_was_stored_is_read(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_at(monkeypatch, database_url)
    assert await read() == {}
    async with database.session() as session:
        session.add_all(StoredSetting(name=name, value=value) for name, value in VALUES.items())
    assert await read() == OF_THE_SERVER
    assert await read("MLX_MANAGER_") == {"port": 1}
    assert await StoredSettings(database).all() == VALUES
    assert of_prefix(VALUES, "MLX_SERVER_") == OF_THE_SERVER


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_it_is_read_when_nobody_else_has_the_file_open(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then there is no write-ahead log beside it."""
    point_at(monkeypatch, database_url)
    async with Database(database_url) as database, database.session() as session:
        session.add(StoredSetting(name="MLX_SERVER_MAX_MODELS", value=3))
    folder = Path(database_url.partition(":///")[2]).parent
    assert [file.name for file in folder.iterdir()] == ["mlx-manager.db"]
    assert await read() == {"max_models": 3}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_before_the_revision_that_has_the_table_it_is_nothing(
    kind: str, new_url: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = await new_url(kind)
    if kind == "sqlite":
        with closing(sqlite3.connect(url.partition(":///")[2])) as connection:
            connection.execute("CREATE TABLE other (name TEXT)")
    point_at(monkeypatch, url)
    assert await read() == {}


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://nobody:s3cret@127.0.0.1:9/none",
        "postgresql://127.0.0.1:9/none?sslmode=nonsense",
        "sqlite:///nowhere/at/all.db",
        "nonsense",
        "nonsense://x",
    ],
)
def test_without_a_database_it_is_nothing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    point_at(monkeypatch, url)
    assert read_stored("MLX_SERVER_") == {}


def test_no_file_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLX_MANAGER_DATABASE_URL", raising=False)
    monkeypatch.setenv("MLX_MANAGER_HOME", str(tmp_path / "home"))
    assert read_stored("MLX_SERVER_") == {}
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("content", [b"", b"no database at all", b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_broken_file_is_nothing_and_stays_as_it_is(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mlx-manager.db"
    file.write_bytes(content)
    point_at(monkeypatch, f"sqlite:///{file}")
    assert read_stored("MLX_SERVER_") == {}
    assert file.read_bytes() == content


def test_a_row_that_is_no_json_takes_no_other_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "mlx-manager.db"
    rows = [("MLX_SERVER_MAX_MODELS", "{"), ("MLX_SERVER_LOAD_WAIT_S", "5.0")]
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE stored_settings (name TEXT, value TEXT)")
        connection.executemany("INSERT INTO stored_settings VALUES (?, ?)", rows)
    connection.close()
    point_at(monkeypatch, f"sqlite:///{file}")
    assert read_stored("MLX_SERVER_") == {"load_wait_s": 5.0}
