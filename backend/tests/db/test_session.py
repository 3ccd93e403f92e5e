"""Units of work: what is committed and when, who waits for whom, and what SQLite is told."""

import asyncio
import re
import sqlite3
import stat
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlmodel import select, text

import mlx_manager
from mlx_manager.core.times import utc_now
from mlx_manager.db.migrate import prepare
from mlx_manager.db.session import Database
from mlx_manager.db.tables import (
    ApiKey,
    AuthState,
    InferenceRequest,
    OneTimeToken,
    RefreshToken,
    SignInSession,
    StoredSecret,
    User,
)
from tests.databases import NewDatabase

COMMIT = re.compile(r"\.commit\(")


async def revision_of(database: Database) -> int:
    async with database.reading() as session:
        return (await session.exec(select(AuthState.revision))).one()


def a_user(number: int = 1) -> User:
    return User(id=f"user_{number}", name=f"user {number}", name_folded=f"user {number}")


def a_session(number: int = 1) -> SignInSession:
    return SignInSession(id=f"ses_{number}", user_id="user_1", expires_at=utc_now())


def a_key(number: int = 1) -> ApiKey:
    return ApiKey(id=f"key_{number}", user_id="user_1", name=f"{number}", digest=f"{number}", hint="")


async def test_a_block_that_ends_well_is_committed(database: Database) -> None:
    async with database.session() as session:
        session.add(a_user())
    async with database.reading() as session:
        assert await session.get(User, "user_1") is not None


async def test_an_exception_rolls_everything_back(database: Database) -> None:
    async def fail() -> None:
        async with database.session() as session:
            session.add(a_user())
            await session.flush()
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await revision_of(database) == 0
    async with database.reading() as session:
        assert await session.get(User, "user_1") is None
    async with database.session() as session:  # the lock is free again
        session.add(a_user())


async def test_a_cancelled_block_is_rolled_back_and_frees_the_lock(database: Database) -> None:
    entered = asyncio.Event()

    async def work() -> None:
        async with database.session() as session:
            session.add(a_user())
            await session.flush()
            entered.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with database.session() as session:
        assert await session.get(User, "user_1") is None


def test_nobody_commits_outside_the_database_folder() -> None:
    package = Path(mlx_manager.__file__).parent
    sources = {path.relative_to(package): path.read_text() for path in package.rglob("*.py")}
    assert COMMIT.search("await session.commit()")
    assert len(sources) > 100
    assert [
        str(path) for path, source in sources.items() if path.parts[0] != "db" and COMMIT.search(source)
    ] == []


async def write_row(database: Database) -> None:
    async with database.reading() as session:
        session.add(a_user())


async def write_by_statement(database: Database) -> None:
    async with database.reading() as session:
        await session.exec(update(AuthState).values(revision=99))


async def make_table(database: Database) -> None:
    async with database.reading() as session:
        await session.exec(text("CREATE TABLE x (y INTEGER)"))  # type: ignore[call-overload]


@pytest.mark.parametrize("write", [write_row, write_by_statement, make_table])
async def test_who_only_reads_cannot_write(
    database: Database, write: Callable[[Database], Awaitable[None]]
) -> None:
    with pytest.raises((RuntimeError, DBAPIError), match=r"only reads|read.?only"):
        await write(database)
    assert await revision_of(database) == 0
    async with database.session() as session:  # on the same connection
        await session.exec(update(AuthState).values(revision=5))
    assert await revision_of(database) == 5


async def test_who_reads_does_not_wait_for_who_writes(database: Database) -> None:
    async with database.session() as writing:
        writing.add(a_user())
        await writing.flush()
        async with database.reading() as session:
            assert await session.get(User, "user_1") is None


async def test_who_reads_first_and_then_writes_loses_nothing(database: Database, database_url: str) -> None:
    """Two processes have a `Database` each; so have these tasks."""

    async def count(mine: Database) -> None:
        for _ in range(20):
            async with mine.session() as session:
                state = (await session.exec(select(AuthState))).one()
                await asyncio.sleep(0)
                state.revision += 1

    async with Database(database_url) as other:
        await asyncio.gather(*(count(each) for each in (database, database, other, other)))
    assert await revision_of(database) == 80


async def test_changes_to_credentials_raise_the_revision(database: Database) -> None:
    async with database.session() as session:
        session.add(a_user())
    numbers = [await revision_of(database)]
    for row in (a_key(), a_session()):
        async with database.session() as session:
            session.add(row)
        numbers.append(await revision_of(database))
    for table, key, column, value in (
        (User, "user_1", "status", "disabled"),
        (ApiKey, "key_1", "revoked_at", utc_now()),
        (SignInSession, "ses_1", "revoked_at", utc_now()),
    ):
        async with database.session() as session:
            setattr(await session.get(table, key), column, value)
        numbers.append(await revision_of(database))
    for gone, key in ((SignInSession, "ses_1"), (ApiKey, "key_1"), (User, "user_1")):
        async with database.session() as session:
            await session.delete(await session.get(gone, key))
        numbers.append(await revision_of(database))
    assert numbers == sorted(set(numbers))


