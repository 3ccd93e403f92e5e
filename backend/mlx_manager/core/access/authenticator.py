"""Tells who a credential belongs to, and remembers it for as long as nothing has changed.

The database counts changes to users, keys and sessions. What was found stays good while that number
does, so a request costs a look at the number, and what was revoked is noticed by the next look.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from mlx_manager.core.access.credentials import Credential
from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.security.api_keys import PREFIX, digest_of
from mlx_manager.core.security.principal import Principal
from mlx_manager.core.times import utc_now

logger = logging.getLogger(__name__)

_MAX_REMEMBERED: Final = 4096
# Where looking costs a round trip, one is made beside the request from this share of the greatest age on.
_FRESH_SHARE: Final = 0.25


@dataclass(frozen=True, slots=True)
class AccountState:
    """What decides whether something that was found earlier still holds.

    Attributes:
        revision: grows with every change to a user, a key or a session.
        has_users: whether there is any user but the built-in owner.
    """

    revision: int
    has_users: bool


class CredentialStore(Protocol):
    """Where users, keys and sessions are kept. Methods may raise any error of the database."""

    def glance(self) -> AccountState | None:
        """The state in some microseconds, or None where that is not possible."""
        ...

    async def state(self) -> AccountState:
        """The state."""
        ...

    async def find_key(self, digest: str) -> Principal | None:
        """Who a key belongs to; None for one that is unknown, revoked or a disabled user's."""
        ...

    async def find_session(self, session_id: str) -> Principal | None:
        """Whose session this is; None for one that is unknown, over, or a disabled user's."""
        ...


class Authenticator:
    """Credentials to principals.

    Args:
        read_token: a session's id from its token, or None where the token is no good.
        max_age_s: where there is no glance, what was found may be so old; with 0 every request looks.
        now: the time, UTC.
    """

    def __init__(
        self,
        store: CredentialStore,
        read_token: Callable[[str], str | None],
        max_age_s: float = 1.0,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._read_token = read_token
        self._max_age_s = max_age_s
        self._now = now
        self._state: AccountState | None = None
        self._looked_at = float("-inf")
        self._looking: asyncio.Task[None] | None = None
        # By a key's digest or a session's id.
        self._known: OrderedDict[str, Principal | None] = OrderedDict()

    async def state(self) -> AccountState:
        """What holds now, or did `max_age_s` ago.

        Raises:
            ApiError: the database cannot be reached.
        """
        try:
            if (state := self._store.glance()) is not None:
                self._take(state)
                return state
            if not self._max_age_s:
                await self._look()  # its own: one that is under way may have begun before a change
            else:
                await self._look_if_old()
        except Exception as error:
            raise _unavailable(error) from error
        assert self._state is not None
        return self._state

    async def identify(self, credential: Credential) -> Principal | None:
        """Who this is; None for a credential that is worth nothing.

        Raises:
            ApiError: the database cannot be reached.
        """
        await self.state()
        if credential.is_token:
            session_id = self._read_token(credential.text)
            return None if session_id is None else await self._find(session_id, self._store.find_session)
        if not credential.text.startswith(PREFIX):
            return None
        return await self._find(digest_of(credential.text), self._store.find_key)

    async def still_holds(self, credential: Credential, principal: Principal) -> bool:
        """Whether what was found is true now: the credential is good, and for no less than it was.

        A session outlives the token that opened a long answer.

        Raises:
            ApiError: the database cannot be reached.
        """
        if principal.session_id is None:
            found = await self.identify(credential)
        else:
            await self.state()
            found = await self._find(principal.session_id, self._store.find_session)
        return found is not None and found.scopes >= principal.scopes

    async def _find(self, name: str, find: Callable[[str], Awaitable[Principal | None]]) -> Principal | None:
        if name in self._known:
            self._known.move_to_end(name)
            principal = self._known[name]
        else:
            state = self._state
            try:
                principal = await find(name)
            except Exception as error:
                raise _unavailable(error) from error
            if self._state is state:  # else it may be older than what has changed meanwhile
                self._remember(name, principal)
        if principal is not None and principal.has_expired(self._now()):
            return None
        return principal

    def _remember(self, name: str, principal: Principal | None) -> None:
        self._known[name] = principal
        if len(self._known) > _MAX_REMEMBERED:
            self._known.popitem(last=False)

    def _take(self, state: AccountState) -> None:
        if state != self._state:
            self._known.clear()
            self._state = state

    async def _look_if_old(self) -> None:
        age = time.monotonic() - self._looked_at
        if age > self._max_age_s * _FRESH_SHARE and self._looking is None:
            self._looking = asyncio.create_task(self._look())
            self._looking.add_done_callback(self._looked)
        if age > self._max_age_s and self._looking is not None:
            await asyncio.shield(self._looking)

    async def _look(self) -> None:
        started = time.monotonic()
        self._take(await self._store.state())
        self._looked_at = started

    def _looked(self, task: asyncio.Task[None]) -> None:
        self._looking = None
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.warning("the database cannot be asked who may call: %s", error)


def _unavailable(error: Exception) -> ApiError:
    logger.error("the database cannot be asked who may call: %s", error)
    return ApiError(ErrorCode.DATABASE_UNAVAILABLE, "the database cannot be reached", retry_after_s=5)
