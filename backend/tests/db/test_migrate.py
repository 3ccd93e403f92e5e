"""Start: the database comes to the last revision once, under a lock, after a backup, or stays as it was."""

import asyncio
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from sqlalchemy import text

from mlx_manager.db.archive import Archive
from mlx_manager.db.backup import back_up_before
from mlx_manager.db.errors import DatabaseFault, DatabaseUnreachable, NotOurDatabase, UnknownRevision
from mlx_manager.db.migrate import prepare
from mlx_manager.db.schema_version import HEAD, SCHEMA, Schema
from mlx_manager.db.session import Database
from mlx_manager.db.whole import exclusive
from tests.databases import KINDS, NewDatabase
from tests.db.dump import load
from tests.db.rows import missing_rows, read_all
from tests.postgres import Cluster

NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("users") as users:
        users.add_column(sa.Column("nickname", sa.String(), nullable=True))
        users.alter_column("role", type_=sa.Text())
    op.execute("UPDATE auth_state SET revision = 1000")
    {last}
"""


def next_schema(folder: Path, last: str = "") -> Schema:
    """One revision more than there are; it makes a table anew on SQLite, and ends with a statement."""
    folder.mkdir()
    (folder / "next.py").write_text(NEXT.format(head=HEAD, last=last))
    return Schema((*SCHEMA.revisions, "9999"), (*SCHEMA.folders, folder))


@pytest.fixture
async def old_url(kind: str, new_url: NewDatabase, request: pytest.FixtureRequest) -> str:
    """A populated database of the first revision."""
    url = await new_url(kind)
    await load("0001", url, request.getfixturevalue("postgres") if kind == "postgresql" else None)
    return url


def backups(home: Path) -> list[Path]:
    return sorted((home / "backups").glob("*")) if (home / "backups").exists() else []


async def test_a_current_database_is_left_alone(database: Database, home: Path) -> None:
    await prepare(database, home)
    assert backups(home) == []
    if database.is_sqlite:
        assert not database.path.with_name(f"{database.path.name}.lock").exists()


async def test_a_current_database_costs_no_import_of_alembic(sqlite_template: Path, home: Path) -> None:
    database_url = f"sqlite+aiosqlite:///{sqlite_template}"
    program = (
        "import asyncio, sys; from pathlib import Path\n"
        "from mlx_manager.db.session import Database; from mlx_manager.db.migrate import prepare\n"
        "async def main():\n"
        "    async with Database(sys.argv[1]) as database: await prepare(database, Path(sys.argv[2]))\n"
        "asyncio.run(main()); print('alembic' in sys.modules)"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, database_url, str(home), stdout=subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert output.decode().strip() == "False"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_backup_is_made_before_a_migration(old_url: str, home: Path) -> None:
    async with Database(old_url) as database:
        before = await read_all(database)
        await prepare(database, home)
    [backup] = backups(home)
    assert backup.name.startswith(f"before-0001-to-{HEAD}-2")
    assert backup.stat().st_mode & 0o777 == 0o600
    assert backup.parent.stat().st_mode & 0o777 == 0o700
    with Archive(backup) as archive:
        assert archive.manifest.revision == "0001"
        assert archive.manifest.tables == {
            name: len(rows) for name, rows in before.items() if name != "alembic_version"
        }
        assert archive.manifest.secrets == ["sealing.key", "session"]


@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_is_backed_up_before_the_first_migration(
    kind: str, new_url: NewDatabase, home: Path
) -> None:
    async with Database(await new_url(kind)) as database:
        await prepare(database, home)
        assert (await read_all(database))["alembic_version"] == [{"version_num": HEAD}]
    assert backups(home) == []


@pytest.mark.parametrize("kind", KINDS)
async def test_a_migration_that_makes_a_table_anew_keeps_what_refers_to_it(
    old_url: str, home: Path, tmp_path: Path
) -> None:
    async with Database(old_url) as database:
        await prepare(database, home, next_schema(tmp_path / "versions % with a space"))
        after = await read_all(database)
    after["auth_state"][0]["revision"] = 41
    assert missing_rows(after, "0001") == []
    assert all(row["nickname"] is None for row in after["users"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "fault",
    [
        'raise ValueError("deliberate")',
        'op.execute("INSERT INTO no_such_table VALUES (1)")',
        """op.execute("DELETE FROM users WHERE id = 'user_1'")""",
    ],
    ids=["python", "statement", "foreign key"],
)
async def test_a_failing_migration_leaves_the_database_as_it_was(
    old_url: str, fault: str, home: Path, tmp_path: Path
) -> None:
    async with Database(old_url) as database:
        before = await read_all(database)
        with pytest.raises(DatabaseFault) as caught:
            await prepare(database, home, next_schema(tmp_path / "versions", fault))
        assert len(str(caught.value).splitlines()) == 1
        assert await read_all(database) == before
        # And it can be brought to what the code really knows.
        await prepare(database, home)
        assert missing_rows(await read_all(database), "0001") == []
    assert len(backups(home)) == 2


async def test_a_newer_database_is_refused_and_left_as_it_is(
    database: Database, home: Path, tmp_path: Path
) -> None:
    await prepare(database, home, next_schema(tmp_path / "versions"))
    await database.close()
    before = database.path.read_bytes() if database.is_sqlite else await read_all(database)
    with pytest.raises(UnknownRevision) as caught:
        await prepare(database, home)
    await database.close()
    assert (database.path.read_bytes() if database.is_sqlite else await read_all(database)) == before
    line = str(caught.value)
    assert "9999" in line
    assert f"0001 to {HEAD}" in line
    assert "nothing was changed" in line
    assert len(backups(home)) == 1  # from before the next revision


@pytest.mark.parametrize("kind", KINDS)
async def test_tables_of_somebody_else_are_left_alone(kind: str, new_url: NewDatabase, home: Path) -> None:
    async with Database(await new_url(kind)) as database:
        async with exclusive(database) as connection:
            await connection.execute(text("CREATE TABLE users (id INTEGER PRIMARY KEY)"))
        before = await read_all(database)
        with pytest.raises(NotOurDatabase, match="users"):
            await prepare(database, home)
        assert await read_all(database) == before


async def test_a_database_that_does_not_answer(home: Path, tmp_path: Path) -> None:
    url = f"postgresql+asyncpg://ada:the-password@127.0.0.1:1/x?host={tmp_path}&password=another"
    async with Database(url) as database:
        with pytest.raises(DatabaseUnreachable) as caught:
            await prepare(database, home)
    assert "ada:***@127.0.0.1:1/x" in str(caught.value)
    for secret in ("the-password", "another"):
        assert secret not in str(caught.value)
        assert secret not in database.description
    assert len(str(caught.value).splitlines()) == 1


async def test_a_database_that_is_not_there(postgres: Cluster, home: Path) -> None:
    async with Database(postgres.url("no_such_database")) as database:
        with pytest.raises(DatabaseUnreachable, match='"no_such_database" does not exist'):
            await prepare(database, home)


async def test_a_file_that_is_no_database(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "mlx-manager.db"
    path.write_bytes(b"something else entirely\n" * 100)
    async with Database(f"sqlite+aiosqlite:///{path}") as database:
        with pytest.raises(DatabaseUnreachable, match="file is not a database"):
            await prepare(database, home)
    assert path.read_bytes() == b"something else entirely\n" * 100


async def test_the_newest_ten_backups_of_a_kind_are_kept(new_url: NewDatabase, home: Path) -> None:
    database = Database(await new_url("sqlite"))
    folder = home / "backups"
    folder.mkdir(mode=0o755)
    (folder / "mine.tar.gz").touch()
    made = [await back_up_before("restore", database, home) for _ in range(2)]
    made += [await back_up_before(f"000{number % 2}-to-{HEAD}", database, home) for number in range(12)]
    assert set(backups(home)) == {folder / "mine.tar.gz", *made[:2], *made[-10:]}
    assert folder.stat().st_mode & 0o777 == 0o700
    with tarfile.open(made[-1]) as archive:  # any tar program can open it
        assert archive.getnames()[0] == "manifest.json"
    await database.close()