async def test_other_changes_do_not(database: Database) -> None:
    async with database.session() as session:
        session.add(a_user())
        await session.flush()
        session.add_all([a_key(), a_session()])
    before = await revision_of(database)
    async with database.session() as session:
        session.add(StoredSecret(name="huggingface", sealed="x"))
        session.add(OneTimeToken(kind="invitation", digest="x", expires_at=utc_now()))
        session.add(RefreshToken(session_id="ses_1", digest="x"))
        session.add(InferenceRequest(request_id="r", server_id="s", dialect="openai"))
        await session.exec(update(ApiKey).values(last_used_at=utc_now()))
        user = await session.get(User, "user_1")
        assert user is not None
        user.name = str(user.name)  # set, and the same as it was
    assert await revision_of(database) == before


async def test_times_are_aware_and_in_utc(database: Database) -> None:
    stated = datetime(2026, 10, 25, 3, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    async with database.session() as session:
        user = a_user()
        user.created_at = stated
        session.add(user)
    async with database.reading() as session:
        found = await session.get(User, "user_1")
        assert found is not None
        assert found.created_at == stated
        assert found.created_at.tzinfo is UTC
        assert found.last_sign_in_at is None
        later = select(User.id).where(User.created_at > datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
        assert "user_1" in (await session.exec(later)).all()
        much_later = select(User.id).where(User.created_at > stated, User.id == "user_1")
        assert (await session.exec(much_later)).all() == []


async def test_a_time_without_its_zone_is_refused(database: Database) -> None:
    async def write() -> None:
        async with database.session() as session:
            session.add(StoredSecret(name="x", sealed="x", updated_at=datetime(2026, 1, 1)))

    with pytest.raises(StatementError, match="without its zone"):
        await write()


async def test_rows_refer_to_rows_that_are_there(database: Database) -> None:
    async def write() -> None:
        async with database.session() as session:
            session.add(a_key())

    with pytest.raises(IntegrityError):
        await write()


async def test_a_key_may_have_the_name_of_one_that_was_revoked(database: Database) -> None:
    async with database.session() as session:
        session.add(a_user())
        await session.flush()
        session.add(ApiKey(user_id="user_1", name="a", digest="1", hint="", revoked_at=utc_now()))
        session.add(ApiKey(user_id="user_1", name="a", digest="2", hint=""))

    async def another() -> None:
        async with database.session() as session:
            session.add(ApiKey(user_id="user_1", name="a", digest="3", hint=""))

    with pytest.raises(IntegrityError):
        await another()


async def test_sqlite_is_told_what_it_must_know(tmp_path: Path) -> None:
    async with Database(f"sqlite+aiosqlite:///{tmp_path / 'data' / 'mlx-manager.db'}") as database:
        async with database.session() as session:
            values = {}
            for name in ("journal_mode", "busy_timeout", "foreign_keys", "synchronous"):
                row = (await session.exec(text(f"PRAGMA {name}"))).one()  # type: ignore[call-overload]
                values[name] = row[0]
            await session.exec(text("CREATE TABLE x (y INTEGER)"))  # type: ignore[call-overload]
        assert values == {"journal_mode": "wal", "busy_timeout": 30_000, "foreign_keys": 1, "synchronous": 2}
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in database.path.parent.iterdir()}
        assert modes == dict.fromkeys(("mlx-manager.db", "mlx-manager.db-wal", "mlx-manager.db-shm"), 0o600)
        assert stat.S_IMODE(database.path.parent.stat().st_mode) == 0o700


async def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "mlx-manager.db"
    path.touch(mode=0o644)
    async with Database(f"sqlite+aiosqlite:///{path}"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_unit_that_is_cancelled_leaves_no_lock(new_url: NewDatabase, home: Path) -> None:
    """Wherever it is cancelled, another process may write at once."""
    database = Database(await new_url("sqlite"))
    await prepare(database, home)

    async def unit() -> None:
        async with database.session() as session:
            (await session.exec(select(User))).all()
            await session.merge(StoredSecret(name="a", sealed="b"))
            await session.flush()
            (await session.exec(select(User))).all()

    for number in range(120):
        task = asyncio.create_task(unit())
        # The driver's thread works beside the loop, so only time reaches every place within.
        await asyncio.sleep(number % 40 * 0.0003)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        with closing(sqlite3.connect(database.path, timeout=5.0, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
    await database.close()
