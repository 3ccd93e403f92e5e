"""Secrets in the database: sealed, found again, and named without their values when they cannot be read."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from mlx_manager.core.security.sealing import SealingKey
from mlx_manager.core.security.secret_key import encryption_key
from mlx_manager.db.secrets import SecretUnreadableError, SecretVault
from mlx_manager.db.session import Database

TOKEN = "hf_pretend-0123456789"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}") as opened:
        async with opened.engine.begin() as connection:
            await connection.run_sync(SQLModel.metadata.create_all)
        yield opened


@pytest.fixture
def vault(database: Database) -> SecretVault:
    return SecretVault(database, SealingKey.new())


def stored(database: Database) -> dict[str, tuple[str, str]]:
    """The rows, as another program sees them."""
    with sqlite3.connect(database.path) as connection:
        rows = connection.execute("SELECT name, sealed, updated_at FROM stored_secrets").fetchall()
    connection.close()
    return {name: (sealed, updated_at) for name, sealed, updated_at in rows}


async def test_there_and_back(vault: SecretVault, database: Database) -> None:
    assert await vault.get("huggingface") is None
    await vault.put("huggingface", TOKEN)
    await vault.put("openai", "é 😀")
    assert (await vault.get("huggingface"), await vault.get("openai")) == (TOKEN, "é 😀")
    assert await vault.names() == ["huggingface", "openai"]
    assert all("pretend" not in sealed for sealed, _ in stored(database).values())
    assert b"pretend" not in b"".join(path.read_bytes() for path in database.path.parent.iterdir())


async def test_replaced_and_deleted(vault: SecretVault, database: Database) -> None:
    await vault.put("huggingface", "first")
    before = stored(database)["huggingface"][1]
    await vault.put("huggingface", TOKEN)
    assert await vault.get("huggingface") == TOKEN
    assert stored(database)["huggingface"][1] > before
    assert await vault.delete("huggingface")
    assert not await vault.delete("huggingface")
    assert await vault.get("huggingface") is None
    assert await vault.names() == []


async def test_another_key_names_the_secret_and_not_its_value(vault: SecretVault, database: Database) -> None:
    await vault.put("huggingface", TOKEN)
    with pytest.raises(SecretUnreadableError) as caught:
        await SecretVault(database, SealingKey.new()).get("huggingface")
    assert caught.value.name == "huggingface"
    assert "'huggingface'" in str(caught.value)
    assert "pretend" not in str(caught.value)
    assert stored(database)["huggingface"][0] not in str(caught.value)
    assert await vault.get("huggingface") == TOKEN


async def test_a_damaged_row_harms_no_other(vault: SecretVault, database: Database) -> None:
    await vault.put("a", "one")
    await vault.put("b", "two")
    with sqlite3.connect(database.path) as connection:
        connection.execute("UPDATE stored_secrets SET sealed = substr(sealed, 1, 40) WHERE name = 'a'")
    connection.close()
    with pytest.raises(SecretUnreadableError, match="'a'"):
        await vault.get("a")
    assert await vault.get("b") == "two"
    assert await vault.names() == ["a", "b"]
    with pytest.raises(SecretUnreadableError, match="'a'"):
        await vault.reseal()
    await vault.put("a", "again")
    assert await vault.get("a") == "again"


async def test_rotation_of_the_key(database: Database) -> None:
    old = SealingKey.new()
    for name in ("a", "b"):
        await SecretVault(database, old).put(name, TOKEN + name)
    new = old.rotated()
    await SecretVault(database, new).reseal()
    alone = SecretVault(database, new.newest())
    assert [await alone.get(name) for name in ("a", "b")] == [TOKEN + "a", TOKEN + "b"]
    with pytest.raises(SecretUnreadableError):
        await SecretVault(database, old).get("a")


async def test_a_new_session_secret_destroys_nothing(database: Database, tmp_path: Path) -> None:
    home = tmp_path / "home"
    await SecretVault(database, encryption_key(home)).put("huggingface", TOKEN)
    session_key = home / "secrets" / "session.key"
    for content in ("first", "second"):
        session_key.write_text(content)
        assert await SecretVault(database, encryption_key(home)).get("huggingface") == TOKEN
    session_key.unlink()
    assert await SecretVault(database, encryption_key(home)).get("huggingface") == TOKEN
