"""A key of the machine's owner for a program of ours that asks the server something on this machine.

Whoever can write to the database is let in anyway; this way the server need not be told of an exception.
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

from mlx_manager.core.security.api_keys import new_key
from mlx_manager.core.security.principal import OWNER_ID
from mlx_manager.core.times import utc_now
from mlx_manager.db.migrate import prepare
from mlx_manager.db.session import Database
from mlx_manager.db.settings import DatabaseSettings
from mlx_manager.db.tables import ApiKey

_LIFETIME: Final = timedelta(hours=1)


@asynccontextmanager
async def _opened() -> AsyncIterator[Database]:
    async with Database(DatabaseSettings().url()) as database:
        await prepare(database)
        yield database


async def lend_key(purpose: str) -> tuple[str, str]:
    """A key for inference that ends by itself within the hour; its id and itself.

    Raises:
        DatabaseFault: the database cannot be used.
    """
    key = new_key()
    row = ApiKey(
        user_id=OWNER_ID,
        name=f"{purpose} {secrets.token_hex(4)}",
        digest=key.digest,
        hint=key.hint,
        expires_at=utc_now() + _LIFETIME,
    )
    async with _opened() as database, database.session() as session:
        session.add(row)
    return row.id, key.key


async def take_back(key_id: str) -> None:
    """Revoke a key that was lent."""
    async with _opened() as database, database.session() as session:
        if (row := await session.get(ApiKey, key_id)) is not None:
            row.revoked_at = utc_now()
