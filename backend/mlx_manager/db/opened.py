"""The database as a program uses it: at the code's revision, with what is built on it."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Self

from mlx_manager.core.access.authenticator import Authenticator
from mlx_manager.core.home_use import hold_home
from mlx_manager.core.paths import ensure_home
from mlx_manager.core.security.session_tokens import SessionTokens, read_session_secret
from mlx_manager.db.audit import AuditTable
from mlx_manager.db.credentials import DatabaseCredentials
from mlx_manager.db.migrate import prepare
from mlx_manager.db.responses import ResponseTable
from mlx_manager.db.session import Database
from mlx_manager.db.settings import DatabaseSettings


@dataclass(frozen=True, slots=True)
class OpenDatabase:
    """What a program is given.

    Attributes:
        tokens: of sessions; both programs read what the manager issues.
    """

    database: Database
    credentials: DatabaseCredentials
    authenticator: Authenticator
    tokens: SessionTokens
    audit: AuditTable
    responses: ResponseTable
    resources: AsyncExitStack

    @classmethod
    async def open(cls, max_age_s: float = 1.0) -> Self:
        """Open the configured database and bring it to the code's revision.

        As long as it is open, nobody restores a backup over it.

        Args:
            max_age_s: of what is remembered of credentials, on PostgreSQL; on SQLite nothing is ever old.

        Raises:
            Exception: it cannot be reached or is newer than the code; the message is a line for a person.
        """
        async with AsyncExitStack() as stack:
            return await cls._open(stack, max_age_s)

    @classmethod
    async def _open(cls, stack: AsyncExitStack, max_age_s: float) -> Self:
        home = ensure_home()
        stack.enter_context(hold_home(home))
        database = await stack.enter_async_context(Database(DatabaseSettings().url()))
        await prepare(database)
        credentials = DatabaseCredentials(database)
        stack.callback(credentials.close)
        tokens = SessionTokens(read_session_secret(home))
        authenticator = Authenticator(credentials, tokens.session_id, max_age_s)
        audit, responses = AuditTable(database), ResponseTable(database)
        return cls(database, credentials, authenticator, tokens, audit, responses, stack.pop_all())

    async def close(self) -> None:
        """Close every connection."""
        await self.resources.aclose()
