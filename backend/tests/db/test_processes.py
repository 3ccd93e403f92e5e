"""Several real processes on one database: nothing is lost, and a migration happens once."""

import asyncio
import multiprocessing
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from sqlmodel import select, text

from mlx_manager.db.migrate import prepare
from mlx_manager.db.schema_version import HEAD
from mlx_manager.db.session import Database
from mlx_manager.db.tables import AuthState, StoredSecret
from tests.databases import KINDS, NewDatabase
from tests.db.dump import load
from tests.db.rows import missing_rows, read_all

NUM_PROCESSES = 2
DEADLINE_S = 200.0


def run_together(program: Callable[..., None], *arguments: object) -> None:
    """Run it in processes of its own, each with a barrier before every step and a number."""
    # They come from a process that has imported this file and nothing else has happened to.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    barrier = context.Barrier(NUM_PROCESSES, timeout=DEADLINE_S)
    processes = [
        context.Process(target=run_one, args=(program, barrier, number, *arguments), daemon=True)
        for number in range(NUM_PROCESSES)
    ]
    try:
        for process in processes:
            process.start()
        for process in processes:
            process.join(DEADLINE_S)
        assert [process.exitcode for process in processes] == [0] * NUM_PROCESSES
    finally:
        for process in processes:
            process.kill()
            process.join()


def run_one(program: Callable[..., None], barrier: Barrier, *arguments: object) -> None:
    try:
        program(barrier, *arguments)
    except BaseException:
        barrier.abort()  # nobody waits for who has failed
        raise


def write(barrier: Barrier, me: int, url: str, num_writes: int) -> None:
    """Each write is a unit of its own; every other one reads a number and writes the next."""

    async def main() -> None:
        async with Database(url) as database:
            for number in range(num_writes):
                async with database.session() as session:
                    if number % 2:
                        (await session.exec(select(AuthState))).one().revision += 1
                    else:
                        session.add(StoredSecret(name=f"{me} {number}", sealed=""))

    barrier.wait()
    asyncio.run(main())


@pytest.mark.parametrize("num_writes", [500, pytest.param(2000, marks=pytest.mark.full)])
async def test_two_processes_that_write_at_once_lose_nothing(database_url: str, num_writes: int) -> None:
    await asyncio.to_thread(run_together, write, database_url, num_writes)
    async with Database(database_url) as database, database.reading() as session:
        names = set((await session.exec(select(StoredSecret.name))).all())
        assert (await session.exec(select(AuthState.revision))).one() == NUM_PROCESSES * num_writes // 2
    assert names == {f"{me} {number}" for me in range(NUM_PROCESSES) for number in range(0, num_writes, 2)}


def start(barrier: Barrier, _: int, urls: list[str], home: Path) -> None:
    """What both programs do at start, with one database after the other."""

    async def main(url: str) -> None:
        async with Database(url) as database:
            await prepare(database, home)

    for url in urls:
        barrier.wait()
        asyncio.run(main(url))


@pytest.mark.parametrize("kind", KINDS)
async def test_two_processes_that_start_at_once(
    kind: str, new_url: NewDatabase, home: Path, request: pytest.FixtureRequest
) -> None:
    old = await new_url(kind)
    await load("0001", old, request.getfixturevalue("postgres") if kind == "postgresql" else None)
    urls = [*[await new_url(kind) for _ in range(3)], old]
    await asyncio.to_thread(run_together, start, urls, home)
    for url in urls:
        async with Database(url) as database:
            rows = await read_all(database)
        assert rows["alembic_version"] == [{"version_num": HEAD}]
        assert "user_owner" in [row["id"] for row in rows["users"]]
    assert missing_rows(rows, "0001") == []
    assert len(list((home / "backups").iterdir())) == 1  # only one of them had anything to do


def open_files(barrier: Barrier, _: int, folder: Path, num_files: int) -> None:
    """Open files that are not there yet, and write at once."""

    async def main(path: Path) -> None:
        async with Database(f"sqlite+aiosqlite:///{path}") as database, database.session() as session:
            await session.exec(text("CREATE TABLE IF NOT EXISTS x (y INTEGER)"))  # type: ignore[call-overload]

    for number in range(num_files):
        barrier.wait()
        asyncio.run(main(folder / f"{number}.db"))


def test_processes_that_open_a_new_file_at_once(tmp_path: Path) -> None:
    """SQLite refuses who switches a file to its write-ahead log at the same time as another."""
    run_together(open_files, tmp_path, 50)
