"""A worker that is kept ready."""

import asyncio
import contextlib

from mlx_manager.core.errors import ApiError
from mlx_manager.mlx_server.backends.local import LocalWorker

_closing: set[asyncio.Future[None]] = set()


class SpareWorker:
    """A worker that has done its imports and waits for a model, so that a load costs the weights alone.

    Args:
        hang_s: see `LocalWorker.load`.
    """

    def __init__(self, hang_s: float) -> None:
        self._hang_s = hang_s
        self._starting: asyncio.Task[LocalWorker] | None = None

    @property
    def worker(self) -> LocalWorker | None:
        """The spare, where it is ready."""
        starting = self._starting
        if (
            starting is None
            or not starting.done()
            or starting.cancelled()
            or starting.exception() is not None
        ):
            return None
        return starting.result()

    def prepare(self) -> None:
        """Start one, unless there is one."""
        if self._starting is None:
            self._starting = asyncio.create_task(LocalWorker.start(self._hang_s))

    async def take(self) -> LocalWorker:
        """The spare, or a new one where there is none or it has died. Raises ApiError."""
        starting, self._starting = self._starting, None
        if starting is not None:
            with contextlib.suppress(ApiError):
                worker = await _or_closed(starting)
                if worker.is_alive:
                    return worker
                await worker.close()
        return await LocalWorker.start(self._hang_s)

    async def peek(self) -> LocalWorker:
        """The spare, which stays one. Raises ApiError where it died, after which there is none."""
        self.prepare()
        starting = self._starting
        assert starting is not None
        try:
            return await asyncio.shield(starting)
        except ApiError:
            if self._starting is starting:
                self._starting = None
            raise

    async def close(self) -> None:
        """End it."""
        starting, self._starting = self._starting, None
        if starting is not None:
            with contextlib.suppress(ApiError):
                await (await starting).close()


async def _or_closed(starting: "asyncio.Task[LocalWorker]") -> LocalWorker:
    """The worker that is being started; one that nobody waits for any more is ended."""
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        starting.add_done_callback(_close_when_started)
        raise


def _close_when_started(starting: "asyncio.Task[LocalWorker]") -> None:
    if not starting.cancelled() and starting.exception() is None:
        closing = asyncio.ensure_future(starting.result().close())
        _closing.add(closing)
        closing.add_done_callback(_closing.discard)
