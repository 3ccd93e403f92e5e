"""The events of a stream. Each is numbered when it is sent."""

import msgspec
from msgspec import Struct

from mlx_manager.mlx_server.protocols.openai_chat.logprobs import ContentLogprob
from mlx_manager.mlx_server.protocols.openai_responses.objects import (
    OutputItem,
    OutputText,
    ReasoningText,
    ResponseBody,
)


class StreamEvent(Struct, kw_only=True, tag_field="type"):
    """Any of them."""

    sequence_number: int = -1

    @property
    def event_name(self) -> str:
        """Its type, which is also the name of the server-sent event."""
        return str(self.__struct_config__.tag)


class Created(StreamEvent, tag="response.created"):
    """The response has an id."""

    response: ResponseBody


class InProgress(StreamEvent, tag="response.in_progress"):
    """It is being made."""

    response: ResponseBody


class Completed(StreamEvent, tag="response.completed"):
    """It is whole."""

    response: ResponseBody


class Incomplete(StreamEvent, tag="response.incomplete"):
    """It ended before it was whole, at its limit of tokens or because it was cancelled."""

    response: ResponseBody


class ResponseFailed(StreamEvent, tag="response.failed"):
    """It went wrong."""

    response: ResponseBody


class ItemAdded(StreamEvent, tag="response.output_item.added"):
    """An item begins."""

    output_index: int
    item: OutputItem


class ItemDone(StreamEvent, tag="response.output_item.done"):
    """An item is over."""

    output_index: int
    item: OutputItem


class _OfItem(StreamEvent, kw_only=True):
    item_id: str
    output_index: int


class _OfPart(_OfItem, kw_only=True):
    content_index: int = 0


class PartAdded(_OfPart, tag="response.content_part.added"):
    """A part of an item begins."""

    part: OutputText | ReasoningText


class PartDone(_OfPart, tag="response.content_part.done"):
    """A part of an item is over."""

    part: OutputText | ReasoningText


class OutputTextDelta(_OfPart, tag="response.output_text.delta"):
    """The next piece of a message."""

    delta: str
    logprobs: list[ContentLogprob]


class OutputTextDone(_OfPart, tag="response.output_text.done"):
    """All of a message's text."""

    text: str
    logprobs: list[ContentLogprob]


class ReasoningTextDelta(_OfPart, tag="response.reasoning_text.delta"):
    """The next piece of the reasoning."""

    delta: str


class ReasoningTextDone(_OfPart, tag="response.reasoning_text.done"):
    """All of the reasoning."""

    text: str


class ArgumentsDelta(_OfItem, tag="response.function_call_arguments.delta"):
    """The next piece of a call's arguments."""

    delta: str


class ArgumentsDone(_OfItem, tag="response.function_call_arguments.done"):
    """All of a call's arguments."""

    name: str
    arguments: str


class InputDelta(_OfItem, tag="response.custom_tool_call_input.delta"):
    """The next piece of the text that a tool is given."""

    delta: str


class InputDone(_OfItem, tag="response.custom_tool_call_input.done"):
    """All of the text that a tool is given."""

    input: str


def encode(event: StreamEvent, sequence_number: int) -> bytes:
    """The event with its number, as a named server-sent event."""
    event.sequence_number = sequence_number
    return b"event: " + event.event_name.encode() + b"\ndata: " + msgspec.json.encode(event) + b"\n\n"
