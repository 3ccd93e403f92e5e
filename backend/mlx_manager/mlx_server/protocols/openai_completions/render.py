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
from mlx_manager.mlx_server.protocols.openai_completions.logprobs import CompletionLogprobs, logprobs_body
from mlx_manager.mlx_server.protocols.sse import data


class Choice(Struct, frozen=True):
    """The one choice, of a chunk or of a whole answer."""

    text: str
    finish_reason: str | None = None
    index: int = 0
    logprobs: CompletionLogprobs | None = None


class Completion(Struct, frozen=True):
    """A chunk or a whole answer; OpenAI gives both this shape."""

    id: str
    created: int
    model: str
    choices: list[Choice]
    usage: UsageBody | UnsetType | None = UNSET
    cache_debug: CacheDebug | UnsetType = UNSET
    object: str = "text_completion"


class CompletionRenderer:
    """Renders one answer.

    Args:
        model: the model's id, as `/v1/models` lists it.
        include_usage: whether a stream ends with a chunk of usage.
        logprobs: whether they were asked for.
    """

    def __init__(self, model: str, *, include_usage: bool = False, logprobs: bool = False) -> None:
        self._id = new_id("cmpl")
        self._created = now()
        self._model = model
        self._include_usage = include_usage
        self._logprobs = logprobs

    def opening(self) -> bytes:
        """What a stream begins with: nothing."""
        return b""

    def render(self, event: Event) -> bytes:
        """An event's part of a stream, `[DONE]` included; an error is the last where there is one."""
        usage_field = None if self._include_usage else UNSET
        match event:
            case TextDelta(text=text, logprobs=logprobs):
                body = logprobs_body(logprobs) if logprobs else None
                return data(self._encode([Choice(text, logprobs=body)], usage_field))
            case ReasoningDelta(text=text):
                return data(self._encode([Choice(text)], usage_field))
            case Finished(reason=reason, usage=usage, cache=cache):
                end = data(self._encode([Choice("", reason.value)], usage_field, cache))
                if self._include_usage:
                    end += data(self._encode([], usage_body(usage)))
                return end + data(b"[DONE]")
            case Failed(code=code, message=message):
                return data(encode_error(code, message))
            case PrefillProgress():
                return b""

    async def fold(self, events: EventBatches) -> bytes:
        """The whole answer. Raises ApiError where the generation failed."""
        answer = await fold(events)
        logprobs = logprobs_body(answer.logprobs) if self._logprobs else None
        choice = Choice(answer.reasoning + answer.text, answer.reason.value, logprobs=logprobs)
        return self._encode([choice], usage_body(answer.usage), answer.cache)

    def _encode(
        self,
        choices: list[Choice],
        usage: UsageBody | UnsetType | None,
        cache: CacheReport | None = None,
    ) -> bytes:
        debug = UNSET if cache is None else cache_debug_body(cache)
        return msgspec.json.encode(Completion(self._id, self._created, self._model, choices, usage, debug))
