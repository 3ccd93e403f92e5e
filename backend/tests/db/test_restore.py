"""Restoring: all of it or nothing, from either kind of database into either."""

import stat
from pathlib import Path

import pytest
from sqlalchemy import text

from mlx_manager.core.home_use import HomeInUse, hold_home, require_unused
from mlx_manager.db.archive import Archive
from mlx_manager.db.backup import back_up
from mlx_manager.db.errors import BackupRefused, DatabaseFault, NotOurDatabase, UnknownRevision
from mlx_manager.db.restore import restore
from mlx_manager.db.schema_version import HEAD, SCHEMA
from mlx_manager.db.session import Database
from mlx_manager.db.tables import AuthState, CapturedText, StoredSecret, User
from mlx_manager.db.whole import exclusive
from tests.databases import KINDS, ON_SQLITE, NewDatabase
from tests.db.archives import rewrite
from tests.db.dump import load, populate
from tests.db.rows import Row, missing_rows, read_all


async def loaded(kind: str, revision: str, new_url: NewDatabase, request: pytest.FixtureRequest) -> Database:
    url = await new_url(kind)
    await load(revision, url, request.getfixturevalue("postgres") if kind == "postgresql" else None)
    return Database(url)


def without_number(rows: dict[str, list[Row]]) -> dict[str, list[Row]]:
    return {name: found for name, found in rows.items() if name not in ("auth_state", "alembic_version")}


def number_of(rows: dict[str, list[Row]]) -> int:
    return int(rows["auth_state"][0]["revision"])


async def number_is(database: Database, number: int) -> None:
    async with exclusive(database) as connection:
        await connection.execute(text("UPDATE auth_state SET revision = :number"), {"number": number})


def files_of(home: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (home / "secrets").iterdir()}


