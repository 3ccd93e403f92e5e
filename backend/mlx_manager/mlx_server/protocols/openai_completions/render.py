"""Events to wire: a stream of chunks, or the same events folded into one body."""

from collections.abc import AsyncIterator

import msgspec
from msgspec import UNSET, Struct, UnsetType

from mlx_manager.core.ids import new_id
from mlx_manager.mlx_server.domain.events import (
    Event,
    Failed,
    Finished,
    PrefillProgress,
    ReasoningDelta,
    TextDelta,
)
from mlx_manager.mlx_server.protocols.fold import fold
from mlx_manager.mlx_server.protocols.openai.errors import encode_error
from mlx_manager.mlx_server.protocols.openai.wire import UsageBody, now, usage_body
from mlx_manager.mlx_server.protocols.sse import data


class Choice(Struct, frozen=True):
    """The one choice, of a chunk or of a whole answer."""

    text: str
    finish_reason: str | None = None
    index: int = 0
    logprobs: None = None


class Completion(Struct, frozen=True):
    """A chunk or a whole answer; OpenAI gives both this shape."""

    id: str
    created: int
    model: str
    choices: list[Choice]
    usage: UsageBody | UnsetType | None = UNSET
    object: str = "text_completion"


class CompletionRenderer:
    """Renders one answer.

    Args:
        model: the model's id, as `/v1/models` lists it.
        include_usage: whether a stream ends with a chunk of usage.
    """

    def __init__(self, model: str, *, include_usage: bool = False) -> None:
        self._id = new_id("cmpl")
        self._created = now()
        self._model = model
        self._include_usage = include_usage

    async def stream(self, events: AsyncIterator[Event]) -> AsyncIterator[bytes]:
        """Encoded events of the stream, `[DONE]` included; an error is the last event where there is one."""
        usage_field = None if self._include_usage else UNSET
        async for event in events:
            match event:
                case TextDelta(text=text) | ReasoningDelta(text=text):
                    yield data(self._encode([Choice(text)], usage_field))
                case Finished(reason=reason, usage=usage):
                    yield data(self._encode([Choice("", reason.value)], usage_field))
                    if self._include_usage:
                        yield data(self._encode([], usage_body(usage)))
                    yield data(b"[DONE]")
                case Failed(code=code, message=message):
                    yield data(encode_error(code, message))
                case PrefillProgress():
                    pass

    async def fold(self, events: AsyncIterator[Event]) -> bytes:
        """The whole answer. Raises ApiError where the generation failed."""
        answer = await fold(events)
        choice = Choice(answer.reasoning + answer.text, answer.reason.value)
        return self._encode([choice], usage_body(answer.usage))

    def _encode(self, choices: list[Choice], usage: UsageBody | UnsetType | None) -> bytes:
        return msgspec.json.encode(Completion(self._id, self._created, self._model, choices, usage))
