"""The database as a program uses it: at the code's revision, with what is built on it."""

from dataclasses import dataclass
from typing import Self

from mlx_manager.core.access.authenticator import Authenticator
from mlx_manager.core.paths import ensure_home
from mlx_manager.core.security.session_tokens import SessionTokens, read_session_secret
from mlx_manager.db.audit import AuditTable
from mlx_manager.db.credentials import DatabaseCredentials
from mlx_manager.db.migrate import prepare
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

    @classmethod
    async def open(cls) -> Self:
        """Open the configured database and bring it to the code's revision.

        Raises:
            Exception: it cannot be reached or is newer than the code; the message is a line for a person.
        """
        home = ensure_home()
        database = Database(DatabaseSettings().url())
        await prepare(database)
        credentials = DatabaseCredentials(database)
        tokens = SessionTokens(read_session_secret(home))
        authenticator = Authenticator(credentials, lambda text: _session_id(tokens, text))
        return cls(database, credentials, authenticator, tokens, AuditTable(database))

    async def close(self) -> None:
        """Close every connection."""
        self.credentials.close()
        await self.database.close()


def _session_id(tokens: SessionTokens, text: str) -> str | None:
    claims = tokens.read(text)
    return None if claims is None else claims.session_id
