"""Objects of Anthropic's answers, and the events of its streams."""

from typing import Any, Final

import msgspec
from msgspec import UNSET, Struct, UnsetType

from mlx_manager.mlx_server.domain.events import ChoiceFinished, FinishReason, Usage
from mlx_manager.mlx_server.protocols.openai.wire import CacheDebug, TimingsBody

# Clients want a signature under what was thought, and send it back; here anybody's is taken.
SIGNATURE: Final = "mlx-manager"


class TextBody(Struct, frozen=True, tag="text"):
    """A block of text."""

    text: str


class ThinkingBody(Struct, frozen=True, tag="thinking"):
    """A block of reasoning."""

    thinking: str
    signature: str


class ToolUseBody(Struct, frozen=True, tag="tool_use"):
    """A block that calls a tool."""

    id: str
    name: str
    input: dict[str, Any]


class TextPiece(Struct, frozen=True, tag="text_delta"):
    """More of a text."""

    text: str


class ThinkingPiece(Struct, frozen=True, tag="thinking_delta"):
    """More of a reasoning."""

    thinking: str


class SignaturePiece(Struct, frozen=True, tag="signature_delta"):
    """The end of a reasoning."""

    signature: str


class InputPiece(Struct, frozen=True, tag="input_json_delta"):
    """More of a call's arguments."""

    partial_json: str


BlockBody = TextBody | ThinkingBody | ToolUseBody
Piece = TextPiece | ThinkingPiece | SignaturePiece | InputPiece


class OutputTokensDetails(Struct, frozen=True):
    """Where output tokens went."""

    thinking_tokens: int


class UsageBody(Struct, frozen=True):
    """Token counts; the prompt's are those that were read and those that the cache held, in sum."""

    input_tokens: int
    output_tokens: int
    cache_read_input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    output_tokens_details: OutputTokensDetails | UnsetType = UNSET


class MessageBody(Struct, frozen=True, tag="message"):
    """An answer; in the beginning of a stream without what is still to come."""

    id: str
    model: str
    content: list[BlockBody]
    usage: UsageBody
    stop_reason: str | None = None
    stop_sequence: str | None = None
    timings: TimingsBody | UnsetType = UNSET
    cache_debug: CacheDebug | UnsetType = UNSET
    role: str = "assistant"


class MessageStart(Struct, frozen=True, tag="message_start"):
    """A stream's first event."""

    message: MessageBody


class BlockStart(Struct, frozen=True, tag="content_block_start"):
    """A block begins, with nothing in it yet."""

    index: int
    content_block: BlockBody


class BlockDelta(Struct, frozen=True, tag="content_block_delta"):
    """More of the block that has begun."""

    index: int
    delta: Piece


class BlockStop(Struct, frozen=True, tag="content_block_stop"):
    """A block is whole."""

    index: int


class MessageEnd(Struct, frozen=True):
    """Why an answer ended."""

    stop_reason: str
    stop_sequence: str | None


class MessageDelta(Struct, frozen=True, tag="message_delta"):
    """The end of an answer, with the counts of all of it."""

    delta: MessageEnd
    usage: UsageBody
    timings: TimingsBody | UnsetType = UNSET
    cache_debug: CacheDebug | UnsetType = UNSET


class MessageStop(Struct, frozen=True, tag="message_stop"):
    """A stream's last event."""


class Ping(Struct, frozen=True, tag="ping"):
    """Keeps an idle connection open."""


StreamEvent = MessageStart | BlockStart | BlockDelta | BlockStop | MessageDelta | MessageStop | Ping


def named(name: str, payload: bytes) -> bytes:
    """One event under its name. The payload must hold no line break, as compact JSON does not."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), payload)


def encode_event(event: StreamEvent) -> bytes:
    """The event, server-sent; its name is its type."""
    return named(str(event.__struct_config__.tag), msgspec.json.encode(event))


def usage_body(usage: Usage) -> UsageBody:
    """The counts in Anthropic's shape."""
    return UsageBody(
        input_tokens=usage.prompt_tokens - usage.cached_tokens,
        output_tokens=usage.completion_tokens,
        cache_read_input_tokens=usage.cached_tokens,
        output_tokens_details=OutputTokensDetails(usage.reasoning_tokens),
    )


def message_end(end: ChoiceFinished) -> MessageEnd:
    """The end of a choice in Anthropic's words."""
    return MessageEnd(_stop_reason(end), end.stop_sequence)


def _stop_reason(end: ChoiceFinished) -> str:
    match end.reason:
        case FinishReason.LENGTH:
            return "max_tokens"
        case FinishReason.TOOL_CALLS:
            return "tool_use"
        case FinishReason.STOP:
            return "end_turn" if end.stop_sequence is None else "stop_sequence"
