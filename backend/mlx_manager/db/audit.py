"""Writing and keeping the record of inference requests."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Insert, delete, func, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select

from mlx_manager.core.times import utc_now
from mlx_manager.db.session import Database
from mlx_manager.db.tables import ApiKey, CapturedText, InferenceRequest, KeyUsage

_DELETED_AT_ONCE: Final = 1000
RUNNING: Final = "running"
INTERRUPTED: Final = "interrupted"


class AuditTable:
    """The tables of the audit. Each method is one unit of work."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(
        self,
        opened: Sequence[Mapping[str, Any]],
        closed: Sequence[Mapping[str, Any]],
        captured: Sequence[Mapping[str, Any]] = (),
        used: Mapping[tuple[str, date], tuple[int, int]] | None = None,
        last_used: Mapping[str, datetime] | None = None,
    ) -> None:
        """Write what has come together, all of it or nothing.

        Args:
            opened: columns of new rows of `InferenceRequest`, whole or still running.
            closed: columns of rows that are there, with their `id`.
            captured: columns of new rows of `CapturedText`.
            used: requests and tokens to add, by key and day.
            last_used: when keys were used.
        """
        async with self._database.session() as session:
            connection = await session.connection()
            if opened:
                await connection.execute(_TABLE.insert(), [dict(row) for row in opened])
            for row in closed:
                values = {name: value for name, value in row.items() if name != "id"}
                await connection.execute(_TABLE.update().where(_TABLE.c.id == row["id"]).values(**values))
            if captured:
                await connection.execute(_TEXTS.insert(), [dict(row) for row in captured])
            for (key_id, day), (num_requests, num_tokens) in (used or {}).items():
                await connection.execute(self._add_usage(key_id, day, num_requests, num_tokens))
            for key_id, at in (last_used or {}).items():
                seen = update(_KEYS).where(_KEYS.c.id == key_id).values(last_used_at=at)
                await connection.execute(seen)

    async def tokens_used(self, key_id: str, day: date) -> int:
        """Tokens that a key has taken on a day (UTC)."""
        async with self._database.reading() as session:
            usage = await session.get(KeyUsage, (key_id, day))
        return 0 if usage is None else usage.num_tokens

    async def running_servers(self) -> list[str]:
        """Runs of servers that have left requests open."""
        query = select(col(InferenceRequest.server_id)).where(col(InferenceRequest.outcome) == RUNNING)
        async with self._database.reading() as session:
            return list(await session.exec(query.distinct()))

    async def interrupt(self, server_id: str) -> int:
        """Close what a server has left open when it ended; returns how many. Nobody knows when they ended."""
        statement = (
            update(InferenceRequest)
            .where(col(InferenceRequest.server_id) == server_id)
            .where(col(InferenceRequest.outcome) == RUNNING)
            .values(outcome=INTERRUPTED, error_code="server_ended")
        )
        async with self._database.session() as session:
            return int((await session.exec(statement)).rowcount)

    async def retain(self, days: float, max_rows: int, now: datetime | None = None) -> int:
        """Delete what is too old and what is too much, oldest first; returns how many requests went."""
        now = now or utc_now()
        async with self._database.session() as session:
            await session.exec(delete(CapturedText).where(col(CapturedText.expires_at) <= now))
        deleted = 0
        while number := await self._delete_some(now - timedelta(days=days), max_rows):
            deleted += number
        return deleted

    async def _delete_some(self, before: datetime, max_rows: int) -> int:
        """One piece at a time, so that others can write in between."""
        started = col(InferenceRequest.started_at)
        async with self._database.session() as session:
            total = (await session.exec(select(func.count()).select_from(InferenceRequest))).one()
            surplus = min(max(total - max_rows, 0), _DELETED_AT_ONCE)
            old = select(col(InferenceRequest.id)).where(started < before).limit(_DELETED_AT_ONCE)
            much = select(col(InferenceRequest.id)).order_by(started).limit(surplus)
            ids = list(await session.exec(much if surplus else old))
            if ids:
                await session.exec(delete(InferenceRequest).where(col(InferenceRequest.id).in_(ids)))
        return len(ids)

    def _add_usage(self, key_id: str, day: date, num_requests: int, num_tokens: int) -> Insert:
        insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        statement = insert(_USAGE).values(
            key_id=key_id, day=day, num_requests=num_requests, num_tokens=num_tokens
        )
        return statement.on_conflict_do_update(
            index_elements=["key_id", "day"],
            set_={
                "num_requests": _USAGE.c.num_requests + num_requests,
                "num_tokens": _USAGE.c.num_tokens + num_tokens,
            },
        )


_TABLE: Final = InferenceRequest.__table__  # type: ignore[attr-defined]
_TEXTS: Final = CapturedText.__table__  # type: ignore[attr-defined]
_USAGE: Final = KeyUsage.__table__  # type: ignore[attr-defined]
_KEYS: Final = ApiKey.__table__  # type: ignore[attr-defined]
