"""The calls of an answer: of functions, and of tools that are given text."""

from collections.abc import Collection

from msgspec import UNSET, Struct, UnsetType

from mlx_manager.mlx_server.domain.events import ToolCallDelta, ToolCallStarted
from mlx_manager.mlx_server.domain.tools import ToolCall
from mlx_manager.mlx_server.protocols.text_input import InputDecoder, input_of


class FunctionDelta(Struct, frozen=True, omit_defaults=True):
    """What a chunk adds to a call: its name first, then pieces of its arguments."""

    arguments: str
    name: str | UnsetType = UNSET


class CustomDelta(Struct, frozen=True, omit_defaults=True):
    """What a chunk adds to a call with text: its name first, then pieces of the text."""

    input: str
    name: str | UnsetType = UNSET


class ToolCallChunk(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A call's part of a chunk."""

    index: int
    function: FunctionDelta | UnsetType = UNSET
    custom: CustomDelta | UnsetType = UNSET
    id: str | UnsetType = UNSET
    type: str | UnsetType = UNSET


class Function(Struct, frozen=True):
    """What a call calls, its arguments as the model wrote them."""

    name: str
    arguments: str


class MessageToolCall(Struct, frozen=True):
    """A call of the assistant's message."""

    id: str
    function: Function
    type: str = "function"


class Custom(Struct, frozen=True):
    """What a call calls, and the text that it gives."""

    name: str
    input: str


class MessageCustomCall(Struct, frozen=True):
    """A call of the assistant's message, of a tool that is given text."""

    id: str
    custom: Custom
    type: str = "custom"


class CallChunks:
    """Turns the events of an answer's calls into parts of chunks.

    Args:
        text_tools: names of the tools that are given text.
    """

    def __init__(self, text_tools: Collection[str]) -> None:
        self._text_tools = text_tools
        # Of each choice the call with text that is being written, if one is: its index and its reader.
        self._inputs: dict[int, tuple[int, InputDecoder]] = {}

    def start(self, event: ToolCallStarted) -> ToolCallChunk:
        """A call begins; the one before it has been ended."""
        index, call_id, name = event.index, event.call_id, event.name
        if name not in self._text_tools:
            return ToolCallChunk(index=index, function=FunctionDelta("", name), id=call_id, type="function")
        self._inputs[event.choice] = index, InputDecoder()
        return ToolCallChunk(index=index, custom=CustomDelta("", name), id=call_id, type="custom")

    def go_on(self, event: ToolCallDelta) -> ToolCallChunk | None:
        """More of the call that was started last; None where no text is certain yet."""
        if event.choice not in self._inputs:
            return ToolCallChunk(index=event.index, function=FunctionDelta(event.arguments))
        text = self._inputs[event.choice][1].push(event.arguments)
        return ToolCallChunk(index=event.index, custom=CustomDelta(text)) if text else None

    def end(self, choice: int) -> ToolCallChunk | None:
        """What the call that was started last held back, if that is anything."""
        index, reader = self._inputs.pop(choice, (0, None))
        held = "" if reader is None else reader.finish()
        return ToolCallChunk(index=index, custom=CustomDelta(held)) if held else None

    def whole(self, call: ToolCall) -> MessageToolCall | MessageCustomCall:
        """A call of an answer that is not streamed."""
        if call.name in self._text_tools:
            return MessageCustomCall(call.call_id, Custom(call.name, input_of(call.arguments)))
        return MessageToolCall(call.call_id, Function(call.name, call.arguments))
