"""Which model is resident: loaded on demand, leased while it is used, replaced when another is asked for."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.paths import home_dir
from mlx_manager.mlx_server.backends.local import LocalWorker
from mlx_manager.mlx_server.config import GB, MLXServerSettings, ModelOptions
from mlx_manager.mlx_server.domain.models import EngineHealth, ModelDescription, ModelRuntime
from mlx_manager.mlx_server.engine import wire
from mlx_manager.mlx_server.pool.budget import effective_budget_bytes
from mlx_manager.mlx_server.pool.catalogue import Catalogue
from mlx_manager.mlx_server.text.tokenizer import Tokenizer

logger = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Resident:
    """A model in memory.

    Attributes:
        leases: requests that use it now; while there are any it stays.
    """

    description: ModelDescription
    tokenizer: Tokenizer
    worker: LocalWorker
    leases: int = 0


@dataclass(frozen=True, slots=True)
class _Load:
    path: Path
    task: "asyncio.Task[None]"


class ModelPool:
    """One resident model at a time. A request for another waits until the leases end.

    Loads are single-flight, in a task of their own, so that a caller who goes away ends its own
    wait and not the load that others wait for. A newcomer does not overtake a request that waits
    for another model, so two models in demand take turns and neither starves.
    """

    def __init__(self, settings: MLXServerSettings) -> None:
        self._settings = settings
        self.catalogue = Catalogue(settings.model_dirs)
        self._resident: Resident | None = None
        self._load: _Load | None = None
        self._waiting: Counter[Path] = Counter()
        self._changed = asyncio.Event()
        self._runtimes: dict[Path, ModelRuntime] = {}
        self._closed = False

    def runtime(self, description: ModelDescription) -> ModelRuntime | None:
        """What was found out when the model was last loaded by this server; None before that."""
        return self._runtimes.get(description.path)

    @property
    def resident_id(self) -> str | None:
        """Id of the model in memory, if any."""
        return resident.description.model_id if (resident := self._usable()) else None

    async def engine_health(self, timeout_s: float) -> EngineHealth | None:
        """What the resident model's engine says of itself now; None where none is resident.

        Raises:
            ApiError: it ended, or did not answer in time.
        """
        if (resident := self._usable()) is None:
            return None
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

    def describe(self, model_id: str) -> ModelDescription:
        """The model of this id. Raises ApiError `model_not_found`."""
        if (description := self.catalogue.get(model_id)) is None:
            known = ", ".join(model.model_id for model in self.catalogue.list()[:10])
            raise ApiError(
                ErrorCode.MODEL_NOT_FOUND, f"there is no model {model_id!r}; there is: {known}", param="model"
            )
        return description

    @asynccontextmanager
    async def lease(self, description: ModelDescription) -> AsyncIterator[Resident]:
        """Hold the model in memory, loading it first if need be.

        Raises:
            ApiError: it cannot be loaded, or the server is stopping.
        """
        resident = await self._acquire(description)
        try:
            yield resident
        finally:
            resident.leases -= 1
            self._changed.set()

    async def preload(self, model_id: str) -> None:
        """Load a model before anyone asks for it. Raises ApiError."""
        async with self.lease(self.describe(model_id)):
            pass

    def refuse(self) -> None:
        """Lease no more; what waits for a model is told that the server stops."""
        self._closed = True
        if self._load is not None:
            self._load.task.cancel()
        self._changed.set()

    async def close(self) -> None:
        """End every worker."""
        self.refuse()
        if self._load is not None:
            await asyncio.wait([self._load.task])
        if self._resident is not None:
            await self._resident.worker.close()
            self._resident = None

    async def _acquire(self, description: ModelDescription) -> Resident:
        path, has_waited, loads = description.path, False, 0
        while True:
            if self._closed:
                raise ApiError(ErrorCode.SHUTTING_DOWN, "the server is stopping")
            others_wait = not has_waited and any(other != path for other in self._waiting.elements())
            resident = self._usable()
            if self._load is None and not others_wait:
                if resident is not None and resident.description.path == path:
                    resident.leases += 1
                    return resident
                if resident is None or resident.leases == 0:
                    # A model whose worker dies again right after its load is not tried for ever.
                    if (loads := loads + 1) > 2:
                        raise ApiError(
                            ErrorCode.WORKER_DIED, f"{description.model_id}: its worker keeps dying"
                        )
                    self._begin_load(description)
            has_waited = True
            await self._wait(path)

    def _usable(self) -> Resident | None:
        return self._resident if self._resident is not None and self._resident.worker.is_alive else None

    def _begin_load(self, description: ModelDescription) -> None:
        task = asyncio.create_task(self._replace(description))
        self._load = _Load(description.path, task)
        task.add_done_callback(lambda _: self._end_load())

    def _end_load(self) -> None:
        self._load = None
        self._changed.set()

    async def _wait(self, path: Path) -> None:
        """Wait for the load that runs, whose failure is ours if it is our model's, or for a lease's end."""
        self._waiting[path] += 1
        try:
            if (load := self._load) is not None:
                await asyncio.wait([load.task])  # does not cancel the load with us
                if load.path == path and not load.task.cancelled() and (error := load.task.exception()):
                    raise error
            else:
                self._changed.clear()
                await self._changed.wait()
        finally:
            self._waiting[path] -= 1
            self._waiting += Counter()  # drops what has come to zero

    async def _replace(self, description: ModelDescription) -> None:
        """Unload, then load: the old worker's memory is back before the new one takes any."""
        old, self._resident = self._resident, None
        if old is not None:
            await old.worker.close()
        try:
            self._resident = await self._start(description)
        except ApiError as error:
            logger.error("%s", error.message)
            raise

    async def _start(self, description: ModelDescription) -> Resident:
        self._check_budget(description, description.weight_bytes, None)
        # The tokenizer is read in a thread while the worker process imports MLX.
        reading = asyncio.create_task(asyncio.to_thread(Tokenizer.load, description.path))
        try:
            worker = await LocalWorker.start()
        except BaseException:
            reading.cancel()
            raise
        try:
            tokenizer = await _tokenizer(description, reading)
            widened = description.has_half_weights and worker.hello.widens_half
            needed = description.weight_bytes * (2 if widened else 1)
            self._check_budget(description, needed, worker.hello.device_limit_bytes)
            await worker.load(
                self._load_command(description, needed, worker.hello.device_limit_bytes),
                max_waiting=self._settings.max_queued_requests,
                hang_s=self._settings.worker_hang_s,
            )
        except BaseException:
            await worker.close()
            raise
        report = worker.loaded
        self._runtimes[description.path] = _runtime(report, self._options(description))
        logger.info(
            "loaded %s in %.1f s (%.0f MB, worker %d, %s): %s",
            *(description.model_id, report.load_s, report.active_bytes / 1e6),
            *(worker.pid, worker.hello.device, report.probe),
        )
        return Resident(description, tokenizer, worker)

    def _options(self, description: ModelDescription) -> ModelOptions:
        return self._settings.model_options.get(description.model_id, ModelOptions())

    def _load_command(self, description: ModelDescription, weight_bytes: int, device_bytes: int) -> wire.Load:
        """How the model is to be run; what the weights leave of the budget is for its caches."""
        settings = self._settings
        options = self._options(description)
        left = effective_budget_bytes(settings.max_memory_bytes, device_bytes) - weight_bytes
        # Of a small rest most belongs to the requests that run.
        cache_bytes = min(int(settings.prefix_cache_gb * GB), left // 4)
        disk_bytes = int(settings.prefix_cache_disk_gb * GB)
        return wire.Load(
            str(description.path),
            max_rows=settings.max_concurrent_requests,
            prefill_chunk_tokens=settings.prefill_chunk_tokens,
            kv_budget_bytes=max(left - cache_bytes, 1),
            kv_bits=options.kv_bits or 0,
            prompt_lookup=options.prompt_lookup,
            cache_budget_bytes=cache_bytes,
            cache_dir=str(home_dir() / "kv-cache") if disk_bytes else "",
            cache_disk_budget_bytes=disk_bytes,
            cache_disk_floor_bytes=int(settings.prefix_cache_disk_floor_gb * GB),
        )

    def _check_budget(self, description: ModelDescription, needed: int, device_bytes: int | None) -> None:
        budget = effective_budget_bytes(self._settings.max_memory_bytes, device_bytes)
        if needed > budget:
            raise ApiError(
                ErrorCode.INSUFFICIENT_MEMORY,
                f"{description.model_id} needs {_size(needed)} and the budget is {_size(budget)}",
            )


def _runtime(report: wire.Loaded, options: ModelOptions) -> ModelRuntime:
    return ModelRuntime(
        can_batch=report.can_batch,
        batching=report.probe,
        kv_bytes_per_token=report.kv_size.bytes_per_token,
        kv_bits=options.kv_bits,
        prefix_cache=report.prefix_cache or None,
        prompt_lookup=report.prompt_lookup or None,
    )


def _size(num_bytes: int) -> str:
    return f"{num_bytes / GB:.2f} GB" if num_bytes >= GB else f"{num_bytes / 2**20:.2f} MB"


async def _tokenizer(description: ModelDescription, reading: "asyncio.Task[Tokenizer]") -> Tokenizer:
    try:
        return await reading
    except Exception as error:  # transformers raises what it likes at a folder it cannot read
        reason = f"{description.model_id} cannot be loaded: its tokenizer: {error}"
        raise ApiError(ErrorCode.MODEL_LOAD_FAILED, reason) from error
