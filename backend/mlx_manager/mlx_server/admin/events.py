"""What changes, as server-sent events, for as long as somebody listens.

Each listener is told of every change of a model's state, and four times a second of what else has
changed since it was last told: a slow one misses steps in between and never makes the server keep
anything for it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Final

import msgspec

from mlx_manager.core.server_sent_events import event
from mlx_manager.mlx_server.admin.views import memory_view, model_view
from mlx_manager.mlx_server.serving import Serving

_PERIOD_S: Final = 0.25
_encode = msgspec.json.Encoder().encode


async def changes(serving: Serving, may_go_on: Callable[[], Awaitable[bool]]) -> AsyncIterator[bytes]:
    """First all that is known, then what changes; ends when the server stops or the listener must go."""
    told: dict[tuple[str, str], bytes] = {}
    number = serving.changes.last_number
    while serving.status != "draining" and await may_go_on():
        for change in serving.changes.since(number):
            yield event("state", _encode(change))
        number = serving.changes.last_number
        current = {(kind, key): _encode(body) for kind, key, body in _current(serving)}
        for name, body in current.items():
            if told.get(name) != body:
                yield event(name[0], body)
        told = current
        await asyncio.sleep(_PERIOD_S)


def _current(serving: Serving) -> Iterator[tuple[str, str, Any]]:
    for key, entry in serving.pool.residents.entries.items():
        yield "model", key, model_view(serving, entry)
    for record in serving.generator.log.records():
        yield "request", record.row_id, record.view()
    yield "memory", "", memory_view(serving)
