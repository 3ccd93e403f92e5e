"""Settings that are stored: read before a program starts, and changed while it runs.

A program reads them before it listens and before SQLAlchemy is imported, which takes most of a second:
so the first reading asks the driver itself.
"""

import asyncio
import json
import logging
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from mlx_manager.db.settings import DatabaseSettings

if TYPE_CHECKING:
    from mlx_manager.db.session import Database

logger = logging.getLogger(__name__)

_QUERY: Final = "SELECT name, value FROM stored_settings"
_WITHIN_S: Final = 10.0


def read_stored(prefix: str) -> dict[str, Any]:
    """What is stored for the program whose variables have this prefix, by names of settings.

    Nothing where there is no database yet, or it has not been brought to a revision that has the table, or
    it cannot be reached: who opens it next says so.
    """
    return of_prefix(_rows(DatabaseSettings().url()), prefix)


def of_prefix(rows: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Those of a program, by names of its settings."""
    return {
        name.removeprefix(prefix).lower(): value for name, value in rows.items() if name.startswith(prefix)
    }


def _rows(url: str) -> dict[str, Any]:
    try:
        if url.startswith("sqlite"):
            return _of_sqlite(Path(url.partition(":///")[2]))
        return asyncio.run(asyncio.wait_for(_of_postgresql(url), _WITHIN_S))
    except Exception as error:
        logger.debug("stored settings cannot be read: %s", type(error).__name__)
        return {}


def _of_sqlite(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True)) as connection:
        return _decoded(connection.execute(_QUERY))


async def _of_postgresql(url: str) -> dict[str, Any]:
    import asyncpg  # type: ignore[import-untyped]

    connection = await asyncpg.connect(url.replace("postgresql+asyncpg", "postgresql", 1))
    try:
        return _decoded(await connection.fetch(_QUERY))
    finally:
        await connection.close()


def _decoded(rows: Iterable[Sequence[Any]]) -> dict[str, Any]:
    """The values; SQLite makes numbers of those that look like one, whatever was written."""
    values = {}
    for name, value in rows:
        try:
            values[name] = json.loads(value) if isinstance(value, str) else value
        except ValueError:
            logger.warning("what is stored of %s is no JSON and does not count", name)
    return values


class StoredSettings:
    """The table, for a program that has the database open."""

    def __init__(self, database: "Database") -> None:
        self._database = database

    async def all(self) -> dict[str, Any]:
        """What is stored, by names of variables."""
        from sqlmodel import select

        from mlx_manager.db.tables import StoredSetting

        async with self._database.reading() as session:
            rows = await session.exec(select(StoredSetting))
            return {row.name: row.value for row in rows}
