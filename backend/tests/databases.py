"""Databases for tests: of either kind, empty or at the last revision. Import the fixtures into a conftest."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from mlx_manager.db.migrate import prepare
from mlx_manager.db.session import Database
from tests.postgres import Cluster, finish, require_postgres

KINDS = ("sqlite", "postgresql")
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For a test of `database` to which it is all the same."""
NewDatabase = Callable[[str], Awaitable[str]]


async def prepare_at(url: str, home: Path) -> None:
    """Bring the database there to the last revision."""
    async with Database(url) as database:
        await prepare(database, home)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A running PostgreSQL; tests that ask for it are skipped where there is none."""
    with Cluster(require_postgres()) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def postgres_template(postgres: Cluster, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database at the last revision, to be copied."""
    name: str = finish(postgres.create_database())
    finish(prepare_at(postgres.url(name), tmp_path_factory.mktemp("home")))
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, as a file."""
    path = tmp_path_factory.mktemp("template") / "mlx-manager.db"
    finish(prepare_at(f"sqlite+aiosqlite:///{path}", path.parent))
    return path


@pytest.fixture
async def new_url(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> AsyncIterator[NewDatabase]:
    """Makes empty databases, by their kind; they go with the test."""
    async with AsyncExitStack() as stack:

        async def make(kind: str) -> str:
            if kind == "sqlite":
                return f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('data') / 'mlx-manager.db'}"
            cluster: Cluster = request.getfixturevalue("postgres")
            name = await cluster.create_database()
            stack.push_async_callback(cluster.drop_database, name)
            return cluster.url(name)

        yield make


@pytest.fixture(params=KINDS)
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a fresh database at the last revision."""
    if request.param == "sqlite":
        path = tmp_path / "data" / "mlx-manager.db"
        path.parent.mkdir(mode=0o700)
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite+aiosqlite:///{path}"
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    name = await cluster.create_database(request.getfixturevalue("postgres_template"))
    yield cluster.url(name)
    await cluster.drop_database(name)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A fresh database of either kind, at the last revision."""
    async with Database(database_url) as opened:
        yield opened
