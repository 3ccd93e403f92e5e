"""Responses that are kept in the database for the clients that come back to them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Self

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.security.principal import Principal
from mlx_manager.core.times import utc_now
from mlx_manager.mlx_server.accounts import Accounts
from mlx_manager.mlx_server.config import MLXServerSettings

if TYPE_CHECKING:
    from mlx_manager.db.responses import ResponseTable
    from mlx_manager.db.tables import StoredResponse

logger = logging.getLogger(__name__)

# Turns of one conversation that is told by its last response alone.
_MAX_CHAIN: Final = 1024
_CLEAR_EVERY_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class KeptResponse:
    """A response that has ended.

    Attributes:
        item_ids: of its input and output; none of them holds a space.
        input_items: the request's own items; JSON.
        response: as it was answered; JSON.
    """

    response_id: str
    model: str
    created_at: datetime
    previous_response_id: str | None
    status: str
    item_ids: Sequence[str]
    input_items: str
    response: str


class StoredResponses:
    """Keeps responses for `responses_days`, each for its user; an async context manager.

    Every method raises ApiError where the database is away.
    """

    def __init__(self, settings: MLXServerSettings, accounts: Accounts) -> None:
        self._settings = settings
        self._accounts = accounts
        self._clearing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._clearing = asyncio.create_task(self._clear_always())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._clearing is not None
        self._clearing.cancel()
        await asyncio.gather(self._clearing, return_exceptions=True)

    @property
    def keeps(self) -> bool:
        """Whether anything is kept."""
        return self._settings.responses_days > 0

    async def add(self, principal: Principal, kept: KeptResponse, chain: Sequence[str]) -> None:
        """Keep a response; `chain` are the ids of those that it goes on from."""
        columns = {
            "id": kept.response_id,
            "user_id": principal.user_id,
            "key_id": principal.key_id,
            "model": kept.model,
            "created_at": kept.created_at,
            "expires_at": utc_now() + timedelta(days=self._settings.responses_days),
            "previous_response_id": kept.previous_response_id,
            "status": kept.status,
            "item_ids": f" {' '.join(kept.item_ids)} ",
            "input_items": kept.input_items,
            "response": kept.response,
        }
        async with self._table() as table:
            await table.add(columns, chain)

    async def get(self, user_id: str, response_id: str) -> KeptResponse | None:
        """A response of this user's."""
        if not self.keeps:
            return None
        async with self._table() as table:
            row = await table.get(user_id, response_id)
        return None if row is None else _kept(row)

    async def chain(self, user_id: str, response_id: str) -> list[KeptResponse]:
        """A response and all that it goes on from, oldest first.

        Raises:
            ApiError: one of them is not there, or they are too many or too large for a request.
        """
        if not self.keeps:
            raise _missing(response_id, response_id)
        async with self._table() as table:
            rows, missing = await table.chain(user_id, response_id, _MAX_CHAIN)
        if len(rows) == _MAX_CHAIN and missing is not None:
            raise _refusal(f"more than {_MAX_CHAIN} responses go on from each other; send the items instead")
        if missing is not None:
            raise _missing(response_id, missing)
        limit = self._settings.max_request_body_bytes
        if sum(len(row.input_items) + len(row.response) for row in rows) > limit:
            raise _refusal(f"the responses before it are over the limit of {limit} bytes")
        return [_kept(row) for row in rows]

    async def holding(self, user_id: str, item_ids: Iterable[str]) -> list[KeptResponse]:
        """Responses of this user's that have these items."""
        if not self.keeps:
            return []
        async with self._table() as table:
            return [_kept(row) for row in await table.holding(user_id, item_ids)]

    async def delete(self, user_id: str, response_id: str) -> bool:
        """Delete a response of this user's; False where there is none."""
        if not self.keeps:
            return False
        async with self._table() as table:
            return await table.delete(user_id, response_id)

    async def _clear_always(self) -> None:
        """Delete what has expired, also where nothing is kept any more."""
        while True:
            with suppress(ApiError):  # that has been said
                async with self._table() as table:
                    await table.remove_expired()
            await asyncio.sleep(_CLEAR_EVERY_S)

    @asynccontextmanager
    async def _table(self) -> "AsyncIterator[ResponseTable]":
        try:
            yield (await self._accounts.database()).responses
        except ApiError:
            raise
        except Exception as error:
            logger.error("stored responses: %s", error)
            message = "the database cannot be reached, and it holds the responses"
            raise ApiError(ErrorCode.DATABASE_UNAVAILABLE, message) from None


def _kept(row: "StoredResponse") -> KeptResponse:
    return KeptResponse(
        row.id,
        row.model,
        row.created_at,
        row.previous_response_id,
        row.status,
        row.item_ids.split(),
        row.input_items,
        row.response,
    )


def _missing(wanted: str, missing: str) -> ApiError:
    gone = "" if missing == wanted else f"; {wanted} goes on from it"
    message = f"previous_response_id: no response has the id {missing}{gone}"
    return ApiError(ErrorCode.NOT_FOUND, message, param="previous_response_id")


def _refusal(what: str) -> ApiError:
    return ApiError(ErrorCode.INVALID_REQUEST, f"previous_response_id: {what}", param="previous_response_id")
