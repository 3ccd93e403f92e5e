"""Events to wire: a stream of blocks, or the same blocks folded into one message."""

import msgspec

from mlx_manager.core.errors import ApiError
from mlx_manager.core.ids import new_id
from mlx_manager.mlx_server.domain.events import (
    ChoiceFinished,
    Delta,
    Event,
    EventBatches,
    Failed,
    Finished,
    PrefillProgress,
)
from mlx_manager.mlx_server.protocols.anthropic_messages.answer_blocks import (
    AnswerBlocks,
    goes_on,
    opened_by,
    piece_of,
)
from mlx_manager.mlx_server.protocols.anthropic_messages.errors import encode_error
from mlx_manager.mlx_server.protocols.anthropic_messages.wire import (
    SIGNATURE,
    BlockBody,
    BlockDelta,
    BlockStart,
    BlockStop,
    MessageBody,
    MessageDelta,
    MessageStart,
    MessageStop,
    Ping,
    SignaturePiece,
    ThinkingBody,
    UsageBody,
    encode_event,
    message_end,
    named,
    usage_body,
)
from mlx_manager.mlx_server.protocols.openai.wire import cache_debug_or_unset, timings_or_unset


class MessagesRenderer:
    """Renders one answer.

    Args:
        model: the model's name, as the request had it.
        request_id: told in an error that ends a stream.
    """

    ping = encode_event(Ping())

    def __init__(self, model: str, request_id: str) -> None:
        self._id = new_id("msg")
        self._model = model
        self._request_id = request_id
        self._open: BlockBody | None = None
        self._index = 0
        self._end: ChoiceFinished | None = None

    def opening(self, prompt_tokens: int) -> bytes:
        """What a stream begins with; how much of the prompt was cached is told at its end."""
        message = MessageBody(self._id, self._model, [], UsageBody(prompt_tokens, 0))
        return encode_event(MessageStart(message)) + self.ping

    def render(self, event: Event) -> bytes:
        """An event's part of the stream.

        An error leaves the block that has begun as it is: a block that is ended counts as whole, and
        clients act on the calls among them.
        """
        match event:
            case PrefillProgress():
                return b""
            case ChoiceFinished():
                self._end = event
                return self._close()
            case Finished():
                return self._finish(event)
            case Failed(code=code, message=message):
                return named("error", encode_error(code, message, self._request_id))
            case _:
                return self._delta(event)

    async def fold(self, events: EventBatches) -> bytes:
        """The whole message. Raises ApiError where the generation failed."""
        blocks = AnswerBlocks()
        ended: ChoiceFinished | None = None
        async for batch in events:
            for event in batch:
                match event:
                    case PrefillProgress():
                        pass
                    case ChoiceFinished():
                        ended = event
                    case Finished():
                        assert ended is not None
                        return self._whole(blocks.whole(), ended, event)
                    case Failed(code=code, message=message):
                        raise ApiError(code, message)
                    case _:
                        blocks.push(event)
        raise AssertionError("events ended without an end")

    def _whole(self, content: list[BlockBody], ended: ChoiceFinished, end: Finished) -> bytes:
        why = message_end(ended)
        return msgspec.json.encode(
            MessageBody(
                self._id,
                self._model,
                content,
                usage_body(end.usage),
                why.stop_reason,
                why.stop_sequence,
                timings_or_unset(end.timings),
                cache_debug_or_unset(end.cache),
            )
        )

    def _delta(self, event: Delta) -> bytes:
        begun = b"" if goes_on(event, self._open) else self._close() + self._begin(event)
        piece = piece_of(event)
        return begun if piece is None else begun + encode_event(BlockDelta(self._index, piece))

    def _begin(self, event: Delta) -> bytes:
        self._open = opened_by(event)
        return b"" if self._open is None else encode_event(BlockStart(self._index, self._open))

    def _close(self) -> bytes:
        """End the block that has begun, if one has; what was thought is signed."""
        block, self._open = self._open, None
        if block is None:
            return b""
        index, self._index = self._index, self._index + 1
        signed = isinstance(block, ThinkingBody)
        signature = encode_event(BlockDelta(index, SignaturePiece(SIGNATURE))) if signed else b""
        return signature + encode_event(BlockStop(index))

    def _finish(self, end: Finished) -> bytes:
        assert self._end is not None
        extras = timings_or_unset(end.timings), cache_debug_or_unset(end.cache)
        delta = MessageDelta(message_end(self._end), usage_body(end.usage), *extras)
        return encode_event(delta) + encode_event(MessageStop())
