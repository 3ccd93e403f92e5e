"""Responses that are being made here: another connection may look at them, or end them."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from mlx_manager.mlx_server.generation import Generator
from mlx_manager.mlx_server.request_log import RequestRecord

# Its end waits for whoever reads its stream; who cancels it does not wait longer than this.
_ENDS_WITHIN_S: Final = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class RunningResponse:
    """One of them.

    Attributes:
        items: its input.
        body: the response as it is by now, as JSON.
        ended: set when its end is known and stored; it is not served as running then.
    """

    response_id: str
    user_id: str
    record: RequestRecord
    items: Sequence[Mapping[str, Any]]
    body: Callable[[], bytes]
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class RunningResponses:
    """All of them, by id."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self._running: dict[str, RunningResponse] = {}

    @contextmanager
    def holding(self, response: RunningResponse) -> Iterator[None]:
        """It runs as long as this lasts, or until its end is set."""
        self._running[response.response_id] = response
        try:
            yield
        finally:
            response.ended.set()
            del self._running[response.response_id]

    def get(self, user_id: str, response_id: str) -> RunningResponse | None:
        """One that runs, where it is this user's."""
        found = self._running.get(response_id)
        if found is None or found.user_id != user_id or found.ended.is_set():
            return None
        return found

    async def cancel(self, response: RunningResponse) -> None:
        """End it, and wait until that is stored; no longer than a reader may reasonably take."""
        self._generator.cancel(response.record)
        with suppress(TimeoutError):
            await asyncio.wait_for(response.ended.wait(), _ENDS_WITHIN_S)
