"""Backups: of one moment, complete, for their owner alone, and never half written."""

import json
import os
import stat
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

import mlx_manager
from mlx_manager.db import portable
from mlx_manager.db.archive import Archive
from mlx_manager.db.backup import back_up
from mlx_manager.db.errors import BackupRefused
from mlx_manager.db.schema_version import HEAD
from mlx_manager.db.session import Database
from mlx_manager.db.tables import StoredSecret
from mlx_manager.db.whole import exclusive
from tests.databases import KINDS, ON_SQLITE, NewDatabase
from tests.db.dump import populate
from tests.postgres import finish


async def test_what_is_in_it(database: Database, home: Path, tmp_path: Path) -> None:
    async with database.session() as session:
        session.add(StoredSecret(name="huggingface", sealed="x", updated_at=datetime(2026, 1, 2, tzinfo=UTC)))
    (home / "secrets" / ".DS_Store").touch()
    target = tmp_path / "backup.tar.gz"
    extra = {"sealing.key": b"from a keychain", "other": b""}
    returned = await back_up(database, target, home, extra_secrets=extra)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with Archive(target) as archive:
        manifest = archive.manifest
        assert manifest == returned
        assert archive.secret("sealing.key") == b"from a keychain"
        assert archive.secret("session") == bytes(range(32))
        assert manifest.secrets == ["other", "sealing.key", "session"]
        assert list(archive.rows("stored_secrets")) == [
            {"name": "huggingface", "sealed": "x", "updated_at": "2026-01-02T00:00:00.000000Z"}
        ]
    assert manifest.tables["stored_secrets"] == 1
    assert manifest.tables["users"] == 1
    assert manifest.revision == HEAD
    assert manifest.product_version == mlx_manager.__version__
    assert manifest.database == ("sqlite" if database.is_sqlite else "postgresql")
    assert timedelta(0) <= datetime.now(UTC) - manifest.created < timedelta(hours=1)
    # Anybody can read it without us.
    with tarfile.open(target) as tar:
        stated = tar.extractfile("manifest.json")
        assert stated is not None
        assert json.load(stated)["format"] == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_an_empty_database_has_a_backup_too(
    kind: str, new_url: NewDatabase, home: Path, tmp_path: Path
) -> None:
    async with Database(await new_url(kind)) as database:
        manifest = await back_up(database, tmp_path / "backup.tar.gz", home)
    assert manifest.revision is None
    assert manifest.tables == {}


async def test_it_is_of_one_moment(
    database: Database, database_url: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody writes while it is made: either all of what they wrote is in it, or nothing."""
    writes: list[None] = []
    write_rows = portable.write_rows

    def write_beside(*arguments: object) -> int:
        written = write_rows(*arguments)  # type: ignore[arg-type]
        if not writes:
            writes.append(finish(add_everywhere(database_url)))
        return written

    monkeypatch.setattr("mlx_manager.db.backup.write_rows", write_beside)
    before = await back_up(database, tmp_path / "beside.tar.gz", home)
    after = await back_up(database, tmp_path / "after.tar.gz", home)
    assert len(writes) == 1
    assert after.tables["stored_secrets"] == before.tables["stored_secrets"] + 1
    assert before.tables["stored_secrets"] == 0


async def add_everywhere(url: str) -> None:
    async with Database(url) as other, other.session() as session:
        session.add(StoredSecret(name="x", sealed="x"))


async def test_many_rows_go_by_in_pieces(database: Database, home: Path, tmp_path: Path) -> None:
    async with database.session() as session:
        session.add_all([StoredSecret(name=f"{number:04}", sealed="x" * 100) for number in range(1234)])
    manifest = await back_up(database, tmp_path / "backup.tar.gz", home)
    assert manifest.tables["stored_secrets"] == 1234
    with Archive(tmp_path / "backup.tar.gz") as archive:
        names = [row["name"] for row in archive.rows("stored_secrets")]
    assert names == [f"{number:04}" for number in range(1234)]


async def test_tables_of_others_stay_out(database: Database, home: Path, tmp_path: Path) -> None:
    async with exclusive(database) as connection:
        await connection.execute(text("CREATE TABLE theirs (id INTEGER PRIMARY KEY)"))
    manifest = await back_up(database, tmp_path / "backup.tar.gz", home)
    assert "theirs" not in manifest.tables


@ON_SQLITE
async def test_nothing_is_overwritten(database: Database, home: Path, tmp_path: Path) -> None:
    target = tmp_path / "backup.tar.gz"
    target.write_bytes(b"precious")
    with pytest.raises(BackupRefused, match="is there already"):
        await back_up(database, target, home)
    assert target.read_bytes() == b"precious"


@ON_SQLITE
@pytest.mark.parametrize("odd", ["folder", "link", "name"])
async def test_an_odd_thing_among_the_secrets(
    database: Database, home: Path, tmp_path: Path, odd: str
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    match odd:
        case "folder":
            (home / "secrets" / "more").mkdir()
        case "link":
            (home / "secrets" / "link").symlink_to("/etc/passwd")
        case "name":
            (home / "secrets" / "a\nb").touch()
    with pytest.raises(BackupRefused, match="is not a secret's file"):
        await back_up(database, folder / "backup.tar.gz", home)
    assert list(folder.iterdir()) == []


@ON_SQLITE
async def test_a_folder_that_is_not_there(database: Database, home: Path, tmp_path: Path) -> None:
    with pytest.raises(BackupRefused, match="cannot be written: No such file"):
        await back_up(database, tmp_path / "no" / "backup.tar.gz", home)


@ON_SQLITE
async def test_a_failure_leaves_nothing_behind(
    database: Database, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BackupRefused, match="No space left on device"):
        await back_up(database, folder / "backup.tar.gz", home)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
async def test_a_json_null_and_no_value_stay_apart(
    kind: str, new_url: NewDatabase, home: Path, tmp_path: Path
) -> None:
    async with Database(await new_url(kind)) as database:
        await populate(database, HEAD)
        async with exclusive(database) as connection:
            await connection.execute(text("UPDATE api_keys SET models = NULL WHERE id = 'key_1'"))
        await back_up(database, tmp_path / "backup.tar.gz", home)
    with Archive(tmp_path / "backup.tar.gz") as archive:
        assert [row["models"] for row in archive.rows("api_keys")] == [None, "null"]
