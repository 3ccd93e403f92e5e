"""The same events, folded: what every dialect's answer is when it is not streamed."""

from dataclasses import dataclass

from mlx_manager.core.errors import ApiError
from mlx_manager.mlx_server.domain.events import (
    CacheReport,
    EventBatches,
    Failed,
    Finished,
    FinishReason,
    PrefillProgress,
    ReasoningDelta,
    TextDelta,
    TokenLogprob,
    Usage,
)


@dataclass(frozen=True, slots=True)
class WholeAnswer:
    """A generation that has finished; `reasoning` is empty where there was none."""

    text: str
    reasoning: str
    reason: FinishReason
    usage: Usage
    logprobs: tuple[TokenLogprob, ...] = ()
    cache: CacheReport | None = None


async def fold(events: EventBatches) -> WholeAnswer:
    """Wait for the end. Raises ApiError where the generation failed, so that an error is never a 200."""
    text: list[str] = []
    reasoning: list[str] = []
    logprobs: list[TokenLogprob] = []
    async for batch in events:
        for event in batch:
            match event:
                case TextDelta():
                    text.append(event.text)
                    logprobs += event.logprobs
                case ReasoningDelta():
                    reasoning.append(event.text)
                case Finished(reason=reason, usage=usage, cache=cache):
                    whole = "".join(text), "".join(reasoning)
                    return WholeAnswer(*whole, reason, usage, tuple(logprobs), cache)
                case Failed(code=code, message=message):
                    raise ApiError(code, message)
                case PrefillProgress():
                    pass
    raise AssertionError("events ended without an end")
