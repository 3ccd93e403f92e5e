"""The pool as the rest of the server sees it: leases, and what the models are doing."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.settings import SettingSource
from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.mlx_server.domain.models import EngineHealth, ModelDescription, ModelRuntime
from mlx_manager.mlx_server.pool.admission import Admission
from mlx_manager.mlx_server.pool.catalogue import Catalogue
from mlx_manager.mlx_server.pool.entry import ModelEntry, ModelState, Resident
from mlx_manager.mlx_server.pool.eviction import victims
from mlx_manager.mlx_server.pool.refusals import situation, stopping
from mlx_manager.mlx_server.pool.residents import Residents
from mlx_manager.mlx_server.pool.runtime import size
from mlx_manager.mlx_server.pool.sources import hugging_face_cache
from mlx_manager.mlx_server.pool.tokenizers import Tokenizers
from mlx_manager.mlx_server.text.tokenizer import Tokenizer

logger = logging.getLogger(__name__)


class ModelPool:
    """Models in worker processes, under one budget of bytes and one of places.

    Args:
        observed: called with a model's entry whenever its state has changed.
    """

    def __init__(
        self, settings: MLXServerSettings, observed: Callable[[ModelEntry], None] | None = None
    ) -> None:
        self._settings = settings
        self._observed = observed or (lambda entry: None)
        hub = hugging_face_cache() if settings.use_hf_cache else None
        self.catalogue = Catalogue(settings.model_dirs, hub=hub, aliases=settings.aliases)
        self.residents = Residents(settings, self._changed, self._observed, self._revive)
        self.admission = Admission(settings, self.residents, self._lease_ended)
        self._tokenizers = Tokenizers()
        self._turns: list[asyncio.Future[None]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    # Using

    def describe(self, name: str) -> ModelDescription:
        """The model of this name. Raises ApiError where there is none that can be used."""
        return self.catalogue.resolve(name)

    @asynccontextmanager
    async def lease(
        self, description: ModelDescription, keep_alive_s: float | None = None
    ) -> AsyncIterator[Resident]:
        """Hold the model in memory, loading it first if need be.

        Args:
            keep_alive_s: how long it is to stay unused after this, where the caller has a wish.

        Raises:
            ApiError: it cannot be loaded, its room did not become free in time, or the server is stopping.
        """
        entry = self.residents.entry(description)
        resident = await self.admission.acquire(entry)
        try:
            yield resident
        finally:
            self.admission.release(entry, resident, keep_alive_s)

    async def tokenizer(self, description: ModelDescription) -> Tokenizer:
        """The model's tokenizer, whether or not the model is in memory. Raises ApiError."""
        entry = self.residents.entries.get(description.key)
        if entry is not None and entry.resident is not None:
            return entry.resident.tokenizer
        return await self._tokenizers.get(description)

    async def preload(self, name: str) -> None:
        """Load a model before anyone asks for it, if there is room; nothing goes for it. Raises ApiError."""
        description = await asyncio.to_thread(self.describe, name)
        await self.residents.loader.meet_device()
        self.residents.refresh_budget()
        entry = self.residents.entry(description)
        if not self.admission.has_room(entry):
            await self.residents.shrink_all()
        if not self.admission.has_room(entry):
            raise ApiError(ErrorCode.INSUFFICIENT_MEMORY, situation(entry, self.residents, self._settings))
        async with self.lease(description):
            pass

    async def reserve_kv(self, resident: Resident, num_tokens: int) -> None:
        """See to it that one request of so many tokens fits into its model's cache budget.

        Others make room for it, as they do for a model: idle ones are unloaded, and leases that end are
        waited for.

        Raises:
            ApiError: it can never fit, or its room did not become free in time.
        """
        worker, residents = resident.worker, self.residents
        entry = residents.entries[resident.description.key]
        needed = worker.row_bytes(num_tokens)
        held = residents.ledger.reservations.get(entry.key)
        if needed <= worker.kv_budget_bytes or held is None:
            return
        if held.weights + needed > residents.ledger.budget_bytes:
            raise ApiError(
                ErrorCode.INSUFFICIENT_MEMORY,
                f"{num_tokens} tokens of prompt and answer need {size(needed)} of KV cache, and "
                f"{size(max(residents.ledger.budget_bytes - held.weights, 0))} are left beside the model. "
                "Lower max_tokens",
            )
        try:
            async with asyncio.timeout(self._settings.load_wait_s):
                await self._grow_kv(entry, resident, needed)
        except TimeoutError:
            raise ApiError(
                ErrorCode.INSUFFICIENT_MEMORY,
                f"{num_tokens} tokens of prompt and answer need {size(needed)} of KV cache; in "
                f"{self._settings.load_wait_s:g} s no more than {size(worker.kv_budget_bytes)} became free",
                retry_after_s=15,
            ) from None

    async def _grow_kv(self, entry: ModelEntry, resident: Resident, needed: int) -> None:
        """Take free bytes, the spare's, promises that are not used, prefixes, idle models' room, in turn."""
        residents, has_shrunk = self.residents, False
        while resident.worker.is_alive and (held := residents.ledger.reservations.get(entry.key)) is not None:
            # Another request may have got more meanwhile, or a shrink may have taken it away again.
            kv_bytes = max(needed, held.kv)
            if await residents.resize(entry, resident, kv_bytes=kv_bytes, cache_bytes=held.prefixes):
                if needed <= resident.worker.kv_budget_bytes:
                    return
                continue
            missing = needed - held.kv - residents.ledger.free_bytes
            others = [one for one in self.admission.candidates() if one.key != entry.key]
            if residents.spare_bytes:
                await residents.drop_spare()
                continue
            if not has_shrunk and not residents.is_shrinking:
                has_shrunk = True
                residents.begin_shrink()
            elif held.prefixes and not residents.is_shrinking:
                fewer = max(held.prefixes - missing, 0)
                await residents.resize(entry, resident, kv_bytes=held.kv, cache_bytes=fewer)
                continue
            else:
                for key in victims(others, missing_bytes=missing, missing_places=0) or ():
                    residents.begin_unload(residents.entries[str(key)])
            await self._next_change()
            if self.admission.is_closed:
                raise stopping()

    # Looking

    def status(self, description: ModelDescription) -> ModelState:
        """What a model is doing now."""
        entry = self.residents.entries.get(description.key)
        return ModelState.UNLOADED if entry is None else entry.state

    def resident_bytes(self, description: ModelDescription) -> int:
        """What a model holds or would hold without caches, with its process: measured where it was loaded."""
        entry = self.residents.entries.get(description.key) or ModelEntry(description)
        return self.residents.need(entry).least.weights

    def resident_entry(self, model_id: str) -> ModelEntry | None:
        """The model of this id that holds memory, also where its folder has gone."""
        for key, entry in self.residents.entries.items():
            if entry.description.model_id == model_id and key in self.residents.ledger.reservations:
                return entry
        return None

    def runtime(self, description: ModelDescription) -> ModelRuntime | None:
        """What was found out when the model was last loaded by this server; None before that."""
        return self.residents.runtime(description)

    @property
    def resident_ids(self) -> list[str]:
        """Ids of the models that take requests."""
        return [resident.description.model_id for _, resident in self.residents.loaded()]

    async def engine_health(self, timeout_s: float) -> list[EngineHealth]:
        """What the resident models' engines say of themselves now.

        Raises:
            ApiError: one ended, or did not answer in time.
        """
        residents = [resident for _, resident in self.residents.loaded()]
        return list(await asyncio.gather(*(_health(resident, timeout_s) for resident in residents)))

    # Commanding

    async def load(self, description: ModelDescription) -> None:
        """Load a model because somebody says so; what it has failed of is forgotten. Raises ApiError."""
        entry = self.residents.entry(description)
        entry.deaths.clear()
        if entry.state is ModelState.FAILED:
            entry.state = ModelState.UNLOADED
        async with self.lease(description):
            pass

    async def unload(self, entry: ModelEntry, *, force: bool = False) -> None:
        """Take no new requests for a model, and end it when those that run have ended.

        One that loads is waited for, with those who wait for it.

        Args:
            force: at once, with an error for who uses it or waits for it.
        """
        entry.deaths.clear()
        if force:
            stopped = f"{entry.description.model_id} was unloaded while this request waited for it"
            self.admission.send_away(entry, ApiError(ErrorCode.MODEL_LOAD_FAILED, stopped))
        while entry.state is ModelState.LOADING:
            if force and entry.task is not None:
                entry.task.cancel()
            await self._next_change()
        self.residents.begin_unload(entry, force=force, is_eviction=False)
        if entry.task is not None:
            await asyncio.wait({entry.task})

    def pin(self, entry: ModelEntry, *, is_pinned: bool) -> None:
        """Let a model stay whoever needs its room, or let it go again."""
        model_id = entry.description.model_id
        others = [name for name in self._settings.pinned if name != model_id]
        self._settings.pinned = [*others, model_id] if is_pinned else others
        # Else the next look at what is stored would undo it.
        self._settings.note_source({"pinned"}, SettingSource.RUNNING)
        entry.is_pinned = is_pinned
        entry.stop_expiry()
        if entry.resident is not None:
            self.admission.start_expiry(entry)
        self._observed(entry)
        self.admission.settle()

    def refuse(self) -> None:
        """Lease no more; what waits for a model is told that the server stops."""
        self.admission.refuse()
        self._changed()

    async def close(self) -> None:
        """End every worker."""
        self.refuse()
        for task in list(self._tasks):
            task.cancel()
        await self.residents.close()

    def settings_changed(self) -> None:
        """Act on settings that have been changed while the server runs."""
        settings = self._settings
        self.catalogue.change(
            settings.model_dirs,
            hub=hugging_face_cache() if settings.use_hf_cache else None,
            aliases=settings.aliases,
        )
        for entry in self.residents.entries.values():
            entry.is_pinned = entry.description.model_id in settings.pinned
            self.admission.start_expiry(entry)
        self.residents.refresh_budget()
        self._begin(self._fit_into_budget())
        self._changed()

    # Changes

    def _lease_ended(self) -> None:
        """What was in use when somebody needed its room, or when the budget was lowered, may go now."""
        self._wake()
        residents = self.residents
        is_over = residents.num_places_taken > self._settings.max_models
        if (is_over or residents.ledger.free_bytes < 0) and not residents.is_shrinking:
            self._begin(self._fit_into_budget())

    async def _fit_into_budget(self) -> None:
        """After the budget or the number of places was lowered: unload what may go, if it must."""
        residents = self.residents
        if residents.ledger.free_bytes < 0:
            await residents.shrink_all()
        chosen = victims(
            self.admission.candidates(),
            missing_bytes=-residents.ledger.free_bytes,
            missing_places=residents.num_places_taken - self._settings.max_models,
        )
        idle = [candidate.key for candidate in self.admission.candidates() if candidate.may_go]
        for key in idle if chosen is None else chosen:
            residents.begin_unload(residents.entries[str(key)])

    def _changed(self) -> None:
        self.admission.settle()
        self._wake()

    def _wake(self) -> None:
        turns, self._turns = self._turns, []
        for turn in turns:
            if not turn.done():
                turn.set_result(None)

    def _revive(self, entry: ModelEntry) -> None:
        """A model has died; load it again if it was to stay."""
        if not (entry.is_pinned or entry.description.model_id in self._settings.preload):
            return

        async def revive() -> None:
            try:
                async with self.lease(entry.description):
                    pass
            except ApiError as error:
                logger.error("%s was not loaded again: %s", entry.description.model_id, error.message)

        self._begin(revive())

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _next_change(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._turns.append(turn)
        await turn


async def _health(resident: Resident, timeout_s: float) -> EngineHealth:
    try:
        pong = await asyncio.wait_for(resident.worker.ping(), timeout_s)
    except TimeoutError:
        reason = f"the engine of {resident.description.model_id} has not answered within {timeout_s:g} s"
        raise ApiError(ErrorCode.ENGINE_ERROR, reason) from None
    return EngineHealth(
        model_id=resident.description.model_id,
        num_running=pong.num_running,
        num_waiting=pong.num_waiting,
        kv_bytes=pong.kv_bytes,
        cache_bytes=pong.cache_bytes,
        active_bytes=pong.active_bytes,
        fault=pong.fault or None,
    )
