"""The database in every state that it may be found in; looking changes nothing."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from mlx_manager.db.schema_version import SCHEMA
from mlx_manager.doctor.database import check_database, check_keys
from mlx_manager.doctor.finding import Finding, Level
from tests.databases import prepare_at


def url_of(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


def look(path: Path) -> Finding:
    (finding,) = check_database(url_of(path))
    return finding


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A file at the last revision."""
    path = tmp_path / "mlx-manager.db"
    asyncio.run(prepare_at(url_of(path), tmp_path))
    return path


def change(path: Path, *statements: str) -> None:
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_one_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert look(tmp_path / "none.db").level is Level.OK
    assert list(tmp_path.iterdir()) == []


def test_one_that_is_whole(database: Path) -> None:
    before = database.read_bytes()
    finding = look(database)
    assert finding.level is Level.OK
    assert f"at revision {SCHEMA.head}" in finding.message
    assert database.read_bytes() == before


def test_one_that_is_older_or_empty(database: Path, tmp_path: Path) -> None:
    change(database, f"UPDATE alembic_version SET version_num = '{SCHEMA.revisions[0]}'")
    finding = look(database)
    assert finding.level is Level.OK
    assert f"brings it to {SCHEMA.head}" in finding.message
    (tmp_path / "empty.db").touch()
    assert "is empty" in look(tmp_path / "empty.db").message


def test_one_that_is_newer(database: Path) -> None:
    change(database, "UPDATE alembic_version SET version_num = '9999'")
    finding = look(database)
    assert finding.level is Level.PROBLEM
    assert "9999" in finding.message
    assert "newer version" in finding.advice


def test_one_of_somebody_else(tmp_path: Path) -> None:
    change(tmp_path / "other.db", "CREATE TABLE things (id INTEGER)")
    assert look(tmp_path / "other.db").level is Level.PROBLEM


def test_one_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is not a database, and long enough to be looked at " * 20)
    finding = look(tmp_path / "text.db")
    assert finding.level is Level.PROBLEM
    assert "damaged" in finding.message
    assert "restore" in finding.advice


def test_one_with_a_damaged_page(database: Path) -> None:
    content = bytearray(database.read_bytes())
    page = int.from_bytes(content[16:18], "big")
    content[page * 3 : page * 4] = bytes([0x5A]) * page
    database.write_bytes(content)
    finding = look(database)
    assert finding.level is Level.PROBLEM
    assert "damaged" in finding.message


def test_one_that_is_a_folder(tmp_path: Path) -> None:
    finding = look(tmp_path)
    assert finding.level is Level.PROBLEM
    assert finding.advice


def test_a_public_server_wants_a_key(database: Path, tmp_path: Path) -> None:
    def level(path: Path) -> Level:
        (finding,) = check_keys(path, "0.0.0.0")
        return finding.level

    assert level(tmp_path / "none.db") is Level.WARNING
    assert level(database) is Level.WARNING
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        columns = {row[1]: row for row in connection.execute("PRAGMA table_info(api_keys)")}
        needed = [name for name, row in columns.items() if row[3] and name != "revoked_at"]
        marks = ", ".join("?" * len(needed))
        connection.execute(
            f"INSERT INTO api_keys ({', '.join(needed)}) VALUES ({marks})", ["1"] * len(needed)
        )
    connection.close()
    assert level(database) is Level.OK
    change(database, "UPDATE api_keys SET revoked_at = '2026-01-01'")
    assert level(database) is Level.WARNING


def test_a_server_that_is_not_there() -> None:
    url = "postgresql+asyncpg://somebody:do-not-show@127.0.0.1:1/name"
    (finding,) = check_database(url)
    assert finding.level is Level.PROBLEM
    assert "MLX_MANAGER_DATABASE_URL" in finding.advice
    assert "do-not-show" not in finding.message + finding.advice
