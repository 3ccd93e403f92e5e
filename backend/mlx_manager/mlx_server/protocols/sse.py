"""Events to a client as they come, and the end of the generation when the client leaves."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final, Protocol

from sse_starlette import EventSourceResponse
from sse_starlette.sse import AppStatus
from starlette.types import Message, Receive, Scope, Send

from mlx_manager.core.errors import ApiError
from mlx_manager.mlx_server.domain.events import Event, EventBatches, Failed, Finished
from mlx_manager.mlx_server.running import RunningGeneration

logger = logging.getLogger(__name__)

_SEND_TIMEOUT_S = 60.0
_PING_S = 15
COMMENT_PING: Final = b": ping\n\n"

# We end streams ourselves, each with an error in its dialect; see `main.DrainingServer`.
AppStatus.enable_automatic_graceful_drain = False


def data(payload: bytes) -> bytes:
    """One unnamed event. The payload must hold no line break, as compact JSON does not."""
    return b"data: " + payload + b"\n\n"


class StreamRenderer(Protocol):
    """Turns events into one dialect's stream.

    Attributes:
        ping: what keeps an idle connection open: a comment, or an event that the dialect's clients skip.
    """

    ping: bytes

    def opening(self, prompt_tokens: int) -> bytes:
        """What a stream begins with; may be empty."""
        ...

    def render(self, event: Event) -> bytes:
        """Whole server-sent events, encoded; may be none.

        An end may turn out to be none, and is not sent: `Failed` follows it then.
        """
        ...


async def encoded(
    renderer: StreamRenderer,
    batches: EventBatches,
    prompt_tokens: int = 0,
    settle: Callable[[], Awaitable[None]] | None = None,
) -> AsyncIterator[bytes]:
    """The stream's bytes: all that came at once in one piece, which is one write.

    Args:
        settle: awaited when the answer is complete, before its end is sent. Where it raises ApiError,
            that is sent instead.
    """
    if opening := renderer.opening(prompt_tokens):
        yield opening
    async for batch in batches:
        *before, last = batch
        piece = b"".join(map(renderer.render, before))
        if settle is not None and isinstance(last, Finished | Failed):
            if piece:
                yield piece
            piece = await _settled(renderer, last, settle)
        else:
            piece += renderer.render(last)
        if piece:
            yield piece


async def _settled(renderer: StreamRenderer, end: Event, settle: Callable[[], Awaitable[None]]) -> bytes:
    """The end's bytes, or a failure's in their place."""
    piece = renderer.render(end)  # before it is settled: what is kept of an answer is all of it
    try:
        await settle()
    except ApiError as error:
        return renderer.render(Failed(error.code, error.message))
    return piece


class GenerationStream(EventSourceResponse):
    """Streams encoded events. However it ends, the generation is closed.

    A client that does not read is cut off after a minute; its job ended before that, when too much
    of its answer was waiting.
    """

    def __init__(
        self,
        running: RunningGeneration,
        renderer: StreamRenderer,
        headers: Mapping[str, str],
        settle: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        chunks = encoded(renderer, running.events(), running.prompt_tokens, settle)
        # The library writes bytes as they are, whatever it says of their type.
        ping: Any = lambda: renderer.ping  # noqa: E731
        super().__init__(chunks, headers=dict(headers), sep="\n", ping=_PING_S, ping_message_factory=ping)
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