@pytest.mark.sample(4)
@pytest.mark.parametrize("revision", SCHEMA.revisions)
@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("source", KINDS)
async def test_rows_come_back_from_either_kind_into_either(
    source: str,
    target: str,
    revision: str,
    new_url: NewDatabase,
    home: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    archive = tmp_path / "backup.tar.gz"
    async with await loaded(source, revision, new_url, request) as database:
        stated = await read_all(database)
        await back_up(database, archive, home)
    other = tmp_path / "other"
    async with Database(await new_url(target)) as database:
        restored = await restore(database, archive, other)
        found = await read_all(database)
        assert number_of(found) == 42
        assert missing_rows(found | {"auth_state": [{"id": 1, "revision": 41}]}, revision) == []
        assert found["alembic_version"] == [{"version_num": HEAD}]
        if revision == HEAD:
            assert without_number(found) == without_number(stated)
        async with database.session() as session:  # the tables are those that the code expects
            session.add(User(name="ada", name_folded="another"))
    assert restored.before is None  # there was nothing
    assert files_of(other) == files_of(home)
    assert stat.S_IMODE((other / "secrets").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (other / "secrets").iterdir()} == {0o600}
    assert sorted(path.name for path in other.iterdir()) == ["in-use.lock", "secrets"]


@pytest.mark.sample(1)
async def test_what_was_there_is_kept_in_a_backup(database: Database, home: Path, tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar.gz"
    await back_up(database, archive, home)
    async with database.session() as session:
        session.add(User(name="later", name_folded="later"))
        session.add(StoredSecret(name="later", sealed="x"))
    there = await read_all(database)
    (home / "secrets" / "later").write_bytes(b"later")
    restored = await restore(database, archive, home)
    assert len((await read_all(database))["users"]) == 1
    assert sorted(files_of(home)) == ["sealing.key", "session"]
    assert restored.before is not None
    assert restored.before.parent == home / "backups"
    # And that backup takes everything back.
    await restore(database, restored.before, home)
    again = await read_all(database)
    assert without_number(again) == without_number(there)
    assert files_of(home)["later"] == b"later"


@pytest.mark.sample(1)
@pytest.mark.parametrize(("there", "backed_up"), [(7, 1000), (1000, 7)])
async def test_the_number_grows_past_both(
    database: Database, home: Path, tmp_path: Path, there: int, backed_up: int
) -> None:
    archive = tmp_path / "backup.tar.gz"
    await number_is(database, backed_up)
    await back_up(database, archive, home)
    await number_is(database, there)
    await restore(database, archive, home)
    async with database.reading() as session:
        state = await session.get(AuthState, 1)
    assert state is not None
    assert state.revision == 1001


@ON_SQLITE
async def test_the_empty_state_can_be_restored(
    new_url: NewDatabase, database: Database, home: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "backup.tar.gz"
    async with Database(await new_url("sqlite")) as empty:
        await back_up(empty, archive, home)
    await number_is(database, 7)
    async with database.session() as session:
        session.add(User(name="ada", name_folded="ada"))
    await restore(database, archive, home)
    found = await read_all(database)
    assert [row["id"] for row in found["users"]] == ["user_owner"]
    assert number_of(found) > 7


@ON_SQLITE
async def test_a_backup_without_secrets_leaves_those_there_are(
    database: Database, home: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "backup.tar.gz"
    await back_up(database, archive, tmp_path / "no home")
    there = files_of(home)
    await restore(database, archive, home)
    assert files_of(home) == there


async def test_nul_in_a_text(database: Database, new_url: NewDatabase, home: Path, tmp_path: Path) -> None:
    """SQLite stores it and PostgreSQL does not."""
    archive = tmp_path / "backup.tar.gz"
    async with Database(await new_url("sqlite")) as source:
        await populate(source, HEAD)
        async with source.session() as session:
            row = await session.get(CapturedText, "inf_1")
            assert row is not None
            row.prompt = "a\0b\r\n"
        await back_up(source, archive, home)
    await restore(database, archive, home)
    async with database.reading() as session:
        found = await session.get(CapturedText, "inf_1")
        assert found is not None
        assert found.prompt == ("a\0b\r\n" if database.is_sqlite else "a\ufffdb\r\n")


async def refuse(database: Database, archive: Path, home: Path, error: type[Exception], match: str) -> None:
    """Nothing may change, neither in the database nor among the secrets."""
    before, files = await read_all(database), files_of(home)
    with pytest.raises(error, match=match) as caught:
        await restore(database, archive, home)
    assert len(str(caught.value).splitlines()) == 1
    assert await read_all(database) == before
    assert files_of(home) == files
    with require_unused(home):
        pass


@ON_SQLITE
async def test_not_while_a_program_uses_the_home(database: Database, home: Path, tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar.gz"
    await back_up(database, archive, home)
    with hold_home(home), pytest.raises(HomeInUse, match="stop it first"):
        await restore(database, archive, home)
    await restore(database, archive, home)


@ON_SQLITE
async def test_a_newer_backup_is_refused(database: Database, home: Path, tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar.gz"
    await back_up(database, archive, home)
    newer = rewrite(archive, tmp_path, manifest={"revision": "9999"})
    await refuse(database, newer, home, BackupRefused, "9999.*use a newer version")
    assert not (home / "backups").exists()


@pytest.mark.parametrize("stored", ["newer", "theirs"])
async def test_a_database_that_is_not_known_is_left_alone(
    new_url: NewDatabase, home: Path, tmp_path: Path, stored: str
) -> None:
    archive = tmp_path / "backup.tar.gz"
    async with Database(await new_url("sqlite")) as database:
        await populate(database, HEAD)
        await back_up(database, archive, home)
        async with exclusive(database) as connection:
            await connection.execute(
                text(
                    "UPDATE alembic_version SET version_num = '9999'"
                    if stored == "newer"
                    else "DROP TABLE alembic_version"
                )
            )
        await refuse(
            database,
            archive,
            home,
            UnknownRevision if stored == "newer" else NotOurDatabase,
            "nothing was changed|left as it is",
        )


@pytest.mark.sample(3)
@pytest.mark.parametrize(
    ("table", "changed", "match"),
    [
        ("sessions", {"user_id": "nobody"}, "foreign key|users"),
        ("sessions", {"created_at": "yesterday"}, "sessions.created_at"),
        ("sessions", {"created_at": "2026-01-01T00:00:00"}, "without its zone"),
        ("sessions", {"created_at": 5}, "sessions.created_at"),
        ("sessions", {"user_agent": None}, "user_agent"),
        ("sessions", {"user_agent": 5}, "user_agent"),
        ("users", {"is_builtin": 2}, "users.is_builtin"),
        ("users", {"surprise": 1}, "surprise"),
        ("users", {"id": "user_2"}, "(?i)unique"),
        ("api_keys", {"scopes": "{"}, "api_keys.scopes"),
        ("api_keys", {"requests_per_minute": True}, "requests_per_minute"),
        ("key_usage", {"day": "2026-02-30"}, "key_usage.day"),
        ("inference_requests", {"queue_s": "fast"}, "queue_s"),
    ],
)
async def test_rows_that_do_not_fit_change_nothing(
    new_url: NewDatabase, home: Path, tmp_path: Path, table: str, changed: Row, match: str
) -> None:
    archive = tmp_path / "backup.tar.gz"
    async with Database(await new_url("sqlite")) as database:
        await populate(database, HEAD)
        await back_up(database, archive, home)
        (home / "secrets" / "later").touch()
        await refuse(database, changed_archive(archive, tmp_path, table, changed), home, DatabaseFault, match)


async def test_rows_that_postgresql_refuses_change_nothing(
    new_url: NewDatabase, home: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "backup.tar.gz"
    async with Database(await new_url("postgresql")) as database:
        await populate(database, HEAD)
        await back_up(database, archive, home)
        for table, changed, match in (
            ("sessions", {"user_id": "nobody"}, "foreign key"),
            ("key_usage", {"num_requests": 2**31}, "num_requests|int32"),
        ):
            await refuse(
                database, changed_archive(archive, tmp_path, table, changed), home, DatabaseFault, match
            )


def changed_archive(archive: Path, folder: Path, table: str, changed: Row) -> Path:
    """The same backup with other values in a table's first row."""
    with Archive(archive) as opened:
        first, *rest = opened.rows(table)
    return rewrite(archive, folder, tables={table: [first | changed, *rest]})


@ON_SQLITE
async def test_other_tables_change_nothing(database: Database, home: Path, tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar.gz"
    await back_up(database, archive, home)
    older = rewrite(archive, tmp_path, manifest={"revision": "0001"})
    await refuse(database, older, home, BackupRefused, "the tables differ")


@ON_SQLITE
async def test_secrets_come_back_when_the_last_step_fails(
    database: Database, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "backup.tar.gz"
    await back_up(database, archive, home)
    (home / "secrets" / "later").write_bytes(b"later")
    rename = Path.rename

    def fail(self: Path, target: Path) -> Path:
        if self.name == "fresh":
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail)
    await refuse(database, archive, home, BackupRefused, "Input/output error")
