"""The manager's account routes on a database of their own, with a clock that the test moves."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlmodel import SQLModel, col, select
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from mlx_manager.auth.endpoints import router as auth_router
from mlx_manager.body_limit import BodyLimitMiddleware
from mlx_manager.core.request_id import RequestIdMiddleware
from mlx_manager.core.security import passwords
from mlx_manager.core.security.api_keys import digest_of
from mlx_manager.core.security.hashing import PasswordHashing
from mlx_manager.core.security.names import fold
from mlx_manager.core.security.principal import Principal, Role
from mlx_manager.core.security.principal import Scope as KeyScope
from mlx_manager.core.security.session_tokens import SessionTokens
from mlx_manager.core.security.setup_token import SetupToken
from mlx_manager.core.security.throttle import SignInThrottle
from mlx_manager.db.session import Database
from mlx_manager.db.tables import ApiKey, AuthState, SignInSession, User, UserStatus
from mlx_manager.db.tables.users import OWNER_ID
from mlx_manager.dependencies import Accounts
from mlx_manager.faults import add_error_handlers, error_response
from mlx_manager.keys.endpoints import router as keys_router
from mlx_manager.users.endpoints import router as users_router

PASSWORD = "correct horse battery staple"
# The same hash at the least cost there is: the tests are many.
CHEAP = PasswordHash([Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)])
PASSWORD_DIGEST = CHEAP.hash(PASSWORD)
_PUBLIC = {
    f"/api/v1/auth/{name}"
    for name in ("status", "setup", "register", "sign-in", "refresh", "sign-out", "password/reset")
}


@dataclass
class Clock:
    """The time, in both ways in which it is asked for."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    monotonic_s: float = 1000.0

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.monotonic_s += seconds


async def prepare(database: Database) -> None:
    """Make the tables and what is in them from the start."""
    async with database.engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)
    async with database.session() as session:
        session.add(AuthState())
        await session.flush()
        session.add(
            User(
                id=OWNER_ID,
                name="owner",
                name_folded="<Owner>",
                is_builtin=True,
                role=Role.ADMIN.value,
                status=UserStatus.ACTIVE.value,
            )
        )


def url_of(file: Path) -> str:
    """The URL of a SQLite file."""
    return f"sqlite+aiosqlite:///{file}"


class Access:
    """Says who asks, as the manager's own middleware does: without users, everybody is the owner."""

    def __init__(self, app: ASGIApp, accounts: Accounts) -> None:
        self._app = app
        self._accounts = accounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            connection = HTTPConnection(scope)
            connection.state.is_local = "x-forwarded-for" not in connection.headers
            connection.state.principal = await self._principal(connection)
        await self._app(scope, receive, send)

    async def _principal(self, connection: HTTPConnection) -> Principal | None:
        sent = connection.headers.get("authorization", "").removeprefix("Bearer ")
        sent = sent or connection.headers.get("x-api-key", "") or connection.cookies.get("mlx_session", "")
        now = self._accounts.now()
        async with self._accounts.database.reading() as session:
            if not sent:
                users = await session.exec(select(User).where(col(User.is_builtin).is_(False)))
                owner = await session.get(User, OWNER_ID)
                return None if users.first() is not None or owner is None else _principal_of(owner)
            if claims := self._accounts.tokens.read(sent):
                row = await session.get(SignInSession, claims.session_id)
                if row is None or row.revoked_at is not None or row.expires_at <= now:
                    return None
                user = await session.get(User, row.user_id)
                return _principal_of(user, session_id=row.id)
            key = (await session.exec(select(ApiKey).where(ApiKey.digest == digest_of(sent)))).first()
            if key is None or key.revoked_at is not None or (key.expires_at and key.expires_at <= now):
                return None
            scopes = frozenset(KeyScope(scope) for scope in key.scopes)
            return _principal_of(await session.get(User, key.user_id), key_id=key.id, scopes=scopes)


def _principal_of(user: User | None, **of_credential: Any) -> Principal | None:
    if user is None or user.status != UserStatus.ACTIVE:
        return None
    role = Role(user.role)
    scopes = frozenset(KeyScope) if role is Role.ADMIN else frozenset({KeyScope.INFERENCE})
    given = {"scopes": scopes} | of_credential
    return Principal(user_id=user.id, user_name=user.name, role=role, **given)


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
    """The account routes, wired as the manager wires them."""
    app = FastAPI()
    app.state.accounts = accounts
    for router in (auth_router, users_router, keys_router):
        app.include_router(router)
    add_error_handlers(app)
    app.add_middleware(BodyLimitMiddleware, limit_bytes=2**16)
    app.add_middleware(Access, accounts=accounts)
    app.add_middleware(RequestIdMiddleware, render_error=error_response)
    return app


class Client:
    """A browser: it keeps cookies.

    Args:
        address: where it is; another one is a proxy's client, so it is not local.
    """

    def __init__(self, app: FastAPI, *, address: str = "127.0.0.1", scheme: str = "http") -> None:
        transport = httpx.ASGITransport(app=app, client=(address, 50000), raise_app_exceptions=False)
        headers = {} if address == "127.0.0.1" else {"x-forwarded-for": address}
        self.http = httpx.AsyncClient(
            transport=transport, base_url=f"{scheme}://manager.test", headers=headers
        )

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


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database in which nobody but the built-in owner is; to be copied."""
    file = tmp_path_factory.mktemp("database") / "empty.db"

    async def make() -> None:
        async with Database(url_of(file)) as database:
            await prepare(database)

    asyncio.run(make())
    return file


@pytest.fixture
async def house(
    tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    """The manager on a database of its own, where nobody is yet."""
    monkeypatch.setattr(passwords, "_hasher", lambda: CHEAP)
    monkeypatch.setattr(passwords, "_digest_of_nothing", lambda: PASSWORD_DIGEST)
    clock = Clock()
    file = Path(shutil.copy(empty_database, tmp_path / "mlx-manager.db"))
    async with Database(url_of(file)) as database:
        accounts = make_accounts(database, clock)
        yield House(accounts, make_app(accounts), clock)


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
