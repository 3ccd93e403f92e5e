"""Dumps: databases of a released revision with rows in every table, as SQL. They are made once.

`python -m tests.db.dump 0003` makes those of a new revision, from `rows.py`; it never overwrites one.
"""

import asyncio
import re
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from mlx_manager.db.migrate import migrate
from mlx_manager.db.session import Database
from mlx_manager.db.whole import exclusive
from tests.db.rows import insert_rows
from tests.postgres import Cluster, find_postgres

DUMPS = Path(__file__).parent / "dumps"
# Commands of psql, comments, and settings that another version of the server may not know.
_NOT_SQL = re.compile(r"^(\\|--|SET (?!search_path))|^$")


def dump_path(revision: str, kind: str) -> Path:
    """Where a revision's dump for a kind of database is."""
    return DUMPS / f"{revision}.{kind}.sql"


async def load(revision: str, url: str, cluster: Cluster | None = None) -> None:
    """Fill an empty database with a dump. PostgreSQL's needs the cluster."""
    database = Database(url)
    script = dump_path(revision, database.url.get_backend_name()).read_text()
    if database.is_sqlite:
        with closing(sqlite3.connect(database.path)) as connection:
            connection.executescript(script)
    else:
        assert cluster is not None
        assert database.url.database is not None
        await cluster.run(script, database.url.database)
    await database.close()


async def populate(database: Database, revision: str) -> None:
    """Bring an empty database to a revision and put its rows in."""
    async with exclusive(database) as connection:
        await migrate(connection, revision)
        await connection.run_sync(insert_rows, revision)


async def _dump_sqlite(revision: str, folder: Path) -> str:
    async with Database(f"sqlite+aiosqlite:///{folder / 'new.db'}") as database:
        await populate(database, revision)
        with closing(sqlite3.connect(database.path)) as connection:
            return "\n".join(connection.iterdump()) + "\n"


async def _postgres_at(revision: str, cluster: Cluster) -> str:
    name = await cluster.create_database()
    async with Database(cluster.url(name)) as database:
        await populate(database, revision)
    return name


def _dump_postgres(revision: str, cluster: Cluster, programs: Path) -> str:
    name = asyncio.run(_postgres_at(revision, cluster))
    command = [str(programs / "pg_dump"), "-h", str(cluster.folder), "-U", "tester", "--inserts"]
    command += ["--no-owner", "--no-privileges", name]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return "".join(line for line in done.stdout.splitlines(keepends=True) if not _NOT_SQL.match(line))


def main(revision: str) -> None:
    """Write a revision's two dumps."""
    programs = find_postgres()
    if programs is None:
        sys.exit("there is no PostgreSQL here to make a dump with")
    with tempfile.TemporaryDirectory() as folder, Cluster(programs) as cluster:
        dumps = {
            "sqlite": asyncio.run(_dump_sqlite(revision, Path(folder))),
            "postgresql": _dump_postgres(revision, cluster, programs),
        }
    for kind, script in dumps.items():
        with dump_path(revision, kind).open("x") as file:
            file.write(script)


if __name__ == "__main__":
    main(*sys.argv[1:])
