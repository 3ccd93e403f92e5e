"""Events to a client as they come, and the end of the generation when the client leaves."""

from collections.abc import AsyncIterator, Mapping

from sse_starlette import EventSourceResponse
from sse_starlette.sse import AppStatus
from starlette.types import Receive, Scope, Send

from mlx_manager.mlx_server.generation import RunningGeneration

# We end streams ourselves, each with an error in its dialect; see `main.DrainingServer`.
AppStatus.enable_automatic_graceful_drain = False


def data(payload: bytes) -> bytes:
    """One unnamed event. The payload must hold no line break, as compact JSON does not."""
    return b"data: " + payload + b"\n\n"


class GenerationStream(EventSourceResponse):
    """Streams encoded events. However it ends, the generation is closed.

    Args:
        chunks: whole events, encoded.
    """

    def __init__(
        self, running: RunningGeneration, chunks: AsyncIterator[bytes], headers: Mapping[str, str]
    ) -> None:
        super().__init__(chunks, headers=dict(headers), sep="\n")
        self._running = running

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI)."""
        # Also where the client left before the first event, when the iterator never began.
        async with self._running:
            await super().__call__(scope, receive, send)
