"""The database: whether it opens, is whole, and is of a revision that this version knows."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from mlx_manager.doctor.finding import Finding, ok, problem, warning

CHECK: Final = "database"
_ANSWERS_WITHIN_S: Final = 5.0
_RESTORE: Final = (
    "Stop the programs and take a backup: `mlx-manager restore`; backups are in the home folder."
)
_UPDATE: Final = (
    "Install the newer version that made it, or take the backup from before: `mlx-manager restore`."
)


def check_database(url: str) -> Iterator[Finding]:
    """Look at the database without changing or making anything.

    Args:
        url: as `DatabaseSettings.url` gives it.
    """
    from sqlalchemy.engine import make_url

    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        yield _check_sqlite(Path(parsed.database or ""))
    else:
        yield asyncio.run(_check_server(url))


def check_keys(path: Path, host: str) -> Iterator[Finding]:
    """Whether anybody has a key for a server that other machines can reach; they need one.

    Args:
        path: the SQLite file.
    """
    count = 0
    with suppress(sqlite3.Error), closing(_open(path)) as connection:
        row = connection.execute("SELECT count(*) FROM api_keys WHERE revoked_at IS NULL").fetchone()
        count = int(row[0])
    if not count:
        text = f"the server listens on {host} and there is no key, so it refuses every call"
        yield warning("keys", text, "Make one: `mlx-manager keys create NAME`.")
    else:
        yield ok("keys", f"the server listens on {host}; {count} good for calling it")


def _open(path: Path) -> sqlite3.Connection:
    """The file as it is; it is neither made nor changed."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(uri, uri=True, timeout=_ANSWERS_WITHIN_S, check_same_thread=False)


def _check_sqlite(path: Path) -> Finding:
    from sqlalchemy import create_engine

    from mlx_manager.db.errors import DatabaseFault
    from mlx_manager.db.schema_version import SCHEMA
    from mlx_manager.db.whole import read_revision

    if not path.exists():
        return ok(CHECK, f"{path} is made at the first start")
    engine = create_engine("sqlite://", creator=lambda: _open(path))
    try:
        with engine.connect() as connection:
            faults = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA quick_check")]
            if faults != ["ok"]:
                return problem(CHECK, f"{path} is damaged: {' '.join(faults[0].split())}", _RESTORE)
            revision = read_revision(connection, SCHEMA)
    except DatabaseFault as fault:
        return problem(CHECK, f"{path}: {fault}", _UPDATE)
    except Exception as error:
        return _cannot_read(path, getattr(error, "orig", None) or error)
    finally:
        engine.dispose()
    return _at(str(path), revision, SCHEMA.head)


def _cannot_read(path: Path, error: BaseException) -> Finding:
    code = getattr(error, "sqlite_errorcode", None)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return warning(CHECK, f"{path} is in use: {error}", "Try again when the programs are less busy.")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return problem(CHECK, f"{path} is damaged: {error}", _RESTORE)
    advice = f"Make it yours: `chown $USER {path}` and `chmod 600 {path}`."
    return problem(CHECK, f"{path} cannot be opened: {error}", advice)


async def _check_server(url: str) -> Finding:
    from mlx_manager.db.errors import DatabaseFault, DatabaseUnreachable
    from mlx_manager.db.schema_version import SCHEMA
    from mlx_manager.db.session import Database
    from mlx_manager.db.whole import read_revision, snapshot

    async with Database(url) as database:
        try:
            async with asyncio.timeout(_ANSWERS_WITHIN_S), snapshot(database) as connection:
                revision = await connection.run_sync(read_revision, SCHEMA)
        except TimeoutError:
            text = f"{database.description} did not answer within {_ANSWERS_WITHIN_S:g} s"
            return problem(CHECK, text, "Start it, or correct MLX_MANAGER_DATABASE_URL.")
        except DatabaseUnreachable as fault:
            return problem(CHECK, str(fault), "Start it, or correct MLX_MANAGER_DATABASE_URL.")
        except DatabaseFault as fault:
            return problem(CHECK, str(fault), _UPDATE)
        return _at(database.description, revision, SCHEMA.head)


def _at(where: str, revision: str | None, head: str) -> Finding:
    if revision is None:
        return ok(CHECK, f"{where} is empty; its tables are made at the first start")
    if revision != head:
        return ok(CHECK, f"{where} is whole, at revision {revision}; the next start brings it to {head}")
    return ok(CHECK, f"{where} is whole, at revision {revision}")
