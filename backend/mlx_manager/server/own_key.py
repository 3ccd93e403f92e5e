"""The manager's own key, with which it asks the server on its own account."""

import asyncio
import secrets
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import col, delete

from mlx_manager.core.security.api_keys import new_key
from mlx_manager.core.security.principal import OWNER_ID, Scope
from mlx_manager.core.times import utc_now
from mlx_manager.db.session import Database
from mlx_manager.db.tables import ApiKey

_LIFETIME: Final = timedelta(hours=24)
_RENEW_BEFORE: Final = timedelta(hours=1)


class OwnKey:
    """A key of the machine's owner that nobody is shown. An async context manager.

    One that a manager leaves behind that was killed ends within the day.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._key = ""
        self._id = ""
        self._expires_at: datetime | None = None
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> "OwnKey":
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._id:
            async with self._database.session() as session:
                if (row := await session.get(ApiKey, self._id)) is not None:
                    await session.delete(row)

    async def text(self) -> str:
        """The key. Raises what the database raises."""
        async with self._lock:
            if self._expires_at is None or utc_now() > self._expires_at - _RENEW_BEFORE:
                await self._renew()
            return self._key

    async def _renew(self) -> None:
        made, expires_at = new_key(), utc_now() + _LIFETIME
        row = ApiKey(
            user_id=OWNER_ID,
            name=f"manager {secrets.token_hex(4)}",
            digest=made.digest,
            hint=made.hint,
            scopes=[Scope.ADMIN.value],
            expires_at=expires_at,
            is_internal=True,
        )
        async with self._database.session() as session:
            over = delete(ApiKey).where(col(ApiKey.is_internal).is_(True), col(ApiKey.expires_at) < utc_now())
            await session.exec(over)
            session.add(row)
        self._key, self._id, self._expires_at = made.key, row.id, expires_at
