"""What the running server consists of, wired once in the lifespan."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Self

from mlx_manager.core.access.mode import is_open
from mlx_manager.core.errors import ApiError
from mlx_manager.mlx_server import __version__
from mlx_manager.mlx_server.accounts import Accounts
from mlx_manager.mlx_server.audit import AuditWriter
from mlx_manager.mlx_server.change_log import ChangeLog
from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.mlx_server.generation import Generator
from mlx_manager.mlx_server.limits import RateLimiter
from mlx_manager.mlx_server.metrics import ServerMetrics
from mlx_manager.mlx_server.pool.entry import ModelEntry
from mlx_manager.mlx_server.pool.keeper import MemoryKeeper
from mlx_manager.mlx_server.pool.pool import ModelPool
from mlx_manager.mlx_server.pool.written_formats import FormatFinder
from mlx_manager.mlx_server.running_responses import RunningResponses
from mlx_manager.mlx_server.stored_responses import StoredResponses
from mlx_manager.mlx_server.text.tokenizer import warm_up
from mlx_manager.mlx_server.tracing import GenerationTracer, span_targets

logger = logging.getLogger(__name__)

_ENDS_WITHIN_S: Final = 0.2
_WRITES_WITHIN_S: Final = 0.3


class Serving:
    """The pool, the generator, and whether the server is ready for work.

    Args:
        failed: called with a line for a person when the server cannot go on.

    Attributes:
        accounts: users and keys.
        limiter: what keys may take.
        status: loading, ready, failed (the preload, while other models still work) or draining.
        changes: of the models' states.
        stored_responses: those that clients may come back to.
        running_responses: those that are being made.
        formats: how models write calls and reasoning.
    """

    def __init__(self, settings: MLXServerSettings, failed: Callable[[str], None]) -> None:
        self.settings = settings
        self.accounts = Accounts(failed)
        self.limiter = RateLimiter(self.accounts.tokens_used)
        self.metrics = ServerMetrics(__version__)
        self.audit = AuditWriter(settings, self.accounts, self.metrics.note_lost_audit_rows)
        self.changes = ChangeLog()
        self.pool = ModelPool(settings, self._note)
        self.formats = FormatFinder()
        self.generator = Generator(
            self.pool,
            default_max_tokens=settings.default_max_tokens,
            timeout_s=settings.request_timeout_s,
            salts_tenants=settings.prefix_cache_per_tenant,
            tracer=GenerationTracer() if span_targets(settings) else None,
        )
        self.generator.log.observers += [self.limiter, self.audit, self.metrics]
        self.metrics.watch(self.pool, self.generator.log)
        self.stored_responses = StoredResponses(settings, self.accounts)
        self.running_responses = RunningResponses(self.generator)
        self.keeper = MemoryKeeper(settings, self.pool, self.generator.end_youngest)
        self._preload_errors: dict[str, str] = {}
        self._preloaded: set[str] = set()
        self._preload: asyncio.Task[None] | None = None
        self._announcing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.accounts.__aenter__()
        await self.audit.__aenter__()
        await self.stored_responses.__aenter__()
        self._preload = asyncio.create_task(self._preload_models())
        self._announcing = asyncio.create_task(self._announce())
        self.keeper.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.keeper.close()
        if self._preload is not None:
            self._preload.cancel()
            await asyncio.gather(self._preload, return_exceptions=True)
        await self.generator.drain(0.0)
        await self.flush()
        await self.pool.close()
        await self.stored_responses.__aexit__()
        await self.audit.__aexit__()
        await self.accounts.__aexit__()

    @property
    def status(self) -> str:
        """One word for `/ready`."""
        if not self.generator.is_accepting:
            return "draining"
        if self._preload is None or not self._preload.done():
            return "loading"
        return "failed" if self._preload_errors else "ready"

    @property
    def preload_error(self) -> str | None:
        """Why the preload failed, if it did."""
        return next(iter(self._preload_errors.values()), None)

    async def drain(self) -> None:
        """Take no new work and give the running work its grace; every request has its end after this."""
        await self.generator.drain(self.settings.shutdown_grace_s)

    async def flush(self) -> None:
        """Write what is known of the requests that have ended; bounded in time."""
        await self.generator.ended(_ENDS_WITHIN_S)
        await self.audit.flush(_WRITES_WITHIN_S)

    def settings_changed(self) -> None:
        """Act on settings that have been changed while the server runs."""
        settings = self.settings
        logging.getLogger().setLevel(settings.log_level)
        self.generator.change(
            default_max_tokens=settings.default_max_tokens, timeout_s=settings.request_timeout_s
        )
        self.pool.settings_changed()
        if self._preload is not None and self._preload.done():
            self._preload = asyncio.create_task(self._preload_models())

    async def _announce(self) -> None:
        """Say who may call, once that is known."""
        try:
            state = await self.accounts.state()
        except ApiError:
            return  # that has been said
        if is_open(self.settings, self.settings.host, has_users=state.has_users):
            logger.info("open: programs on this machine need no key")
        else:
            logger.info("closed: callers need a key (`mlx-manager keys create NAME` makes one) or a session")

    async def _preload_models(self) -> None:
        self._preload_errors = {}
        self._preloaded &= set(self.settings.preload)
        while (name := self._next_preload()) is not None:
            try:
                await self.pool.preload(name)
                self._preloaded.add(name)
            except ApiError as error:
                self._preload_errors[name] = error.message
                logger.error("preload of %s failed: %s", name, error.message)
        if not self.settings.spare_worker:
            return
        # With the spare worker: a server that is to load quickly has its own imports done, too.
        await asyncio.to_thread(warm_up)
        try:
            await self.pool.residents.loader.meet_device()
        except ApiError as error:
            logger.error("no worker could be started: %s", error.message)
        else:
            self.pool.residents.prepare_spare()

    def _next_preload(self) -> str | None:
        """Asked anew after each: they may have been changed while it was loaded."""
        done = self._preloaded | self._preload_errors.keys()
        return next((name for name in self.settings.preload if name not in done), None)

    def _note(self, entry: ModelEntry) -> None:
        resident = entry.resident
        self.changes.append(
            {
                "id": entry.description.model_id,
                "status": entry.state.value,
                "progress": round(entry.progress, 3),
                "reason": entry.reason or None,
                "pid": None if resident is None else resident.worker.pid,
            }
        )
