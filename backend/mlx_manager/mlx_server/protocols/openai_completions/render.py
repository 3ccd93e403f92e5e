"""Events to wire: a stream of chunks, or the same events folded into one body."""

import msgspec
from msgspec import UNSET, Struct, UnsetType

from mlx_manager.core.ids import new_id
from mlx_manager.mlx_server.domain.events import (
    CacheReport,
    ChoiceFinished,
    Delta,
    EventBatches,
    Finished,
    ReasoningDelta,
    TextDelta,
    Timings,
    ToolCallDelta,
    ToolCallStarted,
)
from mlx_manager.mlx_server.protocols.fold import WholeChoice, fold
from mlx_manager.mlx_server.protocols.openai.render import ChunkRenderer
from mlx_manager.mlx_server.protocols.openai.wire import (
    CacheDebug,
    TimingsBody,
    UsageBody,
    cache_debug_or_unset,
    now,
    timings_or_unset,
    usage_body,
)
from mlx_manager.mlx_server.protocols.openai_completions.logprobs import CompletionLogprobs, logprobs_body


class Choice(Struct, frozen=True):
    """A choice's part of a chunk, or the whole of it."""

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
    timings: TimingsBody | UnsetType = UNSET
    cache_debug: CacheDebug | UnsetType = UNSET
    object: str = "text_completion"


class CompletionRenderer(ChunkRenderer):
    """Renders one answer.

    Args:
        model: the model's name, as the request had it.
        include_usage: whether a stream ends with a chunk of usage.
        logprobs: whether they were asked for.
    """

    def __init__(self, model: str, *, include_usage: bool = False, logprobs: bool = False) -> None:
        super().__init__(include_usage=include_usage)
        self._id = new_id("cmpl")
        self._created = now()
        self._model = model
        self._logprobs = logprobs

    def opening(self, prompt_tokens: int) -> bytes:
        """What a stream begins with: nothing."""
        return b""

    async def fold(self, events: EventBatches) -> bytes:
        """The whole answer. Raises ApiError where the generation failed."""
        answer = await fold(events)
        choices = [self._whole(index, choice) for index, choice in enumerate(answer.choices)]
        return self._encode(choices, usage_body(answer.usage), answer.timings, answer.cache)

    def _whole(self, index: int, choice: WholeChoice) -> Choice:
        logprobs = logprobs_body(choice.logprobs) if self._logprobs else None
        return Choice(choice.reasoning + choice.text, choice.reason.value, index, logprobs)

    def _delta(self, event: Delta) -> bytes:
        match event:
            case TextDelta(text=text, logprobs=logprobs, choice=choice):
                body = logprobs_body(logprobs) if logprobs else None
                return self._chunk(Choice(text, index=choice, logprobs=body))
            case ReasoningDelta(text=text, choice=choice):
                return self._chunk(Choice(text, index=choice))
            case ToolCallStarted() | ToolCallDelta():
                return b""  # a completion's text is never searched for calls

    def _finish(self, end: ChoiceFinished, whole: Finished | None) -> bytes:
        return self._chunk(Choice("", end.reason.value, end.choice), whole)

    def _usage(self, end: Finished) -> bytes:
        return self._encode([], usage_body(end.usage))

    def _chunk(self, choice: Choice, whole: Finished | None = None) -> bytes:
        # With include_usage every chunk carries the field, null until the last.
        usage = None if self._include_usage else UNSET
        if whole is None:
            return msgspec.json.encode(Completion(self._id, self._created, self._model, [choice], usage))
        return self._encode([choice], usage, whole.timings, whole.cache)

    def _encode(
        self,
        choices: list[Choice],
        usage: UsageBody | UnsetType | None,
        timings: Timings | None = None,
        cache: CacheReport | None = None,
    ) -> bytes:
        extras = timings_or_unset(timings), cache_debug_or_unset(cache)
        return msgspec.json.encode(Completion(self._id, self._created, self._model, choices, usage, *extras))
