"""The same events, folded: what every dialect's answer is when it is not streamed."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from mlx_manager.core.errors import ApiError
from mlx_manager.mlx_server.domain.events import (
    Event,
    Failed,
    Finished,
    FinishReason,
    PrefillProgress,
    ReasoningDelta,
    TextDelta,
    Usage,
)


@dataclass(frozen=True, slots=True)
class WholeAnswer:
    """A generation that has finished; `reasoning` is empty where there was none."""

    text: str
    reasoning: str
    reason: FinishReason
    usage: Usage


async def fold(events: AsyncIterator[Event]) -> WholeAnswer:
    """Wait for the end. Raises ApiError where the generation failed, so that an error is never a 200."""
    text: list[str] = []
    reasoning: list[str] = []
    async for event in events:
        match event:
            case TextDelta():
                text.append(event.text)
            case ReasoningDelta():
                reasoning.append(event.text)
            case Finished(reason=reason, usage=usage):
                return WholeAnswer("".join(text), "".join(reasoning), reason, usage)
            case Failed(code=code, message=message):
                raise ApiError(code, message)
            case PrefillProgress():
                pass
    raise AssertionError("events ended without an end")
