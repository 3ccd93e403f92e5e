"""From a description to a resident model: a worker, perhaps one that was kept ready, and a tokenizer."""

import asyncio
import logging
from collections.abc import Callable

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.paths import home_dir
from mlx_manager.core.process import footprint_bytes
from mlx_manager.mlx_server.config import GB, MLXServerSettings, ModelOptions
from mlx_manager.mlx_server.domain.models import ModelDescription
from mlx_manager.mlx_server.engine import wire
from mlx_manager.mlx_server.pool.entry import Resident
from mlx_manager.mlx_server.pool.memory_ledger import Reservation
from mlx_manager.mlx_server.pool.safetensors_header import WeightsError
from mlx_manager.mlx_server.pool.spare_worker import SpareWorker
from mlx_manager.mlx_server.pool.tokenizers import read_tokenizer
from mlx_manager.mlx_server.pool.weight_files import UnusableError, check_weights
from mlx_manager.mlx_server.text.tokenizer import Tokenizer
from mlx_manager.mlx_server.tracing import span_targets

logger = logging.getLogger(__name__)


class ModelLoader:
    """Loads models as the settings say.

    Attributes:
        device_bytes: most that the device should hold, as the last worker reported it; None before the first.
        widens_half: whether workers hold half-precision weights as fp32.
        process_bytes: what a worker takes before it has a model.
        keeps_findings: whether what a probe finds is kept for the next load, and taken from there.
    """

    def __init__(self, settings: MLXServerSettings) -> None:
        self._settings = settings
        self.spare = SpareWorker(settings.worker_hang_s)
        self.device_bytes: int | None = None
        self.widens_half = False
        self.process_bytes = 0
        self.keeps_findings = True

    async def meet_device(self) -> None:
        """Learn from a worker what the device is, if no worker has said so yet. Raises ApiError."""
        if self.device_bytes is None:
            worker = await self.spare.peek()
            self.device_bytes = worker.hello.device_limit_bytes
            self.widens_half = worker.hello.widens_half
            self.process_bytes = footprint_bytes(worker.pid) or 0

    async def load(
        self,
        model: ModelDescription,
        reservation: Reservation,
        known: Tokenizer | None,
        on_progress: Callable[[float], None],
    ) -> Resident:
        """Start or take a worker and load the model into it.

        Args:
            known: the model's tokenizer, where it has been read already.
            on_progress: called with the fraction that is done.

        Raises:
            ApiError: it cannot be loaded; its worker has ended.
        """
        # Files that lie about themselves are found out before anything maps them.
        await asyncio.to_thread(_check, model)
        # The tokenizer is read in a thread while the worker works.
        reading = asyncio.create_task(_read_tokenizer(model, known))
        try:
            worker = await self.spare.take()
        except BaseException:
            reading.cancel()
            raise
        try:
            await worker.load(
                self._command(model, reservation),
                max_waiting=self._settings.max_queued_requests,
                hang_s=self._settings.worker_hang_s,
                on_progress=on_progress,
            )
            tokenizer = await reading
        except BaseException:
            reading.cancel()
            await worker.close()
            raise
        now = asyncio.get_running_loop().time()
        return Resident(model, tokenizer, worker, loaded_at=now, last_used=now)

    def options(self, model: ModelDescription) -> ModelOptions:
        """How the settings want this model to be run."""
        return self._settings.model_options.get(model.model_id, ModelOptions())

    def _command(self, model: ModelDescription, reservation: Reservation) -> wire.Load:
        settings, options = self._settings, self.options(model)
        disk_bytes = int(settings.prefix_cache_disk_gb * GB)
        return wire.Load(
            str(model.path),
            max_rows=settings.max_concurrent_requests,
            prefill_chunk_tokens=settings.prefill_chunk_tokens,
            kv_budget_bytes=max(reservation.kv, 1),
            kv_bits=options.kv_bits or 0,
            prompt_lookup=options.prompt_lookup,
            # Where there is no room now, it may get some later; without a budget it would never have a cache.
            cache_budget_bytes=max(reservation.prefixes, 1) if settings.prefix_cache_gb else 0,
            cache_dir=str(home_dir() / "kv-cache") if disk_bytes else "",
            cache_disk_budget_bytes=disk_bytes,
            cache_disk_floor_bytes=int(settings.prefix_cache_disk_floor_gb * GB),
            adapter_path="" if model.adapter_path is None else str(model.adapter_path),
            probe_dir=str(home_dir() / "probes") if self.keeps_findings else "",
            tracing=wire.Tracing(model.model_id, targets) if (targets := span_targets(settings)) else None,
        )


def _check(model: ModelDescription) -> None:
    try:
        check_weights(model.path)
    except (WeightsError, UnusableError, OSError) as error:
        reason = f"{model.model_id} cannot be loaded: {error}"
        raise ApiError(ErrorCode.MODEL_LOAD_FAILED, reason) from error


async def _read_tokenizer(model: ModelDescription, known: Tokenizer | None) -> Tokenizer:
    return await read_tokenizer(model) if known is None else known
