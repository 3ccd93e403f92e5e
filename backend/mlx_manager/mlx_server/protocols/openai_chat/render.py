"""Events to wire: a stream of chunks, or the same events folded into one body."""

import msgspec
from msgspec import UNSET, Struct, UnsetType

from mlx_manager.core.ids import new_id
from mlx_manager.mlx_server.domain.events import (
    CacheReport,
    Event,
    EventBatches,
    Failed,
    Finished,
    PrefillProgress,
    ReasoningDelta,
    TextDelta,
    TokenLogprob,
)
from mlx_manager.mlx_server.protocols.fold import fold
from mlx_manager.mlx_server.protocols.openai.errors import encode_error
from mlx_manager.mlx_server.protocols.openai.wire import (
    CacheDebug,
    UsageBody,
    cache_debug_body,
    now,
    usage_body,
)
from mlx_manager.mlx_server.protocols.openai_chat.logprobs import ChoiceLogprobs, logprobs_body
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
    logprobs: ChoiceLogprobs | None = None


class Chunk(Struct, frozen=True):
    """One event of a stream."""

    id: str
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: UsageBody | UnsetType | None = UNSET
    cache_debug: CacheDebug | UnsetType = UNSET
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
    logprobs: ChoiceLogprobs | None = None


class Completion(Struct, frozen=True):
    """A whole answer."""

    id: str
    created: int
    model: str
    choices: list[Choice]
    usage: UsageBody
    cache_debug: CacheDebug | UnsetType = UNSET
    object: str = "chat.completion"


class ChatRenderer:
    """Renders one answer.

    Args:
        model: the model's id, as `/v1/models` lists it.
        include_usage: whether a stream ends with a chunk of usage.
        logprobs: whether they were asked for.
    """

    def __init__(self, model: str, *, include_usage: bool = False, logprobs: bool = False) -> None:
        self._id = new_id("chatcmpl")
        self._created = now()
        self._model = model
        self._include_usage = include_usage
        self._logprobs = logprobs

    def opening(self) -> bytes:
        """What a stream begins with."""
        return self._chunk(Delta(role="assistant", content=""))

    def render(self, event: Event) -> bytes:
        """An event's part of a stream, `[DONE]` included; an error is the last where there is one."""
        match event:
            case TextDelta(text=text, logprobs=logprobs):
                return self._chunk(Delta(content=text), logprobs=logprobs)
            case ReasoningDelta(text=text):
                return self._chunk(Delta(reasoning_content=text))
            case Finished(reason=reason, usage=usage, cache=cache):
                end = self._chunk(Delta(), reason.value, cache=cache)
                if self._include_usage:
                    end += self._encode([], usage_body(usage))
                return end + data(b"[DONE]")
            case Failed(code=code, message=message):
                return data(encode_error(code, message))
            case PrefillProgress():
                return b""

    async def fold(self, events: EventBatches) -> bytes:
        """The whole answer. Raises ApiError where the generation failed."""
        answer = await fold(events)
        message = AnswerMessage(answer.text, answer.reasoning or UNSET)
        logprobs = logprobs_body(answer.logprobs) if self._logprobs else None
        choice = Choice(message, answer.reason.value, logprobs=logprobs)
        usage = usage_body(answer.usage)
        return msgspec.json.encode(
            Completion(self._id, self._created, self._model, [choice], usage, _debug(answer.cache))
        )

    def _chunk(
        self,
        delta: Delta,
        finish_reason: str | None = None,
        *,
        logprobs: tuple[TokenLogprob, ...] = (),
        cache: CacheReport | None = None,
    ) -> bytes:
        choice = ChunkChoice(delta, finish_reason, logprobs=logprobs_body(logprobs) if logprobs else None)
        # With include_usage every chunk carries the field, null until the last.
        return self._encode([choice], None if self._include_usage else UNSET, cache)

    def _encode(
        self,
        choices: list[ChunkChoice],
        usage: UsageBody | UnsetType | None,
        cache: CacheReport | None = None,
    ) -> bytes:
        chunk = Chunk(self._id, self._created, self._model, choices, usage, _debug(cache))
        return data(msgspec.json.encode(chunk))


def _debug(cache: CacheReport | None) -> CacheDebug | UnsetType:
    return UNSET if cache is None else cache_debug_body(cache)
