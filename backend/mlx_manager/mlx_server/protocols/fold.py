"""The same events, folded: what every dialect's answer is when it is not streamed."""

from dataclasses import dataclass, field

from mlx_manager.core.errors import ApiError
from mlx_manager.mlx_server.domain.events import (
    CacheReport,
    ChoiceFinished,
    Delta,
    EventBatches,
    Failed,
    Finished,
    FinishReason,
    PrefillProgress,
    ReasoningDelta,
    TextDelta,
    Timings,
    TokenLogprob,
    ToolCallDelta,
    ToolCallStarted,
    Usage,
)
from mlx_manager.mlx_server.domain.tools import ToolCall


@dataclass(frozen=True, slots=True)
class WholeChoice:
    """One choice that has finished; `reasoning` is empty where there was none."""

    text: str
    reasoning: str
    tool_calls: tuple[ToolCall, ...]
    reason: FinishReason
    stop_sequence: str | None
    logprobs: tuple[TokenLogprob, ...]


@dataclass(frozen=True, slots=True)
class WholeAnswer:
    """A generation that has finished; its choices in the order of their numbers."""

    choices: tuple[WholeChoice, ...]
    usage: Usage
    cache: CacheReport | None = None
    timings: Timings | None = None


@dataclass(slots=True)
class _Call:
    call_id: str
    name: str
    arguments: list[str] = field(default_factory=list)


class ChoiceFold:
    """Gathers the deltas of one choice."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls: dict[int, _Call] = {}
        self._logprobs: list[TokenLogprob] = []
        self.end: ChoiceFinished | None = None

    def push(self, event: Delta | ChoiceFinished) -> None:
        """Take the choice's next event."""
        match event:
            case TextDelta():
                self._text.append(event.text)
                self._logprobs += event.logprobs
            case ReasoningDelta():
                self._reasoning.append(event.text)
            case ToolCallStarted():
                self._calls[event.index] = _Call(event.call_id, event.name)
            case ToolCallDelta():
                self._calls[event.index].arguments.append(event.arguments)
            case ChoiceFinished():
                self.end = event

    def whole(self) -> WholeChoice:
        """The choice, once its end has come."""
        assert self.end is not None
        calls = (ToolCall(call.call_id, call.name, "".join(call.arguments)) for call in self._calls.values())
        return WholeChoice(
            "".join(self._text),
            "".join(self._reasoning),
            tuple(calls),
            self.end.reason,
            self.end.stop_sequence,
            tuple(self._logprobs),
        )


async def fold(events: EventBatches) -> WholeAnswer:
    """Wait for the end. Raises ApiError where the generation failed, so that an error is never a 200."""
    choices: dict[int, ChoiceFold] = {}
    async for batch in events:
        for event in batch:
            match event:
                case Finished(usage=usage, cache=cache, timings=timings):
                    whole = tuple(choices[index].whole() for index in sorted(choices))
                    return WholeAnswer(whole, usage, cache, timings)
                case Failed(code=code, message=message):
                    raise ApiError(code, message)
                case PrefillProgress():
                    pass
                case _:
                    choices.setdefault(event.choice, ChoiceFold()).push(event)
    raise AssertionError("events ended without an end")
