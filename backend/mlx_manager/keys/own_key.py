"""The manager's own key, with which it asks the server on its own account."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from mlx_manager.core.security.principal import Scope
from mlx_manager.core.times import utc_now
from mlx_manager.db.session import Database
from mlx_manager.keys.lending import lend, remove

_LIFETIME: Final = timedelta(hours=24)
_RENEW_BEFORE: Final = timedelta(hours=1)


class OwnKey:
    """A key of the machine's owner that nobody is shown. An async context manager.

    One that a manager leaves behind that was killed ends within the day.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._key = ""
        self._ids: list[str] = []
        self._expires_at: datetime | None = None
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> "OwnKey":
        return self

    async def __aexit__(self, *_: object) -> None:
        async with self._database.session() as session:
            for key_id in self._ids:
                await remove(session, key_id)

    async def text(self) -> str:
        """The key. Raises what the database raises."""
        async with self._lock:
            now = utc_now()
            if self._expires_at is None or now > self._expires_at - _RENEW_BEFORE:
                async with self._database.session() as session:
                    key_id, key = await lend(session, "manager", (Scope.ADMIN,), now, _LIFETIME)
                self._key, self._expires_at = key, now + _LIFETIME
                self._ids.append(key_id)
            return self._key
