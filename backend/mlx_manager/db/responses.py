"""Keeping responses, each for its user alone."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from mlx_manager.core.times import utc_now
from mlx_manager.db.session import Database
from mlx_manager.db.tables import StoredResponse

_DELETED_AT_ONCE: Final = 1000


class ResponseTable:
    """The table of stored responses. Each method is one unit of work; what has expired is not there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, columns: Mapping[str, Any], chain: Sequence[str] = ()) -> None:
        """Keep a response.

        Args:
            columns: of `StoredResponse`.
            chain: ids of those that it goes on from. They are kept as long as it is: without them it is
                half a conversation.
        """
        kept = StoredResponse(**columns)
        expires_at = col(StoredResponse.expires_at)
        extended = (
            update(StoredResponse)
            .where(col(StoredResponse.user_id) == kept.user_id)
            .where(col(StoredResponse.id).in_(chain))
            .where(expires_at < kept.expires_at)
            .values(expires_at=kept.expires_at)
        )
        async with self._database.session() as session:
            session.add(kept)
            if chain:
                await session.exec(extended)

    async def get(self, user_id: str, response_id: str) -> StoredResponse | None:
        """A response of this user's."""
        async with self._database.reading() as session:
            return await _get(session, user_id, response_id, utc_now())

    async def chain(
        self, user_id: str, response_id: str, most: int
    ) -> tuple[list[StoredResponse], str | None]:
        """A response and those that it goes on from, oldest first, `most` of them.

        Returns:
            the responses, and the id of the one before them: None where the first is the beginning.
        """
        found: list[StoredResponse] = []
        wanted: str | None = response_id
        now = utc_now()
        async with self._database.reading() as session:
            while wanted is not None and len(found) < most:
                row = await _get(session, user_id, wanted, now)
                if row is None:
                    break
                found.append(row)
                wanted = row.previous_response_id
        return found[::-1], wanted

    async def holding(self, user_id: str, item_ids: Iterable[str]) -> list[StoredResponse]:
        """For each of these items the latest response of this user's that has it, where there is one."""
        found: dict[str, StoredResponse] = {}
        mine = select(StoredResponse).where(StoredResponse.user_id == user_id)
        mine = mine.where(col(StoredResponse.expires_at) > utc_now())
        mine = mine.order_by(col(StoredResponse.created_at).desc()).limit(1)
        async with self._database.reading() as session:
            for item_id in item_ids:
                name = f" {item_id} "
                if any(name in row.item_ids for row in found.values()):
                    continue
                having = col(StoredResponse.item_ids).contains(name, autoescape=True)
                row = (await session.exec(mine.where(having))).first()
                if row is not None:
                    found[row.id] = row
        return list(found.values())

    async def delete(self, user_id: str, response_id: str) -> bool:
        """Delete a response of this user's; False where there is none."""
        async with self._database.session() as session:
            row = await _get(session, user_id, response_id, utc_now())
            if row is None:
                return False
            await session.delete(row)
        return True

    async def remove_expired(self, now: datetime | None = None) -> int:
        """Delete what has expired, one piece at a time, so that others can write in between."""
        expires_at, row_id = col(StoredResponse.expires_at), col(StoredResponse.id)
        old = select(row_id).where(expires_at <= (now or utc_now())).limit(_DELETED_AT_ONCE)
        deleted = 0
        while True:
            async with self._database.session() as session:
                number = int((await session.exec(delete(StoredResponse).where(row_id.in_(old)))).rowcount)
            deleted += number
            if number < _DELETED_AT_ONCE:
                return deleted


async def _get(session: AsyncSession, user_id: str, response_id: str, now: datetime) -> StoredResponse | None:
    row = await session.get(StoredResponse, response_id)
    return row if row is not None and row.user_id == user_id and row.expires_at > now else None
