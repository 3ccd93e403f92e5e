"""The manager's account routes on a database of their own, with a clock that the test moves."""

import json
import shutil
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlmodel import SQLModel, select

from mlx_manager.access import RULES
from mlx_manager.auth.endpoints import router as auth_router
from mlx_manager.body_limit import BodyLimitMiddleware
from mlx_manager.config import ManagerSettings
from mlx_manager.core.access.authentication import AuthenticationMiddleware
from mlx_manager.core.access.authenticator import Authenticator
from mlx_manager.core.access.guard import GuardMiddleware
from mlx_manager.core.request_id import RequestIdMiddleware
from mlx_manager.core.security import passwords
from mlx_manager.core.security.hashing import PasswordHashing
from mlx_manager.core.security.names import fold
from mlx_manager.core.security.principal import Role
from mlx_manager.core.security.session_tokens import SessionTokens
from mlx_manager.core.security.setup_token import SetupToken
from mlx_manager.core.security.throttle import SignInThrottle
from mlx_manager.db.credentials import DatabaseCredentials
from mlx_manager.db.session import Database
from mlx_manager.db.tables import User, UserStatus
from mlx_manager.dependencies import Accounts
from mlx_manager.faults import add_error_handlers, error_response
from mlx_manager.keys.endpoints import router as keys_router
from mlx_manager.users.endpoints import router as users_router
from tests.postgres import Cluster

PASSWORD = "correct horse battery staple"
# The same hash at the least cost there is: the tests are many.
CHEAP = PasswordHash([Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)])
PASSWORD_DIGEST = CHEAP.hash(PASSWORD)


@dataclass
class Clock:
    """The time, in both ways in which it is asked for."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    monotonic_s: float = 1000.0

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.monotonic_s += seconds


def url_of(file: Path) -> str:
    """The URL of a SQLite file."""
    return f"sqlite+aiosqlite:///{file}"


def make_accounts(database: Database, clock: Clock) -> Accounts:
    """What the lifespan makes, on the test's clock."""
    return Accounts(
        database=database,
        tokens=SessionTokens(b"0" * 32),
        hashing=PasswordHashing(),
        throttle=SignInThrottle(lambda: clock.monotonic_s),
        setup_token=SetupToken(),
        mode=lambda _: "closed",
        now=lambda: clock.now,
    )


def make_app(accounts: Accounts) -> FastAPI:
    """The account routes, wired as the manager wires them; it listens on loopback as `manager.test`."""
    app = FastAPI()
    credentials = DatabaseCredentials(accounts.database)
    app.state.accounts = accounts
    app.state.credentials = credentials
    app.state.authenticator = Authenticator(credentials, accounts.tokens.session_id, 0, accounts.now)
    settings = ManagerSettings(allowed_hosts=["manager.test"])
    for router in (auth_router, users_router, keys_router):
        app.include_router(router)
    add_error_handlers(app)
    app.add_middleware(BodyLimitMiddleware, limit_of=lambda path: 2**16)
    app.add_middleware(
        AuthenticationMiddleware,
        settings=settings,
        host=lambda: "127.0.0.1",
        rules=RULES,
        authenticator=lambda state: state.authenticator,
        render_error=error_response,
    )
    app.add_middleware(GuardMiddleware, settings=settings, render_error=error_response)
    app.add_middleware(RequestIdMiddleware, render_error=error_response)
    return app


class Client:
    """A browser: it keeps cookies.

    Args:
        address: where it is.
    """

    def __init__(self, app: FastAPI, *, address: str = "127.0.0.1", scheme: str = "http") -> None:
        transport = httpx.ASGITransport(app=app, client=(address, 50000), raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url=f"{scheme}://manager.test")

    async def call(
        self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        content = None if body is None else json.dumps(body)
        stated = {} if body is None else {"Content-Type": "application/json"}
        return await self.http.request(
            method, f"/api/v1{path}", content=content, headers=stated | dict(headers or {})
        )

    async def get(self, path: str) -> httpx.Response:
        return await self.call("GET", path)

    async def post(self, path: str, body: Any = None) -> httpx.Response:
        return await self.call("POST", path, body)

    async def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        return await self.post("/auth/sign-in", {"name": name, "password": password})


@dataclass
class House:
    """The manager with its database and clock."""

    accounts: Accounts
    app: FastAPI
    clock: Clock

    def client(self, address: str = "127.0.0.1", scheme: str = "http") -> Client:
        return Client(self.app, address=address, scheme=scheme)

    async def add(self, name: str, role: Role = Role.USER, status: UserStatus = UserStatus.ACTIVE) -> User:
        """A user whose password is `PASSWORD`."""
        async with self.accounts.database.session() as session:
            user = User(
                name=name,
                name_folded=fold(name),
                role=role.value,
                status=status.value,
                password_digest=PASSWORD_DIGEST,
            )
            session.add(user)
        return user

    async def signed_in(self, name: str, role: Role = Role.USER) -> Client:
        """The browser of a new user, with an open session."""
        await self.add(name, role)
        return await self.browser(name)

    async def browser(self, name: str) -> Client:
        """Another browser of a user's."""
        client = self.client()
        assert (await client.sign_in(name)).status_code == 200
        return client

    async def rows(self, table: type[SQLModel]) -> list[Any]:
        """Everything in a table."""
        async with self.accounts.database.reading() as session:
            return list((await session.exec(select(table))).all())


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.full)])
async def house(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    """The manager on a database of its own, where nobody is yet."""
    monkeypatch.setattr(passwords, "_hasher", lambda: CHEAP)
    monkeypatch.setattr(passwords, "_digest_of_nothing", lambda: PASSWORD_DIGEST)
    clock = Clock()
    async with AsyncExitStack() as stack:
        if request.param == "sqlite":
            url = url_of(shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "mlx-manager.db"))
        else:
            cluster: Cluster = request.getfixturevalue("postgres")
            name = await cluster.create_database(request.getfixturevalue("postgres_template"))
            stack.push_async_callback(cluster.drop_database, name)
            url = cluster.url(name)
        database = await stack.enter_async_context(Database(url))
        accounts = make_accounts(database, clock)
        app = make_app(accounts)
        stack.callback(app.state.credentials.close)
        yield House(accounts, app, clock)


def code_of(response: httpx.Response) -> tuple[int, str]:
    """The status and the code of an error in its envelope."""
    body = response.json()
    assert body.keys() == {"error"}
    assert body["error"].keys() == {"message", "type", "param", "code"}
    return response.status_code, body["error"]["code"]


def param_of(response: httpx.Response) -> str | None:
    """The field that an error names."""
    param: str | None = response.json()["error"]["param"]
    return param


@contextmanager
def counted_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str | None]]:
    """The digests against which passwords were verified; each costs the same."""
    verified: list[str | None] = []
    verify = passwords.verify_password

    def counted(password: str, digest: str | None) -> bool:
        verified.append(digest)
        return verify(password, digest)

    with monkeypatch.context() as patched:
        patched.setattr(passwords, "verify_password", counted)
        yield verified
