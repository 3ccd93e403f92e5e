"""What the running server consists of, wired once in the lifespan."""

import asyncio
import logging
from typing import Self

from mlx_manager.core.errors import ApiError
from mlx_manager.mlx_server.config import MLXServerSettings
from mlx_manager.mlx_server.generation import Generator
from mlx_manager.mlx_server.pool.pool import ModelPool

logger = logging.getLogger(__name__)


class Serving:
    """The pool, the generator, and whether the server is ready for work.

    Attributes:
        status: loading, ready, failed (the preload, while other models still work) or draining.
    """

    def __init__(self, settings: MLXServerSettings) -> None:
        self.settings = settings
        self.pool = ModelPool(settings)
        self.generator = Generator(
            self.pool,
            default_max_tokens=settings.default_max_tokens,
            timeout_s=settings.request_timeout_s,
            salts_tenants=settings.prefix_cache_per_tenant,
        )
        self._preload_error: str | None = None
        self._preload: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._preload = asyncio.create_task(self._preload_models())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._preload is not None:
            self._preload.cancel()
            await asyncio.gather(self._preload, return_exceptions=True)
        await self.generator.drain(0.0)
        await self.pool.close()

    @property
    def status(self) -> str:
        """One word for `/ready`."""
        if not self.generator.is_accepting:
            return "draining"
        if self._preload is None or not self._preload.done():
            return "loading"
        return "failed" if self._preload_error else "ready"

    @property
    def preload_error(self) -> str | None:
        """Why the preload failed, if it did."""
        return self._preload_error

    async def drain(self) -> None:
        """Take no new work and give the running work its grace; every request has its end after this."""
        await self.generator.drain(self.settings.shutdown_grace_s)

    async def _preload_models(self) -> None:
        for model_id in self.settings.preload[:1]:
            try:
                await self.pool.preload(model_id)
            except ApiError as error:
                self._preload_error = error.message
                logger.error("preload of %s failed: %s", model_id, error.message)
