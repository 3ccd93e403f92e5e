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


class Delta(Struct, frozen=True, omit_defaults=True):
    """What a chunk adds."""

    role: str | UnsetType = UNSET
    content: str | UnsetType = UNSET
    reasoning_content: str | UnsetType = UNSET


class ChunkChoice(Struct, frozen=True):
    """The one choice of a chunk."""

    delta: Delta
    finish_reason: str | None = None
    index: int = 0
    logprobs: None = None


class Chunk(Struct, frozen=True):
    """One event of a stream."""

    id: str
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: UsageBody | UnsetType | None = UNSET
    object: str = "chat.completion.chunk"


class AnswerMessage(Struct, frozen=True):
    """The assistant's message."""

    content: str
    reasoning_content: str | UnsetType = UNSET
    role: str = "assistant"
    refusal: None = None


class Choice(Struct, frozen=True):
    """The one choice of a whole answer."""

    message: AnswerMessage
    finish_reason: str
    index: int = 0
    logprobs: None = None


class Completion(Struct, frozen=True):
    """A whole answer."""

    id: str
    created: int
    model: str
    choices: list[Choice]
    usage: UsageBody
    object: str = "chat.completion"


class ChatRenderer:
    """Renders one answer.

    Args:
        model: the model's id, as `/v1/models` lists it.
        include_usage: whether a stream ends with a chunk of usage.
    """

    def __init__(self, model: str, *, include_usage: bool = False) -> None:
        self._id = new_id("chatcmpl")
        self._created = now()
        self._model = model
        self._include_usage = include_usage

    async def stream(self, events: AsyncIterator[Event]) -> AsyncIterator[bytes]:
        """Encoded events of the stream, `[DONE]` included; an error is the last event where there is one."""
        yield self._chunk(Delta(role="assistant", content=""))
        async for event in events:
            match event:
                case TextDelta(text=text):
                    yield self._chunk(Delta(content=text))
                case ReasoningDelta(text=text):
                    yield self._chunk(Delta(reasoning_content=text))
                case Finished(reason=reason, usage=usage):
                    yield self._chunk(Delta(), reason.value)
                    if self._include_usage:
                        yield self._encode([], usage_body(usage))
                    yield data(b"[DONE]")
                case Failed(code=code, message=message):
                    yield data(encode_error(code, message))
                case PrefillProgress():
                    pass

    async def fold(self, events: AsyncIterator[Event]) -> bytes:
        """The whole answer. Raises ApiError where the generation failed."""
        answer = await fold(events)
        message = AnswerMessage(answer.text, answer.reasoning or UNSET)
        choice = Choice(message, answer.reason.value)
        return msgspec.json.encode(
            Completion(self._id, self._created, self._model, [choice], usage_body(answer.usage))
        )

    def _chunk(self, delta: Delta, finish_reason: str | None = None) -> bytes:
        # With include_usage every chunk carries the field, null until the last.
        usage = None if self._include_usage else UNSET
        return self._encode([ChunkChoice(delta, finish_reason)], usage)

    def _encode(self, choices: list[ChunkChoice], usage: UsageBody | UnsetType | None) -> bytes:
        return data(msgspec.json.encode(Chunk(self._id, self._created, self._model, choices, usage)))
