"""Puts a backup back: all of it or nothing, with a backup of what was there before."""

import asyncio
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from mlx_manager.core.home_use import require_unused
from mlx_manager.db.archive import Archive, Manifest
from mlx_manager.db.backup import SECRETS, back_up_before, read_secrets
from mlx_manager.db.errors import BackupRefused
from mlx_manager.db.migrate import migrate
from mlx_manager.db.portable import replace_rows
from mlx_manager.db.schema_version import SCHEMA, TABLES, VERSION_TABLE, Schema
from mlx_manager.db.session import Database
from mlx_manager.db.whole import exclusive, read_revision, snapshot


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done.

    Attributes:
        manifest: the backup's own.
        before: a backup of what was there; None where there was nothing.
    """

    manifest: Manifest
    before: Path | None


async def restore(database: Database, archive: Path, home: Path, schema: Schema = SCHEMA) -> Restored:
    """Replace the database's rows and the home's secrets by a backup's.

    A backup without any secret leaves those of the home as they are. Whoever remembers what a credential is
    worth notices: the number in `auth_state` is higher than it was and than the backup's.

    Raises:
        HomeInUse: A program runs with this home.
        DatabaseFault: In one line for a person; nothing was changed.
    """
    with require_unused(home), await asyncio.to_thread(Archive, archive) as backup:
        manifest = backup.manifest
        if manifest.revision is not None and manifest.revision not in schema.revisions:
            raise BackupRefused(
                f"{archive} is of revision {manifest.revision[:50]!r} and this version knows "
                f"{schema.revisions[0]} to {schema.head}; nothing was changed: use a newer version"
            )
        before = await _back_up_what_is_there(database, home, schema)
        try:
            with ExitStack() as swapped:
                async with exclusive(database) as connection:
                    await _replace(connection, backup, schema)
                    # The last thing before the commit; should that fail, the old secrets come back.
                    swapped.enter_context(_replaced_secrets(home, backup))
        except (ValueError, EOFError, OSError, SQLAlchemyError) as error:
            raise _failed(archive, error) from error
    # What its connections have prepared is for tables that are gone.
    await database.engine.dispose()
    return Restored(manifest, before)


async def _back_up_what_is_there(database: Database, home: Path, schema: Schema) -> Path | None:
    async with snapshot(database) as connection:
        revision = await connection.run_sync(read_revision, schema)
    if revision is None and not read_secrets(home):
        return None
    return await back_up_before("restore", database, home, schema)


async def _replace(connection: AsyncConnection, backup: Archive, schema: Schema) -> None:
    manifest = backup.manifest
    revision = await connection.run_sync(_drop, schema)
    if manifest.revision is not None:
        await migrate(connection, manifest.revision, schema)
        await connection.run_sync(replace_rows, {table: backup.rows(table) for table in manifest.tables})
    await migrate(connection, schema.head, schema)
    await connection.run_sync(_pass, revision)


def _drop(connection: Connection, schema: Schema) -> int:
    """Drop our tables, and return the number that `auth_state` had."""
    read_revision(connection, schema)  # refuses what is not ours
    names = sorted({*TABLES, VERSION_TABLE} & set(inspect(connection).get_table_names()))
    number = _number(connection) if "auth_state" in names else 0
    if connection.dialect.name == "sqlite":
        for name in names:
            connection.execute(text(f"DROP TABLE {name}"))
    elif names:  # at once, or one would refer to another
        connection.execute(text(f"DROP TABLE {', '.join(names)}"))
    return number


def _number(connection: Connection) -> int:
    return connection.scalar(text("SELECT max(revision) FROM auth_state")) or 0


def _pass(connection: Connection, former: int) -> None:
    """Let the number of `auth_state` be above the former one and the backup's."""
    number = max(former, _number(connection)) + 1
    connection.execute(text("DELETE FROM auth_state"))
    connection.execute(text("INSERT INTO auth_state (id, revision) VALUES (1, :number)"), {"number": number})


@contextmanager
def _replaced_secrets(home: Path, backup: Archive) -> Iterator[None]:
    """Put the backup's secrets in place of the home's, unless it has none; put those back if this fails."""
    if not backup.manifest.secrets:
        yield
        return
    folder = home / SECRETS
    with tempfile.TemporaryDirectory(prefix=".secrets-", dir=home, ignore_cleanup_errors=True) as scratch:
        fresh, former = Path(scratch) / "fresh", Path(scratch) / "former"
        fresh.mkdir(mode=0o700)
        for name in backup.manifest.secrets:
            descriptor = os.open(fresh / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(backup.secret(name))
                file.flush()
                os.fsync(descriptor)
        if folder.exists():
            folder.rename(former)
        try:
            fresh.rename(folder)
            yield
        except BaseException:
            if folder.exists():
                folder.rename(fresh)
            if former.exists():
                former.rename(folder)
            raise


def _failed(archive: Path, error: Exception) -> BackupRefused:
    line = str(getattr(error, "orig", None) or error).strip().partition("\n")[0] or type(error).__name__
    return BackupRefused(f"{archive} cannot be restored, and nothing was changed: {line}")
