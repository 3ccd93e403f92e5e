"""Which deltas of an answer make one block, streamed or whole."""

from typing import Any

import msgspec

from mlx_manager.mlx_server.domain.events import (
    Delta,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallStarted,
)
from mlx_manager.mlx_server.protocols.anthropic_messages.wire import (
    SIGNATURE,
    BlockBody,
    InputPiece,
    Piece,
    TextBody,
    TextPiece,
    ThinkingBody,
    ThinkingPiece,
    ToolUseBody,
)


def goes_on(event: Delta, block: BlockBody | None) -> bool:
    """Whether the delta goes on with this block, or says nothing at all; else it begins one."""
    match event:
        case TextDelta(text=""):
            return True
        case TextDelta():
            return isinstance(block, TextBody)
        case ReasoningDelta():
            return isinstance(block, ThinkingBody)
        case ToolCallDelta():
            return True
        case ToolCallStarted():
            return False


def opened_by(event: Delta) -> BlockBody:
    """The empty block that the delta begins."""
    match event:
        case TextDelta():
            return TextBody("")
        case ReasoningDelta():
            return ThinkingBody("", "")
        case ToolCallStarted(call_id=call_id, name=name):
            return ToolUseBody(call_id, name, {})
        case ToolCallDelta():
            raise AssertionError("arguments of a call that was not started")


def piece_of(event: Delta) -> Piece | None:
    """What the delta adds to its block."""
    match event:
        case TextDelta(text=text):
            return TextPiece(text) if text else None
        case ReasoningDelta(text=text):
            return ThinkingPiece(text)
        case ToolCallDelta(arguments=arguments):
            return InputPiece(arguments)
        case ToolCallStarted():
            return None


class AnswerBlocks:
    """Gathers the blocks of an answer in the order in which they came."""

    def __init__(self) -> None:
        self._blocks: list[tuple[BlockBody, list[str]]] = []

    def push(self, event: Delta) -> None:
        """Take the answer's next delta."""
        if not goes_on(event, self._blocks[-1][0] if self._blocks else None):
            self._blocks.append((opened_by(event), []))
        match event:
            case TextDelta(text=text) | ReasoningDelta(text=text) | ToolCallDelta(arguments=text):
                if text:
                    self._blocks[-1][1].append(text)
            case ToolCallStarted():
                pass

    def whole(self) -> list[BlockBody]:
        """The blocks, once the answer has ended."""
        return [_filled(block, "".join(pieces)) for block, pieces in self._blocks]


def _filled(block: BlockBody, text: str) -> BlockBody:
    match block:
        case TextBody():
            return TextBody(text)
        case ThinkingBody():
            return ThinkingBody(text, SIGNATURE)
        case ToolUseBody(id=call_id, name=name):
            return ToolUseBody(call_id, name, _arguments(text))


def _arguments(text: str) -> dict[str, Any]:
    """A call's arguments as the object that the wire wants.

    What is no object goes under a name of ours: the tool's own schema refuses it, as it should, and the
    model is told so. Without arguments the call would be run.
    """
    if not text:
        return {}
    try:
        arguments = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return {"malformed_arguments": text}
    return arguments if isinstance(arguments, dict) else {"malformed_arguments": text}
