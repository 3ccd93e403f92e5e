"""Looks at real memory once a second, and does something before the machine has to."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import psutil

from mlx_manager.core.errors import ApiError
from mlx_manager.core.process import available_bytes, footprint_bytes
from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.mlx_server.pool.entry import ModelEntry, Resident
from mlx_manager.mlx_server.pool.pool import ModelPool
from mlx_manager.mlx_server.pool.watermarks import Pressure, Reading, Watermarks

logger = logging.getLogger(__name__)

_PERIOD_S: Final = 1.0
# A worker that is in the middle of a long step is not waited for.
_PONG_WITHIN_S: Final = 0.5
# A prefix cache that is so full may have more.
_FULL_SHARE: Final = 0.8


class MemoryKeeper:
    """Compares what workers really take with the budget, and hands free memory to those who wait for it.

    Args:
        end_youngest: ends the request that began last, with this sentence; False where none runs.

    Attributes:
        reading: the last measurement, or None before the first.
        pressure: what follows from it.
    """

    def __init__(
        self, settings: MLXServerSettings, pool: ModelPool, end_youngest: Callable[[str], bool]
    ) -> None:
        self._settings = settings
        self._pool = pool
        self._end_youngest = end_youngest
        self._task: asyncio.Task[None] | None = None
        self.reading: Reading | None = None
        self.pressure = Pressure.NONE

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def watermarks(self) -> Watermarks:
        """The limits, as the settings are now."""
        return Watermarks(
            soft_share=self._settings.memory_soft_share, hard_share=self._settings.memory_hard_share
        )

    async def look(self) -> None:
        """Measure once, and act on it."""
        await asyncio.gather(*(_ask(resident) for _, resident in self._pool.residents.loaded()))
        self._pool.residents.refresh_budget()
        self.reading = reading = self._read()
        before, self.pressure = self.pressure, self.watermarks.judge(reading)
        self._pool.admission.is_held = self.pressure is not Pressure.NONE
        if self.pressure is not before:
            logger.warning("%s", self.watermarks.explain(reading))
        if self.pressure is Pressure.NONE:
            self._pool.admission.settle()
            await self._hand_out()
        else:
            await self._relieve(self.watermarks.explain(reading))

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except Exception:
                logger.exception("memory could not be looked at")
            await asyncio.sleep(_PERIOD_S)

    def _read(self) -> Reading:
        residents = self._pool.residents
        workers = [resident.worker for _, resident in residents.loaded()]
        spare = residents.loader.spare.worker
        pids = [worker.pid for worker in workers] + ([spare.pid] if spare is not None else [])
        return Reading(
            footprint_bytes=sum(footprint_bytes(pid) or 0 for pid in pids),
            budget_bytes=residents.ledger.budget_bytes,
            available_bytes=available_bytes(),
            machine_bytes=psutil.virtual_memory().total,
            device_active_bytes=sum(worker.pong.active_bytes for worker in workers if worker.pong),
            device_limit_bytes=residents.loader.device_bytes or 0,
        )

    async def _relieve(self, sentence: str) -> None:
        """The mildest thing that helps: an idle process, what prompts left behind, the youngest request."""
        residents = self._pool.residents
        if residents.spare_bytes:
            await residents.drop_spare()
            return
        if (entry := self._idle()) is not None:
            residents.begin_unload(entry)
            return
        holders = [each for each in residents.loaded() if residents.ledger.reservations[each[0].key].prefixes]
        for entry, resident in holders:
            held = residents.ledger.reservations[entry.key]
            await residents.resize(entry, resident, kv_bytes=held.kv, cache_bytes=held.prefixes // 2)
        if self.pressure is Pressure.HARD:
            self._end_youngest(sentence)

    def _idle(self) -> ModelEntry | None:
        """The model that has been unused for longest, if one may go."""
        idle = [each for each in self._pool.admission.candidates() if each.may_go]
        if not idle:
            return None
        return self._pool.residents.entries[str(min(idle, key=lambda each: each.last_used).key)]

    async def _hand_out(self) -> None:
        """Give free bytes to engines whose requests wait for them, or whose prefix caches are full."""
        residents = self._pool.residents
        for entry, resident in residents.loaded():
            pong, free = resident.worker.pong, residents.ledger.free_bytes
            if pong is None or free <= 0 or self._pool.admission.has_waiters:
                continue
            held, wanted = residents.ledger.reservations[entry.key], residents.need(entry).wanted
            kv_bytes, cache_bytes = held.kv, held.prefixes
            if pong.num_waiting:
                kv_bytes += min(free, max(held.kv, 1))
            elif pong.cache_bytes > _FULL_SHARE * held.prefixes and held.prefixes < wanted.prefixes:
                cache_bytes += min(free // 4, wanted.prefixes - held.prefixes)
            if (kv_bytes, cache_bytes) != (held.kv, held.prefixes):
                await residents.resize(entry, resident, kv_bytes=kv_bytes, cache_bytes=cache_bytes)


async def _ask(resident: Resident) -> None:
    """Refresh what the worker says of itself."""
    with suppress(ApiError, TimeoutError):
        await asyncio.wait_for(resident.worker.ping(), _PONG_WITHIN_S)
