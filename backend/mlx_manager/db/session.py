"""Units of work on the database: committed when the block ends well, rolled back otherwise.

Nothing else commits: a service adds and changes rows, and the edge of the request decides.
"""

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, Self

from sqlalchemy import Connection, event, func, update
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import Session, UOWTransaction
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from mlx_manager.db.tables import ApiKey, AuthState, SignInSession, User

_BUSY_TIMEOUT_MS: Final = 30_000
_CONNECT_TIMEOUT_S: Final = 10
READ_ONLY: Final = "mlx_read_only"
"""Execution option of a connection that is not to write."""
WRITER_LOCK: Final = 0x6D6C782D6D67
"""Names PostgreSQL's advisory lock that whoever writes holds until the end of the transaction."""
# A change to one of these must reach whoever remembers what a credential is worth.
_CREDENTIALS: Final = (User, ApiKey, SignInSession)


class Database:
    """The shared database. An async context manager: leaving it closes its connections.

    Args:
        url: with an asynchronous driver, as `DatabaseSettings.url` gives it.
    """

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        # There is one writer at a time. SQLite's own waiting is a poll, and on PostgreSQL each who waits
        # holds a connection: within the process we queue.
        self._writing = asyncio.Lock()
        if self.is_sqlite:
            _create_private(self.path)
            self.engine = create_async_engine(self.url, hide_parameters=True)  # digests are among them
            event.listen(self.engine.sync_engine, "connect", prepare_sqlite)
            event.listen(self.engine.sync_engine, "begin", begin_sqlite)
            event.listen(self.engine.sync_engine, "invalidate", _let_go)
        else:
            self.engine = create_async_engine(
                self.url,
                hide_parameters=True,
                pool_pre_ping=True,
                connect_args={"timeout": _CONNECT_TIMEOUT_S},
            )

    @property
    def path(self) -> Path:
        """SQLite's file."""
        assert self.url.database
        return Path(self.url.database)

    @property
    def description(self) -> str:
        """The URL without its password."""
        url = self.url
        if "password" in url.query:
            url = url.update_query_dict({"password": "***"})
        return url.render_as_string(hide_password=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A unit of work that may write.

        It has the database's one write lock from the start, so that what it reads cannot change before it
        writes, and it never fails half-way for want of the lock. Do not open a second one inside it.
        """
        async with self._writing, self._unit(is_read_only=False) as session:
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A unit of work that only reads, beside whoever writes. What it writes is refused."""
        async with self._unit(is_read_only=True) as session:
            yield session

    @asynccontextmanager
    async def _unit(self, *, is_read_only: bool) -> AsyncIterator[AsyncSession]:
        """Begun before it is given, ended before it is let go of, also where its task is cancelled.

        Cancelled in its own BEGIN a connection would go back to the pool with SQLite's write lock, and nobody
        could write until it is used again.
        """
        session = self._session(is_read_only=is_read_only)
        try:
            await _whole(self._begin(session, is_read_only=is_read_only))
            yield session
            await _whole(session.commit())
        except BaseException:
            await _whole(session.rollback())
            raise
        finally:
            await _whole(session.close())

    async def _begin(self, session: AsyncSession, *, is_read_only: bool) -> None:
        await session.connection()
        if not (self.is_sqlite or is_read_only):
            await session.exec(select(func.pg_advisory_xact_lock(WRITER_LOCK)))

    def _session(self, *, is_read_only: bool) -> AsyncSession:
        options: dict[str, Any] = {READ_ONLY: is_read_only}
        if is_read_only and not self.is_sqlite:
            options["postgresql_readonly"] = True
        bind: Any = self.engine.execution_options(**options)
        return AsyncSession(bind, expire_on_commit=False, info={READ_ONLY: is_read_only})


def _let_go(connection: Any, _: Any, __: Any) -> None:
    """For a connection of SQLite's that is thrown away because a task was cancelled within a statement.

    Closing it alone leaves the lock as long as somebody has the statement's cursor still.
    """
    connection.rollback()


async def _whole(work: Coroutine[Any, Any, None]) -> None:
    """Do it to its end: whoever is cancelled meanwhile is so when it has ended."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # nobody asks for it any more
        raise


def _create_private(path: Path) -> None:
    """Make the file readable by its owner alone before SQLite does; its journals inherit that."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    path.chmod(0o600)


def prepare_sqlite(connection: Any, _: Any) -> None:
    """For each new connection of SQLite's."""
    # The driver's own BEGIN comes before the first write only, and so too late for what was read before.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
    _use_wal(cursor)
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _use_wal(cursor: Any) -> None:
    # While another process switches the same new file, SQLite refuses at once, whatever its busy timeout.
    deadline = time.monotonic() + _BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def begin_sqlite(connection: Connection) -> None:
    """For each transaction of SQLite's: who may write has the lock before the first statement."""
    is_read_only = connection.get_execution_options().get(READ_ONLY, False)
    if connection.info.get(READ_ONLY, False) != is_read_only:
        connection.exec_driver_sql(f"PRAGMA query_only = {int(is_read_only)}")
        connection.info[READ_ONLY] = is_read_only
    connection.exec_driver_sql("BEGIN" if is_read_only else "BEGIN IMMEDIATE")


@event.listens_for(Session, "before_flush")
def _before_flush(session: Session, _: UOWTransaction, __: Any) -> None:
    """A change to a user, a key or a session raises the number by which other processes notice it.

    A statement that changes rows without loading them (`update(...)`) passes this by: good for a time of last
    use, wrong for anything that decides what a credential is worth.
    """
    if session.info.get(READ_ONLY):
        raise RuntimeError("this unit of work only reads")
    changed = [*session.new, *session.deleted, *(row for row in session.dirty if session.is_modified(row))]
    if any(isinstance(row, _CREDENTIALS) for row in changed):
        session.execute(update(AuthState).values(revision=AuthState.revision + 1))
