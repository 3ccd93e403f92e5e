"""The database as a whole: one consistent view of it, and a transaction that has it alone."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

from sqlalchemy import Connection, NullPool, event, func, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from mlx_manager.db.errors import DatabaseFault, DatabaseUnreachable, NotOurDatabase, UnknownRevision
from mlx_manager.db.schema_version import VERSION_TABLE, Schema
from mlx_manager.db.session import READ_ONLY, WRITER_LOCK, Database, begin_sqlite, prepare_sqlite

_LOCK_POLL_S: Final = 0.05


@asynccontextmanager
async def snapshot(database: Database) -> AsyncIterator[AsyncConnection]:
    """A connection that sees one state of the database, writes nothing and holds nobody up.

    Raises:
        DatabaseUnreachable: Nobody answers.
    """
    options: dict[str, Any] = {READ_ONLY: True}
    if not database.is_sqlite:
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    async with AsyncExitStack() as stack:
        try:
            connection = await stack.enter_async_context(database.engine.connect())
            await connection.execution_options(**options)
            await connection.execute(text("SELECT 1"))
        except Exception as error:
            raise _unreachable(database, error) from error
        yield connection


@asynccontextmanager
async def exclusive(database: Database) -> AsyncIterator[AsyncConnection]:
    """One transaction in which nobody else writes, for migrations and restores.

    SQLite checks foreign keys at its end only: a migration may have to make a table anew, and dropping one
    with foreign keys on deletes what refers to it.

    Raises:
        DatabaseFault: A row refers to one that is not there; nothing was changed.
    """
    async with AsyncExitStack() as stack:
        if database.is_sqlite:
            await stack.enter_async_context(_file_lock(database))
        engine = _engine_of_one(database)
        stack.push_async_callback(engine.dispose)
        async with engine.begin() as connection:
            if not database.is_sqlite:
                await connection.execute(select(func.pg_advisory_xact_lock(WRITER_LOCK)))
            yield connection
            if database.is_sqlite:
                broken = (await connection.execute(text("PRAGMA foreign_key_check"))).first()
                if broken is not None:
                    raise DatabaseFault(
                        f"a row of {broken[0]} refers to a row of {broken[2]} that is not there; "
                        "nothing was changed"
                    )


def _engine_of_one(database: Database) -> AsyncEngine:
    if not database.is_sqlite:
        # A prepared statement is for the table as it was, and here tables change between statements.
        caches = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
        return create_async_engine(database.url, poolclass=NullPool, connect_args=caches)
    engine = create_async_engine(database.url, poolclass=NullPool)
    event.listen(engine.sync_engine, "connect", prepare_sqlite)
    event.listen(engine.sync_engine, "connect", _leave_foreign_keys)
    event.listen(engine.sync_engine, "begin", begin_sqlite)
    return engine


def _leave_foreign_keys(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = OFF")
    cursor.close()


@asynccontextmanager
async def _file_lock(database: Database) -> AsyncIterator[None]:
    """SQLite's own lock is given up after its busy timeout; a migration may take longer."""
    path = database.path.with_name(f"{database.path.name}.lock")
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        # A thread that waits for the lock could not be cancelled.
        while not _try_lock(descriptor):  # noqa: ASYNC110 - another process has it
            await asyncio.sleep(_LOCK_POLL_S)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def read_revision(connection: Connection, schema: Schema) -> str | None:
    """The revision that the database is at; None for an empty one.

    Raises:
        UnknownRevision: This code does not know it.
        NotOurDatabase: There are tables, and no revision.
    """
    tables = set(inspect(connection).get_table_names())
    stored: list[str] = []
    if VERSION_TABLE in tables:
        stored = list(connection.scalars(text(f"SELECT version_num FROM {VERSION_TABLE}")))
    match stored:
        case [revision] if revision in schema.revisions:
            return revision
        case [] if not tables - {VERSION_TABLE}:
            return None
        case []:
            raise NotOurDatabase(
                f"the database has tables ({', '.join(sorted(tables)[:3])}, …) but no revision of ours, "
                "so it was left as it is; name an empty one"
            )
        case _:
            raise UnknownRevision(
                f"the database is at revision {', '.join(sorted(stored))} and this version knows "
                f"{schema.revisions[0]} to {schema.head}; nothing was changed: use a newer version"
            )


def _unreachable(database: Database, error: Exception) -> DatabaseUnreachable:
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    reason = lines[0] if lines else type(error).__name__
    for secret in (database.url.password, database.url.query.get("password")):
        if isinstance(secret, str) and secret:
            reason = reason.replace(secret, "***")
    return DatabaseUnreachable(f"cannot open the database {database.description}: {reason}")
