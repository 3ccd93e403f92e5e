"""Several real processes on one database: nothing is lost, and a migration happens once."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlmodel import select

from mlx_manager.db.schema_version import HEAD
from mlx_manager.db.session import Database
from mlx_manager.db.tables import AuthState, StoredSecret
from tests.databases import KINDS, NewDatabase
from tests.db.dump import load
from tests.db.rows import missing_rows, read_all

WRITER = """
import asyncio, sys
from sqlmodel import select
from mlx_manager.db.session import Database
from mlx_manager.db.tables import AuthState, StoredSecret

async def main(url, me, num_writes):
    async with Database(url) as database:
        print("ready", flush=True)
        sys.stdin.readline()
        for number in range(num_writes):
            async with database.session() as session:
                if number % 2:
                    (await session.exec(select(AuthState))).one().revision += 1
                else:
                    session.add(StoredSecret(name=f"{me} {number}", sealed=me))

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""

# Each step begins in all processes at once.
STARTER = """
import asyncio, json, sys
from pathlib import Path
from mlx_manager.db.migrate import prepare
from mlx_manager.db.session import Database

async def main(urls, home):
    for url in urls:
        print("ready", flush=True)
        sys.stdin.readline()
        async with Database(url) as database:
            await prepare(database, home)

asyncio.run(main(json.loads(sys.argv[1]), Path(sys.argv[2])))
"""
NUM_PROCESSES = 2


def run_together(program: str, arguments: list[list[str]], num_steps: int) -> None:
    """Run a process for each list of arguments; they go through their steps side by side."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, *each], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for each in arguments
    ]
    try:
        for _ in range(num_steps):
            for process in processes:
                assert process.stdout is not None
                assert process.stdout.readline() == "ready\n"
            for process in processes:
                assert process.stdin is not None
                process.stdin.write("go\n")
                process.stdin.flush()
        assert [process.wait() for process in processes] == [0] * len(processes)
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.mark.parametrize("num_writes", [500, pytest.param(2000, marks=pytest.mark.full)])
async def test_two_processes_that_write_at_once_lose_nothing(database_url: str, num_writes: int) -> None:
    arguments = [[database_url, f"process {number}", str(num_writes)] for number in range(NUM_PROCESSES)]
    await asyncio.to_thread(run_together, WRITER, arguments, 1)
    async with Database(database_url) as database, database.reading() as session:
        names = set((await session.exec(select(StoredSecret.name))).all())
        assert (await session.exec(select(AuthState.revision))).one() == NUM_PROCESSES * num_writes // 2
    assert names == {
        f"process {process} {number}"
        for process in range(NUM_PROCESSES)
        for number in range(0, num_writes, 2)
    }


@pytest.mark.parametrize("kind", KINDS)
async def test_two_processes_that_start_at_once(
    kind: str, new_url: NewDatabase, home: Path, request: pytest.FixtureRequest
) -> None:
    old = await new_url(kind)
    await load("0001", old, request.getfixturevalue("postgres") if kind == "postgresql" else None)
    urls = [await new_url(kind), old]
    arguments = [[json.dumps(urls), str(home)]] * NUM_PROCESSES
    await asyncio.to_thread(run_together, STARTER, arguments, len(urls))
    for url in urls:
        async with Database(url) as database:
            rows = await read_all(database)
        assert rows["alembic_version"] == [{"version_num": HEAD}]
        assert "user_owner" in [row["id"] for row in rows["users"]]
    assert missing_rows(rows, "0001") == []
    assert len(list((home / "backups").iterdir())) == 1  # only one of them had anything to do


@pytest.mark.full
def test_processes_that_open_a_new_file_at_once(tmp_path: Path) -> None:
    """SQLite refuses who switches a file to its write-ahead log at the same time as another."""
    program = """
import asyncio, sys
from sqlalchemy import text
from mlx_manager.db.session import Database

async def main(folder, num_files):
    for number in range(num_files):
        print("ready", flush=True)
        sys.stdin.readline()
        async with Database(f"sqlite+aiosqlite:///{folder}/{number}.db") as database:
            async with database.session() as session:
                await session.exec(text("CREATE TABLE IF NOT EXISTS x (y INTEGER)"))

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""
    run_together(program, [[str(tmp_path), "40"]] * NUM_PROCESSES, 40)
