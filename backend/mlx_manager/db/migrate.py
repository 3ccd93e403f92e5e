"""Brings the database to the revision that this code works with; both programs do so at start."""

import logging
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from mlx_manager.core.paths import home_dir
from mlx_manager.db.backup import back_up_before
from mlx_manager.db.errors import DatabaseFault, MigrationFailed
from mlx_manager.db.schema_version import SCHEMA, VERSION_TABLE, Schema
from mlx_manager.db.session import Database
from mlx_manager.db.whole import exclusive, read_revision, snapshot

_log = logging.getLogger(__name__)


async def prepare(database: Database, home: Path | None = None, schema: Schema = SCHEMA) -> None:
    """Bring the database to the last revision; two processes may do so at once.

    Before it changes anything there is a backup in `home`/backups, which is the usual home where None.

    Raises:
        DatabaseFault: In one line for a person; the database is as it was.
    """
    if await _current(database, schema) == schema.head:
        return
    async with exclusive(database) as connection:
        # Another process may have done it while we waited.
        revision = await connection.run_sync(read_revision, schema)
        if revision == schema.head:
            return
        backup = None
        if revision is not None:
            backup = await back_up_before(
                f"{revision}-to-{schema.head}", database, home or home_dir(), schema
            )
        try:
            await migrate(connection, schema.head, schema)
        except Exception as error:
            raise _failed(revision, schema.head, error, backup) from error
    # What the pool's connections have prepared may be for other columns.
    await database.engine.dispose()
    _log.info("the database is at revision %s (was %s)", schema.head, revision or "empty")


async def _current(database: Database, schema: Schema) -> str | None:
    async with snapshot(database) as connection:
        return await connection.run_sync(read_revision, schema)


async def migrate(connection: AsyncConnection, revision: str, schema: Schema = SCHEMA) -> None:
    """Bring the database to `revision` within the connection's transaction, which the caller ends."""
    await connection.run_sync(_upgrade, revision, schema)


def _upgrade(connection: Connection, revision: str, schema: Schema) -> None:
    from alembic import command  # 0.9 s, and nearly every start does without
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    # A percent sign begins a placeholder there.
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(map(str, schema.folders)).replace("%", "%%"))
    config.set_main_option("version_table", VERSION_TABLE)
    command.upgrade(config, revision)


def _failed(revision: str | None, head: str, error: Exception, backup: Path | None) -> DatabaseFault:
    line = str(getattr(error, "orig", None) or error).strip().partition("\n")[0] or type(error).__name__
    copy = f" (there is a backup all the same: {backup})" if backup is not None else ""
    return MigrationFailed(
        f"the database could not be brought from {revision or 'empty'} to revision {head} "
        f"and is as it was: {line}{copy}"
    )
