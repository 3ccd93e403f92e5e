"""Writes the record of every inference request, beside the requests and never in their way.

What is to be written is the records themselves: one that has ended before its row was written is written
once, whole, and else its row is replaced. Where the database cannot keep up or is away, the oldest are
lost, and counted.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import psutil

from mlx_manager.core.times import utc_now
from mlx_manager.mlx_server.accounts import Accounts
from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.mlx_server.request_log import Phase, RequestRecord

if TYPE_CHECKING:
    from mlx_manager.db.audit import AuditTable

logger = logging.getLogger(__name__)

_MAX_PENDING: Final = 10_000
_MAX_BATCH: Final = 500
# Rows of requests that come close together are written together.
_GATHER_S: Final = 0.25
_RETRY_S: Final = (1.0, 2.0, 5.0, 10.0, 30.0)
_RETAIN_EVERY_S: Final = 3600.0
_MAX_NAME_CHARS: Final = 256

# A key and a day (UTC).
Usage = tuple[str, date]


class Written(NamedTuple):
    """A request as it is written.

    Attributes:
        row: columns of `InferenceRequest`.
        text: columns of `CapturedText`, where that is kept and the request is over.
    """

    row: dict[str, Any]
    text: dict[str, Any] | None


class AuditWriter:
    """A `RequestObserver` that writes to the database; an async context manager.

    Args:
        lost: called with the number of rows that are lost when there are too many.
    """

    def __init__(
        self, settings: MLXServerSettings, accounts: Accounts, lost: Callable[[int], None] = lambda _: None
    ) -> None:
        self._settings = settings
        self._accounts = accounts
        self._lost = lost
        self._server_id = _own_id()
        # In the order in which they came; a record that ends while it waits is written as it is by then.
        self._pending: dict[RequestRecord, None] = {}
        self._used: dict[Usage, tuple[int, int]] = {}
        self._something = asyncio.Event()
        self._writing = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self.num_lost = 0

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._write_always()), asyncio.create_task(self._keep_small())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._pending:
            logger.warning("%d rows of the audit were not written", len(self._pending))

    async def flush(self, within_s: float) -> None:
        """Write what waits now, or as much of it as there is time for."""
        self._something.set()
        with suppress(Exception):
            async with asyncio.timeout(within_s):
                while self._pending or self._used or self._writing.locked():
                    await self._write(await self._table())

    def began(self, record: RequestRecord) -> None:
        """A request has come."""
        self._note(record)

    def ended(self, record: RequestRecord) -> None:
        """A request is over."""
        if record.principal is not None and record.principal.key_id is not None:
            name = (record.principal.key_id, _arrival(record).date())
            self._count(name, 1, record.prompt_tokens + record.completion_tokens)
        self._note(record)

    def _count(self, name: Usage, num_requests: int, num_tokens: int) -> None:
        before = self._used.get(name, (0, 0))
        self._used[name] = (before[0] + num_requests, before[1] + num_tokens)

    def _note(self, record: RequestRecord) -> None:
        self._pending[record] = None
        if len(self._pending) > _MAX_PENDING:
            del self._pending[next(iter(self._pending))]
            self._lose(1)
        self._something.set()

    async def _write_always(self) -> None:
        table = await self._table()
        failures = 0
        while True:
            await self._something.wait()
            await asyncio.sleep(_GATHER_S)
            self._something.clear()
            try:
                while self._pending or self._used:
                    await self._write(table)
                    failures = 0
            except Exception as error:
                if not failures:
                    logger.error("the audit cannot be written, and is kept: %s", error)
                await asyncio.sleep(_RETRY_S[min(failures, len(_RETRY_S) - 1)])
                failures += 1
                self._something.set()

    async def _write(self, table: "AuditTable") -> None:
        """Write the oldest of what waits. What cannot be written waits on."""
        async with self._writing:
            await self._write_some(table)

    async def _write_some(self, table: "AuditTable") -> None:
        records = list(islice(self._pending, _MAX_BATCH))
        # As they are now: one that ends while this is written comes again.
        batch = [self._written_form(record) for record in records]
        used, self._used = self._used, {}
        last_used, self._accounts.used_keys = self._accounts.used_keys, {}
        for record in records:
            del self._pending[record]
        try:
            if not await table.write(batch, used, last_used):
                await self._write_each(table, batch, used)
        except BaseException:
            self._pending = dict.fromkeys(records) | self._pending
            for name, counts in used.items():
                self._count(name, *counts)
            raise

    async def _write_each(
        self, table: "AuditTable", batch: list[Written], used: Mapping[Usage, tuple[int, int]]
    ) -> None:
        """What the database refuses must not take the others along, nor be tried for ever."""
        for one in batch:
            if not await table.write([one], {}, {}):
                logger.error("the audit's row of %s was refused", one.row["request_id"])
                self._lose(1)
        for name, counts in used.items():
            if not await table.write([], {name: counts}, {}):
                logger.error("the use of the key %s could not be noted", name[0])

    def _lose(self, count: int) -> None:
        self.num_lost += count
        self._lost(count)

    def _written_form(self, record: RequestRecord) -> Written:
        is_over = record.captured is not None and record.outcome is not None
        return Written(self._row(record), _text(record) if is_over else None)

    def _row(self, record: RequestRecord) -> dict[str, Any]:
        principal = record.principal
        total_s = record.total_s
        started = _arrival(record)
        detail = record.detail
        return {
            "id": record.row_id,
            "request_id": record.request_id,
            "server_id": self._server_id,
            "started_at": started,
            "ended_at": None if total_s is None else started + timedelta(seconds=total_s),
            "user_id": None if principal is None else principal.user_id,
            "key_id": None if principal is None else principal.key_id,
            "model": _storable(record.model[:_MAX_NAME_CHARS]) or None,
            "backend": None if record.model_id is None else "local",
            "dialect": record.dialect,
            "is_stream": record.is_stream,
            "outcome": "running" if record.outcome is None else record.outcome.value,
            "status": record.status,
            "finish_reason": detail if record.outcome is Phase.FINISHED else None,
            "error_code": detail if record.outcome is Phase.FAILED else None,
            "queue_s": record.queue_s,
            "prefill_s": record.prefill_s,
            "first_token_s": record.first_token_s,
            "total_s": total_s,
            "tokens_per_second": record.tokens_per_second,
            "prompt_tokens": record.prompt_tokens,
            "cached_tokens": record.cached_tokens,
            "completion_tokens": record.completion_tokens,
        }

    async def _keep_small(self) -> None:
        """Close what servers that are gone have left open, and delete what is too old or too much."""
        table = await self._table()
        while True:
            try:
                for server_id in await table.running_servers():
                    if server_id != self._server_id and not _is_alive(server_id):
                        await table.interrupt(server_id)
                await table.retain(self._settings.audit_days, self._settings.audit_max_rows)
            except Exception as error:
                logger.error("the audit could not be cleared: %s", error)
            await asyncio.sleep(_RETAIN_EVERY_S)

    async def _table(self) -> "AuditTable":
        return (await self._accounts.database()).audit


def _arrival(record: RequestRecord) -> datetime:
    return datetime.fromtimestamp(record.arrived, UTC)


def _text(record: RequestRecord) -> dict[str, Any]:
    assert record.captured is not None
    return {
        "request_row_id": record.row_id,
        "prompt": record.captured.prompt,
        "answer": _storable(record.captured.answer),
        "expires_at": utc_now() + timedelta(days=record.captured.days),
    }


def _storable(text: str) -> str:
    """PostgreSQL has no NUL in its texts."""
    return text.replace("\0", "\ufffd")


def _own_id() -> str:
    """This run of the server: where, which process, and when that began, for ids of processes come again."""
    return f"{socket.gethostname()}/{os.getpid()}/{psutil.Process().create_time():.2f}"


def _is_alive(server_id: str) -> bool:
    """Whether a run of a server may still be there; another machine's is left to that machine."""
    host, _, rest = server_id.partition("/")
    pid, _, created = rest.partition("/")
    if host != socket.gethostname():
        return True
    try:
        return f"{psutil.Process(int(pid)).create_time():.2f}" == created
    except (psutil.NoSuchProcess, ValueError):
        return False
    except psutil.Error:
        return True
