"""Who a key or a session belongs to, as the database has it."""

import sqlite3
from contextlib import suppress

from sqlalchemy import exists
from sqlalchemy.sql import ColumnElement
from sqlmodel import col, select

from mlx_manager.core.access.authenticator import AccountState
from mlx_manager.core.security.principal import KeyLimits, Principal, Role, Scope
from mlx_manager.db.session import Database
from mlx_manager.db.tables import ApiKey, AuthState, SignInSession, User, UserStatus

_STATE = "SELECT revision, EXISTS (SELECT 1 FROM users WHERE NOT is_builtin) FROM auth_state"


class DatabaseCredentials:
    """A `CredentialStore` on the shared database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._glance: SqliteGlance | None = SqliteGlance(database) if database.is_sqlite else None

    def close(self) -> None:
        """Close what the database itself does not know of."""
        if self._glance is not None:
            self._glance.close()

    def glance(self) -> AccountState | None:
        """The state where it can be had without a round trip."""
        return None if self._glance is None else self._glance.state()

    async def state(self) -> AccountState:
        """The state, by a query."""
        has_users = exists(select(col(User.id)).where(~col(User.is_builtin)))
        async with self._database.reading() as session:
            row = (await session.exec(select(col(AuthState.revision), has_users))).one()
        return AccountState(row[0], bool(row[1]))

    async def find_key(self, digest: str) -> Principal | None:
        """Who a key belongs to, unless it was revoked or its user may not come in."""
        async with self._database.reading() as session:
            query = select(ApiKey, User).join(User, _same(ApiKey.user_id, User.id))
            row = (await session.exec(query.where(col(ApiKey.digest) == digest))).one_or_none()
        if row is None or row[0].revoked_at is not None or row[1].status != UserStatus.ACTIVE:
            return None
        key, user = row
        return _principal_of_key(key, user)

    async def find_session(self, session_id: str) -> Principal | None:
        """Whose session this is, unless it is over or its user may not come in."""
        async with self._database.reading() as session:
            query = select(SignInSession, User).join(User, _same(SignInSession.user_id, User.id))
            row = (await session.exec(query.where(col(SignInSession.id) == session_id))).one_or_none()
        if row is None or row[0].revoked_at is not None or row[1].status != UserStatus.ACTIVE:
            return None
        signed_in, user = row
        role = Role(user.role)
        return Principal(
            user.id,
            user.name,
            role,
            frozenset(Scope) if role is Role.ADMIN else frozenset({Scope.INFERENCE}),
            session_id=signed_in.id,
            expires_at=signed_in.expires_at,
        )


def _principal_of_key(key: ApiKey, user: User) -> Principal:
    scopes = {Scope(scope) for scope in key.scopes}
    if user.role != Role.ADMIN:  # it may have been an administrator's when the key was made
        scopes.discard(Scope.ADMIN)
    models = None if key.models is None else frozenset(key.models)
    return Principal(
        user.id,
        user.name,
        Role(user.role),
        frozenset(scopes),
        key_id=key.id,
        expires_at=key.expires_at,
        limits=KeyLimits(models, key.requests_per_minute, key.tokens_per_day),
        capture_days=key.capture_days,
    )


def _same(left: str, right: str) -> ColumnElement[bool]:
    return col(left) == col(right)


class SqliteGlance:
    """Looks at SQLite's own count of changes, some microseconds, and reads the state only where it grew.

    Its connection is used by the event loop's thread alone, and never waits: WAL lets readers through.
    """

    def __init__(self, database: Database) -> None:
        self._uri = database.path.resolve().as_uri() + "?mode=ro"
        self._connection: sqlite3.Connection | None = None
        self._version: int | None = None
        self._state: AccountState | None = None

    def state(self) -> AccountState | None:
        """The state, or None where SQLite cannot tell just now."""
        try:
            if self._connection is None:
                self._connection = sqlite3.connect(self._uri, uri=True, timeout=0, isolation_level=None)
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
            if version != self._version or self._state is None:
                revision, has_users = self._connection.execute(_STATE).fetchone()
                self._state = AccountState(revision, bool(has_users))
                self._version = version
        except (sqlite3.Error, TypeError):  # TypeError: no row
            self.close()
            return None
        return self._state

    def close(self) -> None:
        """Close the connection; the next look opens another."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
        self._connection = self._version = self._state = None
