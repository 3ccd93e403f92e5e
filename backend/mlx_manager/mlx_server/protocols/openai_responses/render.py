"""Events to wire: a stream of named events, or the same events folded into one response."""

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.core.ids import new_id
from mlx_manager.mlx_server.domain.events import (
    ChoiceFinished,
    Event,
    EventBatches,
    Failed,
    Finished,
    FinishReason,
    PrefillProgress,
)
from mlx_manager.mlx_server.protocols.openai.wire import cache_debug_or_unset, now, timings_or_unset
from mlx_manager.mlx_server.protocols.openai_responses.events import (
    Completed,
    Created,
    Incomplete,
    InProgress,
    ResponseFailed,
    StreamEvent,
    encode,
)
from mlx_manager.mlx_server.protocols.openai_responses.objects import (
    IncompleteDetails,
    ReasoningBody,
    ResponseBody,
    ResponseError,
    TextBody,
    response_usage,
)
from mlx_manager.mlx_server.protocols.openai_responses.output import COMPLETED, Output
from mlx_manager.mlx_server.protocols.openai_responses.schema import ResponsesRequest
from mlx_manager.mlx_server.protocols.sse import COMMENT_PING

_INCOMPLETE = "incomplete"


class ResponsesRenderer:
    """Renders one answer.

    Args:
        begun: the response before anything of it has come.
    """

    ping = COMMENT_PING

    def __init__(self, begun: ResponseBody, output: Output) -> None:
        self._begun = begun
        self._output = output
        self._reason = FinishReason.STOP
        self._end: ResponseBody | None = None
        self._sequence_number = 0

    @property
    def response(self) -> ResponseBody:
        """The response as it is by now."""
        return replace(self._begun, output=self._output.items()) if self._end is None else self._end

    def opening(self, prompt_tokens: int) -> bytes:
        """What a stream begins with: the response's id, and that it is being made."""
        return self._encoded([Created(response=self._begun), InProgress(response=self._begun)])

    def render(self, event: Event) -> bytes:
        """An event's part of a stream. `Failed` may follow an end that was not sent, and takes its place."""
        match event:
            case Finished() | Failed():
                events = self._close() if isinstance(event, Failed) else []
                piece = self._encoded(events)
                return piece + encode(self._finish(event), self._sequence_number)
            case _:
                return self._encoded(self._take(event))

    async def fold(self, events: EventBatches) -> bytes:
        """The whole response. Raises ApiError where the generation failed, but not by its client's wish."""
        async for batch in events:
            for event in batch:
                if isinstance(event, Failed) and not event.by_client:
                    raise ApiError(event.code, event.message)
                if isinstance(event, Finished | Failed):
                    self._close()
                    self._finish(event)
                else:
                    self._take(event)
        return msgspec.json.encode(self.response)

    def _take(self, event: Event) -> list[StreamEvent]:
        match event:
            case PrefillProgress() | Finished() | Failed():
                return []
            case ChoiceFinished(reason=reason):
                self._reason = reason
                return self._output.close(_INCOMPLETE if reason is FinishReason.LENGTH else COMPLETED)
            case _:
                return self._output.push(event)

    def _close(self) -> list[StreamEvent]:
        return self._output.close(_INCOMPLETE)

    def _finish(self, end: Finished | Failed) -> StreamEvent:
        """The end as it stands in the response, and the event that tells it."""
        begun = replace(self._begun, output=self._output.items())
        if isinstance(end, Failed):
            return self._broken(begun, end)
        begun = replace(
            begun,
            usage=response_usage(end.usage),
            timings=timings_or_unset(end.timings),
            cache_debug=cache_debug_or_unset(end.cache),
        )
        if self._reason is FinishReason.LENGTH:
            details = IncompleteDetails("max_output_tokens")
            self._end = replace(begun, status=_INCOMPLETE, incomplete_details=details)
            return Incomplete(response=self._end)
        self._end = replace(begun, status=COMPLETED, completed_at=now())
        return Completed(response=self._end)

    def _broken(self, begun: ResponseBody, end: Failed) -> StreamEvent:
        if end.by_client:
            self._end = replace(begun, status="cancelled")
            return Incomplete(response=self._end)
        self._end = replace(begun, status="failed", error=ResponseError(_error_code(end.code), end.message))
        return ResponseFailed(response=self._end)

    def _encoded(self, events: list[StreamEvent]) -> bytes:
        pieces = []
        for event in events:
            pieces.append(encode(event, self._sequence_number))
            self._sequence_number += 1
        return b"".join(pieces)


def begun_response(wire: ResponsesRequest, *, is_stored: bool) -> ResponseBody:
    """A response before anything of it has come."""
    return ResponseBody(
        id=new_id("resp"),
        created_at=now(),
        instructions=wire.instructions,
        max_output_tokens=wire.max_output_tokens,
        model=wire.model,
        parallel_tool_calls=wire.parallel_tool_calls is not False,
        previous_response_id=wire.previous_response_id,
        reasoning=ReasoningBody(None if wire.reasoning is None else wire.reasoning.effort),
        store=is_stored,
        temperature=wire.temperature,
        text=TextBody(wire.text_format, UNSET if wire.verbosity is None else wire.verbosity),
        tool_choice=wire.tool_choice or "auto",
        tools=wire.tools or (),
        top_logprobs=wire.top_logprobs or 0,
        top_p=wire.top_p,
        truncation=wire.truncation or "disabled",
        metadata=wire.metadata or {},
    )


def _error_code(code: ErrorCode) -> str:
    """Which of the codes that clients know says it best."""
    if code.status == 429:
        return "rate_limit_exceeded"
    is_prompt = code.status < 500 and code is not ErrorCode.CANCELLED
    return "invalid_prompt" if is_prompt else "server_error"
