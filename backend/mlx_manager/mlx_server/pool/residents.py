"""What is in memory: loads, unloads, deaths, and the ledger that they are entered in."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from typing import Any, Final

from mlx_manager.core.errors import ApiError
from mlx_manager.core.process import give_back_memory
from mlx_manager.mlx_server.backends.local import WorkerDiedError
from mlx_manager.mlx_server.config import GB, MLXServerSettings
from mlx_manager.mlx_server.domain.models import ModelDescription, ModelRuntime
from mlx_manager.mlx_server.pool.budget import effective_budget_bytes
from mlx_manager.mlx_server.pool.deaths import Death
from mlx_manager.mlx_server.pool.entry import ModelEntry, ModelState, Resident
from mlx_manager.mlx_server.pool.estimate import Need, need_of
from mlx_manager.mlx_server.pool.loading import ModelLoader
from mlx_manager.mlx_server.pool.memory_ledger import MemoryLedger, Reservation
from mlx_manager.mlx_server.pool.runtime import runtime_of, size

logger = logging.getLogger(__name__)

SPARE: Final = "spare"
# Imports take a processor for seconds: not while somebody waits for an answer.
_SPARE_AFTER_S: Final = 2.0


class _OutgrownError(Exception):
    """A model took more than was reserved for it, and more than is free."""


class Residents:
    """Every model that somebody has asked for, and the bytes that are promised to it.

    Attributes:
        entries: by their keys.
        is_shrinking: whether models are being asked to give back what their caches do not use.

    Args:
        changed: called after every change, when something may have become possible that was not.
        observed: called with a model's entry whenever its state has changed.
        died: called when a model's worker has ended and nobody had told it to.
    """

    def __init__(
        self,
        settings: MLXServerSettings,
        changed: Callable[[], None],
        observed: Callable[[ModelEntry], None],
        died: Callable[[ModelEntry], None],
    ) -> None:
        self._settings = settings
        self._changed = changed
        self._observed = observed
        self._died = died
        self._tasks: set[asyncio.Task[None]] = set()
        self._runtimes: dict[str, ModelRuntime] = {}
        self._closed = False
        self._spare_timer: asyncio.TimerHandle | None = None
        self.is_shrinking = False
        self.entries: dict[str, ModelEntry] = {}
        self.ledger = MemoryLedger(effective_budget_bytes(settings.max_memory_bytes))
        self.loader = ModelLoader(settings)

    def entry(self, description: ModelDescription) -> ModelEntry:
        """The entry of a model, as its files are now."""
        entry = self.entries.get(description.key)
        if entry is None:
            is_pinned = description.model_id in self._settings.pinned
            entry = self.entries[description.key] = ModelEntry(description, is_pinned=is_pinned)
        elif entry.description != description and entry.state in (ModelState.UNLOADED, ModelState.FAILED):
            # Its files have changed: what was measured or failed was another model.
            entry.description, entry.measured_bytes, entry.tokenizer = description, 0, None
            entry.deaths.clear()
            self._set(entry, ModelState.UNLOADED)
        return entry

    def runtime(self, description: ModelDescription) -> ModelRuntime | None:
        """What was found out when the model was last loaded by this server; None before that."""
        return self._runtimes.get(description.key)

    def loaded(self) -> Iterator[tuple[ModelEntry, Resident]]:
        """The models that take requests."""
        for entry in list(self.entries.values()):
            if entry.state is ModelState.LOADED and entry.resident is not None:
                yield entry, entry.resident

    def need(self, entry: ModelEntry) -> Need:
        """What the model is likely to take."""
        settings = self._settings
        return need_of(
            entry.description,
            measured_bytes=entry.measured_bytes,
            process_bytes=self.loader.process_bytes,
            widens_half=self.loader.widens_half,
            kv_context_tokens=settings.kv_context_tokens,
            kv_concurrency=settings.kv_concurrency,
            prefix_cache_bytes=int(settings.prefix_cache_gb * GB),
        )

    @property
    def num_places_taken(self) -> int:
        """Models that are in memory, or on their way in or out."""
        return sum(key in self.ledger.reservations for key in self.entries)

    def refresh_budget(self) -> None:
        """Take the settings and the device as they are now."""
        budget = effective_budget_bytes(self._settings.max_memory_bytes, self.loader.device_bytes)
        self.ledger.budget_bytes = budget

    # The spare

    @property
    def spare_bytes(self) -> int:
        """What is reserved for the spare worker; a load takes it over."""
        held = self.ledger.reservations.get(SPARE)
        return 0 if held is None else held.total

    def prepare_spare(self) -> None:
        """Keep a worker ready, if the settings want one, it fits, and nobody is served meanwhile."""
        if self._closed or not self._settings.spare_worker or SPARE in self.ledger.reservations:
            return
        if any(entry.leases or entry.state is ModelState.LOADING for entry in self.entries.values()):
            self._prepare_spare_later()
        elif self.ledger.reserve(SPARE, Reservation(self.loader.process_bytes)):
            self.loader.spare.prepare()

    def _prepare_spare_later(self) -> None:
        if self._spare_timer is not None:
            self._spare_timer.cancel()
        self._spare_timer = asyncio.get_running_loop().call_later(_SPARE_AFTER_S, self.prepare_spare)

    async def drop_spare(self) -> None:
        """End the spare worker."""
        self.ledger.release(SPARE)
        await self.loader.spare.close()

    # Loading

    def begin_load(self, entry: ModelEntry, reservation: Reservation) -> None:
        """Load a model into what is reserved for it here; the bytes must be free, or the spare's."""
        self.ledger.release(SPARE)
        reserved = self.ledger.reserve(entry.key, reservation)
        assert reserved
        entry.reason, entry.progress, entry.keep_alive_s = "", 0.0, None
        entry.tally.restarts += entry.tally.has_died
        entry.tally.has_died = False
        self._set(entry, ModelState.LOADING)
        entry.task = self._spawn(self._load(entry, reservation))

    async def _load(self, entry: ModelEntry, reservation: Reservation) -> None:
        """Load into what was reserved, and correct that by what was measured."""
        resident: Resident | None = None
        state = ModelState.UNLOADED
        started = self._now()

        def progress(fraction: float) -> None:
            entry.progress = fraction
            self._observed(entry)

        try:
            known, entry.tokenizer = entry.tokenizer, None
            resident = await self.loader.load(entry.description, reservation, known, progress)
            await self._correct(entry, resident, reservation)
            state = ModelState.LOADED
        except WorkerDiedError as error:
            state = self._note_death(entry, error.how, error.stderr)
        except _OutgrownError as error:
            logger.warning("%s", error)  # who waits for it now waits for what it really needs
        except ApiError as error:
            state, entry.reason = ModelState.FAILED, error.message
            logger.error("%s", error.message)
        except Exception as error:  # a fault of ours must not leave requests waiting for ever
            state, entry.reason = ModelState.FAILED, f"{entry.description.model_id} cannot be loaded: {error}"
            logger.exception("%s", entry.reason)
        finally:
            entry.task = None
            if state is ModelState.LOADED:
                assert resident is not None
                self._enter(entry, resident, self._now() - started)
            else:
                if resident is not None:
                    await resident.worker.close()
                self.ledger.release(entry.key)
                entry.tally.failed_loads += 1
                self._set(entry, state)
            self._changed()

    def _enter(self, entry: ModelEntry, resident: Resident, load_s: float) -> None:
        report = resident.worker.loaded
        entry.tally.loads += 1
        entry.resident, entry.load_s, entry.progress = resident, load_s, 1.0
        self._runtimes[entry.key] = runtime_of(report, self.loader.options(entry.description))
        logger.info(
            "loaded %s in %.1f s (%s, worker %d, %s): %s",
            *(entry.description.model_id, load_s, size(report.active_bytes)),
            *(resident.worker.pid, resident.worker.hello.device, report.probe),
        )
        self._set(entry, ModelState.LOADED)
        self._prepare_spare_later()
        self._spawn(self._watch(entry, resident))

    async def _correct(self, entry: ModelEntry, resident: Resident, reserved: Reservation) -> None:
        """Enter what was measured; caches shrink where the weights are larger than was reckoned with."""
        worker = resident.worker
        weights = max(worker.loaded.active_bytes + self.loader.process_bytes, worker.footprint_bytes or 0)
        entry.measured_bytes = weights
        if max(self.ledger.free_bytes, 0) + reserved.total <= weights:
            await self.shrink_all()
        room = max(self.ledger.free_bytes, 0) + reserved.total - weights
        if room <= 0:
            raise _OutgrownError(
                f"{entry.description.model_id} took {size(weights)} where {size(reserved.weights)} were "
                f"reckoned with, and of the budget of {size(self.ledger.budget_bytes)} no more is free",
            )
        prefixes = min(reserved.prefixes, room // 4)
        measured = Reservation(weights, min(reserved.kv, room - prefixes), prefixes)
        corrected = self.ledger.correct(entry.key, measured)
        assert corrected
        if (measured.kv, measured.prefixes) != (reserved.kv, reserved.prefixes):
            await resident.worker.set_budget(kv_bytes=max(measured.kv, 1), cache_bytes=measured.prefixes)

    # Budgets

    async def resize(self, entry: ModelEntry, resident: Resident, *, kv_bytes: int, cache_bytes: int) -> bool:
        """Change what a model's caches may take; False where that many bytes are not there.

        More is promised before the worker may use it, less when the worker has confirmed it.
        """
        held = self.ledger.reservations.get(entry.key)
        if held is None or entry.resident is not resident or entry.state is not ModelState.LOADED:
            return False
        most = replace(held, kv=max(kv_bytes, held.kv), prefixes=max(cache_bytes, held.prefixes))
        if not self.ledger.correct(entry.key, most):
            return False
        try:
            budgets = await resident.worker.set_budget(kv_bytes=max(kv_bytes, 1), cache_bytes=cache_bytes)
        except ApiError:
            return False  # it died; its watcher enters that
        if entry.resident is resident and entry.key in self.ledger.reservations:
            now = self.ledger.reservations[entry.key]
            confirmed = replace(now, kv=budgets.kv_budget_bytes, prefixes=budgets.cache_budget_bytes)
            self.ledger.correct(entry.key, confirmed)
        return True

    def begin_shrink(self) -> None:
        """Ask every model to give back what is promised to its caches beyond what they use and must have."""
        self.is_shrinking = True
        self._spawn(self.shrink_all())

    async def shrink_all(self) -> None:
        """The same, waiting for the answers."""
        self.is_shrinking = True
        try:
            await asyncio.gather(*(self._shrink(entry, resident) for entry, resident in self.loaded()))
        finally:
            self.is_shrinking = False
            self._changed()

    async def _shrink(self, entry: ModelEntry, resident: Resident) -> None:
        in_use = 0 if resident.worker.pong is None else resident.worker.pong.cache_bytes
        await self.resize(entry, resident, kv_bytes=self.need(entry).least.kv, cache_bytes=in_use)

    # Unloading

    def begin_unload(self, entry: ModelEntry, *, force: bool = False, is_eviction: bool = True) -> None:
        """Take no new requests for it, and end it when those that use it have ended; `force`: at once.

        Args:
            is_eviction: whether it goes to make room; only counted.
        """
        resident = entry.resident
        if resident is None:
            return
        if entry.state is ModelState.LOADED:
            entry.stop_expiry()
            entry.tally.evictions += is_eviction
            self._set(entry, ModelState.DRAINING)
            entry.task = self._spawn(self._unload(entry, resident))
        if force or not resident.leases:
            resident.free_to_go.set()

    async def _unload(self, entry: ModelEntry, resident: Resident) -> None:
        """Its bytes are free when its process is gone."""
        await resident.free_to_go.wait()
        try:
            await resident.worker.close()
        finally:
            entry.tally.unloads += 1
            self._gone(entry, ModelState.UNLOADED)
            del resident
            await asyncio.to_thread(give_back_memory)

    async def _watch(self, entry: ModelEntry, resident: Resident) -> None:
        """See to it that a worker's death is noticed."""
        worker = resident.worker
        await worker.ended.wait()
        if entry.resident is resident and entry.state is ModelState.LOADED:  # nobody told it to go
            await worker.close()
            entry.stop_expiry()
            state = self._note_death(entry, worker.epitaph, worker.last_lines)
            # Reading it again would take the interpreter from the streams of others.
            entry.tokenizer = resident.tokenizer if state is ModelState.UNLOADED else None
            self._gone(entry, state)
            if state is ModelState.UNLOADED:
                self._died(entry)

    def _note_death(self, entry: ModelEntry, how: str, stderr: tuple[str, ...]) -> ModelState:
        entry.tally.deaths += 1
        entry.tally.has_died = True
        entry.deaths.note(Death(self._now(), how, stderr))
        if entry.deaths.failed(self._now()) is None:
            return ModelState.UNLOADED
        entry.reason = f"{entry.description.model_id}: its worker died three times in five minutes; it {how}"
        if stderr:
            entry.reason += "\n" + "\n".join(stderr)
        return ModelState.FAILED

    def _gone(self, entry: ModelEntry, state: ModelState) -> None:
        entry.resident, entry.task, entry.progress = None, None, 0.0
        self.ledger.release(entry.key)
        self._set(entry, state)
        self._changed()

    async def close(self) -> None:
        """End every worker; loads are given up."""
        self._closed = True
        if self._spare_timer is not None:
            self._spare_timer.cancel()
        workers = [entry.resident.worker for entry in self.entries.values() if entry.resident is not None]
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(worker.close() for worker in workers), self.loader.spare.close())

    def _set(self, entry: ModelEntry, state: ModelState) -> None:
        entry.state = state
        self._observed(entry)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
