"""Events to wire: a stream of chunks, or the same events folded into one body."""

from collections.abc import Collection

import msgspec
from msgspec import UNSET, Struct, UnsetType

from mlx_manager.core.ids import new_id
from mlx_manager.mlx_server.domain.events import (
    CacheReport,
    ChoiceFinished,
    Delta,
    Event,
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
from mlx_manager.mlx_server.protocols.openai_chat.calls import (
    CallChunks,
    MessageCustomCall,
    MessageToolCall,
    ToolCallChunk,
)
from mlx_manager.mlx_server.protocols.openai_chat.logprobs import ChoiceLogprobs, logprobs_body
from mlx_manager.mlx_server.protocols.sse import data


class ChunkDelta(Struct, frozen=True, omit_defaults=True):
    """What a chunk adds."""

    role: str | UnsetType = UNSET
    content: str | UnsetType = UNSET
    reasoning_content: str | UnsetType = UNSET
    tool_calls: list[ToolCallChunk] | UnsetType = UNSET


class ChunkChoice(Struct, frozen=True):
    """A choice's part of a chunk."""

    delta: ChunkDelta
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
    timings: TimingsBody | UnsetType = UNSET
    cache_debug: CacheDebug | UnsetType = UNSET
    object: str = "chat.completion.chunk"


class AnswerMessage(Struct, frozen=True):
    """The assistant's message; without content where it only calls."""

    content: str | None
    reasoning_content: str | UnsetType = UNSET
    tool_calls: list[MessageToolCall | MessageCustomCall] | UnsetType = UNSET
    role: str = "assistant"
    refusal: None = None


class Choice(Struct, frozen=True):
    """One choice of a whole answer."""

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
    timings: TimingsBody | UnsetType = UNSET
    cache_debug: CacheDebug | UnsetType = UNSET
    object: str = "chat.completion"


class ChatRenderer(ChunkRenderer):
    """Renders one answer.

    Args:
        model: the model's name, as the request had it.
        num_choices: how many choices there will be.
        include_usage: whether a stream ends with a chunk of usage.
        logprobs: whether they were asked for.
        text_tools: names of the tools that are given text.
    """

    def __init__(
        self,
        model: str,
        *,
        num_choices: int = 1,
        include_usage: bool = False,
        logprobs: bool = False,
        text_tools: Collection[str] = (),
    ) -> None:
        super().__init__(include_usage=include_usage)
        self._id = new_id("chatcmpl")
        self._created = now()
        self._model = model
        self._num_choices = num_choices
        self._logprobs = logprobs
        self._calls = CallChunks(text_tools)

    def opening(self, prompt_tokens: int) -> bytes:
        """What a stream begins with: whose turn it is, for each choice."""
        role = ChunkDelta(role="assistant", content="")
        return b"".join(
            data(self._chunk(ChunkChoice(role, index=index))) for index in range(self._num_choices)
        )

    async def fold(self, events: EventBatches) -> bytes:
        """The whole answer. Raises ApiError where the generation failed."""
        answer = await fold(events)
        choices = [self._whole(index, choice) for index, choice in enumerate(answer.choices)]
        extras = timings_or_unset(answer.timings), cache_debug_or_unset(answer.cache)
        usage = usage_body(answer.usage)
        return msgspec.json.encode(Completion(self._id, self._created, self._model, choices, usage, *extras))

    def _whole(self, index: int, choice: WholeChoice) -> Choice:
        calls = list(map(self._calls.whole, choice.tool_calls))
        content = None if calls and not choice.text else choice.text
        message = AnswerMessage(content, choice.reasoning or UNSET, calls or UNSET)
        logprobs = logprobs_body(choice.logprobs) if self._logprobs else None
        return Choice(message, choice.reason.value, index, logprobs)

    def render(self, event: Event) -> bytes:
        match event:
            case ToolCallStarted(choice=choice) | ChoiceFinished(choice=choice):
                held = self._call_chunk(self._calls.end(choice), choice)
                return (data(held) if held else b"") + super().render(event)
            case _:
                return super().render(event)

    def _call_chunk(self, part: ToolCallChunk | None, choice: int) -> bytes:
        if part is None:
            return b""
        return self._chunk(ChunkChoice(ChunkDelta(tool_calls=[part]), None, choice))

    def _delta(self, event: Delta) -> bytes:
        logprobs = None
        match event:
            case TextDelta(text=text):
                delta = ChunkDelta(content=text)
                logprobs = logprobs_body(event.logprobs) if event.logprobs else None
            case ReasoningDelta(text=text):
                delta = ChunkDelta(reasoning_content=text)
            case ToolCallStarted():
                return self._call_chunk(self._calls.start(event), event.choice)
            case ToolCallDelta():
                return self._call_chunk(self._calls.go_on(event), event.choice)
        return self._chunk(ChunkChoice(delta, None, event.choice, logprobs))

    def _finish(self, end: ChoiceFinished, whole: Finished | None) -> bytes:
        return self._chunk(ChunkChoice(ChunkDelta(), end.reason.value, end.choice), whole)

    def _usage(self, end: Finished) -> bytes:
        return self._encode([], usage_body(end.usage))

    def _chunk(self, choice: ChunkChoice, whole: Finished | None = None) -> bytes:
        # With include_usage every chunk carries the field, null until the last.
        usage = None if self._include_usage else UNSET
        if whole is None:
            return msgspec.json.encode(Chunk(self._id, self._created, self._model, [choice], usage))
        return self._encode([choice], usage, whole.timings, whole.cache)

    def _encode(
        self,
        choices: list[ChunkChoice],
        usage: UsageBody | UnsetType | None,
        timings: Timings | None = None,
        cache: CacheReport | None = None,
    ) -> bytes:
        extras = timings_or_unset(timings), cache_debug_or_unset(cache)
        return msgspec.json.encode(Chunk(self._id, self._created, self._model, choices, usage, *extras))
