"""The database as a program uses it: at the code's revision, with what is built on it."""

from dataclasses import dataclass
from typing import Self

from mlx_manager.core.access.authenticator import Authenticator
from mlx_manager.core.paths import ensure_home
from mlx_manager.db.audit import AuditTable
from mlx_manager.db.credentials import DatabaseCredentials
from mlx_manager.db.session import Database
from mlx_manager.db.settings import DatabaseSettings


@dataclass(frozen=True, slots=True)
class OpenDatabase:
    """What a program is given."""

    database: Database
    credentials: DatabaseCredentials
    authenticator: Authenticator
    audit: AuditTable

    @classmethod
    async def open(cls) -> Self:
        """Open the configured database and bring it to the code's revision.

        Raises:
            Exception: it cannot be reached or is newer than the code; the message is a line for a person.
        """
        ensure_home()
        database = Database(DatabaseSettings().url())
        from sqlmodel import SQLModel

        from mlx_manager.db.tables import AuthState

        async with database.engine.begin() as c:
            await c.run_sync(SQLModel.metadata.create_all)
        async with database.session() as sess:
            if await sess.get(AuthState, 1) is None:
                sess.add(AuthState())
        credentials = DatabaseCredentials(database)
        return cls(database, credentials, Authenticator(credentials, lambda _: None), AuditTable(database))

    async def close(self) -> None:
        """Close every connection."""
        self.credentials.close()
        await self.database.close()
