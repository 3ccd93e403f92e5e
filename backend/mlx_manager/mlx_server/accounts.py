"""Users, keys and the audit as the server needs them, on the database it shares with the manager.

The database is opened beside the start: what it is made of takes a second to import, and `/health` answers
before. A request that wants to know who calls waits until then.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Self

from mlx_manager.core.access.authenticator import AccountState, Authenticator
from mlx_manager.core.access.credentials import Credential
from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.security.principal import Principal
from mlx_manager.core.times import utc_now

if TYPE_CHECKING:
    from mlx_manager.db.opened import OpenDatabase

logger = logging.getLogger(__name__)


class Accounts:
    """The shared database; an async context manager.

    Args:
        failed: called once, with a line for a person, when the database cannot be opened at all.

    Attributes:
        used_keys: keys that were used and when, since somebody last took this away.
    """

    def __init__(self, failed: Callable[[str], None]) -> None:
        self._failed = failed
        self._opening: asyncio.Task[OpenDatabase] | None = None
        self._authenticator: Authenticator | None = None
        self.used_keys: dict[str, datetime] = {}

    async def __aenter__(self) -> Self:
        self._opening = asyncio.create_task(self._open())
        self._opening.add_done_callback(self._opened)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._opening is not None
        if not self._opening.done():
            self._opening.cancel()
        with suppress(Exception, asyncio.CancelledError):
            await (await self._opening).close()

    async def database(self) -> "OpenDatabase":
        """The database, once it is open.

        Raises:
            ApiError: it could not be opened.
        """
        assert self._opening is not None
        try:
            return await asyncio.shield(self._opening)
        except Exception:
            raise ApiError(ErrorCode.DATABASE_UNAVAILABLE, "the database could not be opened") from None

    async def state(self) -> AccountState:
        """Whether there are users. Raises ApiError where the database cannot tell."""
        return await (await self._identifier()).state()

    async def identify(self, credential: Credential) -> Principal | None:
        """Who this is. Raises ApiError where the database cannot tell."""
        principal = await (await self._identifier()).identify(credential)
        if principal is not None and principal.key_id is not None:
            self.used_keys[principal.key_id] = utc_now()
        return principal

    async def still_holds(self, credential: Credential, principal: Principal) -> bool:
        """Whether what was found is true now. Raises ApiError where the database cannot tell."""
        return await (await self._identifier()).still_holds(credential, principal)

    async def tokens_used(self, key_id: str, day: date) -> int:
        """Tokens that a key has taken on a day, as the database has it."""
        return await (await self.database()).audit.tokens_used(key_id, day)

    async def stored_settings(self, prefix: str) -> dict[str, Any]:
        """Settings that are stored for a program, by their names; see `db.stored_settings`.

        Raises:
            ApiError: the database cannot be read.
        """
        opened = await self.database()
        from mlx_manager.db.stored_settings import StoredSettings, of_prefix

        return of_prefix(await StoredSettings(opened.database).all(), prefix)

    async def _identifier(self) -> Authenticator:
        if self._authenticator is None:
            self._authenticator = (await self.database()).authenticator
        return self._authenticator

    async def _open(self) -> "OpenDatabase":
        opened = await asyncio.to_thread(_import)
        return await opened.open()

    def _opened(self, task: "asyncio.Task[OpenDatabase]") -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("the database: %s", error)
            self._failed(str(error))


def _import() -> "type[OpenDatabase]":
    from mlx_manager.core.security.session_tokens import warm_up
    from mlx_manager.db.opened import OpenDatabase

    warm_up()
    return OpenDatabase
