"""Messages of blocks to turns of a conversation."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NoReturn

import msgspec

from mlx_manager.core.errors import ApiError, ErrorCode
from mlx_manager.mlx_server.domain.request import ChatMessage
from mlx_manager.mlx_server.domain.tools import ToolCall
from mlx_manager.mlx_server.protocols.anthropic_messages.blocks import (
    OtherBlock,
    TextBlock,
    ThinkingBlock,
    ToolReferenceBlock,
    ToolResultBlock,
    ToolUseBlock,
)
from mlx_manager.mlx_server.protocols.anthropic_messages.passages import (
    ANSWER_GAP,
    PASSAGE_GAP,
    Passage,
    join,
)
from mlx_manager.mlx_server.protocols.anthropic_messages.schema import Message

_MEDIA: Final = {"image", "document", "search_result", "container_upload", "audio", "video", "browser_state"}
# What the vendor's own servers did or hid in an earlier turn; no other model can read it.
_LEFT_OUT: Final = {"redacted_thinking", "server_tool_use", "mcp_tool_use"}
_LEFT_OUT_RESULT: Final = "_tool_result"
_ERROR: Final = "Error: "


class History:
    """Reads the messages of a conversation in turn.

    Attributes:
        ignored: paths of the blocks that were left out so far.
    """

    def __init__(self) -> None:
        self.ignored: list[str] = []
        self._called: dict[str, str] = {}

    def turns(self, index: int, message: Message) -> Iterator[ChatMessage]:
        """The message's turns: results of tools are each one of their own. Raises ApiError."""
        path = f"messages.{index}"
        match message.role:
            case "user":
                turns = list(self._users(path, message))
                if not turns:
                    _refuse(path, "content", "a user's message needs content")
                yield from turns
            case "assistant":
                yield self._assistants(path, message)
            case "system":
                if (joined := join(system_passages(index, message))).text:
                    yield ChatMessage("system", joined.text, cache_marks=joined.marks, path=path)

    def _users(self, path: str, message: Message) -> Iterator[ChatMessage]:
        said: list[Passage] = []
        for number, block in enumerate(message.content):
            match block:
                case TextBlock():
                    said.append(_passage(block))
                case ToolResultBlock():
                    yield from _said(path, said)
                    said = []
                    yield self._result(path, f"content.{number}", block)
                case OtherBlock():
                    self._leave_out(f"{path}.content.{number}", block)
                case ToolUseBlock() | ThinkingBlock():
                    _refuse(path, f"content.{number}", f"a user's message has no blocks of type {block.type}")
        yield from _said(path, said)

    def _assistants(self, path: str, message: Message) -> ChatMessage:
        said: list[Passage] = []
        thought: dict[str, str] = {}
        calls: list[ToolCall] = []
        for number, block in enumerate(message.content):
            match block:
                case TextBlock():
                    said.append(_passage(block))
                case ThinkingBlock():
                    thought[f"{path}.content.{number}"] = block.thinking
                case ToolUseBlock():
                    self._called[block.id] = block.name
                    calls.append(ToolCall(block.id, block.name, _compact(block.input)))
                case OtherBlock():
                    self._leave_out(f"{path}.content.{number}", block)
                case ToolResultBlock():
                    _refuse(path, f"content.{number}", "an assistant's message has no results of tools")
        text, marks = join(said, ANSWER_GAP)
        reasoning = PASSAGE_GAP.join(filter(None, thought.values()))
        return ChatMessage(
            "assistant",
            text,
            tool_calls=tuple(calls),
            reasoning=reasoning,
            cache_marks=marks,
            path=path,
            reasoning_path=next(iter(thought)) if reasoning else "",
        )

    def _result(self, path: str, place: str, block: ToolResultBlock) -> ChatMessage:
        name = self._called.get(block.tool_use_id)
        if name is None:
            what = f"no assistant's message before it made the call {block.tool_use_id!r}"
            _refuse(path, f"{place}.tool_use_id", what)
        text, marks = join(_result_passages(f"{path}.{place}", block))
        if block.is_error and not text.startswith(_ERROR):
            text, marks = _ERROR + text, tuple(mark + len(_ERROR) for mark in marks)
        return ChatMessage(
            "tool", text, name=name, tool_call_id=block.tool_use_id, cache_marks=marks, path=path
        )

    def _leave_out(self, path: str, block: OtherBlock) -> None:
        if block.type not in _LEFT_OUT and not block.type.endswith(_LEFT_OUT_RESULT):
            raise _unreadable(path, block)
        self.ignored.append(path)


def system_passages(index: int, message: Message) -> list[Passage]:
    """The text of a message of the system. Raises ApiError where it holds anything else."""
    passages = []
    for number, block in enumerate(message.content):
        if not isinstance(block, TextBlock):
            _refuse(f"messages.{index}", f"content.{number}", "a system message has blocks of text only")
        passages.append(_passage(block))
    return passages


def _said(path: str, passages: Sequence[Passage]) -> Iterator[ChatMessage]:
    if (joined := join(passages)).text:
        yield ChatMessage("user", joined.text, cache_marks=joined.marks, path=path)


def _result_passages(path: str, block: ToolResultBlock) -> Iterator[Passage]:
    for number, part in enumerate(block.content or ()):
        match part:
            case TextBlock():
                yield _passage(part)
            case ToolReferenceBlock():
                # The tool itself is offered with the others: its name is all that is to be said.
                yield Passage(part.tool_name, part.cache_control is not None)
            case OtherBlock():
                raise _unreadable(f"{path}.content.{number}", part)


def _passage(block: TextBlock) -> Passage:
    return Passage(block.text, block.cache_control is not None)


def _compact(arguments: dict[str, Any]) -> str:
    return msgspec.json.encode(arguments).decode()


def _unreadable(path: str, block: OtherBlock) -> ApiError:
    if block.type in _MEDIA:
        message = f"{path}: blocks of type {block.type} are not supported yet"
        return ApiError(ErrorCode.UNSUPPORTED_FIELD, message, param=path)
    message = f"{path}: there are no blocks of type {block.type!r} here"
    return ApiError(ErrorCode.INVALID_REQUEST, message, param=path)


def _refuse(path: str, place: str, what: str) -> NoReturn:
    raise ApiError(ErrorCode.INVALID_REQUEST, f"{path}: {what}", param=f"{path}.{place}")
