"""What has been released: revisions never change, and a database of any of them comes to the last."""

import hashlib
import json
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlmodel import SQLModel, select

from mlx_manager.core.security.names import fault_of, fold
from mlx_manager.db.migrate import prepare
from mlx_manager.db.schema_version import HEAD, SCHEMA, TABLES
from mlx_manager.db.session import Database
from mlx_manager.db.tables import AuthState, User
from mlx_manager.db.tables.users import OWNER_ID
from mlx_manager.db.whole import snapshot
from tests.databases import KINDS, NewDatabase
from tests.db.dump import DUMPS, dump_path, load
from tests.db.rows import ROWS, missing_rows, read_all
from tests.postgres import Cluster

RELEASED = json.loads((Path(__file__).parent / "released.json").read_text())
VERSIONS = SCHEMA.folders[0]


def test_the_code_knows_every_revision_in_its_order() -> None:
    config = Config()
    config.set_main_option("script_location", str(VERSIONS.parent))
    script = ScriptDirectory.from_config(config)
    assert script.get_current_head() == HEAD == SCHEMA.head
    assert tuple(entry.revision for entry in reversed(list(script.walk_revisions()))) == SCHEMA.revisions


def test_every_table_is_known() -> None:
    assert SQLModel.metadata.tables.keys() <= TABLES


@pytest.mark.parametrize("revision", SCHEMA.revisions)
@pytest.mark.parametrize("kind", KINDS)
def test_each_revision_has_its_dumps(revision: str, kind: str) -> None:
    assert dump_path(revision, kind).exists(), f"python -m tests.db.dump {revision} makes it"


def test_what_was_released_is_as_it_was() -> None:
    files = [*VERSIONS.glob("revision_*.py"), *DUMPS.glob("*.sql")]
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    assert found == RELEASED["sha256"], RELEASED["what to do"]


@pytest.mark.parametrize("revision", SCHEMA.revisions)
@pytest.mark.parametrize("kind", KINDS)
async def test_a_populated_database_keeps_its_rows(
    kind: str, revision: str, new_url: NewDatabase, home: Path, request: pytest.FixtureRequest
) -> None:
    url = await new_url(kind)
    cluster: Cluster | None = request.getfixturevalue("postgres") if kind == "postgresql" else None
    await load(revision, url, cluster)
    async with Database(url) as database:
        before = await read_all(database)
        assert missing_rows(before, revision) == []
        assert all(ROWS[revision][table] for table in before if table != "alembic_version")
        await prepare(database, home)
        after = await read_all(database)
    assert missing_rows(after, revision) == []
    assert after["alembic_version"] == [{"version_num": HEAD}]
    for table, rows in before.items():
        assert len(after[table]) == len(rows)


async def test_migrations_make_what_the_code_describes(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, SQLModel.metadata))

    async with snapshot(database) as connection:
        assert await connection.run_sync(differences) == []


async def test_a_new_database_has_its_owner_and_its_counter(database: Database) -> None:
    async with database.reading() as session:
        [owner] = (await session.exec(select(User))).all()
        [state] = (await session.exec(select(AuthState))).all()
    assert (owner.id, owner.name, owner.role, owner.status) == (OWNER_ID, "owner", "admin", "active")
    assert owner.is_builtin
    assert owner.password_digest is None
    # Nobody can register under it, whether or not somebody looks at the name first.
    assert fold(owner.name_folded) != owner.name_folded
    assert fault_of(owner.name_folded) is not None
    assert (state.id, state.revision) == (1, 0)
