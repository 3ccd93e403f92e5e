"""From a request that was parsed to its response: whole or as a stream, whatever the dialect."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from itertools import chain, islice
from typing import Any, Final, Protocol, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from mlx_manager.mlx_server.domain.events import EventBatches
from mlx_manager.mlx_server.domain.request import GenerationRequest
from mlx_manager.mlx_server.protocols.call import Call
from mlx_manager.mlx_server.protocols.fields import ignored_header
from mlx_manager.mlx_server.protocols.sse import GenerationStream, StreamRenderer
from mlx_manager.mlx_server.request_log import CLIENT_CLOSED_REQUEST
from mlx_manager.mlx_server.running import RunningGeneration
from mlx_manager.mlx_server.serving import Serving

T = TypeVar("T")
_MOST_IGNORED: Final = 128  # more than the header names

Settle = Callable[[], Awaitable[None]]


class Renderer(StreamRenderer, Protocol):
    """Turns a generation's events into one dialect's wire. Made for one answer, and used for it once."""

    async def fold(self, events: EventBatches) -> bytes:
        """The whole answer as JSON. Raises ApiError where the generation failed."""
        ...


async def answer(
    request: Request,
    serving: Serving,
    call: Call,
    generation: GenerationRequest,
    renderer: Renderer,
    *,
    ignored: Iterable[str],
    headers: Mapping[str, str],
    settle: Settle | None = None,
) -> Response:
    """Start the generation and answer with it; a client that leaves, even in the queue, ends it.

    Args:
        ignored: paths of the request's fields that have no effect.
        settle: awaited when the answer is complete and before the client is told so. Where it raises
            ApiError, that is the answer's end.

    Raises:
        ApiError: what can be known before the first byte; and where the answer is not streamed, all.
    """
    starting = serving.generator.start(generation, call.record)
    running = await unless_disconnected(request, starting)
    if running is None:
        return Response(status_code=CLIENT_CLOSED_REQUEST)
    named = _named(serving, call, chain(ignored, running.ignored)) | dict(headers)
    if call.record.is_stream:
        return GenerationStream(running, renderer, named, settle)
    async with running:
        body = await unless_disconnected(request, _whole(renderer, running, settle))
    if body is None:
        return Response(status_code=CLIENT_CLOSED_REQUEST)
    return Response(body, media_type="application/json", headers=named)


async def _whole(renderer: Renderer, running: RunningGeneration, settle: Settle | None) -> bytes:
    body = await renderer.fold(running.events())
    if settle is not None:
        await settle()
    return body


async def unless_disconnected(request: Request, work: Coroutine[Any, Any, T]) -> T | None:
    """The work's result, or None when the client left first, in which case the work is cancelled."""
    task = asyncio.create_task(work)
    gone = asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        return None
    finally:
        for pending in (task, gone):
            pending.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _named(serving: Serving, call: Call, paths: Iterable[str]) -> dict[str, str]:
    """Count the fields that have no effect, and name them to the client."""
    found = list(islice(dict.fromkeys(paths), _MOST_IGNORED))
    serving.metrics.note_ignored(call.record.dialect, found)
    return ignored_header(iter(found))
