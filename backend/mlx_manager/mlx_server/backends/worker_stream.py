"""One job of a worker, as its reader holds it."""

import asyncio
from collections.abc import Callable

from mlx_manager.core.errors import ErrorCode
from mlx_manager.mlx_server.backends.base import Broken, TokenEvent

# Far more than a reader lags behind by accident; a few hundred kB.
_MOST_UNREAD = 4096


class WorkerStream:
    """One job of a worker (a `TokenStream`).

    Args:
        cancel: stops the job, if it still runs.
    """

    def __init__(self, cancel: Callable[[], None]) -> None:
        self.cancel = cancel
        self._events: list[TokenEvent] = []
        self._arrived = asyncio.Event()

    async def next(self) -> list[TokenEvent]:
        """All that has come since the last call; waits until there is something."""
        await self._arrived.wait()
        self._arrived.clear()
        events, self._events = self._events, []
        return events

    def push(self, event: TokenEvent) -> None:
        """Deliver an event; a reader that is much slower than the worker loses its job."""
        if len(self._events) == _MOST_UNREAD and not isinstance(event, Broken):
            waiting = f"{_MOST_UNREAD} tokens were waiting to be read"
            self.fail(Broken(ErrorCode.READER_TOO_SLOW, waiting))
            return
        self._events.append(event)
        self._arrived.set()

    def fail(self, broken: Broken) -> None:
        """Stop the job and tell its reader why."""
        self.cancel()
        self.push(broken)
