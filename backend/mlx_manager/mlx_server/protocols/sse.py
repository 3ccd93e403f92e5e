"""Events to a client as they come, and the end of the generation when the client leaves."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from sse_starlette import EventSourceResponse
from sse_starlette.sse import AppStatus
from starlette.types import Message, Receive, Scope, Send

from mlx_manager.mlx_server.domain.events import Event, EventBatches
from mlx_manager.mlx_server.running import RunningGeneration

logger = logging.getLogger(__name__)

_SEND_TIMEOUT_S = 60.0

# We end streams ourselves, each with an error in its dialect; see `main.DrainingServer`.
AppStatus.enable_automatic_graceful_drain = False


def data(payload: bytes) -> bytes:
    """One unnamed event. The payload must hold no line break, as compact JSON does not."""
    return b"data: " + payload + b"\n\n"


class StreamRenderer(Protocol):
    """Turns events into one dialect's stream."""

    def opening(self) -> bytes:
        """What a stream begins with; may be empty."""
        ...

    def render(self, event: Event) -> bytes:
        """Whole server-sent events, encoded; may be none."""
        ...


async def encoded(renderer: StreamRenderer, batches: EventBatches) -> AsyncIterator[bytes]:
    """The stream's bytes: all that came at once in one piece, which is one write."""
    if opening := renderer.opening():
        yield opening
    async for batch in batches:
        if piece := b"".join(map(renderer.render, batch)):
            yield piece


class GenerationStream(EventSourceResponse):
    """Streams encoded events. However it ends, the generation is closed.

    A client that does not read is cut off after a minute; its job ended before that, when too much
    of its answer was waiting.
    """

    def __init__(
        self, running: RunningGeneration, renderer: StreamRenderer, headers: Mapping[str, str]
    ) -> None:
        chunks = encoded(renderer, running.events())
        super().__init__(chunks, headers=dict(headers), sep="\n")
        self._running = running

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        loop = asyncio.get_running_loop()

        async def send_in_time(message: Message) -> None:
            # One timer for all of the stream; sse-starlette would make a cancel scope for each message.
            if deadline.when() is None:
                deadline.reschedule(loop.time() + _SEND_TIMEOUT_S)
            await send(message)
            deadline.reschedule(None)

        # Also where the client left before the first event, when the iterator never began.
        async with self._running:
            try:
                async with asyncio.timeout(None) as deadline:
                    await super().__call__(scope, receive, send_in_time)
            except TimeoutError:
                if not deadline.expired():
                    raise
                logger.info("a client read nothing for %.0f s and was cut off", _SEND_TIMEOUT_S)
