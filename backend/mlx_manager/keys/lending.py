"""A key of the machine's owner for a program of ours that asks another one on this machine.

Whoever can write to the database is let in anyway; this way the other need not be told of an exception.
"""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from mlx_manager.core.security.api_keys import new_key
from mlx_manager.core.security.principal import OWNER_ID, Scope
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


async def lend_key(purpose: str, scopes: Sequence[Scope] = (Scope.INFERENCE,)) -> tuple[str, str]:
    """A key that ends by itself within the hour; its id and itself.

    Raises:
        DatabaseFault: the database cannot be used.
    """
    async with _opened() as database, database.session() as session:
        return await lend(session, purpose, scopes, utc_now())


async def take_back(key_id: str) -> None:
    """Remove a key that was lent."""
    async with _opened() as database, database.session() as session:
        await remove(session, key_id)


async def lend(
    session: AsyncSession,
    purpose: str,
    scopes: Sequence[Scope],
    now: datetime,
    lifetime: timedelta = _LIFETIME,
) -> tuple[str, str]:
    """The same within a unit of work. What was lent before, has ended and was not given back is removed."""
    query = select(ApiKey).where(col(ApiKey.is_internal), col(ApiKey.expires_at) < now)
    for old in await session.exec(query):
        await session.delete(old)
    key = new_key()
    row = ApiKey(
        user_id=OWNER_ID,
        name=f"{purpose} {secrets.token_hex(4)}",
        digest=key.digest,
        hint=key.hint,
        scopes=[scope.value for scope in scopes],
        is_internal=True,
        created_at=now,
        expires_at=now + lifetime,
    )
    session.add(row)
    return row.id, key.key


async def remove(session: AsyncSession, key_id: str) -> None:
    """Remove a key that was lent; any other stays."""
    row = await session.get(ApiKey, key_id)
    if row is not None and row.is_internal:
        await session.delete(row)
