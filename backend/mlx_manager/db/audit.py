"""Writing and keeping the record of inference requests."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, Protocol

from sqlalchemy import Insert, delete, func, literal, update
from sqlalchemy import select as plain_select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, IntegrityError
from sqlmodel import col, select

from mlx_manager.core.times import utc_now
from mlx_manager.db.session import Database
from mlx_manager.db.tables import ApiKey, CapturedText, InferenceRequest, KeyUsage

_DELETED_AT_ONCE: Final = 1000
RUNNING: Final = "running"
INTERRUPTED: Final = "interrupted"


class WrittenRequest(Protocol):
    """A request as it is to be written.

    Attributes:
        row: columns of `InferenceRequest`, of one that runs or of one that is over.
        text: columns of `CapturedText`, or None.
    """

    @property
    def row(self) -> Mapping[str, Any]: ...
    @property
    def text(self) -> Mapping[str, Any] | None: ...


class AuditTable:
    """The tables of the audit. Each method is one unit of work."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(
        self,
        requests: Sequence[WrittenRequest],
        used: Mapping[tuple[str, date], tuple[int, int]],
        last_used: Mapping[str, datetime],
    ) -> bool:
        """Write what has come together, all of it or nothing; a row that is there is replaced.

        Args:
            used: requests and tokens to add, by key and day.
            last_used: when keys were used.

        Returns:
            False where the database is there and refuses something of it.
        """
        try:
            async with self._database.session() as session:
                connection = await session.connection()
                for table, rows in (
                    (_TABLE, [dict(one.row) for one in requests]),
                    (_TEXTS, [dict(one.text) for one in requests if one.text is not None]),
                ):
                    if rows:
                        await connection.execute(self._upsert(table, list(rows[0])), rows)
                for (key_id, day), counts in used.items():
                    await connection.execute(self._add_usage(key_id, day, *counts))
                for key_id, at in last_used.items():
                    seen = update(_KEYS).where(_KEYS.c.id == key_id).values(last_used_at=at)
                    await connection.execute(seen)
        except (IntegrityError, DataError):
            return False
        return True

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

    def _upsert(self, table: Any, columns: Sequence[str]) -> Insert:
        insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        statement = insert(table)
        key = [column.name for column in table.primary_key]
        changed = {name: statement.excluded[name] for name in columns if name not in key}
        return statement.on_conflict_do_update(index_elements=key, set_=changed)

    def _add_usage(self, key_id: str, day: date, num_requests: int, num_tokens: int) -> Insert:
        insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        # Of a key that is there: one that a program of ours lent itself may have been given back meanwhile.
        row = plain_select(
            _KEYS.c.id,
            literal(day, _USAGE.c.day.type),
            literal(num_requests, _USAGE.c.num_requests.type),
            literal(num_tokens, _USAGE.c.num_tokens.type),
        ).where(_KEYS.c.id == key_id)
        statement = insert(_USAGE).from_select(["key_id", "day", "num_requests", "num_tokens"], row)
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
